package board

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Claim makes the actor the subject of a member of a board of public record: at once where they proved to read the
// address that the board knows, else it waits for a manager's Confirm. Conflict where somebody else is that already, or
// the actor is another player of the board.
func (b *Boards) Claim(ctx context.Context, a identity.Actor, at *Board, key string) (waits bool, err error) {
	if !a.SignedIn() {
		return false, fault.New(fault.Unauthenticated, "Sign in to claim a record.")
	}
	addresses, err := b.proved(ctx, a)
	if err != nil {
		return false, err
	}
	err = b.change(ctx, at.ID, func(c *change) error {
		if err := b.still(c.Tx, a); err != nil {
			return err
		}
		now, err := b.boardIn(c.Tx, c.boardID)
		if err != nil {
			return err
		}
		m, err := c.member(key)
		if err != nil {
			return err
		}
		waits = false
		switch {
		case now.Basis != PublicRecord:
			return fault.New(fault.Conflict, "Records are claimed on boards of public record; onto this one one is invited.")
		case m.Player == a.Account:
			return nil
		case m.Player != "":
			return fault.New(fault.Conflict, "Somebody claimed this record already. If that is wrong, write to the board's managers.")
		}
		if err := c.aloneHere(a.Account); err != nil {
			return err
		}
		if m.Email != "" && mine(m.Email, addresses) {
			return c.hand(m, a.Account, a.Account)
		}
		waits = true
		result, err := c.Exec(`INSERT INTO board_claim (board_id, member, player_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (board_id, member, player_id) DO NOTHING`,
			c.boardID, m.Number, a.Account, c.now.UnixMicro())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return c.note(a.Account, "member.claim", m, nil)
	})
	return waits, err
}

// aloneHere refuses somebody who is a player of the board already.
func (c *change) aloneHere(account string) error {
	was, err := ofAccount(c.Tx, c.boardID, account)
	if err == nil && was != nil {
		err = fault.New(fault.Conflict, "You are on this board already, as %s.", called(*was))
	}
	return err
}

// hand makes a member's record somebody's own.
func (c *change) hand(m Member, account, by string) error {
	m.Player = account
	if err := c.put(m); err != nil {
		return err
	}
	if _, err := c.Exec(`DELETE FROM board_claim WHERE board_id = $1 AND (member = $2 OR player_id = $3)`, c.boardID, m.Number, account); err != nil {
		return err
	}
	return c.note(by, "member.claimed", m, nil)
}

// Confirm settles a claim; NotFound for one that does not wait.
func (b *Boards) Confirm(ctx context.Context, a identity.Actor, at *Board, key, claimant string, yes bool) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.member(key)
		if err != nil {
			return err
		}
		result, err := c.Exec(`DELETE FROM board_claim WHERE board_id = $1 AND member = $2 AND player_id = $3`, c.boardID, m.Number, claimant)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "There is no such claim any more.")
		}
		if !yes {
			m.Player = claimant // whom the refusal concerns
			return c.note(a.Account, "member.claim.refused", m, nil)
		}
		if m.Player != "" {
			return fault.New(fault.Conflict, "Somebody claimed this record already.")
		}
		if err := c.aloneHere(claimant); err != nil {
			return fault.Wrap(fault.Conflict, err, "Whoever claims this record is another player of the board.")
		}
		return c.hand(m, claimant, a.Account)
	})
}

// Claiming is a claim that waits for a manager.
type Claiming struct {
	Member   Member
	Claimant string // account
	Address  string // the claimant's primary one, so that the manager knows who asks; "" none
	At       time.Time
}

// Claims returns the claims of a board that wait, oldest first.
func (b *Boards) Claims(ctx context.Context, at *Board) (claims []Claiming, err error) {
	var numbers []int64
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		claims, numbers = nil, nil
		rows, err := tx.Query(`SELECT member, player_id, created_at FROM board_claim WHERE board_id = $1 ORDER BY created_at, member, player_id`, at.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Claiming
			var number, made int64
			if err := rows.Scan(&number, &c.Claimant, &made); err != nil {
				return err
			}
			c.At = time.UnixMicro(made).UTC()
			claims, numbers = append(claims, c), append(numbers, number)
		}
		return rows.Err()
	})
	if err != nil || len(claims) == 0 {
		return nil, err
	}
	directory, err := b.Directory(ctx, at)
	if err != nil {
		return nil, err
	}
	for i := range claims {
		claims[i].Member = directory.Member(numbers[i])
		if claims[i].Address, err = b.writesTo(ctx, claims[i].Claimant); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

// writesTo returns the address that mail to an account goes to, "" none: one that its owner proved to read, since it also tells
// others who somebody is.
func (b *Boards) writesTo(ctx context.Context, account string) (string, error) {
	if account == "" {
		return "", nil
	}
	found, err := b.rooms.Identity.Account(ctx, account)
	if absent(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, address := range found.Addresses {
		if address.Primary && !address.Proved.IsZero() {
			return address.Address, nil
		}
	}
	return "", nil
}

// Note is what a manager or coach wrote about a player: invisible to other boards, and part of the player's export.
type Note struct {
	ID     string
	Author string // account; "" somebody who is gone, or the console
	At     time.Time
	Text   string
}

// Notes returns what was written about a member, newest first.
func (b *Boards) Notes(ctx context.Context, at *Board, key string) (notes []Note, err error) {
	m, err := b.Member(ctx, at.ID, key)
	if err != nil {
		return nil, err
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		notes, err = notesIn(tx, at.ID, m.Number)
		return err
	})
	return notes, err
}

func notesIn(tx *db.Tx, boardID string, member int64) (notes []Note, err error) {
	rows, err := tx.Query(`SELECT note_id, author, created_at, content FROM board_note WHERE board_id = $1 AND member = $2 ORDER BY note_id DESC`, boardID, member)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n Note
		var made int64
		if err := rows.Scan(&n.ID, &n.Author, &made, &n.Text); err != nil {
			return nil, err
		}
		n.At = time.UnixMicro(made).UTC()
		notes = append(notes, n)
	}
	return notes, rows.Err()
}

// WriteNote writes one. A coach writes about the players who were given; anybody else of theirs is NotFound.
func (b *Boards) WriteNote(ctx context.Context, a identity.Actor, at *Board, key, text string) error {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return fault.Wrong("text", "The note is empty.")
	}
	if err := checkProse("text", "The note", text); err != nil {
		return err
	}
	access, err := b.Access(ctx, at, a)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making an identifier: %w", err)
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := b.still(tx, a); err != nil {
			return err
		}
		c := &change{Tx: tx, boards: b, boardID: at.ID, now: b.rooms.Now()}
		m, err := c.member(key)
		if err != nil {
			return err
		}
		if access.Role == Coach && !access.Scope.Given(m) {
			return fault.New(fault.NotFound, "There is no player %q on the board.", key)
		}
		if _, err := tx.Exec(`INSERT INTO board_note (board_id, note_id, member, author, created_at, content) VALUES ($1, $2, $3, $4, $5, $6)`, at.ID, id.String(), m.Number, a.Account, c.now.UnixMicro(), text); err != nil {
			return err
		}
		return c.note(a.Account, "member.note", m, nil)
	})
}
