package pass

import (
	"context"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// mostGiven is how many passes of a kind somebody's record, or a board alone, may have at a time: nobody reads a longer list.
const mostGiven = 50

// Give makes a pass by somebody's word, and notes it in the trail. It returns the secret, which is kept nowhere. The error is
// Conflict where there are as many of the kind as anyone can keep an eye on.
func (p *Passes) Give(ctx context.Context, a identity.Actor, made Pass) (given Pass, secret string, err error) {
	made.By = a.Account
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var there int
		err := tx.QueryRow(`SELECT COUNT(*) FROM pass WHERE board_id = $1 AND kind = $2 AND player_id = $3 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $4)`,
			made.Board, string(made.Kind), made.Player, p.now().UnixMicro()).Scan(&there)
		if err != nil {
			return err
		}
		if there >= mostGiven {
			return fault.New(fault.Conflict, "There are %d such links already: take one back that is not used any more.", there)
		}
		if given, secret, err = p.Make(tx, made); err != nil {
			return err
		}
		return p.trail.Write(tx, told(a, "pass.make", made))
	})
	return given, secret, err
}

// told is what the trail says of a pass: a player's own stand in that player's trail alone, the others in the board's.
func told(a identity.Actor, verb string, p Pass) audit.Event {
	e := audit.Event{Actor: a.Account, Player: p.Player, Verb: verb, Detail: map[string]string{"kind": string(p.Kind)}}
	if p.Player == "" {
		e.Board = p.Board
	}
	return e
}
