package board

import (
	"context"
	"encoding/json"

	"cairn/internal/identity"
)

// Mode is what happens by itself when a period is over.
type Mode string

const (
	ByHand  Mode = ""      // nothing: a manager drafts and publishes
	ToDraft Mode = "draft" // the draft is calculated and the managers are told; one of them publishes
	Auto    Mode = "auto"  // and after the time of grace it is published
)

// Rhythm is when a board is released. A period closes Days days after the first day that follows it, at a time of day in the board's
// time zone: the draft is calculated and the managers are told. Data may be late for so many hours of grace; then it is released.
type Rhythm struct {
	Mode  Mode   `json:"mode"`
	Days  int    `json:"days"`  // 0 … 27
	At    string `json:"at"`    // "09:00"
	Grace int    `json:"grace"` // hours, 0 … 336
	From  string `json:"from"`  // the first period that it holds for, as period.Parse reads it
}

// SetRhythm says when a board is released. Invalid, with the field, for a rhythm that cannot be.
func (b *Boards) SetRhythm(ctx context.Context, a identity.Actor, at *Board, r Rhythm) error {
	panic("to be written")
}

// text is the rhythm as it is kept.
func (r Rhythm) text() string {
	if r.Mode == ByHand {
		return ""
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and numbers always have a JSON form
	}
	return string(text)
}

func readRhythm(text string) (r Rhythm, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &r)
	}
	return r, err
}
