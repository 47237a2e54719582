package export_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"cairn/internal/export"
	"cairn/internal/fault"
)

func TestDesk_WritesAFewFilesAtOnceAndLetsAFewWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := export.NewDesk(2, 2, 3, time.Minute)
		var leave [2]func()
		for i := range leave {
			var err error
			if leave[i], err = d.Take(t.Context(), "ada"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.Take(t.Context(), "ada"); fault.Of(err) != fault.Unavailable {
			t.Errorf("a third file of one asker: %v", err)
		}
		came := make(chan func(), 3)
		for i := range 3 {
			go func() {
				left, err := d.Take(t.Context(), fmt.Sprint("asker ", i))
				if err != nil {
					t.Errorf("whoever waits is turned away: %v", err)
					left = func() {}
				}
				came <- left
			}()
		}
		synctest.Wait()
		if len(came) > 0 {
			t.Fatal("a third file is written while two are")
		}
		_, err := d.Take(t.Context(), "bo")
		f := (*fault.Fault)(nil)
		if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.Wait <= 0 {
			t.Errorf("beyond the line: %v", err)
		}
		leave[0]()
		leave[0]() // leaving twice frees one place
		synctest.Wait()
		if len(came) != 1 {
			t.Fatalf("%d of those who wait have one free place", len(came))
		}
		leave[1]()
		for range 3 {
			(<-came)()
		}
		for i := range 10 { // nothing is left of any of them
			left, err := d.Take(t.Context(), "ada")
			if err != nil {
				t.Fatalf("file %d after all are done: %v", i, err)
			}
			left()
		}
	})
}

func TestDesk_NobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := export.NewDesk(1, 1, 1, time.Minute)
		leave, err := d.Take(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := d.Take(t.Context(), "bo"); fault.Of(err) != fault.Unavailable || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.Take(gone, "bo"); !errors.Is(err, context.Canceled) {
			t.Errorf("whoever went: %v", err)
		}
		leave()
		leave, err = d.Take(t.Context(), "bo")
		if err != nil {
			t.Fatal(err)
		}
		leave()
		if leave, err = (*export.Desk)(nil).Take(t.Context(), "ada"); err != nil {
			t.Error("no desk turned somebody away")
		}
		leave()
	})
}
