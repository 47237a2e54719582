package web

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// mostUpload is how long a file of data may be, in bytes.
const mostUpload = 64 << 20

// dataPage brings data to a board and lists what came.
type dataPage struct {
	*frame
	Managed managed
	Action  string
	Sources []sourceLine
	File    field
	Kind    field // which export it is
	Mapping field
	Name    field
	Period  field
	Player  field
	How     field
	Dry     field
	Keep    field    // under which name the mapping is kept
	Own     []string // mappings that are kept
	Told    *importTold
	Kept    string // for how long raw entries are kept
	Purged  []purgedLine
}

// sourceLine is one source that brought something.
type sourceLine struct{ Name, Entries, First, Last string }

// importTold is what became of a file.
type importTold struct {
	Summary  string
	Notes    []string
	Sample   []sampleLine // what the first rows would become
	Problems []string
	More     string // there are more problems than these
	Rejected string // the refused rows, each with its reason, to be corrected and brought again
}

// sampleLine is an entry that a row would become.
type sampleLine struct{ Place, Who, Key, When, Value string }

// dropMapping forgets a mapping of the board.
func (s *site) dropMapping(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, dataScreen, func() (string, string, error) {
		return manageAddress(v.board) + "/data", "settings", s.imports.DropMapping(v.Context(), v.board.ID, v.PostForm.Get("name"))
	})
}

var dataScreen = screen{"manage_data", (*site).drawData}

func (s *site) showData(w http.ResponseWriter, v *visit) error { return s.display(w, v, dataScreen) }

func (s *site) drawData(v *visit, f *form) (any, error) { return s.dataPage(v, f) }

func (s *site) dataPage(v *visit, f *form) (*dataPage, error) {
	b := v.board
	around, head := s.managed(v, "/data", "Data", "Good rows are taken; what cannot be read is told row by row and handed back to be corrected. Bringing the same file twice adds nothing.")
	page := &dataPage{frame: around, Managed: head, Action: manageAddress(b) + "/data"}
	sources, err := s.raw.Sources(v.Context(), b.ID)
	if err != nil {
		return nil, err
	}
	for _, from := range sources {
		page.Sources = append(page.Sources, sourceLine{from.Name, amount(float64(from.Entries)), day(from.First, b.Location()), day(from.Last, b.Location())})
	}
	page.Kept = keepingWords(b)
	if page.Purged, err = s.purged(v.Context(), b); err != nil {
		return nil, err
	}
	presets, err := intake.Presets()
	if err != nil {
		return nil, err
	}
	kinds := []option{{Value: "", Text: "Find out by the header"}}
	own, err := s.imports.Mappings(v.Context(), b.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range own {
		kinds = append(kinds, option{Value: keptMapping + m.Name, Text: m.Name + ", a mapping of this board"})
		page.Own = append(page.Own, m.Name)
	}
	for _, p := range presets {
		kinds = append(kinds, option{Value: p.Name, Text: p.Name})
	}
	page.File = f.file("file", "A CSV or XLSX file", "Entries (player, key, at, value), or wide (player, and a column a key), or an export that is known by its header. Up to 64 MB.")
	page.Kind = f.choice("choice", "preset", "What is it?", "", "", kinds)
	page.Mapping = f.make("code", "mapping", "A mapping, for a file with headers of its own", "YAML; it says which column is what. Leave it empty where the header says it all.", "")
	page.Keep = f.text("keep", "Keep this mapping with the board, as", "A name. The next file with such a header is then read by it, without being asked.", "").most(100)
	page.Name = f.text("source", "Under which name are the entries known?", "Left empty: the export's name, else the file's.", "").most(100)
	page.Period = f.text("period", "The period of rows without a time", "Such as 2026-W47 or 2026-11.", "").most(30)
	page.Player = f.text("player", "The one player that every row is about", "Their key. Left empty: each row says.", "").most(200)
	page.How = f.choice("radios", "how", "A row that was there with other content", "", "refuse", []option{
		{Value: "refuse", Text: "is refused"}, {Value: "replace", Text: "takes the place of the earlier one"}, {Value: "amend", Text: "corrects it even under a final release", Hint: "for an erratum"}})
	page.Dry = f.tick("dry", "Only look for problems, and add nothing", "", false)
	page.Managed.Problem = f.problem()
	return page, nil
}

// bringData imports a file and tells what became of it.
func (s *site) bringData(w http.ResponseWriter, v *visit) error {
	up, err := readUpload(w, v, "file", mostUpload)
	if err != nil {
		return s.refused(w, v, dataScreen, err)
	}
	defer up.remove()
	told, err := s.importFile(v, up)
	if err != nil && !mendable(err) {
		return err
	}
	page, problem := s.dataPage(v, typed(dataScreen.template, v, err))
	if problem != nil {
		return problem
	}
	page.Told = told
	if err != nil {
		return s.again(w, v, dataScreen.template, page, err)
	}
	return s.tell(w, v, http.StatusOK, dataScreen.template, page)
}

func (s *site) importFile(v *visit, up upload) (*importTold, error) {
	f := v.PostForm
	file := source.File{Board: v.board, Actor: v.actor.Account, Path: up.path, Name: up.name, Source: strings.TrimSpace(f.Get("source")), Period: strings.TrimSpace(f.Get("period")), Player: strings.TrimSpace(f.Get("player")),
		Replace: f.Get("how") == "replace", Amend: f.Get("how") == "amend", Dry: f.Has("dry"), Errors: up.path + source.RejectedSuffix}
	defer os.Remove(file.Errors)
	if file.Source == "" {
		file.Source = sourceOf(up.name)
	}
	var err error
	if file.Mapping, err = s.readMapping(v, f.Get("preset"), plainLines(f.Get("mapping"))); err != nil {
		return nil, err
	}
	done, err := s.imports.Import(v.Context(), file)
	if f := (*fault.Fault)(nil); errors.As(err, &f) && f.Field == "period" && file.Period == "" {
		err = wrong("period", "%s does not say when its rows are of: write their period under “More about the file”, or give each row a column “at”.", up.name)
	}
	told := tellImport(done, file.Dry)
	for _, one := range done.Sample {
		told.Sample = append(told.Sample, sampleLine{one.Place, one.Who, one.Entry.Key, day(one.Entry.At, v.board.Location()), amount(one.Entry.Value)})
	}
	if done.Rejected != "" {
		rejected, err := os.ReadFile(done.Rejected)
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "The refused rows could not be read back: bring the file once more.")
		}
		if told.Rejected = string(rejected); len(rejected) > mostForm {
			told.Rejected, told.More = "", "There are too many refused rows to show here: correct the file by the problems above, or bring it by the command line, which writes them to a file."
		}
	}
	return told, err
}

// sourceOf is the name of entries that came in a file: the file's, without its ending.
func sourceOf(name string) string {
	if at := strings.LastIndex(name, "."); at > 0 {
		name = name[:at]
	}
	return name
}

// keptMapping begins the names of mappings that the board keeps, apart from those that come with the program.
const keptMapping = "kept:"

// readMapping finds how a file is to be read; nil by its own header. A mapping that was typed is kept with the board where a name was
// given for it.
func (s *site) readMapping(v *visit, preset, text string) (*intake.Mapping, error) {
	keep := strings.TrimSpace(v.PostForm.Get("keep"))
	if text != "" {
		mapping, err := intake.ParseMapping("line", []byte(text))
		if err != nil {
			return nil, wrong("mapping", "%s", fault.Message(err))
		}
		if keep != "" {
			err = s.imports.KeepMapping(v.Context(), v.board.ID, source.Mapping{Name: keep, Content: text})
		}
		return mapping, err
	}
	if keep != "" {
		return nil, wrong("keep", "There is no mapping here to be kept: write one below first.")
	}
	if preset == "" {
		return nil, nil
	}
	if name, is := strings.CutPrefix(preset, keptMapping); is {
		own, err := s.imports.Mappings(v.Context(), v.board.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range own {
			if m.Name == name {
				return intake.ParseMapping(m.Name, []byte(m.Content))
			}
		}
		return nil, wrong("preset", "The board keeps no mapping %q any more: choose one of the list.", name)
	}
	return intake.PresetNamed(preset)
}

// tellImport puts what became of a file into words.
func tellImport(done source.Imported, dry bool) *importTold {
	told := &importTold{Summary: count(done.Added, "entry", "entries") + " added"}
	if dry {
		told.Summary = count(done.Added, "entry", "entries") + " would be taken; nothing was added"
	}
	if done.Replaced > 0 {
		told.Summary += ", " + amount(float64(done.Replaced)) + " replaced"
	}
	if done.Duplicates > 0 {
		told.Summary += ", " + amount(float64(done.Duplicates)) + " already there"
	}
	if done.Refused > 0 {
		told.Summary += ", " + count(done.Refused, "row", "rows") + " refused"
	}
	told.Summary += "."
	if done.Preset != "" {
		told.Notes = append(told.Notes, "Read as "+done.Preset+", by its header.")
	}
	told.Notes = append(told.Notes, done.Notes...)
	if waiting := done.WaitingWords(); waiting != "" {
		told.Notes = append(told.Notes, capital(waiting)+".")
	}
	for _, why := range slices.Sorted(maps.Keys(done.Skipped)) {
		told.Notes = append(told.Notes, "Skipped "+count(done.Skipped[why], "row", "rows")+": "+why+".")
	}
	for _, p := range done.Problems {
		told.Problems = append(told.Problems, p.Error())
	}
	if len(done.Problems) == source.ProblemsShown {
		told.More = "These are the first " + amount(source.ProblemsShown) + " problems."
	}
	return told
}
