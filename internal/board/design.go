package board

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/shallow"
	"cairn/internal/theme"
	"cairn/scorecard"
)

// Design is a board as a file or as the five steps of making one: everything but people and data.
type Design struct {
	Key, Name string
	Owner     string // whose work it is, "" not said
	Licence   string // under which others may use it, "" not said
	Zone      string
	Basis     Basis
	Stage     Stage
	Pages     Pages
	TopN      int
	Retention int
	Smallest  int
	Terms     Terms
	Plan      Plan
	Rhythm    Rhythm // without From: a file says when, not since when
	Theme     theme.Theme
	Card      *scorecard.Scorecard
}

// board is the design as a board that is not made yet.
func (d Design) board() *Board {
	return &Board{
		Key: d.Key, Name: strings.TrimSpace(d.Name), Owner: strings.TrimSpace(d.Owner), Licence: strings.TrimSpace(d.Licence), Zone: d.Zone,
		Basis: d.Basis, Stage: d.Stage, Pages: d.Pages, TopN: d.TopN, Retention: d.Retention, Smallest: d.Smallest, Plan: d.Plan, Rhythm: d.Rhythm, Theme: d.Theme, Version: 1,
	}
}

// Check refuses, with Invalid and the field, all that Make would refuse but for a key that is taken. Both questions about
// a metric that others would see may be left open: then others do not see it.
func (d Design) Check() error {
	if err := d.board().check(); err != nil {
		return err
	}
	if err := d.Terms.trimmed().check(d.Card, false); err != nil {
		return err
	}
	if _, err := d.Rhythm.check(d.Card.Period); err != nil {
		return err
	}
	if _, err := d.Theme.Check(); err != nil {
		f := (*fault.Fault)(nil)
		if errors.As(err, &f) {
			f.Field = "theme." + f.Field
		}
		return err
	}
	return d.Plan.check()
}

// The file of a design is two YAML documents: the board, and after a line of its own the scorecard, byte by byte.
const scorecardLine = "--- # the scorecard, as it was written\n"

// designFile is the first document. The order of its fields is that of the file.
type designFile struct {
	Board     int               `yaml:"board"`
	Key       string            `yaml:"key"`
	Name      string            `yaml:"name"`
	Owner     string            `yaml:"owner"`
	Licence   string            `yaml:"licence"`
	Zone      string            `yaml:"zone"`
	Basis     string            `yaml:"basis"`
	Stage     string            `yaml:"stage"`
	Pages     pagesFile         `yaml:"pages"`
	Top       *int              `yaml:"top"`
	Retention int               `yaml:"retention"`
	Smallest  int               `yaml:"smallest"`
	Rhythm    rhythmFile        `yaml:"rhythm"`
	Theme     theme.Theme       `yaml:"theme"`
	Purpose   string            `yaml:"purpose"`
	Gives     string            `yaml:"gives"`
	Fields    []fieldFile       `yaml:"fields"`
	TagsBy    map[string]string `yaml:"tags_by"`
	Success   successFile       `yaml:"success"`
	Talk      string            `yaml:"talk"`
	Prize     string            `yaml:"prize"`
}

type pagesFile struct {
	Leaderboard string `yaml:"leaderboard"`
	Scorecards  string `yaml:"scorecards"`
	History     string `yaml:"history"`
}

type fieldFile struct {
	Metric  string `yaml:"metric"`
	From    string `yaml:"from"`
	Purpose string `yaml:"purpose"`
	Gives   string `yaml:"gives"`
	Value   string `yaml:"value"`
	ToWhom  string `yaml:"to_whom"`
}

type successFile struct {
	Goal    string `yaml:"goal"`
	Measure string `yaml:"measure"`
	Target  string `yaml:"target"`
	Review  string `yaml:"review"`
}

// Write returns the design as a file. Reading it again gives the same design, and writing that the same bytes.
func (d Design) Write() []byte {
	var out bytes.Buffer
	line := func(indent, key, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s%s: %s\n", indent, key, yamlText(value))
		}
	}
	out.WriteString("# A board: everything but its people and its data. \"cairn board import\" makes one of it.\nboard: 1\n")
	line("", "key", d.Key)
	line("", "name", d.Name)
	line("", "owner", d.Owner)
	line("", "licence", d.Licence)
	line("", "zone", d.Zone)
	line("", "basis", string(d.Basis))
	line("", "stage", string(d.Stage))
	fmt.Fprintf(&out, "pages: {leaderboard: %s, scorecards: %s, history: %s}\n", d.Pages.Leaderboard, d.Pages.Scorecards, d.Pages.History)
	fmt.Fprintf(&out, "top: %d\nretention: %d\nsmallest: %d\n", d.TopN, d.Retention, d.Smallest)
	out.WriteString(d.Rhythm.file())
	out.WriteString(themeFile(d.Theme))
	line("", "purpose", d.Terms.Purpose)
	line("", "gives", d.Terms.Gives)
	if len(d.Terms.Fields) > 0 {
		out.WriteString("fields:\n")
	}
	for _, f := range d.Terms.Fields {
		fmt.Fprintf(&out, "  - metric: %s\n", yamlText(f.Metric))
		line("    ", "from", string(f.From))
		line("    ", "purpose", f.Purpose)
		line("    ", "gives", f.Gives)
		line("    ", "value", f.Value)
		line("    ", "to_whom", f.ToWhom)
	}
	if len(d.Plan.TagsBy) > 0 {
		out.WriteString("tags_by:\n")
	}
	for _, group := range slices.Sorted(maps.Keys(d.Plan.TagsBy)) {
		fmt.Fprintf(&out, "  %s: %s\n", quoted(group), d.Plan.TagsBy[group])
	}
	line("", "talk", d.Plan.Talk)
	line("", "prize", d.Plan.Prize)
	if d.Plan.Success != (Success{}) {
		out.WriteString("success:\n")
		line("  ", "goal", d.Plan.Success.Goal)
		line("  ", "measure", d.Plan.Success.Measure)
		line("  ", "target", d.Plan.Success.Target)
		line("  ", "review", d.Plan.Success.Review)
	}
	out.WriteString(scorecardLine)
	out.Write(d.Card.Source)
	return out.Bytes()
}

// plainText is what YAML takes for the text that it is, without quotes.
var plainText = regexp.MustCompile(`^\p{L}[\p{L}\p{N}/_-]*( [\p{L}\p{N}/(_-][\p{L}\p{N}/)_.-]*)*$`)

// yamlText writes a text as a YAML value: as it is where nothing in it could mean something else, else in quotes.
func yamlText(text string) string {
	word := strings.ToLower(text)
	if plainText.MatchString(text) && !slices.Contains([]string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}, word) {
		return text
	}
	return quoted(text)
}

// quoted writes a text in double quotes, as JSON does: each JSON text is a YAML text.
func quoted(text string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a text always has a JSON form
	}
	return strings.NewReplacer("\u2028", `\u2028`, "\u2029", `\u2029`, "\u0085", `\u0085`, "\u007f", `\u007f`, "\ufeff", `\ufeff`).Replace(strings.TrimSuffix(out.String(), "\n"))
}

// maxDesign is how long the first document of a design may be, in bytes.
const maxDesign = 1 << 20

// ReadDesign reads a file; name is the file's, for messages. What is left out takes the default of a new board. The error is
// scorecard.Problems, with line and column.
func ReadDesign(name string, text []byte) (d Design, err error) {
	at := &designReader{file: name}
	head, card, found := bytes.Cut(text, []byte("\n---"))
	after, _, _ := bytes.Cut(card, []byte("\n"))
	if comment := bytes.TrimSpace(after); !found || len(comment) > 0 && comment[0] != '#' {
		return d, at.problem(1, 1, "this is no design of a board: it begins with \"board: 1\" and holds the scorecard after a line \"---\" (\"cairn board export\" writes one)")
	}
	head, card = append(head, '\n'), card[min(len(after)+1, len(card)):]
	if len(head) > maxDesign || !utf8.Valid(head) {
		return d, at.problem(1, 1, "the description of the board is longer than 1 MiB, or no UTF-8 text")
	}
	var file designFile
	if err := at.read(head, &file); err != nil {
		return d, err
	}
	below := bytes.Count(head, []byte("\n")) + 1
	d.Card, err = scorecard.Load(name, card)
	if problems := (scorecard.Problems)(nil); errors.As(err, &problems) {
		for i := range problems {
			problems[i].Line += below
		}
		return d, problems
	}
	if err != nil {
		return d, err
	}
	if file.Board != 1 {
		line, column := at.placeOf("board")
		return d, at.problem(line, column, "the format of a design is 1: write \"board: 1\"")
	}
	d = file.design(d.Card)
	if err := d.Check(); err != nil {
		f := (*fault.Fault)(nil)
		if errors.As(err, &f) {
			line, column := at.placeOf(f.Field)
			return d, at.problem(line, column, "%s", f.Message)
		}
		return d, err
	}
	return d, nil
}

// design fills in what the file leaves out.
func (file designFile) design(card *scorecard.Scorecard) Design {
	s := Settings{Key: file.Key, Name: file.Name, Basis: Basis(file.Basis), Stage: Stage(file.Stage), Zone: file.Zone, Retention: file.Retention, Smallest: file.Smallest,
		Pages: Pages{Audience(file.Pages.Leaderboard), Audience(file.Pages.Scorecards), Audience(file.Pages.History)}}.withDefaults(card)
	d := Design{
		Key: s.Key, Name: strings.TrimSpace(s.Name), Owner: strings.TrimSpace(file.Owner), Licence: strings.TrimSpace(file.Licence), Zone: s.Zone, Basis: s.Basis, Stage: s.Stage, Pages: s.Pages,
		TopN: max(0, s.TopN), Retention: s.Retention, Smallest: s.Smallest, Card: card,
		Terms:  Terms{Purpose: file.Purpose, Gives: file.Gives},
		Plan:   Plan{Success: Success(file.Success), Talk: file.Talk, Prize: file.Prize},
		Rhythm: Rhythm{Mode: Mode(file.Rhythm.Mode), Days: file.Rhythm.Days, At: file.Rhythm.At, Grace: file.Rhythm.Grace},
		Theme:  file.Theme,
	}
	if checked, err := d.Rhythm.check(card.Period); err == nil {
		d.Rhythm = checked // in one form, so that it is written as it was read
	}
	if file.Top != nil {
		d.TopN = *file.Top
	}
	for _, f := range file.Fields {
		d.Terms.Fields = append(d.Terms.Fields, Field{Metric: f.Metric, From: From(cmp.Or(f.From, string(FromBoard))), Purpose: f.Purpose, Gives: f.Gives, Value: f.Value, ToWhom: f.ToWhom})
	}
	d.Terms = d.Terms.trimmed()
	for group, by := range file.TagsBy {
		if d.Plan.TagsBy == nil {
			d.Plan.TagsBy = map[string]TagsBy{}
		}
		d.Plan.TagsBy[group] = TagsBy(by)
	}
	return d
}

// designReader reads the first document and knows where each key stands.
type designReader struct {
	file   string
	places map[string][2]int // path of a key → line, column
}

func (r *designReader) problem(line, column int, format string, args ...any) error {
	return scorecard.Problems{{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}}
}

// read decodes the document, and nothing that YAML could make large of it.
func (r *designReader) read(head []byte, file *designFile) (err error) {
	defer func() {
		if recover() != nil { // the parser is not ours: no file may bring the program down
			err = r.problem(1, 1, "the description of the board is not YAML that can be read")
		}
	}()
	if p := shallow.Check(string(head)); p != nil {
		return r.problem(p.Line, p.Column, "%s", p.Why)
	}
	parsed, err := parser.ParseBytes(head, 0)
	if err != nil || len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return r.yaml(err)
	}
	r.places = map[string][2]int{}
	r.remember("", parsed.Docs[0].Body)
	if err := yaml.NewDecoder(bytes.NewReader(head), yaml.Strict()).Decode(file); err != nil {
		return r.yaml(err)
	}
	return nil
}

// yaml says in our words what YAML refused.
func (r *designReader) yaml(err error) error {
	refused := yaml.Error(nil)
	if !errors.As(err, &refused) || refused.GetToken() == nil || refused.GetToken().Position == nil {
		return r.problem(1, 1, "the description of the board is not YAML that can be read")
	}
	t := refused.GetToken()
	message := "this is not YAML, or not the kind of value that belongs here"
	if strings.Contains(refused.GetMessage(), "unknown field") {
		message = fmt.Sprintf("a design has no key %q here", t.Value)
	} else if strings.Contains(refused.GetMessage(), "already defined") || strings.Contains(refused.GetMessage(), "duplicate") {
		message = fmt.Sprintf("%q stands here twice", t.Value)
	}
	return r.problem(t.Position.Line, t.Position.Column, "%s", message)
}

// remember notes where each key of a document stands: "zone", "pages.history", and of fields "calls.value".
func (r *designReader) remember(under string, n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			r.remember(under, pair)
		}
	case *ast.MappingValueNode:
		key := n.Key.GetToken()
		path := under + key.Value
		r.places[path] = [2]int{key.Position.Line, key.Position.Column}
		if fields, ok := n.Value.(*ast.SequenceNode); ok && path == "fields" {
			for _, item := range fields.Values {
				r.remember(metricOf(item)+".", item)
			}
			return
		}
		r.remember(path+".", n.Value)
	}
}

// metricOf returns the metric that a field of the terms is about.
func metricOf(n ast.Node) string {
	pairs, ok := n.(*ast.MappingNode)
	if !ok {
		return ""
	}
	for _, pair := range pairs.Values {
		if pair.Key.GetToken().Value == "metric" {
			return pair.Value.GetToken().Value
		}
	}
	return ""
}

// placeOf returns where what a fault names stands in the file: the key itself, or what it belongs to.
func (r *designReader) placeOf(field string) (line, column int) {
	for _, path := range []string{field, "pages." + field, "success." + field, "rhythm." + field, field + ".metric", "fields", "board"} {
		if at, ok := r.places[path]; ok {
			return at[0], at[1]
		}
	}
	return 1, 1
}

// Design returns a board as a design.
func (b *Boards) Design(ctx context.Context, at *Board) (d Design, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil {
			return err
		}
		d = Design{Key: now.Key, Name: now.Name, Owner: now.Owner, Licence: now.Licence, Zone: now.Zone, Basis: now.Basis, Stage: now.Stage, Pages: now.Pages,
			TopN: now.TopN, Retention: now.Retention, Smallest: now.Smallest, Plan: now.Plan, Rhythm: now.Rhythm, Theme: now.Theme}
		if d.Terms, err = b.termsIn(tx, now, now.Terms); err != nil {
			return err
		}
		d.Rhythm.From, d.Terms.Version = "", 0 // both are the board's own
		d.Card, err = b.cardIn(tx, now.ID, now.Version)
		return err
	})
	return d, err
}

// Make makes a board of a design; the actor, where there is one, becomes its owner. Invalid, with the field, for a design that
// cannot be, Conflict where the key is taken.
func (b *Boards) Make(ctx context.Context, a identity.Actor, d Design) (*Board, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("making an identifier: %w", err)
	}
	made := d.board()
	if made.location, err = zone(made.Zone); err != nil {
		return nil, err
	}
	if made.Rhythm, err = made.Rhythm.check(d.Card.Period); err != nil {
		return nil, err
	}
	if made.Rhythm, err = made.Rhythm.begins(d.Card.Period, Rhythm{}, b.rooms.Now(), made.location); err != nil {
		return nil, err
	}
	made.ID, made.Terms, made.Created = id.String(), 1, b.rooms.Now().UTC().Truncate(time.Microsecond)
	terms := d.Terms.trimmed()
	terms.Version = 1
	if err := b.found(ctx, a, made, d.Card, terms); err != nil {
		return nil, err
	}
	return made, nil
}

// Redesign brings a board to a design: settings, terms, plan, and the scorecard as a new version. Basis, time zone and period
// cannot change (Conflict), and the key stays the board's own; what makes it wider is announced.
func (b *Boards) Redesign(ctx context.Context, a identity.Actor, at *Board, d Design) error {
	d.Key = at.Key
	if err := d.Check(); err != nil {
		return err
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil {
			return err
		}
		if now.Basis != d.Basis || now.Zone != d.Zone {
			return fault.New(fault.Conflict, "Basis and time zone of a board never change: %q in %s stays as it is. Make a board of its own for %q in %s.", now.Basis, now.Zone, d.Basis, d.Zone)
		}
		to := d.board()
		if to.Name != now.Name || to.Owner != now.Owner || to.Licence != now.Licence || to.Retention != now.Retention || to.Smallest != now.Smallest {
			if _, err := tx.Exec(`UPDATE board SET name = $1, owner = $2, licence = $3, retention = $4, smallest = $5 WHERE board_id = $6`,
				to.Name, to.Owner, to.Licence, to.Retention, to.Smallest, now.ID); err != nil {
				return err
			}
			if err := b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.settings", Board: now.ID}); err != nil {
				return err
			}
		}
		if _, err := b.revise(tx, a, now.ID, d.Card); err != nil {
			return err
		}
		if now, err = b.boardIn(tx, at.ID); err != nil {
			return err
		}
		if _, err := b.setTermsOf(tx, a, now, d.Terms, false); err != nil {
			return err
		}
		if err := b.setPlan(tx, a, now.ID, d.Plan); err != nil {
			return err
		}
		if err := b.setRhythm(tx, a, now, d.Rhythm); err != nil {
			return err
		}
		if err := b.setTheme(tx, a, now, d.Theme); err != nil {
			return err
		}
		_, err = b.reveal(tx, a, now, Reveal{d.Stage, d.Pages}, d.TopN)
		return err
	})
}
