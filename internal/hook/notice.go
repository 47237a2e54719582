package hook

import (
	"context"
	"fmt"
	"slices"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/job"
)

// jobNotice tells managers that a hook fails: first who they are, then each by a job of their own.
const jobNotice = "hook notice"

// noticed is the payload of jobNotice.
type noticed struct {
	Board string `json:"board"`
	Hook  string `json:"hook"`
	State string `json:"state"`
	To    string `json:"to,omitempty"` // account; "" all of them
}

// notify tells managers that a hook fails, or that it ended.
func (h *Hooks) notify(ctx context.Context, j job.Job) error {
	var n noticed
	if err := j.Read(&n); err != nil || h.rooms.Tell == nil {
		return err
	}
	at, err := h.rooms.Boards.ByID(ctx, n.Board)
	if err != nil {
		return unlessAbsent(err)
	}
	holders, err := h.rooms.Boards.Holders(ctx, at)
	if err != nil {
		return err
	}
	holders = slices.DeleteFunc(holders, func(of board.Holder) bool {
		return of.Account == "" || of.Role != board.Owner && of.Role != board.Manager || n.To != "" && of.Account != n.To
	})
	if n.To == "" {
		return h.rooms.DB.Write(ctx, func(tx *db.Tx) error {
			for _, to := range holders {
				one := n
				one.To = to.Account
				if err := h.rooms.Queue.Enqueue(tx, jobNotice, j.ID+" "+to.Account, one, h.now()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	one, err := h.Hook(ctx, at, n.Hook)
	if fault.Of(err) == fault.NotFound || err == nil && one.State != n.State || len(holders) == 0 {
		return nil // it was mended or ended meanwhile, or they manage the board no more
	}
	if err != nil {
		return err
	}
	subject, text := oneLine(at.Name)+": a hook does not answer", fmt.Sprintf("%q has taken no message of the board %s for three days. Messages are tried all the same; those that were given up can be sent again.", oneLine(one.Name), oneLine(at.Name))
	if n.State == Ended {
		subject, text = oneLine(at.Name)+": a hook ended", fmt.Sprintf("%q says that it is gone for good (410), so that the board %s sends nothing there any more.", oneLine(one.Name), oneLine(at.Name))
	}
	return h.rooms.Tell(ctx, n.To, at, "hook "+j.ID, subject, text, "/b/"+at.Key+"/manage/hooks/"+one.ID)
}
