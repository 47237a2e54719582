package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// NewHook is an address that is to be told what happens on a board: a webhook, signed after the Standard Webhooks specification, or
// a chat.
type NewHook struct {
	Name    string   `json:"name" minLength:"1" maxLength:"60" doc:"Of who is told." example:"HR system"`
	Kind    string   `json:"kind" enum:"webhook,slack,discord,teams"`
	Address string   `json:"address" format:"uri" maxLength:"2000" doc:"Where messages go, over https. That of a chat is a secret and is never shown again."`
	Events  []string `json:"events" minItems:"1" enum:"release.final,release.erratum,member.joined,member.left,grant.changed,source.unhealthy" doc:"What it is told. Chats are told of releases and sources alone."`
	Members bool     `json:"members,omitempty" doc:"Of a chat: the board's members alone read it, so that it is told what they see. Else it is told what everybody sees."`
}

// HookChange is what a hook is to be from now on.
type HookChange struct {
	Name    string   `json:"name" minLength:"1" maxLength:"60"`
	Address string   `json:"address,omitempty" format:"uri" maxLength:"2000" doc:"Absent: as it is."`
	Events  []string `json:"events" minItems:"1" enum:"release.final,release.erratum,member.joined,member.left,grant.changed,source.unhealthy"`
	Members bool     `json:"members,omitempty" doc:"Of a chat: the board's members alone read it."`
	Paused  bool     `json:"paused,omitempty" doc:"Messages wait. Absent or false: they are sent."`
}

// Hook is an address that is told what happens on a board.
type Hook struct {
	ID      string        `json:"id" format:"uuid"`
	Name    string        `json:"name"`
	Kind    string        `json:"kind" enum:"webhook,slack,discord,teams"`
	Address string        `json:"address" doc:"Without what may be a secret in it."`
	Events  []string      `json:"events"`
	Members bool          `json:"members"`
	State   string        `json:"state" enum:"active,paused,failing,ended" doc:"failing: nothing was taken for three days; messages are tried all the same. ended: the other side answered 410."`
	Made    time.Time     `json:"made"`
	Good    *time.Time    `json:"good,omitempty" doc:"When the other side last took a message; absent: never."`
	Former  *time.Time    `json:"former,omitempty" doc:"Until then the secret before this one signs as well."`
	Waiting int           `json:"waiting" doc:"Messages that are tried still."`
	Dead    int           `json:"dead" doc:"Messages that were given up; they can be sent again."`
	Latest  *HookDelivery `json:"latest,omitempty"`
}

// HookMade is a hook with the secret that signs its messages.
type HookMade struct {
	Hook   Hook   `json:"hook"`
	Secret string `json:"secret,omitempty" doc:"Of a webhook: what verifies its messages. It is told once." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

// HookSecret is the secret that signs the messages of a webhook.
type HookSecret struct {
	Secret string `json:"secret" doc:"It is told once. The one before it signs as well for a day, or until its end is asked for."`
}

// HookDelivery is what became of one message.
type HookDelivery struct {
	ID      string          `json:"id" doc:"The webhook-id: the same however often it is sent."`
	Event   string          `json:"event"`
	Made    time.Time       `json:"made" doc:"When it happened."`
	Tries   int             `json:"tries"`
	Tried   *time.Time      `json:"tried,omitempty" doc:"The last time; absent: not yet."`
	Next    *time.Time      `json:"next,omitempty" doc:"When it is tried next; absent: no more."`
	State   string          `json:"state" enum:"waiting,delivered,dead"`
	Answer  string          `json:"answer" doc:"What the other side answered last: a status, or why there is none."`
	Payload json.RawMessage `json:"payload,omitempty" doc:"What it says, as it would be sent now: whoever hid or left since is not in it. Only of one message."`
}

// Replayed says how many messages are sent again.
type Replayed struct {
	Messages int `json:"messages"`
}

// Hooks returns whom a board tells what happens, oldest first.
func (c *Client) Hooks(ctx context.Context, board string) (Page[Hook], error) {
	return ask[Page[Hook]](ctx, c, http.MethodGet, at(board, "hooks"), nil, nil)
}

// MakeHook has a board tell somebody what happens.
func (c *Client) MakeHook(ctx context.Context, board string, h NewHook) (HookMade, error) {
	return ask[HookMade](ctx, c, http.MethodPost, at(board, "hooks"), nil, h)
}

// Hook returns one of them.
func (c *Client) Hook(ctx context.Context, board, hook string) (Hook, error) {
	return ask[Hook](ctx, c, http.MethodGet, at(board, "hooks", hook), nil, nil)
}

// ChangeHook changes what a hook is told, or pauses it.
func (c *Client) ChangeHook(ctx context.Context, board, hook string, to HookChange) (Hook, error) {
	return ask[Hook](ctx, c, http.MethodPut, at(board, "hooks", hook), nil, to)
}

// EndHook ends a hook.
func (c *Client) EndHook(ctx context.Context, board, hook string) error {
	return c.call(ctx, http.MethodDelete, at(board, "hooks", hook), nil, nil, nil)
}

// NewHookSecret gives a webhook another secret.
func (c *Client) NewHookSecret(ctx context.Context, board, hook string) (HookSecret, error) {
	return ask[HookSecret](ctx, c, http.MethodPost, at(board, "hooks", hook, "secret"), nil, nil)
}

// EndFormerHookSecret ends the secret before the one that is in force: it signs no more.
func (c *Client) EndFormerHookSecret(ctx context.Context, board, hook string) error {
	return c.call(ctx, http.MethodDelete, at(board, "hooks", hook, "secret", "former"), nil, nil, nil)
}

// TestHook sends a message of type ping now, and returns what the other side answered.
func (c *Client) TestHook(ctx context.Context, board, hook string) (HookDelivery, error) {
	return ask[HookDelivery](ctx, c, http.MethodPost, at(board, "hooks", hook, "test"), nil, nil)
}

// HookDeliveries returns what became of a hook's messages in 30 days, newest first.
func (c *Client) HookDeliveries(ctx context.Context, board, hook, cursor string) (Page[HookDelivery], error) {
	query := url.Values{}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return ask[Page[HookDelivery]](ctx, c, http.MethodGet, at(board, "hooks", hook, "deliveries"), query, nil)
}

// HookDelivery returns one message with what it says.
func (c *Client) HookDelivery(ctx context.Context, board, hook, delivery string) (HookDelivery, error) {
	return ask[HookDelivery](ctx, c, http.MethodGet, at(board, "hooks", hook, "deliveries", delivery), nil, nil)
}

// ReplayHook sends one message again, under the identifier it has.
func (c *Client) ReplayHook(ctx context.Context, board, hook, delivery string) error {
	return c.call(ctx, http.MethodPost, at(board, "hooks", hook, "deliveries", delivery, "replay"), nil, nil, nil)
}

// ReplayDeadHooks sends every message again that was given up.
func (c *Client) ReplayDeadHooks(ctx context.Context, board, hook string) (Replayed, error) {
	return ask[Replayed](ctx, c, http.MethodPost, at(board, "hooks", hook, "replay"), nil, nil)
}
