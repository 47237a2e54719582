package player

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/db"
	"cairn/internal/identity"
)

// words say what is in each file of an export.
var words = map[string]string{
	"record.json": "the number of your record, when this file was written, and the names of the files",
	"trail.csv":   "what was done to your record and what you did, with the time",

	"profile.json":     "your name, what you say of yourself, your links and your time zone",
	"picture.png":      "your picture",
	"identifiers.json": "the handles and git addresses by which sources know you",
	"sources.json":     "your own sources",
	"entries.csv":      "every entry of your own sources. Nobody but you can see them; boards get what is derived from them, where you grant it",
	"timeline.json":    "what you wrote on your own timelines",
	"merges.json":      "records that were joined into yours and can still come apart",

	"account.json": "your account: addresses, passkeys, providers, where you are signed in, and tokens, without their secrets",

	"grants.json":   "what you grant to which board now",
	"receipts.json": "the receipts of every grant that you gave or withdrew; each carries the digest of the one before",

	"memberships.json":    "the boards that you are a player of, and what you chose there",
	"roles.json":          "the boards that you run or help with",
	"invitations.json":    "invitations to you, and those that you sent",
	"claims.json":         "records of boards that you say are yours, and that nobody confirmed yet",
	"board-entries.csv":   "what boards counted of you by their own sources, and still keep",
	"board-drafts.json":   "boards that you began to make",
	"notes-about-me.json": "what managers and coaches wrote about you",
	"notes-by-me.json":    "what you wrote about players",

	"newsletters.json": "how you want to be told of releases, the messages that you were sent, and articles that you wrote",

	"tips.json":              "tips that you wrote or took over for a board",
	"help.json":              "help that you wrote, answers that you published, and questions of yours that were published without your name",
	"questions.json":         "what you asked and the answers to it, and your answers to others",
	"open-to-questions.json": "the boards on which you let other players ask you",
	"talks-with-me.json":     "talks that coaches and managers had with you, and what was agreed",
	"talks-by-me.json":       "talks that you had with players, as you wrote them down",

	"scorecards.csv":  "your score and rank in every release that you were in",
	"scorecards.json": "your scorecard in each of them: points, what moved them, stories, values",
	"years.csv":       "a summary of each year on each board",
}

// Export writes all that Cairn holds on the actor: a ZIP of JSON and CSV files with a README inside. Everything in it is of
// one instant. The actor must have proved themselves within identity.ProofLasts, else Forbidden; where it fails, nothing was
// written.
func (p *Players) Export(ctx context.Context, a identity.Actor, w io.Writer) error {
	if err := p.proved(a); err != nil {
		return err
	}
	// First, so that the export tells of itself.
	if err := p.change(ctx, a, func(tx *db.Tx) error { return p.note(tx, a, "record.export", nil) }); err != nil {
		return err
	}
	// The rows stream into the file, and the file, which is small once it is packed, waits in memory until it is whole: a slow
	// reader shall not hold the database, nor take half a file for a whole one.
	var file bytes.Buffer
	err := p.db.Read(ctx, func(tx *db.Tx) error {
		file.Reset()
		x := export{zip: zip.NewWriter(&file), at: p.now().UTC().Truncate(time.Second)}
		if err := p.writeAll(tx, &x, a.Account); err != nil {
			return err
		}
		return x.zip.Close()
	})
	if err != nil {
		return err
	}
	_, err = file.WriteTo(w)
	return err
}

func (p *Players) writeAll(tx *db.Tx, x *export, account string) error {
	joined, err := joinedInto(tx, account)
	if err != nil {
		return err
	}
	for i, one := range append([]string{account}, joined...) {
		folder := ""
		if i > 0 {
			folder = fmt.Sprintf("joined-%d/", i)
		}
		if err := p.writeKept(tx, x, folder, one); err != nil {
			return err
		}
	}
	record := map[string]any{"record": account, "joined": joined, "server": p.who.Link("/"), "written": x.at, "files": x.names}
	if err := x.write("record.json", record); err != nil {
		return err
	}
	return x.write("README.txt", []byte(x.readme(p.who.Link("/"), joined)))
}

func (p *Players) writeKept(tx *db.Tx, x *export, folder, account string) error {
	trail, err := p.trail.Kept(tx, account)
	if err != nil {
		return err
	}
	if err := x.writeFiles(folder, trail); err != nil {
		return err
	}
	for _, k := range p.upwards() {
		kept, err := k.Kept(tx, account)
		if err != nil {
			return err
		}
		if err := x.writeFiles(folder, kept); err != nil {
			return err
		}
	}
	return nil
}

// export is a file that is being written.
type export struct {
	zip   *zip.Writer
	at    time.Time
	names []string
}

func (x *export) writeFiles(folder string, files map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] == nil {
			continue
		}
		if err := x.write(folder+name, files[name]); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func (x *export) write(name string, content any) error {
	if slices.Contains(x.names, name) {
		return fmt.Errorf("two rooms write %s", name)
	}
	x.names = append(x.names, name)
	to, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.at})
	if err != nil {
		return err
	}
	switch content := content.(type) {
	case []byte:
		_, err := to.Write(content)
		return err
	case [][]string:
		return writeRows(to, func(yield func([]string, error) bool) {
			for _, row := range content {
				if !yield(row, nil) {
					return
				}
			}
		})
	case iter.Seq2[[]string, error]:
		return writeRows(to, content)
	}
	lines := json.NewEncoder(to)
	lines.SetIndent("", "  ")
	lines.SetEscapeHTML(false)
	return lines.Encode(content)
}

func writeRows(to io.Writer, rows iter.Seq2[[]string, error]) error {
	lines := csv.NewWriter(to)
	for row, err := range rows {
		if err != nil {
			return err
		}
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = guard(cell)
		}
		if err := lines.Write(safe); err != nil {
			return err
		}
	}
	lines.Flush()
	return lines.Error()
}

// guard puts an apostrophe before what a spreadsheet would take for a formula and run.
func guard(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

// readme says in plain words what the files are.
func (x *export) readme(server string, joined []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "All that Cairn at %s holds on you, as of %s (UTC).\n\n", cmp.Or(server, "this server"), x.at.Format("2 January 2006, 15:04:05"))
	text.WriteString("The files are plain text: JSON for programs, CSV for spreadsheets; all times are in UTC.\n" +
		"In CSV files an apostrophe stands before a cell that a spreadsheet would run as a formula.\n\n")
	for _, name := range slices.Sorted(slices.Values(x.names)) {
		if !strings.Contains(name, "/") {
			fmt.Fprintf(&text, "%-20s %s\n", name, cmp.Or(words[name], "what is kept under this name"))
		}
	}
	for i := range joined {
		fmt.Fprintf(&text, "\njoined-%d/ holds what is left of a record that was joined into yours, kept for %d days so that this can be undone.\n", i+1, int(undoable.Hours()/24))
	}
	text.WriteString("\nWhat is not in here: passwords (there are none), and the secrets of your sign-ins, passkeys and tokens, of which Cairn keeps\n" +
		"no more than a digest. Erasing your record deletes all of this; lines of published releases stay, as numbers without a name.\n")
	return text.String()
}
