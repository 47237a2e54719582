package player_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

type (
	boardMember = board.Member
	boardChoice = board.Choice
)

// export returns the files of an actor's export.
func (w *world) export(t testing.TB, a identity.Actor) map[string][]byte {
	t.Helper()
	var file bytes.Buffer
	if err := w.players.Export(ctx, a, &file); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// keptIn says which file of an export tells of which table. A table that comes to hold something of people belongs here, and
// into what its room keeps.
var keptIn = map[string]string{
	"account":         "account.json",
	"account_address": "account.json",
	"account_passkey": "account.json",
	"account_session": "account.json",
	"account_subject": "account.json",
	"account_token":   "account.json",
	"sign_in_link":    "account.json",

	"audit": "trail.csv",

	"consent_grant":  "grants.json",
	"consent_ledger": "receipts.json",

	"player_profile":    "profile.json",
	"player_picture":    "picture.png",
	"player_identifier": "identifiers.json",
	"player_source":     "sources.json",
	"player_entry":      "entries.csv",
	"player_note":       "timeline.json",
	"player_merge":      "merges.json",

	"board_member":     "memberships.json",
	"board_role":       "roles.json",
	"board_claim":      "claims.json",
	"board_note":       "notes-about-me.json",
	"board_draft":      "board-drafts.json",
	"board_invitation": "invitations.json",
	"entry_block":      "board-entries.csv",
}

// notKept says why a table that holds something of people is not in an export.
var notKept = map[string]string{
	"ceremony": "the first half of a sign-in: a secret of the browser, gone in minutes",
	"job":      "work that waits, of which it knows no more than numbers",
}

func TestExport_TellsOfEveryTableThatHoldsSomethingOfThePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, m := w.live(t, "ann")
		w.live(t, "bob")
		old := w.signIn(t, "old@example.org")
		w.merge(t, ann, old)
		ann = w.signIn(t, m.address)
		files := w.export(t, ann)
		told := map[string]bool{}
		for _, c := range w.cells(t) {
			about := strings.Contains(c.value, ann.Account)
			for _, marker := range m.all() {
				about = about || strings.Contains(c.value, marker)
			}
			if !about || told[c.table] {
				continue
			}
			told[c.table] = true
			file, reason := keptIn[c.table], notKept[c.table]
			if file == "" && reason == "" {
				t.Errorf("table %s holds something of the person (%s), and no file of the export tells of it", c.table, c.column)
			}
			if file != "" && len(files[file]) == 0 {
				t.Errorf("table %s is told by %s, which is not in the export: %v", c.table, file, names(files))
			}
		}
		for table := range keptIn {
			if !told[table] {
				t.Errorf("nothing of the person stands in %s: this test does not fill it", table)
			}
		}
		var everything strings.Builder
		for name, content := range files {
			everything.Write(content)
			for _, marker := range markersOf("bob").all() {
				if bytes.Contains(content, []byte(marker)) {
					t.Errorf("%s holds something of another person: %s", name, marker)
				}
			}
		}
		for _, marker := range m.all() {
			if !strings.Contains(everything.String(), marker) {
				t.Errorf("%s is in no file", marker)
			}
		}
	})
}

func names(files map[string][]byte) (names []string) {
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestExport_ReadmeSaysInWordsWhatEachFileIs(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann, m := w.live(t, "ann")
	old, _ := w.live(t, "old")
	w.append(t, ann, "both", post("same", 0, 1))
	w.append(t, old, "both", post("same", 0, 2))
	w.merge(t, ann, old)
	ann = w.signIn(t, m.address)
	files := w.export(t, ann)
	readme := string(files["README.txt"])
	for name, content := range files {
		switch {
		case name == "README.txt":
		case !strings.Contains(name, "/") && !strings.Contains(readme, "\n"+name+" "):
			t.Errorf("the README does not name %s", name)
		case strings.HasSuffix(name, ".json") && !json.Valid(content):
			t.Errorf("%s is no JSON: %s", name, content)
		case strings.HasSuffix(name, ".csv"):
			if _, err := csv.NewReader(bytes.NewReader(content)).ReadAll(); err != nil {
				t.Errorf("%s is no CSV: %v", name, err)
			}
		}
	}
	if strings.Contains(readme, "what is kept under this name") {
		t.Errorf("the README has no words for a file:\n%s", readme)
	}
	if !strings.Contains(readme, "joined-1/") || !strings.Contains(string(files["joined-1/entries.csv"]), "same") {
		t.Errorf("what stayed behind of the joined record is not in it: %v", names(files))
	}
	var record struct {
		Record  string
		Written time.Time
	}
	if err := json.Unmarshal(files["record.json"], &record); err != nil || record.Record != ann.Account || !record.Written.Equal(w.time) {
		t.Errorf("record.json: %+v, %v", record, err)
	}
	if !strings.Contains(string(files["trail.csv"]), "record.export") {
		t.Error("the trail does not tell of this export")
	}
}

func TestExport_CellsAreNoFormulas(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	evil := []string{"=HYPERLINK(\"x\")", "+1+1", "-1-1", "@SUM(A1)", "-", "plain", "-5"}
	for i, label := range evil {
		w.append(t, ann, "blog", entry.Entry{Key: "posts", At: start.UnixMicro() + int64(i), Value: -1.5, ID: "e" + string(rune('a'+i)), Label: label})
	}
	rows, err := csv.NewReader(bytes.NewReader(w.export(t, ann)["entries.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, row := range rows[1:] {
		labels = append(labels, row[5])
		if row[4] != "-1.5" {
			t.Errorf("a number became %q", row[4])
		}
	}
	equal(t, "labels", labels, []string{"'=HYPERLINK(\"x\")", "'+1+1", "'-1-1", "'@SUM(A1)", "'-", "plain", "-5"})
}

func TestExport_NeedsAProofAndWritesAllOrNothing(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	ann := w.signIn(t, "ann@example.org")
	stale := ann
	stale.Proved = w.time.Add(-identity.ProofLasts - time.Second)
	token := identity.Actor{Account: ann.Account, Scopes: []identity.Scope{identity.ReadOwn, identity.WriteOwn}, Proved: w.time}
	for name, test := range map[string]struct {
		a    identity.Actor
		kind fault.Kind
		says string
	}{
		"nobody": {identity.Actor{}, fault.Unauthenticated, "Sign in"}, "a stale proof": {stale, fault.Forbidden, "sign in again"}, "a token": {token, fault.Forbidden, "sign in again"},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			refused(t, w.players.Export(ctx, test.a, &file), test.kind, "", test.says)
			refused(t, w.players.Erase(ctx, test.a), test.kind, "", test.says)
			if file.Len() > 0 {
				t.Errorf("%d bytes were written", file.Len())
			}
		})
	}
	if _, err := w.who.Account(ctx, ann.Account); err != nil {
		t.Error("the account is gone")
	}
	broken := errors.New("the line broke")
	if err := w.players.Export(ctx, ann, failingWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }
