package api

import (
	"context"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/job"
)

// Running the server. An operator sees that a board is there, and nothing of its players.

func (d *door) listAllBoards(ctx context.Context, _ *visit, in *Listed) (*body[client.Page[client.RunBoard]], error) {
	all, err := d.Boards.List(ctx, true)
	if err != nil {
		return nil, err
	}
	return page(all, *in, func(b *board.Board) string { return b.Key }, func(b *board.Board) client.RunBoard {
		return client.RunBoard{Key: b.Key, Name: b.Name, Stage: string(b.Stage), Basis: string(b.Basis), Players: b.Players, Made: b.Created, Suspended: b.Suspended}
	})
}

func (d *door) suspend(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Suspension
}) (*nothing, error) {
	return &nothing{}, d.Boards.Suspend(ctx, v.actor, v.board, in.Body.Why)
}

func (d *door) reopen(ctx context.Context, v *visit, _ *InBoard) (*nothing, error) {
	return &nothing{}, d.Boards.Suspend(ctx, v.actor, v.board, "")
}

func (d *door) listJobs(ctx context.Context, _ *visit, in *struct {
	Kind  string `query:"kind" doc:"Absent: of every kind."`
	State string `query:"state" enum:"waiting,running,dead,skipped" doc:"Absent: in every state."`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most so many."`
}) (*body[client.Page[client.Job]], error) {
	all, err := d.Queue.List(ctx, job.Filter{Kind: in.Kind, State: job.State(in.State), Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	told := []client.Job{}
	for _, j := range all {
		told = append(told, client.Job{ID: j.ID, Kind: j.Kind, About: j.Key, State: string(j.State), Attempts: j.Attempt, Next: instant(j.Next), Ended: instant(j.Ended), Reason: j.Reason})
	}
	return listOf(told), nil
}

func (d *door) countJobs(ctx context.Context, _ *visit, _ *struct{}) (*body[client.Page[client.JobCount]], error) {
	all, err := d.Queue.Counts(ctx)
	if err != nil {
		return nil, err
	}
	told := []client.JobCount{}
	for _, c := range all {
		told = append(told, client.JobCount{Kind: c.Kind, State: string(c.State), N: c.N, First: instant(c.First)})
	}
	return listOf(told), nil
}

func (d *door) runJob(ctx context.Context, v *visit, in *struct {
	Job string `path:"job" doc:"id of a job that is dead, or was skipped."`
}) (*nothing, error) {
	if err := d.Queue.Again(ctx, in.Job); fault.Of(err) == fault.NotFound {
		return nil, fault.Wrap(fault.Conflict, err, "That job is not dead: it waits, runs, or is done.")
	} else if err != nil {
		return nil, err
	}
	d.log.Info("a dead job runs again", "job", in.Job, "by", v.actor.Account)
	return &nothing{}, nil
}

func (d *door) runJobs(ctx context.Context, v *visit, in *struct{ Body client.Again }) (*body[client.RunAgain], error) {
	n, err := d.Queue.AgainAll(ctx, in.Body.Kind)
	if err != nil {
		return nil, err
	}
	d.log.Info("dead jobs run again", "kind", in.Body.Kind, "jobs", n, "by", v.actor.Account)
	return answer(client.RunAgain{Jobs: n}), nil
}
