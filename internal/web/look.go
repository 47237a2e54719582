package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cairn/internal/board"
	"cairn/internal/theme"
)

// vocabulary is what a board calls things.
type vocabulary struct{ theme.Words }

// Big is a word at the beginning of a line.
func (vocabulary) Big(word string) string { return capital(word) }

// wear dresses a page in a board's look; b may be nil.
func (f *frame) wear(b *board.Board) *frame {
	f.Says = vocabulary{theme.Words{}.Whole()}
	if b == nil {
		return f
	}
	f.Says.Words = b.Theme.Words.Whole()
	f.Scored = boardAddress(b) + "#verify"
	if sheet := b.Theme.Sheet(); sheet != "" {
		f.Dress = "/look/" + url.PathEscape(b.ID) + "/" + sheetName(string(sheet))
	}
	if b.Logo != "" {
		f.Logo = "/look/" + url.PathEscape(b.ID) + "/" + b.Logo + ".png"
	}
	return f
}

// lookOf is the palette of a board's pictures; the zero one is Cairn's own.
func lookOf(b *board.Board) theme.Palette {
	if b.Theme.Light == (theme.Colours{}) {
		return theme.Palette{}
	}
	return b.Theme.Palette()
}

// wearAlone dresses a page that stands outside the board, such as a card that is shown around.
func (f *frame) wearAlone(b *board.Board) *frame {
	f.wear(b)
	f.Logo, f.Scored = "", "#verify"
	return f
}

// wearIn dresses a page for a frame of another site, unless whoever put it there chose an accent of their own.
func (f *frame) wearIn(v *visit, b *board.Board) {
	if accent := v.URL.Query().Get("accent"); accent == "" || accent == accents[0] {
		scored := f.Scored
		f.wear(b)
		f.Scored, f.Logo = scored, ""
	}
}

// sheetName is what a look's style sheet goes by: another look, another name, so that it can be kept for ever.
func sheetName(sheet string) string {
	sum := sha256.Sum256([]byte(sheet))
	return hex.EncodeToString(sum[:8]) + ".css"
}

// lookFile sends a board's colours or its logo. Both say nothing of anybody on it, and frames elsewhere need them.
func (s *site) lookFile(w http.ResponseWriter, v *visit) error {
	b, err := s.boards.ByID(v.Context(), v.PathValue("id"))
	if err != nil {
		return err
	}
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	file, k := v.PathValue("file"), asking
	switch sheet := string(b.Theme.Sheet()); {
	case strings.HasSuffix(file, ".css"): // an older page asks for an older sheet, and gets this one
		if file == sheetName(sheet) {
			k = forEver
		}
		s.send(w, v, "text/css; charset=utf-8", []byte(sheet), k)
		return nil
	case b.Logo != "" && strings.HasSuffix(file, ".png"):
		content, err := s.boards.Logo(v.Context(), b.ID)
		if err != nil {
			return err
		}
		if file == b.Logo+".png" {
			k = forEver
		}
		s.send(w, v, "image/png", content, k)
		return nil
	}
	return s.nowhere(w, v)
}

// lookPage is how a board looks, and under which name.
type lookPage struct {
	*frame
	Managed managed
	Action  string
	Colours []field
	Dark    []field
	Shape   []field
	Words   []field
	Notes   []string
	Board   string
	Picture string // its logo, "" none
	File    field
	Domain  field
	Stands  string // of the domain, in words
}

var lookScreen = screen{"manage_look", (*site).lookPage}

func (s *site) showLook(w http.ResponseWriter, v *visit) error { return s.display(w, v, lookScreen) }

func (s *site) lookPage(v *visit, f *form) (any, error) {
	b := v.board
	around, head := s.managed(v, "/look", "Look", "Colours, type, a logo and words of your own, on pages, letters, cards and widgets. No number is changed by it.")
	page := lookPage{frame: around, Managed: head, Action: manageAddress(b) + "/look", Board: b.Name, Picture: around.Logo}
	t := b.Theme
	page.Colours = []field{
		f.text("light.ground", "Ground", "Behind everything. # and six digits, such as #fffbe8; empty: Cairn's own.", t.Light.Ground).most(7),
		f.text("light.ink", "Ink", "Text.", t.Light.Ink).most(7),
		f.text("light.accent", "Accent", "What was won.", t.Light.Accent).most(7),
	}
	page.Dark = []field{
		f.text("dark.ground", "Ground", "Left empty, dark pages are worked out of the light ones.", t.Dark.Ground).most(7),
		f.text("dark.ink", "Ink", "", t.Dark.Ink).most(7),
		f.text("dark.accent", "Accent", "", t.Dark.Accent).most(7),
	}
	var types, corners []option
	for _, one := range theme.Types() {
		types = append(types, option{Value: string(one), Text: typeWords[one]})
	}
	for _, one := range []theme.Corners{theme.Round, theme.Soft, theme.Square} {
		corners = append(corners, option{Value: string(one), Text: cornerWords[one]})
	}
	page.Shape = []field{
		f.choice("choice", "type", "Type", "Of the families that machines have: nothing is loaded from elsewhere.", string(t.Type), types),
		f.choice("choice", "corners", "Corners", "", string(t.Corners), corners),
	}
	w := t.Words
	for _, word := range []struct{ name, label, value string }{
		{"words.player", "A player is called", w.Player}, {"words.players", "and several", w.Players}, {"words.board", "A board is called", w.Board}, {"words.boards", "and several", w.Boards},
		{"words.release", "A release is called", w.Release}, {"words.releases", "and several", w.Releases},
	} {
		page.Words = append(page.Words, f.text(word.name, word.label, "", word.value).most(30))
	}
	notes, err := t.Check()
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		page.Notes = append(page.Notes, note.Text)
	}
	page.File = f.file("logo", "Logo", fmt.Sprintf("PNG or JPEG of up to 1 MB; shown at most %d pixels high.", theme.LogoHeight/2))
	domain, err := s.boards.DomainOf(v.Context(), b.ID)
	if err != nil {
		return nil, err
	}
	page.Domain = f.text("domain", "Domain", "Such as scores.example.org: what the public sees of this board is shown under it. Point it to this server, then whoever runs the server allows it. Empty gives it up.", domain.Name).most(253)
	switch {
	case domain.Name == "":
	case domain.Allowed.IsZero():
		page.Stands = "It waits for whoever runs this server to allow it."
	default:
		page.Stands = "It is allowed: https://" + domain.Name + " shows what the public sees of this board."
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

var typeWords = map[theme.Type]string{theme.Humanist: "Humanist (Cairn's own)", theme.Geometric: "Geometric", theme.Serif: "Serif", theme.Slab: "Slab headings", theme.Mono: "Typewriter"}

var cornerWords = map[theme.Corners]string{theme.Round: "Round (Cairn's own)", theme.Soft: "Soft", theme.Square: "Square"}

func (s *site) setLook(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, lookScreen, func() (string, string, error) {
		said := func(name string) string { return strings.TrimSpace(v.PostForm.Get(name)) }
		t := theme.Theme{
			Light: theme.Colours{Ground: said("light.ground"), Ink: said("light.ink"), Accent: said("light.accent")}, Dark: theme.Colours{Ground: said("dark.ground"), Ink: said("dark.ink"), Accent: said("dark.accent")},
			Type: theme.Type(said("type")), Corners: theme.Corners(said("corners")),
			Words: theme.Words{Player: said("words.player"), Players: said("words.players"), Board: said("words.board"), Boards: said("words.boards"), Release: said("words.release"), Releases: said("words.releases")},
		}
		return manageAddress(v.board) + "/look", "look", s.boards.SetTheme(v.Context(), v.actor, v.board, t)
	})
}

func (s *site) setLogo(w http.ResponseWriter, v *visit) error {
	content, err := logoOf(w, v)
	if err == nil {
		err = s.boards.PutLogo(v.Context(), v.actor, v.board, content)
	}
	if mendable(err) {
		page, failed := s.lookPage(v, typed("logo", v, err))
		if failed != nil {
			return failed
		}
		return s.again(w, v, "manage_look", page, err)
	}
	if err != nil {
		return err
	}
	return done(w, v, manageAddress(v.board)+"/look", "look")
}

// logoOf reads the picture that a form sent; nil where it asks to take the logo away.
func logoOf(w http.ResponseWriter, v *visit) ([]byte, error) {
	file, _, err := sentFile(w, v, "logo", theme.MostLogo+(64<<10))
	if v.PostFormValue("remove") != "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content := make([]byte, 0, 64<<10)
	buffer := make([]byte, 32<<10)
	for {
		n, err := file.Read(buffer)
		content = append(content, buffer[:n]...)
		if err != nil || len(content) > theme.MostLogo {
			return content, nil // what is too long or broken is refused as a picture
		}
	}
}

func (s *site) setDomain(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, lookScreen, func() (string, string, error) {
		return manageAddress(v.board) + "/look", "domain", s.boards.AskDomain(v.Context(), v.actor, v.board, v.PostForm.Get("domain"))
	})
}

// allowDomain lets a board be read under its domain, or no longer.
func (s *site) allowDomain(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.boards.AllowDomain(v.Context(), v.actor, v.PostForm.Get("domain"), v.PostForm.Get("allow") != ""); err != nil {
		return err
	}
	return done(w, v, "/operate", "domain")
}

// domainLine is a domain that a board asked for, on the operator's page.
type domainLine struct {
	Name, Board string
	Allowed     bool
}

func (s *site) domainLines(ctx context.Context) (lines []domainLine, err error) {
	domains, err := s.boards.Domains(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range domains {
		b, err := s.boards.ByID(ctx, d.Board)
		if err != nil {
			return nil, err
		}
		lines = append(lines, domainLine{Name: d.Name, Board: b.Name, Allowed: !d.Allowed.IsZero()})
	}
	return lines, nil
}
