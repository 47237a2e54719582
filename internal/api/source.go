package api

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cairn/client"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// InConnection is an address that names a source of one's own, InBoardConnection one that names a board's. Their names are exported
// for the framework: of others it takes no fields.
type (
	InConnection struct {
		Source string `path:"source" doc:"Name of the source." example:"crm" maxLength:"40"`
	}
	InBoardConnection struct {
		Board string `path:"board" doc:"Key of the board." example:"sales-club" maxLength:"64"`
		InConnection
	}
)

// owner is whose sources an operation is about: the board's of the address, else the visitor's own.
func (v *visit) owner() source.Owner {
	if v.board != nil {
		return source.Owner{Board: v.board.ID}
	}
	return source.Owner{Player: v.actor.Account}
}

// asked is a handler that is the same for the sources of a board and for one's own; what is in a request beside its address.
type asked[I, O any] func(d *door, ctx context.Context, v *visit, name string, in *I) (*O, error)

// The three forms of addresses, for boards and for one's own.
func ofBoards[O any](h asked[struct{}, O]) func(*door, huma.Operation) {
	return do(func(d *door, ctx context.Context, v *visit, _ *InBoard) (*O, error) { return h(d, ctx, v, "", nil) })
}

func ofBoard[O any](h asked[struct{}, O], options ...option) func(*door, huma.Operation) {
	return do(func(d *door, ctx context.Context, v *visit, in *struct {
		InBoardConnection
	}) (*O, error) {
		return h(d, ctx, v, in.Source, nil)
	}, options...)
}

func toBoard[B, O any](h asked[B, O], options ...option) func(*door, huma.Operation) {
	return do(func(d *door, ctx context.Context, v *visit, in *struct {
		InBoardConnection
		Body B
	}) (*O, error) {
		return h(d, ctx, v, in.Source, &in.Body)
	}, options...)
}

func ofOwn[O any](h asked[struct{}, O], options ...option) func(*door, huma.Operation) {
	return do(func(d *door, ctx context.Context, v *visit, in *InConnection) (*O, error) {
		return h(d, ctx, v, in.Source, nil)
	}, options...)
}

func toOwn[B, O any](h asked[B, O], options ...option) func(*door, huma.Operation) {
	return do(func(d *door, ctx context.Context, v *visit, in *struct {
		InConnection
		Body B
	}) (*O, error) {
		return h(d, ctx, v, in.Source, &in.Body)
	}, options...)
}

func (d *door) listSources(ctx context.Context, v *visit, _ string, _ *struct{}) (*body[client.Page[client.Source]], error) {
	all, err := d.Sources.Connections(ctx, v.owner())
	if err != nil {
		return nil, err
	}
	tallies, err := d.Sources.Tallies(ctx, v.owner(), d.month(v))
	if err != nil {
		return nil, err
	}
	wire := make([]client.Source, 0, len(all))
	for _, c := range all {
		one, err := d.wireSource(ctx, c, tallies[c.ID])
		if err != nil {
			return nil, err
		}
		wire = append(wire, one)
	}
	return listOf(wire), nil
}

// month is the first day of this one, where the board is.
func (d *door) month(v *visit) time.Time {
	now := d.Now().UTC()
	if v.board != nil {
		now = d.Now().In(v.board.Location())
	}
	return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func (d *door) listOwnConnections(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Source]], error) {
	return d.listSources(ctx, v, "", nil)
}

func (d *door) connectBoardSource(ctx context.Context, v *visit, in *struct {
	Board string `path:"board" doc:"Key of the board." example:"sales-club" maxLength:"64"`
	Body  client.NewSource
}) (*body[client.SourceMade], error) {
	return d.connectSource(ctx, v, &in.Body)
}

func (d *door) connectOwnSource(ctx context.Context, v *visit, in *struct{ Body client.NewSource }) (*body[client.SourceMade], error) {
	return d.connectSource(ctx, v, &in.Body)
}

func (d *door) connectSource(ctx context.Context, v *visit, in *client.NewSource) (*body[client.SourceMade], error) {
	rules, err := rulesOf(in.Rules)
	if err != nil {
		return nil, err
	}
	every, err := everyOf(in.Every)
	if err != nil {
		return nil, err
	}
	o := v.owner()
	if in.Kind == string(source.Counter) {
		return nil, wrong("kind", "What people count by hand needs no source: they do it on its page.")
	}
	made, secret, err := d.Sources.Connect(ctx, v.actor, source.Connection{Board: o.Board, Player: o.Player, Name: in.Name, Kind: source.Kind(in.Kind), Settings: in.Settings, Rules: rules, Every: every, Shared: in.Shared}, in.Credentials)
	if err != nil {
		return nil, err
	}
	told, err := d.wireSource(ctx, made, source.Tally{})
	return answer(client.SourceMade{Source: told, Key: secret}), err
}

// rulesOf are rules in the words of the room.
func rulesOf(wire []client.SourceRule) (intake.Rules, error) {
	if len(wire) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(wire)
	if err != nil {
		return nil, wrong("rules", "The rules cannot be written as JSON.")
	}
	return intake.ReadRules(text)
}

func everyOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every <= 0 {
		return 0, wrong("every", "Say how often it is asked, such as 15m, 1h or 24h.")
	}
	return every, nil
}

func (d *door) showSource(ctx context.Context, v *visit, name string, _ *struct{}) (*body[client.Source], error) {
	c, err := d.Sources.Connection(ctx, v.owner(), name)
	if err != nil {
		return nil, err
	}
	tallies, err := d.Sources.Tallies(ctx, v.owner(), d.month(v))
	if err != nil {
		return nil, err
	}
	told, err := d.wireSource(ctx, c, tallies[c.ID])
	if err != nil {
		return nil, err
	}
	keys, err := d.Sources.Keys(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		told.Keys = append(told.Keys, client.SourceKey{Made: k.Made, Ends: instant(k.Ends), Used: k.Used})
	}
	told.Brought, err = d.Sources.Brought(ctx, c)
	return answer(told), err
}

func (d *door) changeSource(ctx context.Context, v *visit, name string, in *client.SourceChange) (*body[client.Source], error) {
	to := source.Changes{Settings: in.Settings, Credentials: in.Credentials, Shared: in.Shared}
	if in.Rules != nil {
		rules, err := rulesOf(*in.Rules)
		if err != nil {
			return nil, err
		}
		to.Rules = &rules
	}
	if in.Every != "" {
		every, err := everyOf(in.Every)
		if err != nil {
			return nil, err
		}
		to.Every = &every
	}
	if _, err := d.Sources.Change(ctx, v.actor, v.owner(), name, to); err != nil {
		return nil, err
	}
	return d.showSource(ctx, v, name, nil)
}

func (d *door) newSourceKey(ctx context.Context, v *visit, name string, in *struct {
	AtOnce bool `json:"at_once,omitempty" doc:"The keys before end now; else they work for a day more."`
}) (*body[client.SourceSecret], error) {
	secret, err := d.Sources.NewKey(ctx, v.actor, v.owner(), name, in.AtOnce)
	return answer(client.SourceSecret{Key: secret}), err
}

func (d *door) pauseSource(ctx context.Context, v *visit, name string, in *struct {
	Why string `json:"why,omitempty" maxLength:"300" doc:"Others read it."`
}) (*nothing, error) {
	return &nothing{}, d.Sources.Pause(ctx, v.actor, v.owner(), name, in.Why)
}

func (d *door) resumeSource(ctx context.Context, v *visit, name string, _ *struct{}) (*nothing, error) {
	return &nothing{}, d.Sources.Resume(ctx, v.actor, v.owner(), name)
}

func (d *door) retireSource(ctx context.Context, v *visit, name string, in *struct {
	Heir string `json:"heir,omitempty" maxLength:"40" doc:"Name of the source that takes its place."`
	Why  string `json:"why,omitempty" maxLength:"300" doc:"Others read it."`
}) (*nothing, error) {
	return &nothing{}, d.Sources.Retire(ctx, v.actor, v.owner(), name, in.Heir, in.Why)
}

func (d *door) removeSource(ctx context.Context, v *visit, name string, _ *struct{}) (*nothing, error) {
	return &nothing{}, d.Sources.Remove(ctx, v.actor, name)
}

func (d *door) trySource(ctx context.Context, v *visit, name string, in *struct {
	Rules []client.SourceRule `json:"rules"`
}) (*body[client.Page[client.SourceTrial]], error) {
	rules, err := rulesOf(in.Rules)
	if err != nil {
		return nil, err
	}
	shown, err := d.Sources.DryRun(ctx, v.actor, v.owner(), name, rules)
	wire := make([]client.SourceTrial, 0, len(shown))
	for _, s := range shown {
		one := client.SourceTrial{ID: s.Event.ID, Type: s.Event.Type, Received: s.Event.Received, Data: s.Event.Data, Entries: []client.SourceTrialEntry{}, Skipped: s.Skipped, Why: s.Why}
		for _, m := range s.Made {
			e := client.SourceTrialEntry{By: m.By, Who: m.Who, Key: m.Entry.Key, At: m.Entry.At, Label: m.Entry.Label, ID: m.Entry.ID}
			if !math.IsNaN(m.Entry.Value) {
				e.Value = &m.Entry.Value
			}
			one.Entries = append(one.Entries, e)
		}
		wire = append(wire, one)
	}
	return listOf(wire), err
}

func (d *door) listReasons(ctx context.Context, v *visit, name string, _ *struct{}) (*body[client.Page[client.SourceReason]], error) {
	c, err := d.Sources.Connection(ctx, v.owner(), name)
	if err != nil {
		return nil, err
	}
	reasons, err := d.Sources.Reasons(ctx, c)
	wire := make([]client.SourceReason, 0, len(reasons))
	for _, r := range reasons {
		wire = append(wire, client.SourceReason{Why: r.Why, Messages: r.Events, Last: r.Last})
	}
	return listOf(wire), err
}

// Held is what a list of waiting messages can be asked for.
type Held struct {
	Why    string `query:"why" maxLength:"1000" doc:"Only those that wait for this reason."`
	Cursor string `query:"cursor" maxLength:"60" doc:"Where to go on: next of the page before."`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"At most so many."`
}

func (d *door) listBoardWaiting(ctx context.Context, v *visit, in *struct {
	InBoardConnection
	Held
}) (*body[client.Page[client.SourceHeld]], error) {
	return d.listWaiting(ctx, v, in.Source, in.Held)
}

func (d *door) listOwnWaiting(ctx context.Context, v *visit, in *struct {
	InConnection
	Held
}) (*body[client.Page[client.SourceHeld]], error) {
	return d.listWaiting(ctx, v, in.Source, in.Held)
}

func (d *door) listWaiting(ctx context.Context, v *visit, name string, in Held) (*body[client.Page[client.SourceHeld]], error) {
	c, err := d.Sources.Connection(ctx, v.owner(), name)
	if err != nil {
		return nil, err
	}
	waiting, err := d.Sources.Waiting(ctx, c, in.Why, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	page := client.Page[client.SourceHeld]{Items: []client.SourceHeld{}}
	for _, h := range waiting {
		one := client.SourceHeld{ID: h.ID, Received: h.At, Why: h.Why, Type: h.Type, Who: []string{}, Data: h.Data}
		if len(h.Who) > 0 {
			one.Who = h.Who
		}
		page.Items = append(page.Items, one)
	}
	if len(waiting) == in.Limit {
		page.Next = waiting[len(waiting)-1].ID
	}
	return answer(page), nil
}

func (d *door) replaySource(ctx context.Context, v *visit, name string, in *struct {
	IDs []string `json:"ids,omitempty" maxItems:"10000" doc:"Of the messages; left out: all that wait."`
}) (*body[client.Intake], error) {
	taken, err := d.Sources.Replay(ctx, v.actor, v.owner(), name, in.IDs...)
	return answer(wireIntake(taken)), err
}

func (d *door) discardHeld(ctx context.Context, v *visit, name string, in *struct {
	IDs []string `json:"ids,omitempty" maxItems:"10000" doc:"Of the messages."`
	Why string   `json:"why,omitempty" maxLength:"1000" doc:"Without ids: all that wait for this reason; left out as well: all that wait."`
}) (*body[client.SourceDiscarded], error) {
	gone, err := d.Sources.Discard(ctx, v.actor, v.owner(), name, in.Why, in.IDs...)
	return answer(client.SourceDiscarded{Messages: gone}), err
}

func (d *door) checkSource(ctx context.Context, v *visit, name string, _ *struct{}) (*body[client.SourceFound], error) {
	c, err := d.Sources.Connection(ctx, v.owner(), name)
	if err != nil {
		return nil, err
	}
	found, err := d.Sources.Check(ctx, c, "")
	return answer(client.SourceFound{Found: found}), err
}

func (d *door) pollSource(ctx context.Context, v *visit, name string, _ *struct{}) (*body[client.SourcePolled], error) {
	c, err := d.Sources.Connection(ctx, v.owner(), name)
	if err != nil {
		return nil, err
	}
	polled, err := d.Sources.Poll(ctx, c)
	return answer(client.SourcePolled{Taken: wireIntake(polled.Taken), Trouble: polled.Trouble, Next: instant(polled.Next)}), err
}

// wireSource is a source in the words of the API.
func (d *door) wireSource(ctx context.Context, c source.Connection, t source.Tally) (client.Source, error) {
	told := client.Source{Name: c.Name, Kind: string(c.Kind), Settings: c.Settings, Rules: []client.SourceRule{}, Credentials: c.Opens, Shared: c.Shared, State: string(c.State), Why: c.Why, Made: c.Made,
		Last: instant(c.Health.Last), Good: instant(c.Health.Good), New: instant(c.Health.New), Next: instant(c.Health.Next), Failed: c.Health.Failed, Sick: c.Health.Sick, Trouble: c.Health.Trouble,
		Month:   client.SourceTally{Messages: t.Events, Added: t.Added, Duplicates: t.Duplicates, Skipped: t.Skipped, Waited: t.Held},
		Waiting: t.Waiting, Dropped: t.Dropped}
	if c.Every > 0 {
		told.Every = c.Every.String()
	}
	text, err := json.Marshal(c.Rules)
	if err == nil && len(c.Rules) > 0 {
		err = json.Unmarshal(text, &told.Rules)
	}
	if err != nil || c.Heir == "" {
		return told, err
	}
	heir, err := d.Sources.ByID(ctx, c.Heir)
	if fault.Of(err) == fault.NotFound {
		err = nil
	}
	told.Heir = heir.Name
	return told, err
}

// InMapping is an address that names a mapping of a board.
type InMapping struct {
	Board   string `path:"board" doc:"Key of the board." example:"sales-club" maxLength:"64"`
	Mapping string `path:"mapping" doc:"Name of the mapping." example:"desk" maxLength:"100"`
}

func (d *door) listMappings(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.FileMapping]], error) {
	all, err := d.Sources.Mappings(ctx, v.board.ID)
	wire := make([]client.FileMapping, 0, len(all))
	for _, m := range all {
		wire = append(wire, client.FileMapping{Name: m.Name, Content: m.Content})
	}
	return listOf(wire), err
}

func (d *door) keepMapping(ctx context.Context, v *visit, in *struct {
	InMapping
	Body struct {
		Content string `json:"content" maxLength:"65536" doc:"YAML."`
	}
}) (*nothing, error) {
	return &nothing{}, d.Sources.KeepMapping(ctx, v.board.ID, source.Mapping{Name: in.Mapping, Content: in.Body.Content})
}

func (d *door) dropMapping(ctx context.Context, v *visit, in *InMapping) (*nothing, error) {
	return &nothing{}, d.Sources.DropMapping(ctx, v.board.ID, in.Mapping)
}
