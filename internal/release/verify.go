package release

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"

	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/score"
	"cairn/scorecard"
)

// Verified is what Verify found in a bundle that recomputes.
type Verified struct {
	Board, Name     string
	Period          string
	Edition         int
	Reason          string
	Engine          string
	Scorecard       string // key
	Version         int
	Players, Scored int
	Metrics         int
	Digest          string // of the manifest
	Previous        string // digest of the release before, "" none
	PreviousPeriod  string
	RulesNew        bool
	Frozen          string // period whose parameters were used, "" none
	Supersedes      string // digest of the edition before, "" none
	Compared        int    // published values that were recomputed
	Named           bool   // a table that no digest covers says who the players are
}

// Verify recomputes a release from its bundle alone and compares everything it says with what follows from its inputs.
// It fails with Invalid where the file is no bundle, and with Conflict, naming the first difference, where it is not
// what Cairn would have written.
func Verify(r io.ReaderAt, size int64) (*Verified, error) {
	b, err := openBundle(r, size)
	if err != nil {
		return nil, err
	}
	basis, err := b.basis()
	if err != nil {
		return nil, err
	}
	verdict, err := judge(*basis)
	if err != nil {
		return nil, damaged("its inputs are refused by its scorecard: %v", err)
	}
	v := &Verified{Board: b.m.Board, Name: b.m.Name, Period: b.m.Period, Edition: b.m.Edition, Reason: b.m.Reason, Engine: b.m.Engine,
		Scorecard: b.m.Scorecard.Key, Version: b.m.Scorecard.Version, Players: b.m.Players, Scored: b.m.Scored,
		Metrics: len(verdict.metrics), Digest: digest(b.files[manifestFile]), RulesNew: b.m.Bridge != nil, Supersedes: b.m.Supersedes, Named: b.named}
	if b.m.Previous != nil {
		v.Previous, v.PreviousPeriod = b.m.Previous.Digest, b.m.Previous.Period
	}
	if b.m.Frozen != nil {
		v.Frozen = b.m.Frozen.Period
	}
	return v, b.compare(verdict, v)
}

// bundle is the files of a bundle whose digests are those of its manifest.
type bundle struct {
	m        manifest
	files    map[string][]byte
	previous *manifest
	named    bool // it says who the players are
}

func openBundle(r io.ReaderAt, size int64) (*bundle, error) {
	names, files, err := readArchive(r, size)
	if err != nil {
		return nil, err
	}
	b := &bundle{files: files}
	if len(names) == 0 || names[0] != manifestFile {
		return nil, fault.New(fault.Invalid, "The file is no bundle of Cairn's: it does not begin with %s.", manifestFile)
	}
	if err := readManifest(manifestFile, files[manifestFile], &b.m); err != nil {
		return nil, err
	}
	if b.m.Format != format {
		return nil, fault.New(fault.Invalid, "The bundle has the format %q and this program reads %q: use a program that is as new.", b.m.Format, format)
	}
	if b.m.Engine != score.Engine {
		return nil, fault.New(fault.Invalid, "The release was calculated by engine %q and this program has %q: use a program with that engine.", b.m.Engine, score.Engine)
	}
	listed := []string{manifestFile}
	for _, f := range b.m.Files {
		content, there := files[f.Name]
		switch {
		case !there:
			return nil, damaged("%s is missing", printable(f.Name))
		case int64(len(content)) != f.Bytes || digest(content) != f.SHA256:
			return nil, damaged("%s has changed: its SHA-256 is not the one in %s", printable(f.Name), manifestFile)
		}
		listed = append(listed, f.Name)
	}
	if last := len(names) - 1; names[last] == namesFile {
		b.named, names = true, names[:last]
	}
	if !slices.Equal(names, listed) {
		return nil, damaged("its files are not those that %s lists, in that order", manifestFile)
	}
	if want := b.m.fileNames(); !slices.Equal(want, listed[1:]) {
		return nil, damaged("it should hold the files %s", strings.Join(want, ", "))
	}
	if b.m.Scorecard.SHA256 != digest(files[scorecardFile]) {
		return nil, damaged("%s is not the scorecard that %s names", scorecardFile, manifestFile)
	}
	return b, b.openPrevious()
}

// fileNames is which files a bundle holds beside its manifest.
func (m *manifest) fileNames() []string {
	names := []string{scorecardFile, inputsFile}
	if m.Frozen != nil {
		names = append(names, frozenFile)
	}
	names = append(names, parametersFile, resultsFile)
	if m.Previous == nil {
		return names
	}
	if m.Bridge != nil {
		names = append(names, bridgeFile)
	}
	names = append(names, previousFolder+manifestFile, previousFolder+scorecardFile, previousFolder+inputsFile)
	for _, f := range m.Files {
		if f.Name == previousFolder+frozenFile {
			names = append(names, f.Name)
		}
	}
	return names
}

// readManifest reads a manifest that is written as Cairn writes it, to the byte.
func readManifest(file string, data []byte, m *manifest) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil || !bytes.Equal(m.text(), data) {
		return damaged("%s is not written as Cairn writes it", file)
	}
	return nil
}

// openPrevious checks that the files of the release before are those that its own manifest names.
func (b *bundle) openPrevious() error {
	if b.m.Previous == nil {
		return nil
	}
	text := b.files[previousFolder+manifestFile]
	if got := digest(text); got != b.m.Previous.Digest {
		return damaged("%s%s has the digest %s; the chain names %s", previousFolder, manifestFile, got, b.m.Previous.Digest)
	}
	b.previous = &manifest{}
	if err := readManifest(previousFolder+manifestFile, text, b.previous); err != nil {
		return err
	}
	if b.previous.Period != b.m.Previous.Period || b.previous.Edition != b.m.Previous.Edition || b.previous.Board != b.m.Board {
		return damaged("%s%s is of another release than the one that is named", previousFolder, manifestFile)
	}
	for _, name := range []string{scorecardFile, inputsFile, frozenFile} {
		content, there := b.files[previousFolder+name]
		f := b.previous.file(name)
		if there != (f != nil) || there && digest(content) != f.SHA256 {
			return damaged("%s%s is not the file that the release before was made of", previousFolder, name)
		}
	}
	return nil
}

// basis reads all that the release was calculated from.
func (b *bundle) basis() (*basis, error) {
	now, err := b.judged("", &b.m)
	if err != nil {
		return nil, err
	}
	all := &basis{judged: *now, groups: b.m.Groups}
	if b.previous == nil {
		return all, nil
	}
	before, err := b.judged(previousFolder, b.previous)
	if err != nil {
		return nil, err
	}
	all.before = &earlier{judged: *before}
	if b.m.Bridge != nil {
		if all.before.now, err = readInputs(bridgeFile, b.files[bridgeFile], before.card, nil, false); err != nil {
			return nil, err
		}
		if !slices.Equal(all.before.now.Players, now.table.Players) {
			return nil, damaged("%s has other players than %s", bridgeFile, inputsFile)
		}
		all.before.now.Names, all.before.now.Tags, all.before.now.Totals = now.table.Names, now.table.Tags, b.m.Bridge.Totals
		all.before.now.Silent = b.m.Bridge.Silent
	}
	return all, nil
}

func (b *bundle) judged(folder string, m *manifest) (*judged, error) {
	card, err := scorecard.Load(folder+scorecardFile, b.files[folder+scorecardFile])
	if err != nil {
		return nil, damaged("its scorecard does not load: %v", err)
	}
	p, err := period.Parse(card.Period, m.Period)
	if err != nil || string(p.Unit) != m.Unit || p.First.String() != m.First || p.Last.String() != m.Last || card.Key != m.Scorecard.Key {
		return nil, damaged("%s%s names another period or scorecard than %s holds", folder, manifestFile, scorecardFile)
	}
	j := &judged{card: card}
	if j.table, err = readInputs(folder+inputsFile, b.files[folder+inputsFile], card, m.Groups, true); err != nil {
		return nil, err
	}
	j.table.Totals, j.table.Silent = m.Totals, m.Silent
	if frozen, there := b.files[folder+frozenFile]; there {
		if j.frozen, err = score.ReadParameters(bytes.NewReader(frozen)); err != nil {
			return nil, damaged("%s%s cannot be read", folder, frozenFile)
		}
	}
	return j, nil
}

// compare holds what was recorded against what was recomputed.
func (b *bundle) compare(v *verdict, found *Verified) error {
	if recorded, recomputed := b.files[parametersFile], parametersText(v.result.Parameters()); !bytes.Equal(recorded, recomputed) {
		return damaged("%s differs at line %d: recorded %s, recomputed %s", parametersFile, firstLine(recorded, recomputed),
			lineAt(recorded, recomputed), lineAt(recomputed, recorded))
	}
	if players, scored := len(v.table.Players), v.scored(); players != b.m.Players || scored != b.m.Scored {
		return damaged("%s says %d players, %d with a score; there are %d and %d", manifestFile, b.m.Players, b.m.Scored, players, scored)
	}
	results := v.results()
	rest := b.files[resultsFile]
	check := func(recomputed []byte, place string) error {
		if len(rest) >= len(recomputed) && bytes.Equal(rest[:len(recomputed)], recomputed) {
			rest = rest[len(recomputed):]
			return nil
		}
		return firstDifference(results.header, rest, recomputed, place)
	}
	if err := check(results.appendHeader(nil), "the header"); err != nil {
		return err
	}
	p := v.page()
	var line []byte
	for chunk := range v.chunks() {
		v.fill(p, chunk)
		for at := range p.n {
			line = append(results.line(line[:0], p, at), '\n')
			if err := check(line, "player "+p.text[keyText][at]); err != nil {
				return err
			}
			found.Compared += len(results.header) - 2
		}
	}
	if len(rest) > 0 {
		return damaged("%s has lines beyond its %d players", resultsFile, b.m.Players)
	}
	return nil
}

// firstDifference names the first cell in which a recorded line differs from the recomputed one.
func firstDifference(header []string, recorded, recomputed []byte, place string) error {
	was, _, err := cells(recorded, nil)
	if err != nil {
		return damaged("%s breaks off before %s", resultsFile, place)
	}
	is, _, _ := cells(recomputed, nil)
	for i := range is {
		if i >= len(was) {
			return damaged("%s: %s: the column %s is missing", resultsFile, place, header[i])
		}
		if was[i] != is[i] {
			return damaged("%s: %s, column %s: recorded %q, recomputed %q", resultsFile, place, header[i], was[i], is[i])
		}
	}
	return damaged("%s: the line of %s is not written as Cairn writes it", resultsFile, place)
}

func firstLine(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return 1 + bytes.Count(a[:n], []byte("\n"))
}

// lineAt is the line of text in which it first differs from other.
func lineAt(text, other []byte) string {
	lines := bytes.Split(text, []byte("\n"))
	if n := firstLine(text, other); n <= len(lines) {
		return string(bytes.TrimSpace(lines[n-1]))
	}
	return "nothing"
}

func (v *verdict) scored() (n int) {
	for _, s := range v.result.Score {
		if !math.IsNaN(s) {
			n++
		}
	}
	return n
}

// chunks is how many chunks the players fill.
func (v *verdict) chunks() int { return (len(v.table.Players) + perChunk - 1) / perChunk }
