package api

import (
	"context"
	"strings"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/story"
)

// InTip is an address that names a tip.
type InTip struct {
	InBoard
	ID string `path:"tip" maxLength:"64"`
}

func (d *door) listTips(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Tip]], error) {
	tips, err := d.Coaching.Tips(ctx, v.board)
	if err != nil {
		return nil, err
	}
	from, err := d.boardNames(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]client.Tip, 0, len(tips))
	for _, t := range tips {
		all = append(all, wireTip(t, v, from[t.From]))
	}
	return listOf(all), nil
}

// boardNames returns the names of the boards of the server by their number, without those in stealth, of which nobody may know.
func (d *door) boardNames(ctx context.Context) (map[string]string, error) {
	all, err := d.Boards.List(ctx, true)
	names := make(map[string]string, len(all))
	for _, b := range all {
		if b.Stage != board.Stealth {
			names[b.ID] = b.Name
		}
	}
	return names, err
}

func wireTip(t coaching.Tip, v *visit, from string) client.Tip {
	return client.Tip{ID: t.ID, Lent: t.Lent, From: from, Made: t.Made, Mine: t.By != "" && t.By == v.actor.Account,
		TipWords: client.TipWords{Title: t.Title, Text: t.Text, Kind: string(t.Kind), Metric: t.Metric, Link: t.Link, Author: t.Author}}
}

// tipOf is the tip that the address names, where the visitor may change it.
func (d *door) tipOf(ctx context.Context, v *visit, id string) (coaching.Tip, error) {
	t, err := d.Coaching.Tip(ctx, v.board, id)
	if err == nil && !(v.access.May(board.Manage, v.board) || v.access.May(board.SeeGiven, v.board) && t.By == v.actor.Account) {
		err = fault.New(fault.NotFound, "There is no such tip.")
	}
	return t, err
}

func (d *door) showTip(ctx context.Context, v *visit, in *InTip) (*body[client.Tip], error) {
	t, err := d.tipOf(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return d.toldTip(ctx, v, t)
}

func (d *door) toldTip(ctx context.Context, v *visit, t coaching.Tip) (*body[client.Tip], error) {
	from, err := d.boardNames(ctx)
	return answer(wireTip(t, v, from[t.From])), err
}

func tipWords(w client.TipWords) coaching.Tip {
	return coaching.Tip{Title: w.Title, Text: w.Text, Kind: story.Kind(w.Kind), Metric: w.Metric, Link: w.Link, Author: w.Author}
}

func (d *door) writeTip(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.TipWords
}) (*body[client.Tip], error) {
	t, err := d.Coaching.WriteTip(ctx, v.actor, v.board, tipWords(in.Body))
	if err != nil {
		return nil, err
	}
	return d.toldTip(ctx, v, t)
}

func (d *door) changeTip(ctx context.Context, v *visit, in *struct {
	InTip
	Body client.TipWords
}) (*body[client.Tip], error) {
	was, err := d.tipOf(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	t := tipWords(in.Body)
	t.ID, t.Lent = was.ID, was.Lent
	if t, err = d.Coaching.WriteTip(ctx, v.actor, v.board, t); err != nil {
		return nil, err
	}
	return d.toldTip(ctx, v, t)
}

func (d *door) lendTip(ctx context.Context, v *visit, in *struct {
	InTip
	Body struct {
		Lend bool `json:"lend" doc:"To every board of the server; else no longer."`
	}
}) (*nothing, error) {
	t, err := d.tipOf(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Coaching.LendTip(ctx, v.actor, v.board, t.ID, in.Body.Lend)
}

func (d *door) endTip(ctx context.Context, v *visit, in *InTip) (*nothing, error) {
	t, err := d.tipOf(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Coaching.EndTip(ctx, v.actor, v.board, t.ID)
}

func (d *door) listLibrary(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.LentTip]], error) {
	lent, err := d.Coaching.Library(ctx, v.board)
	all := make([]client.LentTip, 0, len(lent))
	for _, t := range lent {
		all = append(all, client.LentTip{Tip: wireTip(t.Tip, v, t.BoardName), Taken: t.Taken})
	}
	return listOf(all), err
}

func (d *door) takeTip(ctx context.Context, v *visit, in *struct {
	InBoard
	Body struct {
		Tip string `json:"tip" doc:"Its id in the library." maxLength:"64"`
	}
}) (*body[client.Tip], error) {
	t, err := d.Coaching.TakeTip(ctx, v.actor, v.board, in.Body.Tip)
	if err != nil {
		return nil, err
	}
	return d.toldTip(ctx, v, t)
}

// InMetric is an address that names a metric of the scorecard in force.
type InMetric struct {
	InBoard
	Metric string `path:"metric" doc:"Key of the metric." maxLength:"200"`
}

func (d *door) writeHelp(ctx context.Context, v *visit, in *struct {
	InMetric
	Body client.HelpWords
}) (*nothing, error) {
	m, err := d.metricOf(ctx, v.board, in.Metric)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Coaching.WriteHelp(ctx, v.actor, v.board, coaching.Help{Metric: m.Key, Why: in.Body.Why, Good: in.Body.Good, Bad: in.Body.Bad})
}

func (d *door) endAnswer(ctx context.Context, v *visit, in *struct {
	InMetric
	ID string `path:"answer" maxLength:"64"`
}) (*nothing, error) {
	if _, err := d.metricOf(ctx, v.board, in.Metric); err != nil {
		return nil, err
	}
	return &nothing{}, d.Coaching.EndAnswer(ctx, v.actor, v.board, in.ID)
}

func (d *door) publishAnswer(ctx context.Context, v *visit, in *struct {
	InBoard
	ID   string `path:"question" maxLength:"64"`
	Body struct {
		Words string `json:"words,omitempty" doc:"The question as it is published. Left out: as it was asked, which whoever asked has to have allowed." maxLength:"2000"`
	}
}) (*nothing, error) {
	return &nothing{}, d.Coaching.PublishAnswer(ctx, v.actor, v.board, in.ID, in.Body.Words)
}

func (d *door) showCoachQueue(ctx context.Context, v *visit, _ *InBoard) (*body[client.CoachQueue], error) {
	queue, err := d.Coaching.Queue(ctx, v.actor, v.access, v.board)
	if err != nil {
		return nil, err
	}
	told := client.CoachQueue{Left: queue.Left, Items: make([]client.Prompt, 0, len(queue.Prompts))}
	if queue.Release != nil {
		told.Period = queue.Release.Period.String()
	}
	for _, p := range queue.Prompts {
		one := client.Prompt{Player: p.Member.Key, Name: p.Member.Name, State: string(p.Member.State), Tags: tagsOf(p.Member.Tags), Since: p.Since, Outcome: wireOutcome(p.Outcome), Reasons: []client.Reason{}}
		for _, r := range p.Reasons {
			one.Reasons = append(one.Reasons, client.Reason{Why: string(r.Why), Text: r.Text, Evidence: r.Evidence})
		}
		if p.Last != nil {
			talk, err := d.wireTalk(ctx, v, *p.Last)
			if err != nil {
				return nil, err
			}
			one.Last = &talk
		}
		told.Items = append(told.Items, one)
	}
	return answer(told), nil
}

func wireOutcome(o *coaching.Outcome) *client.Outcome {
	if o == nil {
		return nil
	}
	return &client.Outcome{BeforePeriod: o.Before.Period.String(), Before: finite(o.Before.Value), AfterPeriod: o.After.Period.String(), After: finite(o.After.Value)}
}

func (d *door) wireTalk(ctx context.Context, v *visit, t coaching.Talk) (client.Talk, error) {
	by, err := d.Coaching.Called(ctx, v.board, t.Author)
	return client.Talk{ID: t.ID, On: t.On.String(), By: by, Mine: t.Author != "" && t.Author == v.actor.Account, Metric: t.Metric, Agreed: t.Agreed}, err
}

// coachedMember is the player of the address, where the visitor coaches them.
func (d *door) coachedMember(ctx context.Context, v *visit, key string) (board.Member, error) {
	m, err := d.Boards.Member(ctx, v.board.ID, key)
	if err == nil && !coaching.SeesPlayer(v.access, v.board, m) {
		err = fault.New(fault.NotFound, "There is no such player.")
	}
	return m, err
}

// outcomesTold is for how many talks the releases around them are looked up.
const outcomesTold = 10

func (d *door) showCoached(ctx context.Context, v *visit, in *InMember) (*body[client.Coached], error) {
	m, err := d.coachedMember(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	told := client.Coached{Player: m.Key, Name: m.Name, State: string(m.State), Talks: []client.Talk{}}
	if told.Notes, err = d.notesOf(ctx, v, m.Key); err != nil {
		return nil, err
	}
	talks, err := d.Coaching.Talks(ctx, v.access, v.board, m)
	if err != nil || len(talks) == 0 {
		return answer(told), err
	}
	to, err := d.Releases.Reader(ctx, v.board, v.access)
	if err != nil {
		return nil, err
	}
	latest, err := d.latestCard(ctx, v.board, m.Key, to)
	if err != nil {
		return nil, err
	}
	for i, t := range talks {
		talk, err := d.wireTalk(ctx, v, t)
		if err != nil {
			return nil, err
		}
		if latest != nil && i < outcomesTold {
			o, ok, err := d.Coaching.Outcome(ctx, v.board, t, latest, to)
			if err != nil {
				return nil, err
			}
			if ok {
				talk.Outcome = wireOutcome(&o)
			}
		}
		told.Talks = append(told.Talks, talk)
	}
	return answer(told), nil
}

// latestCard is a player's card in the latest release, as a reader may see it; nil where there is none.
func (d *door) latestCard(ctx context.Context, b *board.Board, key string, to release.Reader) (*release.Card, error) {
	rel, err := d.Releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	view, err := d.Releases.View(ctx, b, rel, to)
	if err != nil {
		return nil, err
	}
	card, err := view.Brief(ctx, key)
	if fault.Of(err) == fault.NotFound {
		return nil, nil
	}
	return card, err
}

func (d *door) writeTalk(ctx context.Context, v *visit, in *struct {
	InMember
	Body client.Talked
}) (*nothing, error) {
	m, err := d.coachedMember(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	on, err := period.ParseDate(strings.TrimSpace(in.Body.On))
	if err != nil {
		return nil, wrong("on", "Give the day as 2026-11-23.")
	}
	return &nothing{}, d.Coaching.WriteTalk(ctx, v.actor, v.board, m, coaching.Talk{On: on, Metric: in.Body.Metric, Agreed: in.Body.Agreed})
}

func (d *door) removeTalk(ctx context.Context, v *visit, in *struct {
	InMember
	ID string `path:"talk" maxLength:"64"`
}) (*nothing, error) {
	m, err := d.coachedMember(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Coaching.RemoveTalk(ctx, v.actor, v.board, m, in.ID)
}

func (d *door) noteCoached(ctx context.Context, v *visit, in *struct {
	InMember
	Body client.Words
}) (*nothing, error) {
	m, err := d.coachedMember(ctx, v, in.Player)
	if err != nil {
		return nil, err
	}
	return &nothing{}, d.Boards.WriteNote(ctx, v.actor, v.board, m.Key, in.Body.Text)
}

func (d *door) listWalls(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Wall]], error) {
	walls, err := d.Passes.OfBoard(ctx, v.board.ID, pass.Wall)
	all := make([]client.Wall, 0, len(walls))
	for _, w := range walls {
		all = append(all, client.Wall{ID: w.ID, Shows: w.Shows, Made: w.Made, Opened: w.Opened})
	}
	return listOf(all), err
}

func (d *door) makeWall(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.NewWall
}) (*body[client.Link], error) {
	if !board.OnWall(in.Body.Shows).May(board.SeeLeaderboard, v.board) {
		return nil, wrong("shows", "The leaderboard is not for those whom such a screen would show it as: it would show nothing.")
	}
	given, secret, err := d.Passes.Give(ctx, v.actor, pass.Pass{Kind: pass.Wall, Board: v.board.ID, Member: -1, Shows: in.Body.Shows})
	return answer(client.Link{ID: given.ID, Link: d.base + "/w/" + secret}), err
}

func (d *door) takeWallBack(ctx context.Context, v *visit, in *struct {
	InBoard
	ID string `path:"wall" maxLength:"64"`
}) (*nothing, error) {
	walls, err := d.Passes.OfBoard(ctx, v.board.ID, pass.Wall)
	if err != nil {
		return nil, err
	}
	for _, w := range walls {
		if w.ID == in.ID {
			return &nothing{}, d.Passes.Revoke(ctx, v.actor, v.board.ID, w.ID)
		}
	}
	return nil, fault.New(fault.NotFound, "There is no such wall, or it was taken back already.")
}
