package board

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/scorecard"
)

// Board is one board.
type Board struct {
	ID        string // UUIDv7
	Key       string // [a-z0-9-]+, in addresses; unique on the server
	Name      string
	Basis     Basis  // of membership; never changes
	Stage     Stage  // how far the board is revealed
	Pages     Pages  // who sees which page, within the stage
	Smallest  int    // cohort of which a figure is shown: consent.K or more
	Terms     int    // version in force, 0 none
	Plan      Plan   // how tags are set, how success is judged
	Suspended string // why the operator closed it, "" it is open
	Zone      string // IANA name
	TopN      int    // how many the public leaderboard shows; 0 all
	Retention int    // days that raw entries are kept, 90 by default
	Version   int    // of its scorecard in force
	Players   int    // members ever enrolled
	Created   time.Time

	location *time.Location
}

// Location returns the board's time zone.
func (b *Board) Location() *time.Location { return b.location }

// Boards is the room.
type Boards struct {
	rooms Rooms

	mu    sync.Mutex
	cards map[cardVersion]*scorecard.Scorecard // read once: a version never changes
}

type cardVersion struct {
	boardID string
	version int
}

// Rooms is what the room is built on.
type Rooms struct {
	DB       *db.DB
	Entries  *entry.Entries
	Identity *identity.Identity
	Consents *consent.Consents
	Trail    *audit.Trail
	Queue    *job.Queue
	Post     *mail.Post
	Now      func() time.Time // the only clock
}

// New builds the room.
func New(r Rooms) *Boards {
	return &Boards{rooms: r, cards: map[cardVersion]*scorecard.Scorecard{}}
}

// Settings of a new board. What is left empty takes its default.
type Settings struct {
	Key, Name string // default: the scorecard's
	Basis     Basis  // default: Things where the scorecard's players are things, else OptIn
	Stage     Stage  // default: Private for a board by opt-in, else Open
	Pages     Pages  // default: for a board by opt-in members, player, player; else everyone
	Zone      string // default: UTC
	TopN      int    // default: 10 for a board by opt-in, else All
	Retention int    // days, default: 90
	Smallest  int    // default: consent.K
}

// All players stand on the public leaderboard.
const All = -1

// withDefaults fills in what was left empty.
func (s Settings) withDefaults(card *scorecard.Scorecard) Settings {
	s.Key, s.Name = cmp.Or(s.Key, card.Key), cmp.Or(s.Name, card.Name)
	s.Zone, s.Retention, s.Smallest = cmp.Or(s.Zone, "UTC"), cmp.Or(s.Retention, 90), cmp.Or(s.Smallest, consent.K)
	basis := OptIn
	if card.Players == scorecard.Thing {
		basis = Things
	}
	s.Basis = cmp.Or(s.Basis, basis)
	stage, pages, top := Open, Pages{ToEveryone, ToEveryone, ToEveryone}, All
	if s.Basis == OptIn {
		stage, pages, top = Private, Pages{ToMembers, ToPlayer, ToPlayer}, 10
	}
	s.Stage, s.TopN = cmp.Or(s.Stage, stage), cmp.Or(s.TopN, top)
	s.Pages.Leaderboard = cmp.Or(s.Pages.Leaderboard, pages.Leaderboard)
	s.Pages.Scorecards = cmp.Or(s.Pages.Scorecards, pages.Scorecards)
	s.Pages.History = cmp.Or(s.Pages.History, pages.History)
	return s
}

// Create makes a board that follows a scorecard. The error is Invalid, with the field, for a setting that cannot be, and
// Conflict where the key is taken.
func (b *Boards) Create(ctx context.Context, card *scorecard.Scorecard, s Settings) (*Board, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("making an identifier: %w", err)
	}
	initial := s.withDefaults(card)
	made := &Board{
		ID:        id.String(),
		Key:       initial.Key,
		Name:      strings.TrimSpace(initial.Name),
		Basis:     initial.Basis,
		Stage:     initial.Stage,
		Pages:     initial.Pages,
		Smallest:  initial.Smallest,
		Zone:      initial.Zone,
		TopN:      max(0, initial.TopN),
		Retention: initial.Retention,
		Version:   1,
		Created:   b.rooms.Now().UTC().Truncate(time.Microsecond),
	}
	if err := made.check(); err != nil {
		return nil, err
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO board (board_id, key, name, basis, stage, leaderboard, scorecards, history, smallest, zone, top_n, retention, version, members, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, 0, $13)`,
			made.ID, made.Key, made.Name, string(made.Basis), string(made.Stage), string(made.Pages.Leaderboard), string(made.Pages.Scorecards), string(made.Pages.History),
			made.Smallest, made.Zone, made.TopN, made.Retention, made.Created.UnixMicro())
		if err != nil {
			return err
		}
		return b.putScorecard(tx, made.ID, 1, card)
	})
	if fault.Of(err) == fault.Conflict {
		return nil, fault.Wrap(fault.Conflict, err, "There is a board %q already: choose another key.", made.Key)
	}
	if err != nil {
		return nil, err
	}
	return made, nil
}

var keyForm = regexp.MustCompile(`^[a-z0-9-]+$`)

// check refuses settings that cannot be, and finds the zone.
func (b *Board) check() error {
	if !keyForm.MatchString(b.Key) || len(b.Key) > 64 {
		return invalid("key", "A board's key is 1 to 64 of the characters a-z, 0-9 and -, since it stands in addresses; %q is not.", b.Key)
	}
	if b.Name == "" {
		return invalid("name", "The board needs a name.")
	}
	if err := checkText("name", "The board's name", b.Name); err != nil {
		return err
	}
	if err := b.checkAudience(); err != nil {
		return err
	}
	if b.TopN < 0 {
		return invalid("top", "The leaderboard shows the top N players: N is 1 or more, or 0 for all; %d is not.", b.TopN)
	}
	if b.Retention < 1 || b.Retention > 36_525 {
		return invalid("retention", "Entries are kept for 1 to 36525 days; %d is not.", b.Retention)
	}
	location, err := zone(b.Zone)
	if err != nil {
		return invalid("zone", "There is no time zone %q: give an IANA name such as Europe/Berlin or UTC.", b.Zone)
	}
	b.location = location
	return nil
}

// zone finds a time zone. "Local" is none: it means another place on another machine.
func zone(name string) (*time.Location, error) {
	if name == "Local" || name == "" {
		return nil, fmt.Errorf("%q is not a place", name)
	}
	return time.LoadLocation(name)
}

func invalid(field, format string, args ...any) *fault.Fault {
	f := fault.New(fault.Invalid, format, args...)
	f.Field = field
	return f
}

// checkText refuses text that no page or file could show well.
func checkText(field, what, text string) error {
	switch {
	case !utf8.ValidString(text):
		return invalid(field, "%s is not UTF-8 text: %q.", what, text)
	case utf8.RuneCountInString(text) > 200:
		return invalid(field, "%s is longer than 200 characters: %.40q….", what, text)
	case strings.ContainsFunc(text, unicode.IsControl):
		return invalid(field, "%s holds a control character: %q.", what, text)
	}
	return nil
}

const boardColumns = `board_id, key, name, basis, stage, leaderboard, scorecards, history, smallest, terms, plan, suspended, zone, top_n, retention, version, members, created_at`

func scanBoard(scan func(...any) error) (*Board, error) {
	var b Board
	var created int64
	var plan string
	err := scan(&b.ID, &b.Key, &b.Name, &b.Basis, &b.Stage, &b.Pages.Leaderboard, &b.Pages.Scorecards, &b.Pages.History, &b.Smallest, &b.Terms, &plan, &b.Suspended, &b.Zone, &b.TopN, &b.Retention, &b.Version, &b.Players, &created)
	if err != nil {
		return nil, err
	}
	b.Created = time.UnixMicro(created).UTC()
	if plan != "" {
		if err := json.Unmarshal([]byte(plan), &b.Plan); err != nil {
			return nil, fmt.Errorf("reading the plan of board %s: %w", b.ID, err)
		}
	}
	if b.location, err = zone(b.Zone); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "This machine does not know the time zone %q of the board %q.", b.Zone, b.Key)
	}
	return &b, nil
}

// Board returns the board with a key, or NotFound.
func (b *Boards) Board(ctx context.Context, key string) (found *Board, err error) {
	if !keyForm.MatchString(key) { // what no database need be asked: PostgreSQL takes some texts for a mistake
		return nil, fault.New(fault.NotFound, "There is no board %q.", key)
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = scanBoard(tx.QueryRow(`SELECT `+boardColumns+` FROM board WHERE key = $1`, key).Scan)
		return err
	})
	if fault.Of(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "There is no board %q.", key)
	}
	return found, err
}

// List returns the public boards, or with all every board, by name.
func (b *Boards) List(ctx context.Context, all bool) (boards []*Board, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		boards = nil
		rows, err := tx.Query(`SELECT ` + boardColumns + ` FROM board ORDER BY LOWER(name), key`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			found, err := scanBoard(rows.Scan)
			if err != nil {
				return err
			}
			if all || found.Stage == Open {
				boards = append(boards, found)
			}
		}
		return rows.Err()
	})
	return boards, err
}

// Scorecard returns a version of a board's scorecard, or NotFound.
func (b *Boards) Scorecard(ctx context.Context, boardID string, version int) (*scorecard.Scorecard, error) {
	at := cardVersion{boardID, version}
	b.mu.Lock()
	card := b.cards[at]
	b.mu.Unlock()
	if card != nil {
		return card, nil
	}
	var key string
	var source []byte
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT b.key, s.source FROM board b JOIN board_scorecard s ON s.board_id = b.board_id
			WHERE b.board_id = $1 AND s.version = $2`, boardID, version).Scan(&key, &source)
	})
	if fault.Of(err) == fault.NotFound {
		return nil, fault.New(fault.NotFound, "The board has no version %d of its scorecard.", version)
	}
	if err != nil {
		return nil, err
	}
	card, err = scorecard.Load(fmt.Sprintf("%s-%d.yaml", key, version), source)
	if err != nil {
		return nil, fmt.Errorf("reading version %d of the scorecard of board %s: %w", version, key, err)
	}
	b.mu.Lock()
	b.cards[at] = card
	b.mu.Unlock()
	return card, nil
}

// Revise puts a new version of the scorecard in force; the same bytes as the version in force change nothing. A scorecard
// with another period is refused with Conflict: the releases of one board follow one another.
func (b *Boards) Revise(ctx context.Context, boardID string, card *scorecard.Scorecard) (version int, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT version FROM board WHERE board_id = $1`, boardID).Scan(&version)
	})
	if fault.Of(err) == fault.NotFound {
		return 0, fault.New(fault.NotFound, "There is no such board.")
	}
	if err != nil {
		return 0, err
	}
	before, err := b.Scorecard(ctx, boardID, version)
	if err != nil {
		return 0, err
	}
	if before.Period != card.Period {
		return 0, fault.New(fault.Conflict, "The board is released by %s and the new scorecard says %s: make a board of its own for it.", before.Period, card.Period)
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		var digest string
		err := tx.QueryRow(`SELECT b.version, s.sha256 FROM board b JOIN board_scorecard s ON s.board_id = b.board_id AND s.version = b.version
			WHERE b.board_id = $1`, boardID).Scan(&version, &digest)
		if err != nil || digest == digestOf(card) {
			return err
		}
		version++
		if err := b.putScorecard(tx, boardID, version, card); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE board SET version = $1 WHERE board_id = $2`, version, boardID)
		return err
	})
	return version, err
}

func (b *Boards) putScorecard(tx *db.Tx, boardID string, version int, card *scorecard.Scorecard) error {
	_, err := tx.Exec(`INSERT INTO board_scorecard (board_id, version, source, sha256, created_at) VALUES ($1, $2, $3, $4, $5)`,
		boardID, version, card.Source, digestOf(card), b.rooms.Now().UnixMicro())
	return err
}

func digestOf(card *scorecard.Scorecard) string {
	sum := sha256.Sum256(card.Source)
	return hex.EncodeToString(sum[:])
}
