package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// Payload is what a webhook is sent. Fields are only ever added; the same message has the same webhook-id however often it is sent.
type Payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened, RFC 3339 in UTC
	Data      any       `json:"data"`      // ReleaseData, MemberData, GrantData, SourceData or PingData
}

// BoardData is the board that a message is about.
type BoardData struct {
	ID   string `json:"id"` // stays when the key is another one day
	Key  string `json:"key"`
	Name string `json:"name"`
}

// ReleaseData is that of release.final and release.erratum: where the release stands, never what is in it. Who reads it there sees
// what is theirs to see.
type ReleaseData struct {
	Board   BoardData `json:"board"`
	ID      string    `json:"id"`
	Period  string    `json:"period"`  // "2026-W47"
	Edition int       `json:"edition"` // 1, then 2 … for errata
	Digest  string    `json:"digest"`  // hex SHA-256 of the bundle's manifest
	Players int       `json:"players"` // that it shows to everyone
	Page    string    `json:"page"`    // its address
	API     string    `json:"api"`     // and that for programs
	Reason  string    `json:"reason,omitempty"`
}

// MemberData is that of member.joined and member.left.
type MemberData struct {
	Board  BoardData `json:"board"`
	Player *string   `json:"player"` // key on the board; null of somebody who hides or is gone: read the list of members again
}

// GrantData is that of grant.changed: a player says whether the board may have a number. It holds no number.
type GrantData struct {
	Board   BoardData `json:"board"`
	Player  *string   `json:"player"` // as in MemberData
	Metric  string    `json:"metric"` // key
	Granted bool      `json:"granted"`
}

// SourceData is that of source.unhealthy: what the source alone measures is missing, not zero, until it comes again.
type SourceData struct {
	Board  BoardData `json:"board"`
	Source string    `json:"source"` // name
}

// PingData is that of ping.
type PingData struct {
	Board BoardData `json:"board"`
}

// body writes what a message says now. NotFound where nothing of it is to be told any more.
func (h *Hooks) body(ctx context.Context, at *board.Board, r *row, m *message) ([]byte, error) {
	if r.Kind != Webhook {
		said, err := h.say(ctx, at, r, m)
		if err != nil {
			return nil, err
		}
		return said.write(r.Kind)
	}
	data, err := h.data(ctx, at, m)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(Payload{Type: m.event, Timestamp: m.made, Data: data})
	if err != nil {
		return nil, fmt.Errorf("writing a message: %w", err)
	}
	return body, nil
}

func (h *Hooks) data(ctx context.Context, at *board.Board, m *message) (any, error) {
	about := BoardData{ID: at.ID, Key: at.Key, Name: at.Name}
	switch m.event {
	case ReleaseFinal, ReleaseErratum:
		view, err := h.view(ctx, at, m.about.Release, board.Access{})
		if err != nil {
			return nil, err
		}
		period := url.PathEscape(view.Period.String())
		return ReleaseData{
			Board: about, ID: view.ID, Period: view.Period.String(), Edition: view.Edition, Digest: view.Digest, Players: view.Players,
			Page: h.page(at, view.Release), API: fmt.Sprintf("%s/api/v1/boards/%s/releases/%s?edition=%d", h.rooms.Base, url.PathEscape(at.Key), period, view.Edition), Reason: view.Reason,
		}, nil
	case MemberJoined, MemberLeft:
		if at.Basis == board.OptIn && m.about.Unclaimed && m.member >= 0 {
			return nil, fault.New(fault.NotFound, "It was an invitation that nobody accepted.")
		}
		player, err := h.player(ctx, at, m.member)
		return MemberData{Board: about, Player: player}, err
	case GrantChanged:
		player, err := h.player(ctx, at, m.member)
		return GrantData{Board: about, Player: player, Metric: m.about.Metric, Granted: m.about.Granted}, err
	case SourceUnhealthy:
		return SourceData{Board: about, Source: m.about.Source}, nil
	}
	return PingData{Board: about}, nil
}

// player is the key of a member; nil of one who hides, is gone or is nobody.
func (h *Hooks) player(ctx context.Context, at *board.Board, number int64) (*string, error) {
	names, err := h.rooms.Boards.Directory(ctx, at)
	if err != nil || number < 0 {
		return nil, err
	}
	m := names.Member(number)
	if m.Hidden || m.State == board.Former || m.Key == "" {
		return nil, nil //nolint:nilnil // nobody who may be named is no error
	}
	return &m.Key, nil
}

// view is a release, in the edition that a message is about, as somebody sees it.
func (h *Hooks) view(ctx context.Context, at *board.Board, id string, access board.Access) (*release.View, error) {
	all, err := h.rooms.Releases.Archive(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, listed := range all {
		if listed.ID != id {
			continue
		}
		rel, err := h.rooms.Releases.Show(ctx, at, listed.Period, listed.Edition)
		if err != nil {
			return nil, err
		}
		to, err := h.rooms.Releases.Reader(ctx, at, access)
		if err != nil {
			return nil, err
		}
		return h.rooms.Releases.View(ctx, at, rel, to)
	}
	return nil, fault.New(fault.NotFound, "There is no such release any more.")
}

// page is where a release is read.
func (h *Hooks) page(at *board.Board, rel *release.Release) string {
	return fmt.Sprintf("%s/b/%s/%s/e/%d", h.rooms.Base, url.PathEscape(at.Key), url.PathEscape(rel.Period.String()), rel.Edition)
}
