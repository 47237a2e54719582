package board

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/theme"
)

// SetTheme says how a board looks. Invalid, with the field, for a theme that cannot be or could not be read.
func (b *Boards) SetTheme(ctx context.Context, a identity.Actor, at *Board, t theme.Theme) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil {
			return err
		}
		return b.setTheme(tx, a, now, t)
	})
}

func (b *Boards) setTheme(tx *db.Tx, a identity.Actor, at *Board, t theme.Theme) error {
	if t == at.Theme {
		return nil
	}
	if _, err := t.Check(); err != nil {
		return err
	}
	text, err := themeText(t)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE board SET theme = $1 WHERE board_id = $2`, text, at.ID); err != nil {
		return err
	}
	return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.theme", Board: at.ID})
}

// themeText is a theme as it is kept.
func themeText(t theme.Theme) (string, error) {
	if t == (theme.Theme{}) {
		return "", nil
	}
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("writing a theme: %w", err)
	}
	return string(text), nil
}

// themeFile is a theme in the file of a design.
func themeFile(t theme.Theme) string {
	var lines []string
	flat := func(name string, pairs ...string) {
		var said []string
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				said = append(said, pairs[i]+": "+yamlText(pairs[i+1]))
			}
		}
		if len(said) > 0 {
			lines = append(lines, "  "+name+": {"+strings.Join(said, ", ")+"}\n")
		}
	}
	flat("light", "ground", t.Light.Ground, "ink", t.Light.Ink, "accent", t.Light.Accent)
	flat("dark", "ground", t.Dark.Ground, "ink", t.Dark.Ink, "accent", t.Dark.Accent)
	if t.Type != "" {
		lines = append(lines, "  type: "+string(t.Type)+"\n")
	}
	if t.Corners != "" {
		lines = append(lines, "  corners: "+string(t.Corners)+"\n")
	}
	flat("words", "player", t.Words.Player, "players", t.Words.Players, "board", t.Words.Board, "boards", t.Words.Boards, "release", t.Words.Release, "releases", t.Words.Releases)
	if len(lines) == 0 {
		return ""
	}
	return "theme:\n" + strings.Join(lines, "")
}

// PutLogo keeps a picture (PNG or JPEG) as a board's logo; nil removes the one there is. Invalid (field "logo") for what is no
// such picture.
func (b *Boards) PutLogo(ctx context.Context, a identity.Actor, at *Board, content []byte) error {
	var small []byte
	if content != nil {
		var err error
		if small, err = theme.Logo(content); err != nil {
			return err
		}
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM board_logo WHERE board_id = $1`, at.ID); err != nil {
			return err
		}
		if small != nil {
			sum := sha256.Sum256(small)
			if _, err := tx.Exec(`INSERT INTO board_logo (board_id, content, digest, changed_at) VALUES ($1, $2, $3, $4)`, at.ID, small, hex.EncodeToString(sum[:8]), b.rooms.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.theme", Board: at.ID})
	})
}

// Logo returns a board's logo (PNG), NotFound for none.
func (b *Boards) Logo(ctx context.Context, boardID string) (content []byte, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT content FROM board_logo WHERE board_id = $1`, boardID).Scan(&content)
	})
	if absent(err) {
		return nil, fault.New(fault.NotFound, "This board has no logo.")
	}
	return content, err
}

// Domain is a name of the internet under which a board is read, beside the server's own.
type Domain struct {
	Name    string    // lower case, "scores.example.org"
	Board   string    // board_id
	Asked   time.Time // by whoever runs the board
	Allowed time.Time // by whoever runs the server; zero: not yet, and nothing is shown under it
}

var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)

// AskDomain asks for a domain for a board, "" gives up the one it has. Whoever runs the server allows it. Invalid (field "domain")
// for what is none, Conflict where another board has it.
func (b *Boards) AskDomain(ctx context.Context, a identity.Actor, at *Board, name string) error {
	name = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
	if name != "" && (len(name) > 253 || !domainForm.MatchString(name)) {
		return fault.Wrong("domain", "A domain is a name such as scores.example.org, without https:// and without a path (and of other letters in its xn-- form); %.80q is none.", name)
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		was, err := domainIn(tx, `board_id = $1`, at.ID)
		if err != nil && !absent(err) {
			return err
		}
		if was.Name == name {
			return nil
		}
		if _, err := tx.Exec(`DELETE FROM board_domain WHERE board_id = $1`, at.ID); err != nil {
			return err
		}
		if name != "" {
			if _, err := domainIn(tx, `domain = $1`, name); err == nil {
				return fault.New(fault.Conflict, "Another board goes by %s.", name)
			} else if !absent(err) {
				return err
			}
			// By whom is told by the trail alone, from which those who are forgotten go.
			if _, err := tx.Exec(`INSERT INTO board_domain (domain, board_id, asked_at, asked_by, allowed_at) VALUES ($1, $2, $3, '', 0)`, name, at.ID, b.rooms.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.domain", Board: at.ID})
	})
}

// AllowDomain lets a board be read under a domain that was asked for, or no longer; for whoever runs the server. NotFound where
// nobody asked for it.
func (b *Boards) AllowDomain(ctx context.Context, a identity.Actor, name string, allow bool) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		d, err := domainIn(tx, `domain = $1`, strings.ToLower(name))
		if absent(err) {
			return fault.New(fault.NotFound, "No board asked for this domain.")
		}
		if err != nil || allow == !d.Allowed.IsZero() {
			return err
		}
		at := int64(0)
		if allow {
			at = b.rooms.Now().UnixMicro()
		}
		if _, err := tx.Exec(`UPDATE board_domain SET allowed_at = $1 WHERE domain = $2`, at, d.Name); err != nil {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.domain", Board: d.Board})
	})
}

// Domains returns every domain that a board asked for, those first that wait.
func (b *Boards) Domains(ctx context.Context) (all []Domain, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.All(tx, scanDomain, `SELECT domain, board_id, asked_at, allowed_at FROM board_domain ORDER BY allowed_at > 0, domain`)
		return err
	})
	return all, err
}

// DomainOf returns the domain of a board, zero where it has none.
func (b *Boards) DomainOf(ctx context.Context, boardID string) (d Domain, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		d, err = domainIn(tx, `board_id = $1`, boardID)
		return err
	})
	if absent(err) {
		return Domain{}, nil
	}
	return d, err
}

// ByDomain returns the board that is read under a domain; NotFound where none is.
func (b *Boards) ByDomain(ctx context.Context, name string) (at *Board, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		d, err := domainIn(tx, `domain = $1 AND allowed_at > 0`, strings.ToLower(name))
		if absent(err) {
			return fault.New(fault.NotFound, "No board goes by this name.")
		}
		if err != nil {
			return err
		}
		at, err = b.boardIn(tx, d.Board)
		return err
	})
	return at, err
}

func domainIn(tx *db.Tx, where string, arg string) (Domain, error) {
	return scanDomain(tx.QueryRow(`SELECT domain, board_id, asked_at, allowed_at FROM board_domain WHERE `+where, arg).Scan)
}

func scanDomain(scan func(...any) error) (d Domain, err error) {
	var asked, allowed int64
	err = scan(&d.Name, &d.Board, &asked, &allowed)
	d.Asked = time.UnixMicro(asked).UTC()
	if allowed > 0 {
		d.Allowed = time.UnixMicro(allowed).UTC()
	}
	return d, err
}
