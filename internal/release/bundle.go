package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"cairn/internal/fault"
)

// WriteBundle writes the bundle of a final release, and beside what its digest covers a table of who the players are now: ref, key
// and name. Save for that table every call writes the same bytes, and nothing is written unless every file still has the digest that
// was recorded. The error is Withheld where not all of the release is for the reader.
func (v *View) WriteBundle(ctx context.Context, w io.Writer) error {
	if v.held == nil {
		if err := v.open(ctx, v.Release); err != nil {
			return err
		}
	}
	if !v.Whole() {
		return fault.New(fault.Withheld, "The bundle of %s holds every player and the values of every metric, which are not all for you.", v.Period.Label())
	}
	return v.releases.writeBundle(ctx, v.held, v.nameTable(), w)
}

// nameTable says who the players of a release are now. Who is gone has no line.
func (v *View) nameTable() []byte {
	text := []byte("player,key,name\n")
	for place := range v.held.players {
		key, name := called(v.names.Member(int64(v.held.number(place, v.held.member))))
		if key == "" {
			continue
		}
		text = append(appendCell(text, string(v.held.text(place, keyText))), ',')
		text = append(appendCell(text, Unrun(key)), ',')
		text = append(appendCell(text, Unrun(name)), '\n')
	}
	return text
}

// Unrun keeps a spreadsheet from taking a text for a formula and running it.
func Unrun(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func (r *Releases) writeBundle(ctx context.Context, h *held, names []byte, w io.Writer) error {
	if h.state != Final {
		return fault.New(fault.Conflict, "%s is a draft: a bundle is made of a final release. Publish it first.", h.period)
	}
	h, err := r.unforgotten(ctx, h)
	if err != nil {
		return err
	}
	files, err := r.bundleFiles(ctx, h)
	if err != nil {
		return err
	}
	archive := []archived{{name: manifestFile, size: uint32(len(h.head.Manifest)), crc: crc32.ChecksumIEEE([]byte(h.head.Manifest))}}
	for _, f := range h.manifest.Files {
		sum, crc := sha256.New(), crc32.NewIEEE()
		if err := files[f.Name](io.MultiWriter(sum, crc)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
			return fmt.Errorf("release %s of %s: %s is not what was published: the stored release is damaged", h.record.id, h.period, f.Name)
		}
		if f.Bytes > maxArchive {
			return fault.New(fault.Invalid, "The bundle would be larger than 4 GB, which one file cannot hold.")
		}
		archive = append(archive, archived{name: f.Name, size: uint32(f.Bytes), crc: crc.Sum32()})
	}
	archive = append(archive, archived{name: namesFile, size: uint32(len(names)), crc: crc32.ChecksumIEEE(names)})
	return writeArchive(w, archive, func(name string, w io.Writer) (err error) {
		switch name {
		case manifestFile:
			_, err = io.WriteString(w, h.head.Manifest)
		case namesFile:
			_, err = w.Write(names)
		default:
			err = files[name](w)
		}
		return err
	})
}

// unforgotten returns a release from which nobody was taken out. One with names is read anew: what is in memory may hold somebody who is
// gone since.
func (r *Releases) unforgotten(ctx context.Context, h *held) (*held, error) {
	if h.head.Refs {
		return h, nil
	}
	h, err := r.read(ctx, h.boardID, h.record.id)
	if err != nil {
		return nil, err
	}
	return h, h.complete()
}

// bundleFiles returns how each file of a bundle is written.
func (r *Releases) bundleFiles(ctx context.Context, h *held) (map[string]func(io.Writer) error, error) {
	files := map[string]func(io.Writer) error{
		bridgeFile:     func(w io.Writer) error { return h.writeTable(w, h.bridgeInputs()) },
		resultsFile:    func(w io.Writer) error { return h.writeTable(w, h.results()) },
		parametersFile: func(w io.Writer) error { _, err := w.Write(parametersText(h.head.Parameters)); return err },
	}
	own := func(folder string, h *held) {
		files[folder+scorecardFile] = func(w io.Writer) error { _, err := w.Write(h.card.Source); return err }
		files[folder+inputsFile] = func(w io.Writer) error { return h.writeTable(w, h.inputs()) }
		files[folder+frozenFile] = func(w io.Writer) error {
			j, err := r.judged(ctx, h)
			if err != nil {
				return err
			}
			_, err = w.Write(parametersText(j.frozen))
			return err
		}
	}
	own("", h)
	if h.head.Previous == "" {
		return files, nil
	}
	previous, err := r.hold(ctx, h.boardID, h.head.Previous)
	if err == nil {
		previous, err = r.unforgotten(ctx, previous)
	}
	if err != nil {
		return nil, err
	}
	own(previousFolder, previous)
	files[previousFolder+manifestFile] = func(w io.Writer) error {
		_, err := io.WriteString(w, previous.head.Manifest)
		return err
	}
	for _, f := range h.manifest.Files {
		if strings.HasPrefix(f.Name, previousFolder) && files[f.Name] == nil {
			return nil, fmt.Errorf("release %s names an unknown file %s", h.record.id, f.Name)
		}
	}
	return files, nil
}

// writeTable writes a table of the bundle from the stored chunks.
func (h *held) writeTable(w io.Writer, t table) error {
	if _, err := w.Write(t.appendHeader(nil)); err != nil {
		return err
	}
	p := h.page()
	var text []byte
	for _, c := range h.chunks {
		p.load(c)
		text = t.appendPage(text[:0], p)
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
