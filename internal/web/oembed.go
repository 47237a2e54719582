package web

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
)

// oembed is what programs ask to show a link as what it leads to: oEmbed 1.0, type rich.
type oembed struct {
	Version      string `json:"version"`
	Type         string `json:"type"`
	Title        string `json:"title"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     int    `json:"cache_age"` // seconds
	HTML         string `json:"html"`
	Width        int    `json:"width"`
	Height       int    `json:"height"`

	ThumbnailURL    string `json:"thumbnail_url,omitempty"`
	ThumbnailWidth  int    `json:"thumbnail_width,omitempty"`
	ThumbnailHeight int    `json:"thumbnail_height,omitempty"`
}

// Sizes of what is shown, where nothing less is asked for.
const (
	frameWidth = 600
	cardWidth  = 480
	cardHeight = 300
	rowHeight  = 42
	headHeight = 190 // of a leaderboard without its rows
)

// answerOembed answers a program that found a link. What is not for everyone is not found: another answer would tell that it is there.
func (s *site) answerOembed(w http.ResponseWriter, v *visit) error {
	lend(w)
	q := v.URL.Query()
	if format := q.Get("format"); format != "" && format != "json" {
		http.Error(w, "Only format=json is written here.", http.StatusNotImplemented)
		return nil
	}
	width, height, err := readBox(q)
	if err != nil {
		return err
	}
	path, found := strings.CutPrefix(q.Get("url"), s.origin(v)+"/")
	at, err := url.Parse("/" + path)
	if !found || err != nil {
		return s.nowhere(w, v)
	}
	answer, err := s.oembedOf(v, strings.Split(strings.Trim(at.EscapedPath(), "/"), "/"), width, height)
	if err != nil {
		return err
	}
	answer.Version, answer.Type, answer.ProviderName, answer.ProviderURL, answer.CacheAge = "1.0", "rich", "Cairn", s.origin(v)+"/", badgeLasts
	if answer.ThumbnailURL != "" && (answer.ThumbnailWidth > width || answer.ThumbnailHeight > height) {
		answer.ThumbnailURL, answer.ThumbnailWidth, answer.ThumbnailHeight = "", 0, 0
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	s.hand(w, v, "application/json; charset=utf-8", body)
	return nil
}

// readBox reads ?maxwidth= and ?maxheight=, in pixels; what is not given is large.
func readBox(q url.Values) (width, height int, err error) {
	const large = 10_000
	for _, side := range []struct {
		name string
		to   *int
	}{{"maxwidth", &width}, {"maxheight", &height}} {
		*side.to = large
		if text := q.Get(side.name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return 0, 0, wrong(side.name, "%s is a number of pixels.", side.name)
			}
			*side.to = min(n, large)
		}
	}
	return width, height, nil
}

// oembedOf is what stands at an address of ours, by the steps of its path.
func (s *site) oembedOf(v *visit, steps []string, width, height int) (oembed, error) {
	names := make([]string, len(steps))
	for i, step := range steps {
		name, err := url.PathUnescape(step)
		if err != nil {
			return oembed{}, fault.New(fault.NotFound, "There is no page at this address.")
		}
		names[i] = name
	}
	if len(names) == 2 && names[0] == "s" {
		return s.oembedShare(v, names[1], width, height)
	}
	var err error
	player := ""
	switch {
	case len(names) >= 2 && names[0] == "b":
		b, problem := s.boards.Board(v.Context(), names[1])
		if problem != nil {
			return oembed{}, problem
		}
		if n := len(names); n >= 4 && names[n-2] == "players" {
			player = names[n-1]
		}
		err = s.toNobody(v, b, board.SeeBoard) // no slower than of a board that is not there
	case len(names) >= 3 && names[0] == "embed":
		if len(names) == 4 && names[2] == "players" {
			player = names[3]
		}
		err = s.asNobody(v, names[1], board.SeeBoard)
	default:
		err = fault.New(fault.NotFound, "There is no page at this address.")
	}
	if err != nil {
		return oembed{}, err
	}
	act := board.SeeLeaderboard
	if player != "" {
		act = board.SeeScorecards
		v.SetPathValue("player", player)
	}
	if !v.access.May(act, v.board) {
		return oembed{}, fault.New(fault.NotFound, "There is no page at this address.")
	}
	p, err := s.find(v)
	if err != nil {
		return oembed{}, err
	}
	if p.release == nil {
		return oembed{}, fault.New(fault.NotFound, "The board has released nothing yet.")
	}
	under := releaseAddress(p.board, p.release.Release)
	if player == "" {
		rows := min(max((height-headHeight)/rowHeight, 1), mostPlaces, max(p.release.Shown(), 1))
		o := oembed{Title: p.board.Name + ": " + p.release.Title, Width: min(width, frameWidth), Height: min(height, headHeight+rows*rowHeight)}
		o.HTML = snippet(s.origin(v)+embedAddress(p.board)+"?top="+strconv.Itoa(rows), "Leaderboard of "+p.board.Name, o.Width, o.Height)
		picture, err := s.leaderboardPicture(v, p.board, p.release)
		if err != nil {
			return oembed{}, err
		}
		o.ThumbnailURL, o.ThumbnailWidth, o.ThumbnailHeight = s.origin(v)+under+"/leaderboard.png", figure.CardWidth, picture.Height()
		return o, nil
	}
	if err := s.opens(v, p); err != nil {
		return oembed{}, err
	}
	card, err := p.release.Card(v.Context(), player)
	if err != nil {
		return oembed{}, err
	}
	picture := s.cardPicture(v, p.board, p.release.Release, card, everythingShown)
	o := oembed{Title: picture.Words(), Width: min(width, cardWidth), Height: min(height, cardHeight)}
	o.HTML = snippet(s.origin(v)+embedCardAddress(p.board, player), picture.Name+" on "+p.board.Name, o.Width, o.Height)
	o.ThumbnailURL, o.ThumbnailWidth, o.ThumbnailHeight = s.origin(v)+playerAddress(under, player)+"/card.png", figure.CardWidth, figure.CardHeight
	return o, nil
}

// oembedShare is a card that its player shows around: its picture, with the way to its page.
func (s *site) oembedShare(v *visit, secret string, width, height int) (oembed, error) {
	v.SetPathValue("token", secret)
	at, err := s.byShare(v)
	if err != nil {
		return oembed{}, err
	}
	o := oembed{Title: at.picture.Words(), Width: min(width, frameWidth), ThumbnailURL: s.origin(v) + shareAddress(secret) + "/card.png", ThumbnailWidth: figure.CardWidth, ThumbnailHeight: figure.CardHeight}
	if o.Height = o.Width * figure.CardHeight / figure.CardWidth; o.Height > height {
		o.Width, o.Height = height*figure.CardWidth/figure.CardHeight, height
	}
	o.Width, o.Height = max(o.Width, 1), max(o.Height, 1)
	escape := template.HTMLEscapeString
	o.HTML = `<a href="` + escape(s.origin(v)+shareAddress(secret)) + `"><img src="` + escape(o.ThumbnailURL) + `" alt="` + escape(o.Title) + `" width="` + strconv.Itoa(o.Width) + `" height="` + strconv.Itoa(o.Height) + `"></a>`
	return o, nil
}

// embeddable tells programs where to ask how a page is shown elsewhere.
func (s *site) embeddable(v *visit, address, title string) alternate {
	return alternate{"application/json+oembed", title, s.origin(v) + "/oembed?" + url.Values{"format": {"json"}, "url": {s.origin(v) + address}}.Encode()}
}
