package audit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
)

var ctx = context.Background()

func write(t *testing.T, d *db.DB, do func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(ctx, do); err != nil {
		t.Fatal(err)
	}
}

// verbs are the events as text, in the order in which they were given.
func verbs(t *testing.T, events []audit.Event, err error) (text string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		text += e.Verb + " "
	}
	return text
}

func TestTrail_IsReadByTheBoardAndByWhomItConcerns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		trail := audit.New(d, func() time.Time { return clock })
		for _, e := range []audit.Event{
			{Actor: "mara", Verb: "board.create", Board: "club", Detail: map[string]string{"basis": "opt-in"}},
			{Actor: "mara", Verb: "member.invite", Board: "club", Player: "ada"},
			{Actor: "ada", Verb: "session.begin", Player: "ada"},
			{Actor: "", Verb: "board.create", Board: "other"},
		} {
			write(t, d, func(tx *db.Tx) error { return trail.Write(tx, e) })
		}
		events, err := trail.OfBoard(ctx, "club", "", 10)
		if got := verbs(t, events, err); got != "member.invite board.create " {
			t.Errorf("of the board: %s", got)
		}
		if first := events[1]; first.Actor != "mara" || first.Detail["basis"] != "opt-in" || !first.At.Equal(clock) {
			t.Errorf("what was written is read as %+v", first)
		}
		events, err = trail.OfPlayer(ctx, "ada", "", 10)
		if got := verbs(t, events, err); got != "session.begin member.invite " {
			t.Errorf("of ada: %s", got)
		}
		events, err = trail.OfPlayer(ctx, "mara", "", 10)
		if got := verbs(t, events, err); got != "member.invite board.create " {
			t.Errorf("by mara: %s", got)
		}
	})
}

func TestTrail_IsReadPageByPage(t *testing.T) {
	d := dbtest.New(t)
	trail := audit.New(d, time.Now)
	for i := range 7 {
		write(t, d, func(tx *db.Tx) error { return trail.Write(tx, audit.Event{Verb: fmt.Sprint(i), Board: "club"}) })
	}
	before, all := "", ""
	for range 4 {
		events, err := trail.OfBoard(ctx, "club", before, 3)
		all += verbs(t, events, err)
		if len(events) == 0 {
			break
		}
		before = events[len(events)-1].ID
	}
	if all != "6 5 4 3 2 1 0 " {
		t.Errorf("page by page: %s", all)
	}
}

// An event stands with the change that it tells about, and stays.
func TestTrail_NeitherChangesNorGoesAndStandsWithWhatItTells(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		trail := audit.New(d, time.Now)
		undone := errors.New("undone")
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := trail.Write(tx, audit.Event{Verb: "never.happened", Board: "club"}); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		write(t, d, func(tx *db.Tx) error { return trail.Write(tx, audit.Event{Verb: "board.create", Board: "club"}) })
		for _, statement := range []string{`UPDATE audit SET verb = 'nothing'`, `DELETE FROM audit`} {
			if err := d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(statement); return err }); err == nil {
				t.Errorf("the database let %q pass", statement)
			}
		}
		events, err := trail.OfBoard(ctx, "club", "", 10)
		if got := verbs(t, events, err); got != "board.create " {
			t.Errorf("left: %s", got)
		}
	})
}
