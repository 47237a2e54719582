package hook

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// saying is one message to a chat, before it is written as any of them wants it. All of it may be strangers' words.
type saying struct {
	Title string
	Lines []string
	Link  string // "" none
	Text  string // of the link
}

// How much a message says.
const (
	mostRows    = 5
	mostStories = 3
	longestName = 60  // letters of a line's name
	longestLine = 200 // letters of a line
)

// say puts a message into words, as whoever is in the chat may read them: everyone, unless a manager said that the board's members
// alone are. NotFound where nothing of it is to be told.
func (h *Hooks) say(ctx context.Context, at *board.Board, r *row, m *message) (s saying, err error) {
	switch m.event {
	case ReleaseFinal, ReleaseErratum:
		return h.sayRelease(ctx, at, r, m)
	case SourceUnhealthy:
		s.Title = "No data comes from " + m.about.Source
		s.Lines = []string{"What it alone measures on " + at.Name + " is missing, not zero, until it comes again."}
		s.Link, s.Text = h.rooms.Base+"/b/"+at.Key, "Open the board"
	case Ping:
		s.Title = "Cairn can write here"
		s.Lines = []string{"This is a test from the board " + at.Name + "."}
	default:
		return s, fault.New(fault.NotFound, "Chats are told nothing about a member.")
	}
	return s, nil
}

func (h *Hooks) sayRelease(ctx context.Context, at *board.Board, r *row, m *message) (s saying, err error) {
	access := board.Access{}
	if r.Members {
		access.Role = board.Viewer
	}
	view, err := h.view(ctx, at, m.about.Release, access)
	if err != nil {
		return s, err
	}
	s = saying{Title: at.Name + ": " + view.Title, Link: h.page(at, view.Release), Text: "Open " + view.Period.Label()}
	if m.event == ReleaseErratum {
		s.Title = at.Name + ": " + view.Period.Label() + " was corrected"
	}
	if !access.May(board.SeeLeaderboard, at) {
		return s, nil
	}
	if m.event == ReleaseErratum {
		s.Lines = append(s.Lines, "Why: "+cut(oneLine(view.Reason), longestLine))
	}
	rows, err := view.Rows(ctx, 0, mostRows)
	if err != nil {
		return s, err
	}
	card, err := h.rooms.Boards.Scorecard(ctx, at.ID, view.Version)
	if err != nil {
		return s, err
	}
	for _, row := range rows {
		if row.Rank > 0 {
			s.Lines = append(s.Lines, fmt.Sprintf("%s. %s: %s", strconv.FormatFloat(row.Rank, 'f', -1, 64), cut(oneLine(row.Name), longestName), strconv.FormatFloat(row.Score, 'f', card.Decimals, 64)))
		}
	}
	if !access.May(board.SeeScorecards, at) {
		return s, nil
	}
	stories, err := h.stories(ctx, view, rows)
	s.Lines = append(s.Lines, stories...)
	return s, err
}

// stories are what there is to tell of those who climbed most, and of the first: what their scorecards open with for this reader.
func (h *Hooks) stories(ctx context.Context, view *release.View, rows []release.Row) (lines []string, err error) {
	seen := map[int64]bool{}
	for _, row := range append(append([]release.Row{}, view.Movers...), rows...) {
		if len(lines) == mostStories || seen[row.Member] || row.Key == "" || math.IsNaN(row.Score) {
			continue
		}
		seen[row.Member] = true
		card, err := view.Brief(ctx, row.Key)
		if fault.Of(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return lines, err
		}
		if len(card.Stories) > 0 {
			lines = append(lines, cut(cut(oneLine(row.Name), longestName)+": "+card.Stories[0].Headline, longestLine))
		}
	}
	return lines, nil
}

// oneLine makes a text one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut leaves so many letters of a text at most.
func cut(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return strings.TrimRight(string(letters[:most-1]), " ") + "…"
}
