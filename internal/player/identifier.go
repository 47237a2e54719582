package player

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Identifier is one way in which sources know a player.
type Identifier struct {
	Kind  string `json:"kind"`  // Address, Handle or Git
	Value string `json:"value"` // lower case
	Proof string `json:"proof"` // ByMail or OwnWord
}

// The kinds of identifiers, and what stands behind one.
const (
	Address = "email"  // proved by a link, and a way to sign in: added and removed there
	Handle  = "handle" // without @
	Git     = "git"    // address in commits

	ByMail  = "mail"     // proved by a link
	OwnWord = "own word" // nobody checked it
)

const mostIdentifiers = 50

// Identifiers returns how sources know a player, the proved addresses of the account included.
func (p *Players) Identifiers(ctx context.Context, account string) (all []Identifier, err error) {
	who, err := p.who.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		all, err = readIdentifiers(tx, account)
		return err
	})
	proved := map[string]bool{}
	var addresses []Identifier
	for _, address := range who.Addresses {
		if !address.Proved.IsZero() {
			proved[address.Address] = true
			addresses = append(addresses, Identifier{Address, address.Address, ByMail})
		}
	}
	for i := range all {
		if all[i].Kind == Git && proved[all[i].Value] {
			all[i].Proof = ByMail
		}
	}
	return append(addresses, all...), err
}

// readIdentifiers returns what a player says of themselves.
func readIdentifiers(tx *db.Tx, account string) (all []Identifier, err error) {
	rows, err := tx.Query(`SELECT kind, value FROM player_identifier WHERE player_id = $1`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		id := Identifier{Proof: OwnWord}
		if err := rows.Scan(&id.Kind, &id.Value); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b Identifier) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value)) })
	return all, rows.Err()
}

// AddIdentifier adds a handle or a git address to the actor's own. Conflict where another player says the same of
// themselves; but who proved to read an address takes it as a git address from somebody who only said so. Limited.
func (p *Players) AddIdentifier(ctx context.Context, a identity.Actor, id Identifier) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	id, err := id.plain()
	if err != nil {
		return err
	}
	// Whether it is somebody else's already says something of them: nobody shall go through a list of addresses.
	if err := p.who.Take("identifier", a.Account); err != nil {
		return err
	}
	proved := "" // account that proved to read the address
	if id.Kind == Git {
		owner, err := p.who.ByAddress(ctx, id.Value)
		if err != nil && fault.Of(err) != fault.NotFound {
			return err
		}
		if err == nil && slices.ContainsFunc(owner.Addresses, func(at identity.Address) bool { return at.Address == id.Value && !at.Proved.IsZero() }) {
			proved = owner.ID
		}
	}
	taken := fault.New(fault.Conflict, "Another player is known by %s already. Where it is yours, prove that you read it (for a git address), or ask whoever runs this server.", id.Value)
	if proved != "" && proved != a.Account {
		return taken
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		var holder string
		err := tx.QueryRow(`SELECT player_id FROM player_identifier WHERE kind = $1 AND value = $2`, id.Kind, id.Value).Scan(&holder)
		switch {
		case err != nil && fault.Of(err) != fault.NotFound:
			return err
		case holder == a.Account:
			return nil
		case holder != "" && proved == "":
			return taken
		case holder != "":
			if _, err := tx.Exec(`DELETE FROM player_identifier WHERE kind = $1 AND value = $2`, id.Kind, id.Value); err != nil {
				return err
			}
			if err := p.trail.Write(tx, audit.Event{Actor: a.Account, Player: holder, Verb: "identifier.lost", Detail: map[string]string{"kind": id.Kind}}); err != nil {
				return err
			}
		}
		var there int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM player_identifier WHERE player_id = $1`, a.Account).Scan(&there); err != nil {
			return err
		}
		if there >= mostIdentifiers {
			return fault.Wrong("value", "You are known by %d identifiers already: remove one first.", there)
		}
		if _, err := tx.Exec(`INSERT INTO player_identifier (player_id, kind, value, added_at) VALUES ($1, $2, $3, $4)`,
			a.Account, id.Kind, id.Value, p.now().UnixMicro()); err != nil {
			return err
		}
		return p.note(tx, a, "identifier.add", map[string]string{"kind": id.Kind})
	})
}

// RemoveIdentifier takes a handle or a git address from the actor's own; NotFound where it is none of theirs.
func (p *Players) RemoveIdentifier(ctx context.Context, a identity.Actor, id Identifier) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	id, err := id.plain()
	if err != nil {
		return err
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		result, err := tx.Exec(`DELETE FROM player_identifier WHERE player_id = $1 AND kind = $2 AND value = $3`, a.Account, id.Kind, id.Value)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.Wrap(fault.NotFound, err, "You are not known by %s.", id.Value)
		}
		return p.note(tx, a, "identifier.remove", map[string]string{"kind": id.Kind})
	})
}

// plain brings an identifier into the form in which it is kept and compared, or refuses it.
func (id Identifier) plain() (Identifier, error) {
	id.Value = strings.ToLower(strings.TrimSpace(id.Value))
	switch id.Kind {
	case Handle:
		id.Value = strings.TrimPrefix(id.Value, "@")
		if id.Value == "" || strings.ContainsAny(id.Value, " \t\n") {
			return id, fault.Wrong("value", "A handle is one word, as you are called at a source.")
		}
		return id, checkText("value", "The handle", id.Value, mostName, "")
	case Git:
		value, err := identity.ParseAddress(id.Value)
		if err != nil {
			return id, fault.Wrong("value", "%.100q is no git address: it is what stands between < and > in your commits.", id.Value)
		}
		id.Value = value
		return id, nil
	case Address:
		return id, fault.Wrong("kind", "An address is added, proved and removed where your ways to sign in are.")
	}
	return id, fault.Wrong("kind", "An identifier is a %s or a %s address, not a %.50q.", Handle, Git, id.Kind)
}

// instant is a time of a column, in microseconds.
func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
