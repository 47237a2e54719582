package board

import (
	"context"

	"cairn/internal/job"
)

// Kinds of job.
const (
	jobInvitation = "invitation"    // writes an invitation's mail
	jobReveal     = "reveal"        // has every player of a board told of a step wider
	jobNotice     = "reveal.notice" // tells one
)

// announced is the payload of jobReveal and jobNotice.
type announced struct {
	Board  string `json:"board"`
	Asked  int64  `json:"asked"` // of the step: another one may have taken its place
	Member int64  `json:"member"`
}

func (b *Boards) mailInvitation(ctx context.Context, j job.Job) error { return nil }
func (b *Boards) announce(ctx context.Context, j job.Job) error       { return nil }
func (b *Boards) mailNotice(ctx context.Context, j job.Job) error     { return nil }
