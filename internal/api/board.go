package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/scorecard"
)

// InBoard is an address that names a board. The visit has it.
type InBoard struct {
	Board string `path:"board" doc:"Key of the board." example:"sales-club" maxLength:"64"`
}

// listBoards lists what is public and what is the visitor's, once each.
func (d *door) listBoards(ctx context.Context, v *visit, in *struct {
	Listed
	Named string `query:"named" maxLength:"100" doc:"Only those whose name or key has this in it."`
}) (*body[client.Page[client.Board]], error) {
	mine, err := d.Boards.Mine(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	mine = slices.DeleteFunc(mine, func(m board.Mine) bool {
		return !m.Access.May(board.SeeBoard, m.Board) && !m.Access.May(board.SeeOwn, m.Board)
	})
	open, err := d.Boards.List(ctx, false)
	if err != nil {
		return nil, err
	}
	for _, b := range open {
		if !slices.ContainsFunc(mine, func(m board.Mine) bool { return m.Board.ID == b.ID }) {
			mine = append(mine, board.Mine{Board: b})
		}
	}
	if part := strings.ToLower(in.Named); part != "" {
		mine = slices.DeleteFunc(mine, func(m board.Mine) bool {
			return !strings.Contains(strings.ToLower(m.Board.Name), part) && !strings.Contains(m.Board.Key, part)
		})
	}
	slices.SortFunc(mine, func(a, b board.Mine) int {
		return cmp.Or(strings.Compare(a.Board.Name, b.Board.Name), strings.Compare(a.Board.Key, b.Board.Key))
	})
	return page(mine, in.Listed, func(m board.Mine) string { return m.Board.Key }, func(m board.Mine) client.Board { return wireMine(m.Board, m.Access) })
}

// wireBoard is a board in the words of the API.
func wireBoard(b *board.Board) client.Board {
	return client.Board{Key: b.Key, Name: b.Name, Stage: string(b.Stage), Zone: b.Zone, Basis: string(b.Basis)}
}

// wireMine is a board with what somebody is on it.
func wireMine(b *board.Board, a board.Access) client.Board {
	told := wireBoard(b)
	told.Role = string(a.Role)
	if a.Member != nil && a.May(board.SeeOwn, b) {
		told.Mine = a.Member.Key
	}
	return told
}

func (d *door) showBoard(ctx context.Context, v *visit, _ *InBoard) (*body[client.Front], error) {
	b := v.board
	card, err := d.Boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	told := client.Front{Board: wireMine(b, v.access), Purpose: card.Purpose, Period: string(card.Period), Players: string(card.Players), Scorecard: b.Version,
		Pages: wirePages(b.Pages), Top: b.TopN, Smallest: b.Smallest, Retention: b.Retention, Tags: texts(card.Tags), Owner: b.Owner, Licence: b.Licence,
		Talk: b.Plan.Talk, Prize: b.Plan.Prize, Closed: b.Suspended, Page: d.whole("/b/" + url.PathEscape(b.Key))}
	if told.Pending, err = d.pending(ctx, b); err != nil {
		return nil, err
	}
	if told.Next, err = d.next(ctx, b); err != nil {
		return nil, err
	}
	if v.access.May(board.SeeOwn, b) || v.access.May(board.SeeTrail, b) {
		terms, err := d.Boards.TermsOf(ctx, b, b.Terms)
		if err != nil {
			return nil, err
		}
		asks := wireTerms(terms)
		told.Terms = &asks
		if told.Silent, err = d.Sources.SilentNow(ctx, b); err != nil {
			return nil, err
		}
	} else {
		told.Talk = "" // for its people
	}
	if v.access.May(board.SeeLeaderboard, b) || v.access.May(board.SeeOwn, b) {
		latest, err := d.Releases.Latest(ctx, b)
		if err != nil && fault.Of(err) != fault.NotFound {
			return nil, err
		}
		if latest != nil {
			told.Latest = latest.Period.String()
		}
	}
	return answer(told), nil
}

// texts is a list that is never null.
func texts(all []string) []string { return append([]string{}, all...) }

func (d *door) showNext(ctx context.Context, v *visit, _ *InBoard) (*body[client.Next], error) {
	next, err := d.next(ctx, v.board)
	return answer(next), err
}

// next is the release of a board that comes next.
func (d *door) next(ctx context.Context, b *board.Board) (client.Next, error) {
	told := client.Next{Board: b.Key, Zone: b.Zone, Mode: "by hand"}
	if b.Rhythm.Mode != board.ByHand {
		told.Mode = string(b.Rhythm.Mode)
	}
	turn, ok, err := d.Clock.Next(ctx, b)
	if err != nil || !ok {
		return told, err
	}
	told.Period, told.State = turn.Period.String(), string(release.TurnClosed) // that it is held or failed is for those who run the board
	if turn.State == release.TurnWaiting {
		told.State = string(turn.State)
	}
	closes, releases := turn.Closes.UTC(), turn.Releases.UTC()
	told.Closes, told.Releases = &closes, &releases
	return told, nil
}

func (d *door) showScorecard(ctx context.Context, v *visit, _ *InBoard) (*body[client.Scorecard], error) {
	card, err := d.Boards.Scorecard(ctx, v.board.ID, v.board.Version)
	if err != nil {
		return nil, err
	}
	return answer(wireScorecard(card, v.board.Version)), nil
}

// wireScorecard is a scorecard in the words of the API.
func wireScorecard(card *scorecard.Scorecard, version int) client.Scorecard {
	digest := sha256.Sum256(card.Source)
	told := client.Scorecard{Version: version, Key: card.Key, Name: card.Name, Purpose: card.Purpose, Designer: card.Designer.Name, Statement: card.Designer.Statement,
		Period: string(card.Period), Players: string(card.Players), OutOf: card.OutOf, Decimals: card.Decimals, Better: string(card.Better), Combine: string(card.Combine.Mean),
		Levels: []client.Level{}, Tags: texts(card.Tags), Constants: card.Constants, Digest: hex.EncodeToString(digest[:])}
	for _, l := range card.Levels {
		told.Levels = append(told.Levels, client.Level{From: l.From, Name: l.Name})
	}
	shares := card.EffectiveWeights()
	if card.Combine.Mean == scorecard.Sum {
		shares = nil
	}
	told.Parts = wireParts(card.Parts, shares)
	return told
}

func wireParts(parts []*scorecard.Part, shares map[string]float64) []client.RulePart {
	told := []client.RulePart{}
	for _, p := range parts {
		one := client.RulePart{Key: p.Key, Name: p.Name, Why: p.Why, Weight: p.Weight, Scored: p.Scored}
		if share, there := shares[p.Key]; there {
			one.Share = &share
		}
		if p.IsGroup() {
			one.Parts = wireParts(p.Parts, shares)
		} else {
			one.Unit, one.Kind, one.Nature, one.Audience, one.Entry = p.Unit, p.Kind, p.Nature, string(p.Audience), p.Entry
			one.Missing, one.Better = string(p.Missing.Kind), string(p.Better)
		}
		told = append(told, one)
	}
	return told
}

func (d *door) showScorecardFile(ctx context.Context, v *visit, _ *InBoard) (*file, error) {
	card, err := d.Boards.Scorecard(ctx, v.board.ID, v.board.Version)
	if err != nil {
		return nil, err
	}
	return rulesFile(card, v.board.Key)
}

// rulesFile is the file of a scorecard, byte for byte as it was read.
func rulesFile(card *scorecard.Scorecard, name string) (*file, error) {
	if len(card.Source) == 0 {
		return nil, fault.New(fault.NotFound, "The scorecard was not kept as a file.")
	}
	return download(client.YAML, name+".yaml", card.Source), nil
}

func (d *door) showHelp(ctx context.Context, v *visit, in *struct {
	InBoard
	Metric string `path:"metric" doc:"Key of the metric." example:"calls" maxLength:"100"`
}) (*body[client.Help], error) {
	metric, err := d.metricOf(ctx, v.board, in.Metric)
	if err != nil {
		return nil, err
	}
	help, err := d.Coaching.Help(ctx, v.board, metric.Key)
	if err != nil {
		return nil, err
	}
	answers, err := d.Coaching.Answers(ctx, v.board, metric.Key)
	if err != nil {
		return nil, err
	}
	told := client.Help{Metric: metric.Key, Name: metric.Name, Why: help.Why, Good: help.Good, Bad: help.Bad, Changed: instant(help.Changed), Answers: []client.HelpAnswer{}}
	for _, a := range answers {
		told.Answers = append(told.Answers, client.HelpAnswer{Question: a.Question, Answer: a.Answer})
	}
	return answer(told), nil
}
