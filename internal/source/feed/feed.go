package feed

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
)

// Settings say which feeds are read and whose they are.
type Settings struct {
	Feeds  map[string]string `json:"feeds"`            // address → whose it is; "" its items name their author
	By     string            `json:"by,omitempty"`     // how players are told: "key" (default), "email" or "handle"
	Key    string            `json:"key,omitempty"`    // of the entries, "posts" by default
	Filter string            `json:"filter,omitempty"` // only items of this category
}

// Puller reads feeds. It implements source.Puller.
type Puller struct{}

const (
	mostFeeds = 500
	mostBytes = 5 << 20
	mostSeen  = 3000 // items of one feed that are remembered
	mostTags  = 200_000
	mostItems = 5000 // of one feed that are looked at
)

// known is what is remembered of one feed.
type known struct {
	ETag     string           `json:"etag,omitempty"`
	Modified string           `json:"modified,omitempty"`
	Seen     map[string]int64 `json:"seen,omitempty"` // digest of an item's id → when it was first seen, in seconds
}

// Configure refuses settings that cannot be, and returns them as they are kept.
func (Puller) Configure(text json.RawMessage) (json.RawMessage, error) {
	s, err := read(text)
	if err != nil {
		return nil, err
	}
	switch {
	case len(s.Feeds) == 0 || len(s.Feeds) > mostFeeds:
		return nil, fault.Wrong("feeds", "Give up to %d feeds, each with whose it is: {\"https://blog.example/feed\": \"ada\"}.", mostFeeds)
	case !slices.Contains([]string{"", "key", "email", "handle"}, s.By):
		return nil, fault.Wrong("by", "Players are told apart by key, email or handle, not by %q.", s.By)
	}
	for address := range s.Feeds {
		if err := reach.Check(address); err != nil {
			return nil, fault.In("feeds", err)
		}
	}
	return json.Marshal(s)
}

func read(text json.RawMessage) (s Settings, err error) {
	err = source.ReadSettings(text, &s)
	return s, err
}

// Keys implements source.Puller.
func (Puller) Keys(settings json.RawMessage) []string {
	s, err := read(settings)
	if err != nil {
		return nil
	}
	return []string{s.key()}
}

func (s Settings) key() string { return cmp.Or(s.Key, "posts") }

// Check reads the first feed.
func (Puller) Check(ctx context.Context, at source.Asking) (string, error) {
	s, err := read(at.Settings)
	if err != nil {
		return "", err
	}
	address := slices.Min(slices.Collect(maps.Keys(s.Feeds)))
	feed, _, err := fetch(ctx, at, address, known{})
	if err != nil {
		return "", err
	}
	found := fmt.Sprintf("%d items in %q", len(feed.Items), shortened(feed.Title))
	var newest time.Time
	for _, item := range feed.Items {
		if t := published(item); t.After(newest) {
			newest = t
		}
	}
	if !newest.IsZero() {
		found += ", the newest of " + newest.In(at.Zone).Format(time.DateOnly)
	}
	return found, nil
}

func shortened(title string) string {
	if runes := []rune(strings.TrimSpace(title)); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return strings.TrimSpace(title)
}

// Pull reads every feed that changed. One that cannot be read keeps the others from nothing: they are read first, and it is told
// at the end.
func (Puller) Pull(ctx context.Context, at source.Asking, take func(b intake.Batch, state string) error) error {
	s, err := read(at.Settings)
	if err != nil {
		return err
	}
	state := map[string]known{}
	if err := at.ReadState(&state); err != nil {
		return err
	}
	maps.DeleteFunc(state, func(address string, _ known) bool { _, there := s.Feeds[address]; return !there })
	var trouble error
	failed := 0
	for _, address := range slices.Sorted(maps.Keys(s.Feeds)) {
		feed, now, err := fetch(ctx, at, address, state[address])
		if err != nil {
			if ctx.Err() != nil || fault.Of(err) == fault.Limited {
				return err
			}
			trouble = cmp.Or(trouble, err)
			failed++
			continue
		}
		var b intake.Batch
		if feed != nil {
			b = s.events(at, s.Feeds[address], feed, &now)
		}
		state[address] = now
		text, err := json.Marshal(state)
		if err != nil {
			return fmt.Errorf("writing the state of feeds: %w", err)
		}
		if err := take(b, string(text)); err != nil {
			return err
		}
	}
	if trouble != nil && len(s.Feeds) > 1 {
		return fault.Wrap(fault.Of(trouble), trouble, "%d of %d feeds could not be read: %s", failed, len(s.Feeds), fault.Message(trouble))
	}
	return trouble
}

// fetch reads a feed; nil where it did not change.
func fetch(ctx context.Context, at source.Asking, address string, was known) (*gofeed.Feed, known, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, was, fault.Wrong("feeds", "%q is no whole address.", address)
	}
	request.Header.Set("Accept", "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5")
	if was.ETag != "" {
		request.Header.Set("If-None-Match", was.ETag)
	}
	if was.Modified != "" {
		request.Header.Set("If-Modified-Since", was.Modified)
	}
	if at.Credentials != "" {
		request.Header.Set("Authorization", "Bearer "+at.Credentials)
	}
	answer, body, err := at.Reach.Do(at.Client, request, mostBytes) //nolint:bodyclose // Do reads it whole and closes it
	if err != nil || answer.StatusCode == http.StatusNotModified {
		return nil, was, err
	}
	feed, err := parse(body)
	if err != nil {
		return nil, was, err
	}
	was.ETag, was.Modified = answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")
	return feed, was, nil
}

// parse reads a feed that a stranger wrote: the parser is not ours, and no feed may bring the program down.
func parse(body []byte) (feed *gofeed.Feed, err error) {
	none := fault.New(fault.Invalid, "There is no RSS, Atom or JSON feed at this address.")
	if bytes.Count(body, []byte("<")) > mostTags { // the parser goes down into each that is not closed
		return nil, fault.New(fault.Invalid, "The feed has more than %d tags: only feeds of the last items are read.", mostTags)
	}
	defer func() {
		if recover() != nil {
			feed, err = nil, none
		}
	}()
	feed, err = gofeed.NewParser().Parse(bytes.NewReader(body))
	if err != nil || feed == nil {
		return nil, none
	}
	return feed, nil
}

// events makes an entry of every item that was not seen before.
func (s Settings) events(at source.Asking, whose string, feed *gofeed.Feed, now *known) (b intake.Batch) {
	seen := map[string]int64{}
	for _, item := range feed.Items[:min(len(feed.Items), mostItems)] {
		if item == nil || s.Filter != "" && !slices.ContainsFunc(item.Categories, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), s.Filter) }) {
			continue
		}
		id := cmp.Or(strings.TrimSpace(item.GUID), strings.TrimSpace(item.Link), item.Title+item.Published)
		if id == "" {
			continue // it says nothing that could tell it from another
		}
		sum := sha256.Sum256([]byte(id))
		digest := hex.EncodeToString(sum[:8])
		first, known := now.Seen[digest]
		if !known {
			first = at.Now.Unix()
		}
		if _, twice := seen[digest]; twice {
			continue
		}
		seen[digest] = first
		if known {
			continue
		}
		when := published(item)
		if when.IsZero() || when.After(at.Now.AddDate(0, 0, 1)) { // without a date, or one that cannot be: when it was first seen
			when = at.Now
		}
		if !at.Since.IsZero() && when.Before(at.Since) {
			continue
		}
		if len(id) > 900 {
			id = hex.EncodeToString(sum[:])
		}
		b.Events = append(b.Events, s.event(at, whose, item, id, when))
	}
	for digest, first := range now.Seen { // what the feed no longer shows may come back
		if _, there := seen[digest]; !there && len(seen) < mostSeen {
			seen[digest] = first
		}
	}
	now.Seen = seen
	return b
}

func (s Settings) event(at source.Asking, whose string, item *gofeed.Item, id string, when time.Time) intake.Event {
	author := ""
	for _, a := range item.Authors {
		if a != nil && author == "" {
			author = cmp.Or(strings.TrimSpace(a.Name), strings.TrimSpace(a.Email))
			if s.By == "email" {
				author = strings.TrimSpace(a.Email)
			}
		}
	}
	e := intake.Event{ID: id, Type: "item", At: when, Received: at.Now, Zone: at.Zone, Loose: true, Players: map[string]string{},
		Entry: &intake.Direct{Key: s.key(), Value: 1, Label: shortened(cmp.Or(item.Link, item.Title))}}
	if who := cmp.Or(whose, author); who != "" {
		e.Players[cmp.Or(s.By, "key")] = who
	}
	data, err := json.Marshal(map[string]any{"id": id, "title": item.Title, "link": item.Link, "published": when, "author": author, "categories": item.Categories})
	if err != nil {
		e.Why = "it cannot be written down"
		return e
	}
	e.Data = data
	return e
}

// published is when an item appeared, zero where it does not say.
func published(item *gofeed.Item) time.Time {
	switch {
	case item == nil:
	case item.PublishedParsed != nil:
		return item.PublishedParsed.UTC()
	case item.UpdatedParsed != nil:
		return item.UpdatedParsed.UTC()
	}
	return time.Time{}
}
