package letter

import (
	"time"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/mail"
	"cairn/internal/release"
)

// Letter is what one reader is told of one release.
type Letter struct {
	Board   *board.Board
	View    *release.View // as the reader may see it
	Card    *release.Card // the reader's own; nil: they are not in this release, or follow the board as readers alone
	Why     string        // why there is no card or score, in a sentence; "" there is
	Name    string        // of the reader, "" not known
	Shy     bool          // does not want to see the own number
	Tip     *coaching.Tip // nil none
	Article string        // the board's, Markdown
	Heroes  []release.Row // the top as the board shows it to this reader; nil none
	Errata  []string      // periods that were corrected since the last letter
	Next    time.Time     // when the next release comes, zero: not known
	Links   Links
	Sender  string // who sends it, with a postal address: lines
}

// Links are full addresses. Those under the reader's own pass open without signing in, for reading.
type Links struct {
	Card        string // the reader's own scorecard
	Board       string // the board as they may see it, "" not for them
	Preferences string // how they are told
	Unsubscribe string // stops these mails, with one more click
	Ask         string // to ask a coach, "" nobody answers
}

// Written is a letter as it is sent.
type Written struct {
	Subject  string
	Text     string
	HTML     string
	Short    string // at most 160 letters of a text message
	Pictures []mail.Picture
}

// Write writes a letter.
func Write(l Letter) (Written, error) { panic("to be written") }
