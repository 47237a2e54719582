package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Source is something that brings entries by itself: a program that sends them by a key, or a place that is asked again and again.
type Source struct {
	Name        string          `json:"name" doc:"Unique with its owner; its entries are known by it." example:"crm"`
	Kind        string          `json:"kind" doc:"push: a program sends; git, github, gitea, json, sheet, feed, board: it is asked; count: people count." example:"push"`
	Settings    json.RawMessage `json:"settings" doc:"Of its kind; never a secret."`
	Rules       []SourceRule    `json:"rules" doc:"What messages become."`
	Credentials bool            `json:"credentials" doc:"It has some, sealed and never shown."`
	Every       string          `json:"every,omitempty" doc:"How often it is asked." example:"1h0m0s"`
	Shared      bool            `json:"shared" doc:"It may bring keys that another source of the board brings."`
	State       string          `json:"state" enum:"active,paused,retired"`
	Why         string          `json:"why,omitempty" doc:"It was paused or retired."`
	Heir        string          `json:"heir,omitempty" doc:"Name of the source that took its place."`
	Made        time.Time       `json:"made"`
	Last        *time.Time      `json:"last,omitempty" doc:"When it last brought something or was asked."`
	Good        *time.Time      `json:"good,omitempty" doc:"When that last went well."`
	New         *time.Time      `json:"new,omitempty" doc:"When it last brought something new."`
	Next        *time.Time      `json:"next,omitempty" doc:"When it is asked next; of one that sends, until when something is expected."`
	Failed      int             `json:"failed" doc:"How often in a row asking failed."`
	Sick        bool            `json:"sick" doc:"It failed so often in a row, or sent nothing for so long, that what it alone measures is missing, not zero."`
	Trouble     string          `json:"trouble,omitempty" doc:"What went wrong last."`
	Month       SourceTally     `json:"month" doc:"What it brought this month."`
	Waiting     int             `json:"waiting" doc:"Messages in quarantine."`
	Dropped     int             `json:"dropped" doc:"Messages that waited too long, or were too many, and were deleted."`
	Keys        []SourceKey     `json:"keys,omitempty" doc:"Of one that sends; told of one source alone."`
	Brought     []string        `json:"brought,omitempty" doc:"Keys of entries that it ever brought; told of one source alone."`
}

// SourceTally is what a source brought.
type SourceTally struct {
	Messages   int `json:"messages"`
	Added      int `json:"added" doc:"Entries."`
	Duplicates int `json:"duplicates"`
	Skipped    int `json:"skipped"`
	Waited     int `json:"waited" doc:"Messages that had to wait."`
}

// SourceKey is one key of a source. Its secret is kept nowhere.
type SourceKey struct {
	Made time.Time  `json:"made"`
	Ends *time.Time `json:"ends,omitempty" doc:"Another took its place."`
	Used string     `json:"used,omitempty" doc:"Day (UTC) of its last use." example:"2026-11-20"`
}

// SourceRule says what messages of a type become. What it reads stands at JSONPaths (RFC 9535).
type SourceRule struct {
	Event  string            `json:"event" doc:"Type; empty every one. A trailing * stands for any end." example:"Order Completed"`
	When   map[string]string `json:"when,omitempty" doc:"Path → text: all of them must be so."`
	Key    string            `json:"key" doc:"Key of the entry; or a path, beginning with $." example:"orders"`
	Number string            `json:"number,omitempty" doc:"Path of its number; without one it counts 1." example:"$.properties.total"`
	Times  float64           `json:"times,omitempty" doc:"What the number is multiplied by; absent: 1." example:"0.5"`
	Player string            `json:"player" doc:"Path of the player's identifier; empty: whom the message itself names." example:"$.userId"`
	By     string            `json:"by" doc:"Which kind that is: key (also empty), email or handle." example:"key"`
	At     string            `json:"at,omitempty" doc:"Path of its time; without one, the message's."`
	Label  string            `json:"label,omitempty" doc:"Path."`
	ID     string            `json:"id,omitempty" doc:"Path of its id; without one, the message's."`
	Skip   bool              `json:"skip,omitempty" doc:"Such messages are left out on purpose, and do not wait."`
}

// NewSource is a source that is to be made.
type NewSource struct {
	Name        string          `json:"name" minLength:"1" maxLength:"40" example:"crm"`
	Kind        string          `json:"kind" minLength:"1" maxLength:"20" doc:"push: a program sends; git, github, gitea, json, sheet, feed, board: it is asked." example:"push"`
	Settings    json.RawMessage `json:"settings,omitempty" doc:"Of its kind; those of each are listed where a source is connected." example:"{\"enrol\": true, \"expect\": \"24h\"}"`
	Rules       []SourceRule    `json:"rules,omitempty"`
	Every       string          `json:"every,omitempty" maxLength:"20" doc:"How often it is asked; an hour where it is left out." example:"1h"`
	Shared      bool            `json:"shared,omitempty" doc:"It may bring keys that another source of the board brings; else that is refused."`
	Credentials string          `json:"credentials,omitempty" maxLength:"16384" doc:"A token or the like; sealed, and never shown again."`
}

// SourceMade is a source that was made. Of one that sends the key is told once.
type SourceMade struct {
	Source Source `json:"source"`
	Key    string `json:"key,omitempty"`
}

// SourceChange changes a source; what is left out stays.
type SourceChange struct {
	Settings    json.RawMessage `json:"settings,omitempty"`
	Rules       *[]SourceRule   `json:"rules,omitempty"`
	Every       string          `json:"every,omitempty" maxLength:"20"`
	Shared      *bool           `json:"shared,omitempty"`
	Credentials *string         `json:"credentials,omitempty" doc:"Empty text takes them away."`
}

// SourceSecret is a key that was made just now.
type SourceSecret struct {
	Key string `json:"key"`
}

// SourceTrial is what one of the last messages would become.
type SourceTrial struct {
	ID       string             `json:"id"`
	Type     string             `json:"type,omitempty"`
	Received time.Time          `json:"received"`
	Data     json.RawMessage    `json:"data,omitempty"`
	Entries  []SourceTrialEntry `json:"entries"`
	Skipped  bool               `json:"skipped" doc:"A rule leaves it out."`
	Why      string             `json:"why,omitempty" doc:"Nothing is made of it, or not yet."`
}

// SourceTrialEntry is an entry that would be made.
type SourceTrialEntry struct {
	By    string    `json:"by,omitempty" doc:"Which kind of identifier names the player."`
	Who   string    `json:"who,omitempty"`
	Key   string    `json:"key"`
	At    time.Time `json:"at"`
	Value *float64  `json:"value" doc:"null: none"`
	Label string    `json:"label,omitempty"`
	ID    string    `json:"id"`
}

// SourceReason is how many messages wait for one reason.
type SourceReason struct {
	Why      string    `json:"why"`
	Messages int       `json:"messages"`
	Last     time.Time `json:"last"`
}

// SourceHeld is a message that waits.
type SourceHeld struct {
	ID       string          `json:"id"`
	Received time.Time       `json:"received"`
	Why      string          `json:"why"`
	Type     string          `json:"type,omitempty"`
	Who      []string        `json:"who" doc:"Identifiers of the player, as far as it names one."`
	Data     json.RawMessage `json:"data,omitempty"`
}

// SourcePolled is what asking a source came to.
type SourcePolled struct {
	Taken   Intake     `json:"taken"`
	Trouble string     `json:"trouble,omitempty" doc:"Why it brought nothing, or not all."`
	Next    *time.Time `json:"next,omitempty"`
}

// SourceFound says what a source answered when it was tried.
type SourceFound struct {
	Found string `json:"found"`
}

// SourceDiscarded is how many messages were deleted.
type SourceDiscarded struct {
	Messages int `json:"messages"`
}

type (
	sourceEnds struct {
		AtOnce bool `json:"at_once"`
	}
	sourceRules struct {
		Rules []SourceRule `json:"rules"`
	}
	sourcePick struct {
		IDs []string `json:"ids,omitempty"`
		Why string   `json:"why,omitempty"`
	}
)

// Sources are those of one board, or one's own: what Client.BoardSources and Client.MySources lead to.
type Sources struct {
	c    *Client
	path []string
}

// BoardSources leads to the sources of a board.
func (c *Client) BoardSources(board string) *Sources {
	return &Sources{c, []string{"boards", board, "sources"}}
}

// MySources leads to the sources of one's own record. What they bring no board gets.
func (c *Client) MySources() *Sources { return &Sources{c, []string{"me", "connections"}} }

func (s *Sources) at(parts ...string) string {
	path := ""
	for _, part := range append(s.path, parts...) {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// List returns the sources, by name.
func (s *Sources) List(ctx context.Context) (Page[Source], error) {
	return ask[Page[Source]](ctx, s.c, http.MethodGet, s.at(), nil, nil)
}

// Connect makes one. Of one that sends the key is told once.
func (s *Sources) Connect(ctx context.Context, n NewSource) (SourceMade, error) {
	return ask[SourceMade](ctx, s.c, http.MethodPost, s.at(), nil, n)
}

// Source returns one.
func (s *Sources) Source(ctx context.Context, name string) (Source, error) {
	return ask[Source](ctx, s.c, http.MethodGet, s.at(name), nil, nil)
}

// Change changes one.
func (s *Sources) Change(ctx context.Context, name string, to SourceChange) (Source, error) {
	return ask[Source](ctx, s.c, http.MethodPatch, s.at(name), nil, to)
}

// NewKey makes a new key. Those before work for a day more, or end at once.
func (s *Sources) NewKey(ctx context.Context, name string, atOnce bool) (SourceSecret, error) {
	return ask[SourceSecret](ctx, s.c, http.MethodPost, s.at(name, "key"), nil, sourceEnds{atOnce})
}

// Pause has a source bring nothing until Resume.
func (s *Sources) Pause(ctx context.Context, name, why string) error {
	return s.c.call(ctx, http.MethodPost, s.at(name, "pause"), nil, map[string]string{"why": why}, nil)
}

// Resume lets a paused source go on.
func (s *Sources) Resume(ctx context.Context, name string) error {
	return s.c.call(ctx, http.MethodPost, s.at(name, "resume"), nil, nil, nil)
}

// Retire ends a source for good; heir is the name of what takes its place, "" nothing.
func (s *Sources) Retire(ctx context.Context, name, heir, why string) error {
	return s.c.call(ctx, http.MethodPost, s.at(name, "retire"), nil, map[string]string{"heir": heir, "why": why}, nil)
}

// Remove deletes a source of one's own with all that it brought. Those of boards are retired.
func (s *Sources) Remove(ctx context.Context, name string) error {
	return s.c.call(ctx, http.MethodDelete, s.at(name), nil, nil, nil)
}

// Try says what the last 100 messages would become under rules. Nothing is kept.
func (s *Sources) Try(ctx context.Context, name string, rules []SourceRule) (Page[SourceTrial], error) {
	return ask[Page[SourceTrial]](ctx, s.c, http.MethodPost, s.at(name, "trial"), nil, sourceRules{rules})
}

// Reasons returns why messages wait, the commonest first.
func (s *Sources) Reasons(ctx context.Context, name string) (Page[SourceReason], error) {
	return ask[Page[SourceReason]](ctx, s.c, http.MethodGet, s.at(name, "waiting", "reasons"), nil, nil)
}

// Waiting returns messages that wait, newest first, with why for that reason alone; cursor is Next of the page before, "" the first.
func (s *Sources) Waiting(ctx context.Context, name, why, cursor string, limit int) (Page[SourceHeld], error) {
	query := url.Values{}
	if why != "" {
		query.Set("why", why)
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return ask[Page[SourceHeld]](ctx, s.c, http.MethodGet, s.at(name, "waiting"), query, nil)
}

// Replay tries messages that wait again, those that are named or all. What is there already is not counted twice.
func (s *Sources) Replay(ctx context.Context, name string, ids ...string) (Intake, error) {
	return ask[Intake](ctx, s.c, http.MethodPost, s.at(name, "waiting", "replay"), nil, sourcePick{IDs: ids})
}

// Discard deletes messages that wait: those that are named, or all that wait for a reason ("" any).
func (s *Sources) Discard(ctx context.Context, name, why string, ids ...string) (SourceDiscarded, error) {
	return ask[SourceDiscarded](ctx, s.c, http.MethodPost, s.at(name, "waiting", "discard"), nil, sourcePick{IDs: ids, Why: why})
}

// Check asks a source that is asked once, keeps nothing, and says what it found.
func (s *Sources) Check(ctx context.Context, name string) (SourceFound, error) {
	return ask[SourceFound](ctx, s.c, http.MethodPost, s.at(name, "check"), nil, nil)
}

// Poll asks a source now.
func (s *Sources) Poll(ctx context.Context, name string) (SourcePolled, error) {
	return ask[SourcePolled](ctx, s.c, http.MethodPost, s.at(name, "poll"), nil, nil)
}

// FileMapping is how files with headers of their own are read, kept with a board.
type FileMapping struct {
	Name    string `json:"name" example:"desk"`
	Content string `json:"content" doc:"YAML."`
}

// Mappings returns the mappings that a board keeps, by name.
func (c *Client) Mappings(ctx context.Context, board string) (Page[FileMapping], error) {
	return ask[Page[FileMapping]](ctx, c, http.MethodGet, at(board, "mappings"), nil, nil)
}

// KeepMapping keeps a mapping with a board: the next file with such a header is read by it.
func (c *Client) KeepMapping(ctx context.Context, board, name, content string) error {
	return c.call(ctx, http.MethodPut, at(board, "mappings", name), nil, map[string]string{"content": content}, nil)
}

// DropMapping forgets one.
func (c *Client) DropMapping(ctx context.Context, board, name string) error {
	return c.call(ctx, http.MethodDelete, at(board, "mappings", name), nil, nil, nil)
}
