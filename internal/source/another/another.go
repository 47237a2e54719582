package another

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"cairn/client"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/reach"
	"cairn/internal/source"
)

// Settings say which board is read and what of it.
type Settings struct {
	Server  string            `json:"server"`            // https://scores.example.org
	Board   string            `json:"board"`             // its key there
	Score   string            `json:"score,omitempty"`   // key of the entries of its score; "" none
	Points  map[string]string `json:"points,omitempty"`  // part there → key of the entries of its published points
	Values  map[string]string `json:"values,omitempty"`  // metric there → key of the entries of its values, as far as the token may see them
	Players map[string]string `json:"players,omitempty"` // player there → player here; none: they have the same keys
	Dated   string            `json:"dated,omitempty"`   // "period" (default): on the last day of its period; "published": when it became final
}

// Puller reads boards. It implements source.Puller.
type Puller struct{}

const (
	mostBytes    = 10 << 20
	mostReleases = 50   // that are remembered
	mostCards    = 1000 // that are read of one release for values
	mostRows     = 200_000
	pageSize     = 200
)

// state is which releases were read.
type state struct {
	Done []string `json:"done"` // period and edition, the latest last
}

var boardKey = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

// Configure refuses settings that cannot be, and returns them as they are kept.
func (Puller) Configure(text json.RawMessage) (json.RawMessage, error) {
	s, err := read(text)
	if err != nil {
		return nil, err
	}
	switch err := reach.Check(s.Server); {
	case err != nil:
		return nil, fault.In("server", err)
	case !boardKey.MatchString(s.Board):
		return nil, fault.Wrong("board", "Say the key of the board, as it stands in its address after /b/.")
	case s.Score == "" && len(s.Points) == 0 && len(s.Values) == 0:
		return nil, fault.Wrong("score", "Say under which key its score is kept here, such as {\"score\": \"club_score\"}, or give points or values.")
	case !slices.Contains([]string{"", "period", "published"}, s.Dated):
		return nil, fault.Wrong("dated", "Entries are dated by period or published, not by %q.", s.Dated)
	}
	if _, err := client.New(s.Server); err != nil {
		return nil, fault.Wrong("server", "%s.", err)
	}
	return json.Marshal(s)
}

func read(text json.RawMessage) (s Settings, err error) {
	err = source.ReadSettings(text, &s)
	return s, err
}

// Keys implements source.Puller.
func (Puller) Keys(settings json.RawMessage) (keys []string) {
	s, err := read(settings)
	if err != nil {
		return nil
	}
	if s.Score != "" {
		keys = append(keys, s.Score)
	}
	keys = slices.AppendSeq(keys, maps.Values(s.Points))
	return slices.AppendSeq(keys, maps.Values(s.Values))
}

// bounded reads no answer beyond a bound.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, mostBytes), answer.Body}
	}
	return answer, err
}

func (s Settings) client(at source.Asking) (*client.Client, error) {
	own := *at.Client
	own.Transport = bounded{own.Transport}
	c, err := client.New(s.Server, client.Token(at.Credentials), client.HTTP(&own), client.Agent("cairn-source/1"))
	if err != nil {
		return nil, fault.Wrong("server", "%s.", err)
	}
	return c, nil
}

// told makes what the other side answered an error of ours that names no address.
func told(err error) error {
	p := (*client.Problem)(nil)
	if !errors.As(err, &p) {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		if f := (*fault.Fault)(nil); errors.As(err, &f) {
			return f
		}
		return fault.Wrap(fault.Unavailable, err, "The other server does not answer, or not as a Cairn does.")
	}
	switch {
	case p.Status == http.StatusTooManyRequests:
		f := fault.New(fault.Limited, "The other server wants fewer requests.")
		f.Wait = max(p.Wait, time.Minute)
		return f
	case p.Status == http.StatusNotFound:
		return fault.New(fault.NotFound, "There is no such board there that this token may read.")
	case p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden:
		return fault.New(fault.Forbidden, "The other server does not let this token in: it needs the scope boards:read.")
	case p.Status >= 500:
		return fault.New(fault.Unavailable, "The other server has trouble of its own (%d).", p.Status)
	}
	return fault.New(fault.Invalid, "The other server refuses the request (%d).", p.Status)
}

// Check looks at the latest release.
func (Puller) Check(ctx context.Context, at source.Asking) (string, error) {
	s, err := read(at.Settings)
	if err != nil {
		return "", err
	}
	c, err := s.client(at)
	if err != nil {
		return "", err
	}
	page, err := c.Releases(ctx, s.Board, client.Cut{Limit: 1})
	if err != nil {
		return "", told(err)
	}
	if len(page.Items) == 0 {
		return "the board is there and has no release yet", nil
	}
	rows, err := c.Rows(ctx, s.Board, page.Items[0].Period, client.RowsOf{Cut: client.Cut{Limit: 1}})
	if err != nil {
		return "", told(err)
	}
	if len(rows.Items) == 0 {
		return "", fault.New(fault.Forbidden, "The board is there, and no player of it is shown to this token.")
	}
	return fmt.Sprintf("the latest release is of %s, with %d players", page.Items[0].Period, page.Items[0].Players), nil
}

// Pull reads every release that was not read before, the oldest first.
func (Puller) Pull(ctx context.Context, at source.Asking, take func(b intake.Batch, state string) error) error {
	s, err := read(at.Settings)
	if err != nil {
		return err
	}
	var was state
	if err := at.ReadState(&was); err != nil {
		return err
	}
	c, err := s.client(at)
	if err != nil {
		return err
	}
	page, err := c.Releases(ctx, s.Board, client.Cut{Limit: mostReleases})
	if err != nil {
		return told(err)
	}
	for _, head := range slices.Backward(page.Items) {
		name := head.Period + "#" + strconv.Itoa(head.Edition)
		if head.Superseded || slices.Contains(was.Done, name) || at.State == "" && head.Published.Before(at.Since) {
			continue
		}
		events, err := s.events(ctx, at, c, head)
		if err != nil {
			return err
		}
		was.Done = append(was.Done, name)
		was.Done = was.Done[max(0, len(was.Done)-2*mostReleases):]
		text, err := json.Marshal(was)
		if err != nil {
			return fmt.Errorf("writing the state of a board: %w", err)
		}
		if err := take(intake.Batch{Events: events}, string(text)); err != nil {
			return err
		}
	}
	if at.State == "" && len(was.Done) == 0 { // it was asked, and has nothing yet
		return take(intake.Batch{}, `{"done":[]}`)
	}
	return nil
}

// events makes entries of a release.
func (s Settings) events(ctx context.Context, at source.Asking, c *client.Client, head client.Head) (all []intake.Event, err error) {
	when := head.Published
	if s.Dated != "published" {
		r, err := c.Release(ctx, s.Board, head.Period, head.Edition)
		if err != nil {
			return nil, told(err)
		}
		last, err := period.ParseDate(r.Last)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The other server says of a release that its last day is %.40q.", r.Last)
		}
		when = last.Start(at.Zone)
	}
	cards, rows := 0, 0
	of := client.RowsOf{Cut: client.Cut{Limit: pageSize}, Edition: head.Edition}
	for {
		page, err := c.Rows(ctx, s.Board, head.Period, of)
		if err != nil {
			return nil, told(err)
		}
		for _, row := range page.Items {
			here, known := s.here(row.Player)
			if !known {
				continue
			}
			add := func(key string, x *float64) {
				if key == "" || x == nil {
					return
				}
				data, _ := json.Marshal(map[string]any{"board": s.Board, "period": head.Period, "edition": head.Edition, "player": row.Player, "key": key, "value": *x}) // texts and a finite number
				all = append(all, intake.Event{ID: head.Period + " " + row.Player + " " + key, Type: "release", At: when, Received: at.Now, Zone: at.Zone,
					Players: map[string]string{"key": here}, Data: data, Entry: &intake.Direct{Key: key, Value: *x, Label: head.Label}})
			}
			add(s.Score, row.Score)
			for _, part := range slices.Sorted(maps.Keys(s.Points)) {
				add(s.Points[part], row.Points[part])
			}
			if len(s.Values) == 0 {
				continue
			}
			if cards++; cards > mostCards {
				return nil, fault.Wrong("values", "Values are read card by card, of at most %d players: list them under players, or read points.", mostCards)
			}
			card, err := c.Card(ctx, s.Board, head.Period, head.Edition, row.Player)
			if err != nil {
				if told := told(err); fault.Of(told) != fault.NotFound { // of one who left, or hides from us
					return nil, told
				}
				continue
			}
			for _, metric := range slices.Sorted(maps.Keys(s.Values)) {
				add(s.Values[metric], card.Values[metric])
			}
		}
		if rows += len(page.Items); rows > mostRows { // no board shows so many, but something else may answer without an end
			return nil, fault.New(fault.Invalid, "The other server shows more than %d players of one release: that many are not read.", mostRows)
		}
		if of.Cursor = page.Next; of.Cursor == "" || len(page.Items) == 0 {
			return all, nil
		}
	}
}

// here is who a player there is here.
func (s Settings) here(there string) (string, bool) {
	if there == "" {
		return "", false
	}
	if len(s.Players) == 0 {
		return there, true
	}
	here := s.Players[there]
	return cmp.Or(here, there), here != ""
}
