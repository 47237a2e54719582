package player_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// cell is one value in the database.
type cell struct{ table, column, value string }

// dump reads every table whole, save some: table → rows, each "column=value" per line, sorted.
func (w *world) dump(t failer, save ...string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	w.eachRow(t, save, func(table string, columns, values []string) {
		var row strings.Builder
		for i := range columns {
			fmt.Fprintf(&row, "%s=%s\n", columns[i], values[i])
		}
		rows[table] = append(rows[table], row.String())
	})
	for table := range rows {
		slices.Sort(rows[table])
	}
	return rows
}

func (w *world) cells(t failer) (all []cell) {
	t.Helper()
	w.eachRow(t, nil, func(table string, columns, values []string) {
		for i := range columns {
			all = append(all, cell{table, columns[i], values[i]})
		}
	})
	return all
}

func (w *world) eachRow(t failer, save []string, visit func(table string, columns, values []string)) {
	t.Helper()
	tables := map[string][]string{}
	list := func(query string) error {
		return w.db.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query(query)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var table, column string
				if err := rows.Scan(&table, &column); err != nil {
					return err
				}
				if table != "schema_version" && !slices.Contains(save, table) {
					tables[table] = append(tables[table], column)
				}
			}
			return rows.Err()
		})
	}
	postgres := false
	err := list(`SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		postgres = true
		err = errors.Join(list(`SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.read(t, func(tx *db.Tx) error {
		if postgres {
			if _, err := tx.Exec(`SELECT set_config('cairn.copy', 'on', true)`); err != nil {
				return err
			}
		}
		for table, columns := range tables {
			rows, err := tx.Query(`SELECT "` + strings.Join(columns, `", "`) + `" FROM "` + table + `"`)
			if err != nil {
				return err
			}
			for rows.Next() {
				values := make([]any, len(columns))
				into := make([]any, len(columns))
				for i := range values {
					into[i] = &values[i]
				}
				if err := rows.Scan(into...); err != nil {
					return err
				}
				texts := make([]string, len(columns))
				for i, v := range values {
					if b, ok := v.([]byte); ok {
						v = string(b)
					}
					texts[i] = fmt.Sprint(v)
				}
				visit(table, columns, texts)
			}
			rows.Close()
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

const boardCard = `
scorecard: 1
key: club
name: Club
designer: {name: A, statement: none}
period: week
combine: sum
out_of: none
parts:
  - {key: posts, audience: player, normalise: {points: 1}}
  - {key: likes, audience: player, normalise: {points: 1}}
`

func (w *world) makeBoard(t testing.TB, key string, basis board.Basis) *board.Board {
	t.Helper()
	b, err := w.Boards.Create(ctx, load(t, boardCard), board.Settings{Key: key, Name: "Board " + key, Basis: basis, Stage: board.Private})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// markers are words that stand in somebody's record and nowhere else.
type markers struct{ name, address, second, handle, bio, link, source, entry, label, token, boardName, note string }

func markersOf(who string) markers {
	return markers{
		name: "Zq" + who + " Nameword", address: who + "@zqmail.example", second: who + "@second.zqmail.example", handle: "zqhandle" + who, bio: "zqbio" + who,
		link: "zqlink" + who, source: "zqsource" + who, entry: "zqentry" + who, label: "zqlabel" + who, token: "zqtoken" + who,
		boardName: "Zq" + who + " Boardname", note: "zqnote" + who,
	}
}

func (m markers) all() []string {
	return []string{m.name, m.address, m.second, m.handle, m.bio, m.link, m.source, m.entry, m.label, m.token, m.boardName, m.note}
}

// live gives somebody a full record: all that the rooms up to boards can keep of a person.
func (w *world) live(t testing.TB, who string) (identity.Actor, markers) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m := markersOf(who)
	a := w.signIn(t, m.address)
	w.signIn(t, m.address) // on a second device
	must(w.who.AcceptPolicy(ctx, a, "2026-11"))
	must(w.players.Write(ctx, a, player.Profile{Name: m.name, Bio: m.bio, Zone: "Europe/Berlin", Links: []player.Link{{Address: "https://example.org/" + m.link}}}))
	must(w.players.PutPicture(ctx, a, bytes.NewReader(pngFile(t))))
	must(w.players.WriteNote(ctx, a, player.Note{Board: "a-board", Day: "2026-11-16", Text: m.bio}))
	must(w.add(a, player.Handle, m.handle))
	must(w.add(a, player.Git, m.address))
	w.append(t, a, m.source, entry.Entry{Key: "posts", At: start.UnixMicro(), Value: 3, ID: m.entry, Label: m.label}, post("negative", 1, -5))
	_, _, err := w.who.MakeToken(ctx, a, m.token, []identity.Scope{identity.ReadOwn}, w.time.AddDate(0, 0, 30))
	must(err)
	// Rows of identity that only a browser or a provider can cause.
	at := w.time.UnixMicro()
	w.write(t, func(tx *db.Tx) error {
		for _, row := range []struct {
			statement string
			args      []any
		}{
			{`INSERT INTO account_address (address, account_id, proved_at, main) VALUES ($1, $2, $3, 0)`, []any{m.second, a.Account, at}},
			{`INSERT INTO account_passkey (passkey_id, credential_id, account_id, handle, name, content, made_at, used_at) VALUES ($1, $2, $3, $3, 'phone', '{}', $4, 0)`, []any{"pk" + who, "cred" + who, a.Account, at}},
			{`INSERT INTO account_subject (issuer, subject, account_id, made_at) VALUES ('https://issuer.example', $1, $2, $3)`, []any{"sub" + who, a.Account, at}},
			{`INSERT INTO sign_in_link (hash, address, account_id, browser, next, made_at, expires_at) VALUES ($1, $2, $3, '', '', $4, $5)`, []any{"hash" + who, m.address, a.Account, at, at + day}},
			{`INSERT INTO ceremony (hash, kind, account_id, content, expires_at) VALUES ($1, 'passkey', $2, '{}', $3)`, []any{"cer" + who, a.Account, at + day}},
		} {
			if _, err := tx.Exec(row.statement, row.args...); err != nil {
				return err
			}
		}
		return nil
	})
	w.liveOnBoards(t, who, a, m)
	return a, m
}

// liveOnBoards has somebody join a board, be written about there, own one, help on another and begin a third.
func (w *world) liveOnBoards(t testing.TB, who string, a identity.Actor, m markers) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	joined := w.makeBoard(t, "joined-"+who, board.OptIn)
	key := "zqkey" + who
	sent, err := w.Boards.Invite(ctx, identity.Actor{}, joined, []board.Member{{Key: key, Name: m.boardName, Email: m.address, Handle: m.handle}, {Key: "other", Name: "Other"}})
	must(err)
	if sent[0].Error != nil {
		t.Fatal(sent[0].Error)
	}
	_, token, _ := strings.Cut(sent[0].Link, "/join/")
	member, err := w.Boards.Join(ctx, a, token, "", board.Choice{Refused: []string{"likes"}, Shows: []string{"name"}})
	must(err)
	boards, err := w.Boards.Mine(ctx, a)
	must(err)
	must(w.Boards.GiveRole(ctx, identity.Actor{}, joined, "manager-"+who+"@example.org", board.Manager, board.Scope{}))
	manager := w.signIn(t, "manager-"+who+"@example.org")
	must(w.Boards.WriteNote(ctx, manager, joined, member.Key, "A note on them: "+m.note))
	if _, err := w.Entries.Append(ctx, joined.ID, "sheet", []entry.Entry{{Member: member.Number, Key: "likes", At: start.UnixMicro(), Value: 1, ID: "b" + m.entry, Label: m.label},
		{Member: sent[1].Person.Number, Key: "likes", At: start.UnixMicro(), Value: 1, ID: "others"}}, false); err != nil {
		t.Fatal(err)
	}
	owned := w.makeBoard(t, "owned-"+who, board.Things)
	must(w.Boards.GiveRole(ctx, identity.Actor{}, owned, m.address, board.Owner, board.Scope{}))
	helped := w.makeBoard(t, "helped-"+who, board.OptIn)
	must(w.Boards.GiveRole(ctx, identity.Actor{}, helped, m.second, board.Coach, board.Scope{}))
	must(w.Boards.GiveRole(ctx, identity.Actor{}, helped, "owner-"+who+"@example.org", board.Owner, board.Scope{}))
	_, err = w.Boards.InviteAnyone(ctx, a, owned, 3, w.time.AddDate(0, 0, 7))
	if err != nil && !strings.Contains(err.Error(), "opt-in") { // boards of things invite nobody
		t.Fatal(err)
	}
	_ = boards
	public := w.makeBoard(t, "public-"+who, board.PublicRecord)
	_, err = w.Boards.Enrol(ctx, public.ID, board.ByKey, []board.Member{{Key: "subject", Name: "Their Company"}})
	must(err)
	_, err = w.Boards.Claim(ctx, a, public, "subject")
	must(err)
	_, err = w.Boards.KeepDraft(ctx, a, board.Draft{})
	must(err)
}

// pngFile is a small picture.
func pngFile(t testing.TB) []byte {
	t.Helper()
	tt, ok := t.(*testing.T)
	if !ok {
		t.Fatal("a picture is painted for a test")
	}
	return pngOf(tt, quarters(8, 8))
}
