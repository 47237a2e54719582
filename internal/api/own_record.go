package api

import (
	"context"
	"path"
	"strconv"
	"strings"
	"time"

	"cairn/client"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/pass"
	"cairn/internal/player"
	"cairn/internal/source"
)

// One's own entries. No board and no other operation sees one of them: boards get what is derived, once it is granted.

type InSource struct {
	Source string `path:"source" maxLength:"400" doc:"Name of one of your own sources." example:"check-in"`
}

func (d *door) listOwnSources(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.OwnSource]], error) {
	all, err := d.Players.Sources(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	told := []client.OwnSource{}
	for _, s := range all {
		told = append(told, client.OwnSource{Name: s.Name, Entries: s.Entries, First: instant(s.First), Last: instant(s.Last), Connected: s.Connected})
	}
	return listOf(told), nil
}

func (d *door) listOwnEntries(ctx context.Context, v *visit, in *struct {
	InSource
	Listed
}) (*body[client.Page[client.OwnEntry]], error) {
	before := int64(0)
	if in.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			return nil, &fault.Fault{Kind: fault.Invalid, Field: "query.cursor", Message: "This cursor is none of ours: give what stood in next, as it was."}
		}
	}
	entries, err := d.Players.Entries(ctx, v.actor, in.Source, before, in.Limit)
	if err != nil {
		return nil, err
	}
	told := client.Page[client.OwnEntry]{Items: []client.OwnEntry{}}
	for _, e := range entries {
		told.Items = append(told.Items, client.OwnEntry{ID: e.ID, Key: e.Key, At: time.UnixMicro(e.At).UTC(), Value: finite(e.Value), Label: e.Label, Evidence: e.Evidence, OwnWord: e.OwnWord})
	}
	if len(entries) >= in.Limit {
		told.Next = strconv.FormatInt(entries[len(entries)-1].At, 10)
	}
	return answer(told), nil
}

func (d *door) report(ctx context.Context, v *visit, in *struct {
	InSource
	Body client.OwnEntries
}) (*body[client.Reported], error) {
	entries := make([]player.Entry, len(in.Body.Entries))
	for i, e := range in.Body.Entries {
		if y := e.At.UTC().Year(); y < 1 || y > 9999 {
			return nil, wrong("entries", "Entry %.100q: %s is no time that is kept.", e.ID, e.At)
		}
		entries[i] = player.Entry{Entry: entry.Entry{ID: e.ID, Key: e.Key, At: e.At.UnixMicro(), Value: orNaN(e.Value), Label: e.Label}, Evidence: e.Evidence}
	}
	added, err := d.Players.Report(ctx, v.actor, in.Source, entries)
	if err != nil {
		return nil, err
	}
	return answer(client.Reported{Sent: len(entries), Added: added}), nil
}

// wrongTold is how many refused rows of a file are told.
const wrongTold = 100

func (d *door) bringOwnFile(ctx context.Context, v *visit, in *struct {
	Name    string `query:"name" required:"true" minLength:"1" maxLength:"200" doc:"Of the file; its ending says what it is." example:"calls.csv"`
	RawBody []byte
}) (*body[client.TakenFile], error) {
	zone, err := d.Players.Zone(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	read, err := source.ReadOwn(path.Base(strings.ReplaceAll(in.Name, "\\", "/")), in.RawBody, zone)
	if err != nil {
		return nil, err
	}
	told := client.TakenFile{Source: read.Name, Sent: len(read.Entries), Wrong: read.Wrong[:min(len(read.Wrong), wrongTold):min(len(read.Wrong), wrongTold)]}
	told.Missed = len(read.Wrong) - len(told.Wrong)
	if told.Wrong == nil {
		told.Wrong = []string{}
	}
	if len(read.Entries) > 0 {
		told.Added, err = d.Players.Append(ctx, v.actor, read.Name, read.Entries)
	}
	return answer(told), err
}

func (d *door) removeOwnSource(ctx context.Context, v *visit, in *InSource) (*nothing, error) {
	return &nothing{}, d.Players.Disconnect(ctx, v.actor, in.Source, "")
}

func (d *door) removeOwnEntry(ctx context.Context, v *visit, in *struct {
	InSource
	Entry string `path:"entry" doc:"id of the entry."`
}) (*nothing, error) {
	return &nothing{}, d.Players.Disconnect(ctx, v.actor, in.Source, in.Entry)
}

func (d *door) checkIn(ctx context.Context, v *visit, in *struct{ Body client.Day }) (*body[client.Reported], error) {
	said := make([]player.Said, len(in.Body.Said))
	for i, s := range in.Body.Said {
		said[i] = player.Said{Key: s.Key, Value: s.Value, Evidence: s.Evidence}
	}
	added, err := d.Players.CheckIn(ctx, v.actor, in.Body.Day, time.Time{}, said)
	if err != nil {
		return nil, err
	}
	return answer(client.Reported{Sent: len(said), Added: added}), nil
}

func (d *door) tap(ctx context.Context, v *visit, in *struct{ Body client.Tap }) (*body[client.Reported], error) {
	added, err := d.Players.Tap(ctx, v.actor, in.Body.ID, in.Body.Key, in.Body.N)
	if err != nil {
		return nil, err
	}
	return answer(client.Reported{Sent: in.Body.N, Added: added}), nil
}

func (d *door) untap(ctx context.Context, v *visit, in *struct {
	Key string `path:"key"`
	Tap string `path:"tap"`
}) (*nothing, error) {
	_, err := d.Players.Untap(ctx, v.actor, in.Tap, in.Key)
	return &nothing{}, err
}

func (d *door) listWanted(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Wanted]], error) {
	all, err := d.Boards.Wanted(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	told := []client.Wanted{}
	for _, w := range all {
		told = append(told, client.Wanted{Board: w.Board.Key, Metric: w.Metric.Key, Name: w.Metric.Name, Unit: w.Metric.Unit, Entry: w.Metric.Entry, Take: w.Metric.Take.String(),
			Purpose: w.Purpose, Granted: w.Granted})
	}
	return listOf(told), nil
}

func (d *door) listLinks(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.GivenLink]], error) {
	all, err := d.Passes.OfPlayer(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	told := []client.GivenLink{}
	for _, p := range all {
		b, err := d.Boards.ByID(ctx, p.Board)
		if err != nil {
			return nil, err
		}
		told = append(told, client.GivenLink{ID: p.ID, Kind: string(p.Kind), Board: b.Key, Shows: strings.Fields(p.Shows), Made: p.Made, Expires: instant(p.Expires), Opened: p.Opened, Followed: p.Followed})
	}
	return listOf(told), nil
}

func (d *door) takeLinkBack(ctx context.Context, v *visit, in *struct {
	Link string `path:"link" doc:"id of the link."`
}) (*nothing, error) {
	return &nothing{}, d.Passes.Revoke(ctx, v.actor, "", in.Link)
}

func (d *door) endLetterLinks(ctx context.Context, v *visit, _ *struct{}) (*nothing, error) {
	return &nothing{}, d.Passes.RevokeLetters(ctx, v.actor)
}

func (d *door) makeCheckInLink(ctx context.Context, v *visit, _ *InBoard) (*body[client.Link], error) {
	wanted, err := d.Boards.Wanted(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	for _, w := range wanted {
		if w.Board.ID != v.board.ID {
			continue
		}
		made, secret, err := d.Passes.Give(ctx, v.actor, pass.Pass{Kind: pass.CheckIn, Player: v.actor.Account, Board: v.board.ID, Member: w.Member.Number})
		if err != nil {
			return nil, err
		}
		return answer(client.Link{ID: made.ID, Link: d.whole("/c/" + secret)}), nil
	}
	return nil, fault.New(fault.Conflict, "This board counts nothing of your own entries.")
}
