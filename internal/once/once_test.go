package once_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/once"
)

func TestAnswers_AreGivenOnceAndToldAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now := context.Background(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		o := once.New(d, func() time.Time { return now })
		begin := func(who, key string, digest byte) (*once.Answer, error) {
			return o.Begin(ctx, who, key, [32]byte{digest})
		}
		is := func(err error, kind fault.Kind, words string) {
			t.Helper()
			if fault.Of(err) != kind || err != nil && !strings.Contains(fault.Message(err), words) {
				t.Errorf("%v, want %s: %s", err, kind, words)
			}
		}
		if before, err := begin("ada", "k", 1); before != nil || err != nil {
			t.Fatal(before, err)
		}
		_, err := begin("ada", "k", 1)
		is(err, fault.Conflict, "still being answered")
		_, err = begin("ada", "k", 2)
		is(err, fault.Conflict, "Another request")
		if !errors.Is(err, once.ErrOther) {
			t.Errorf("%v", err)
		}
		if before, err := begin("bob", "k", 2); before != nil || err != nil {
			t.Errorf("a key is its owner's: %v, %v", before, err)
		}
		now = now.Add(once.Patience)
		_, err = begin("ada", "k", 1)
		is(err, fault.Conflict, "not known") // the program died meanwhile
		want := once.Answer{Status: 201, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"a":1}`)}
		if err := o.Finish(ctx, "ada", "k", want); err != nil {
			t.Fatal(err)
		}
		if err := o.Drop(ctx, "ada", "k"); err != nil { // what is answered stays
			t.Fatal(err)
		}
		got, err := begin("ada", "k", 1)
		if err != nil || got == nil || got.Status != 201 || !bytes.Equal(got.Body, want.Body) || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%+v, %v", got, err)
		}
		if err := o.Drop(ctx, "bob", "k"); err != nil {
			t.Fatal(err)
		}
		if before, err := begin("bob", "k", 9); before != nil || err != nil {
			t.Errorf("a dropped key is free: %v, %v", before, err)
		}
		if err := o.Finish(ctx, "bob", "k", once.Answer{Status: 200, Body: make([]byte, once.Largest+1)}); err != nil {
			t.Fatal(err)
		}
		_, err = begin("bob", "k", 9)
		is(err, fault.Conflict, "too large to keep")
		if before, err := begin("cy", "k", 9); before != nil || err != nil {
			t.Fatal(before, err)
		}
		if err := o.Finish(ctx, "cy", "k", once.Answer{Status: 200, Body: []byte("the end of"), Cut: true}); err != nil {
			t.Fatal(err)
		}
		_, err = begin("cy", "k", 9)
		is(err, fault.Conflict, "too large to keep")
		for _, key := range []string{"", strings.Repeat("k", 256)} {
			_, err := begin("ada", key, 1)
			is(err, fault.Invalid, "Idempotency-Key")
		}
		now = now.Add(once.Lasts)
		if before, err := begin("ada", "k", 3); before != nil || err != nil {
			t.Errorf("a day later the key is new, swept or not: %v, %v", before, err)
		}
		if err := o.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d); n != 1 {
			t.Errorf("%d are kept after a sweep", n)
		}
		err = d.Write(ctx, func(tx *db.Tx) error {
			if kept, err := o.Kept(tx, "ada"); err != nil || kept["answers.json"] == nil {
				t.Errorf("%v, %v", kept, err)
			}
			return o.Forget(tx, "ada")
		})
		if err != nil || count(t, d) != 0 {
			t.Errorf("who is forgotten leaves %d, %v", count(t, d), err)
		}
	})
}

func TestBegin_LetsOneOfManyThrough(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := once.New(d, func() time.Time { return time.UnixMicro(1e15) })
		var through, refused int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := o.Begin(context.Background(), "ada", "k", [32]byte{1})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					through++
				} else if fault.Of(err) == fault.Conflict {
					refused++
				} else {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if through != 1 || refused != 7 {
			t.Errorf("%d went through, %d were refused", through, refused)
		}
	})
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *db.Tx) error { return tx.QueryRow(`SELECT COUNT(*) FROM once_answer`).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFinish_KeepsNoAnswerThatTheDatabaseAloneTells(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, secret := context.Background(), "cairn_key_of_a_source"
		o := once.New(d, func() time.Time { return time.UnixMicro(1e15) })
		for _, who := range []string{"ada", "bob"} {
			if _, err := o.Begin(ctx, who, "8e03978e-40d5-43e8-bc93-6894a57f9324", [32]byte{1}); err != nil {
				t.Fatal(err)
			}
			if err := o.Finish(ctx, who, "8e03978e-40d5-43e8-bc93-6894a57f9324", once.Answer{Status: 201, Body: []byte(secret)}); err != nil {
				t.Fatal(err)
			}
		}
		var ada, bob []byte
		read := func(who string, into *[]byte) error {
			return d.Read(ctx, func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT content FROM once_answer WHERE owner = $1`, who).Scan(into)
			})
		}
		if err := errors.Join(read("ada", &ada), read("bob", &bob)); err != nil || bytes.Contains(ada, []byte(secret[:9])) || bytes.Equal(ada, bob) {
			t.Errorf("%q and %q are kept, %v", ada, bob, err)
		}
		err := d.Write(ctx, func(tx *db.Tx) error { // an answer belongs to whose it is
			_, err := tx.Exec(`UPDATE once_answer SET content = $1 WHERE owner = 'bob'`, ada)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.Begin(ctx, "bob", "8e03978e-40d5-43e8-bc93-6894a57f9324", [32]byte{1}); err == nil {
			t.Errorf("bob reads what ada was answered: %q", got.Body)
		}
		if got, err := o.Begin(ctx, "ada", "8e03978e-40d5-43e8-bc93-6894a57f9324", [32]byte{1}); err != nil || string(got.Body) != secret {
			t.Errorf("ada reads %v, %v", got, err)
		}
	})
}

func TestFinish_KeepsSoMuchOfOneAccountAndNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := once.New(d, func() time.Time { return time.UnixMicro(1e15) })
		say := func(who, key string, body []byte) (told *once.Answer, err error) {
			if told, err = o.Begin(ctx, who, key, [32]byte{}); told == nil && err == nil {
				err = o.Finish(ctx, who, key, once.Answer{Status: 200, Body: body})
			}
			return told, err
		}
		large := make([]byte, once.Largest)
		for i := range once.Most/once.Largest + 1 {
			if _, err := say("ada", strings.Repeat("k", i%200+1)+string(rune('a'+i/200)), large); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			who  string
			body []byte
			kept bool
		}{{"ada", large, false}, {"ada", []byte("small"), true}, {"bob", large, true}} {
			key := "last" + string(c.body[:1])
			if _, err := say(c.who, key, c.body); err != nil {
				t.Fatal(err)
			}
			if told, err := say(c.who, key, c.body); (err == nil && told != nil) != c.kept {
				t.Errorf("%d bytes for %s: %v, %v", len(c.body), c.who, told != nil, err)
			}
		}
	})
}
