package board

import (
	"context"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// ByID returns the board with an identifier, or NotFound.
func (b *Boards) ByID(ctx context.Context, id string) (found *Board, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = b.boardIn(tx, id)
		return err
	})
	return found, err
}

// Reading returns the access of a member who is known by something else than a session, such as a pass in a mail: they read what is
// theirs, and may do nothing. NotFound where the number is no longer that account's.
func (b *Boards) Reading(ctx context.Context, at *Board, number int64, account string) (Access, error) {
	names, err := b.Directory(ctx, at)
	if err != nil {
		return Access{}, err
	}
	m := names.Member(number)
	if account == "" || m.Player != account {
		return Access{}, fault.New(fault.NotFound, "There is no such player on the board any more.")
	}
	return Access{Account: account, Member: &m}, nil
}

// Claimed reports, in the caller's transaction, whether any member of a board is somebody's account.
func (b *Boards) Claimed(tx *db.Tx, boardID string) (bool, error) {
	found, err := tx.Texts(`SELECT player_id FROM board_member WHERE board_id = $1 AND player_id <> '' LIMIT 1`, boardID)
	return len(found) > 0, err
}
