package release

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/story"
)

// asBefore makes a board's draft the final release that it would have been before players were known by reference: with keys and names.
func (c *club) asBefore(rel *Release) *Release {
	c.t.Helper()
	ctx := context.Background()
	members, err := c.boards.Members(ctx, c.board.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	h := rel.held
	err = c.db.Write(ctx, func(tx *db.Tx) error {
		t := telling{periods: map[string]int{}}
		for i, name := range h.head.Periods {
			t.periods[name] = i
		}
		p, s := h.page(), &sheet{}
		for n, chunk := range h.chunks {
			p.load(chunk)
			for i := range p.n {
				m := members[int(p.number[h.member][i])]
				p.text[keyText][i], p.text[nameText][i] = m.Key, m.Name
				now := story.Appearance{Release: h.period.String(), Score: p.number[h.score][i], Rank: p.number[h.rank][i], Of: h.head.Ranked}
				claims := unpack([]byte(p.text[toldText][i]), h.head.Periods, now)
				for k := range claims {
					for j, name := range claims[k].Names {
						if number, err := strconv.Atoi(name); err == nil && claims[k].Kind == story.Overtook {
							claims[k].Names[j] = members[number].Name
						}
					}
				}
				p.text[toldText][i] = string(t.pack(claims, now))
			}
			if _, err := tx.Exec(`UPDATE release_chunk SET content = $1 WHERE release_id = $2 AND chunk_no = $3`, p.store(nil, s), rel.ID, n); err != nil {
				return err
			}
		}
		head := h.head
		head.Refs, head.Title, head.Lead, head.Climbs = false, "Player bo leads with everything", headLead{}, nil
		text, err := json.Marshal(head)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE release SET head = $1, state = 'final', format = 1, number = 2, edition = 1 WHERE release_id = $2`, text, rel.ID)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.again(rel)
}

func TestForget_TakesAPersonOutOfReleasesThatHoldNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		p := newPeople(t, d, peopleCard, "ada", "bo", "cy")
		for _, key := range []string{"ada", "bo", "cy"} {
			p.accept(key)
		}
		p.week(45, map[string][]any{"ada": {"posts", 7}, "bo": {"posts", 2}, "cy": {"posts", 3}})
		for key, value := range map[string]int{"ada": 5, "bo": 9, "cy": 6} {
			p.add(p.numbers[key], "2026-11-09", "posts", value)
		}
		p.now = time.Date(2026, 11, 17, 0, 0, 0, 0, time.UTC)
		draft, err := p.releases.Draft(ctx, p.board, p.period("2026-W46"))
		if err != nil {
			t.Fatal(err)
		}
		old := p.asBefore(draft)
		if v := p.all(old); v.Title != "Player bo leads with 30.0, up 2 places" {
			t.Errorf("title %q", v.Title)
		}
		content := func() (all []byte) {
			err := d.Read(ctx, func(tx *db.Tx) error {
				for _, query := range []string{`SELECT content FROM release_chunk WHERE release_id = $1`, `SELECT head FROM release WHERE release_id = $1`} {
					var text []byte
					if err := tx.QueryRow(query, old.ID).Scan(&text); err != nil {
						return err
					}
					all = append(all, text...)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if !bytes.Contains(content(), []byte("Player bo")) || !bytes.Contains(content(), []byte("Player ada")) {
			t.Fatal("the old release holds no names: the test tests nothing")
		}
		was := fmt.Sprint(p.rows(old)[1:])

		bo := p.actors["bo"]
		bo.Proved = p.now
		p.rooms.Players.Keep(p.releases)
		p.do("erasing", p.rooms.Players.Erase(ctx, bo))
		if bytes.Contains(content(), []byte("Player bo")) {
			t.Error("the old release names bo still")
		}
		if !bytes.Contains(content(), []byte("Player ada")) {
			t.Error("ada did not ask to go")
		}
		fresh := p.again(old)
		if v := p.all(fresh); v.Title != "Former player leads with 30.0, up 2 places" || fresh.Digest != old.Digest {
			t.Errorf("title %q", v.Title)
		}
		if is := fmt.Sprint(p.rows(fresh)[1:]); is != was {
			t.Errorf("the others were\n%s\nand are\n%s", was, is)
		}
		wantKind(t, p.all(fresh).WriteBundle(ctx, io.Discard), fault.Conflict)
		p.add(p.numbers["ada"], "2026-11-16", "posts", 5)
		p.now = p.now.AddDate(0, 0, 7)
		next := p.publish("2026-W47")
		wantKind(t, p.all(next).WriteBundle(ctx, io.Discard), fault.Conflict)

		// Nothing else of it may change, and nothing at all of one with references.
		for _, statement := range []string{
			`UPDATE release SET scored = 0 WHERE release_id = $1`, `UPDATE release SET format = 2 WHERE release_id = $1`, `UPDATE release SET digest = '' WHERE release_id = $1`,
			`UPDATE release_chunk SET players = 0 WHERE release_id = $1`, `UPDATE release_chunk SET chunk_no = 9 WHERE release_id = $1`,
			`UPDATE release_chunk SET content = content WHERE release_id = '` + next.ID + `' OR release_id = '` + next.ID + `' AND release_id = $1`,
			`UPDATE release SET head = head WHERE release_id = '` + next.ID + `' OR release_id = '` + next.ID + `' AND release_id = $1`,
		} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(statement, old.ID)
				return err
			})
			if fault.Of(err) != fault.Conflict {
				t.Errorf("%s: got %v, want it refused", statement, err)
			}
		}
	})
}
