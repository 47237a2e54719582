package board

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
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
	"cairn/internal/theme"
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
	Rhythm    Rhythm // when it is released
	Theme     theme.Theme
	Logo      string // digest of its logo, "" none
	Suspended string // why the operator closed it, "" it is open
	Zone      string // IANA name
	TopN      int    // how many the public leaderboard shows; 0 all
	Retention int    // days that raw entries are kept, 90 by default
	Version   int    // of its scorecard in force
	Players   int    // members ever enrolled
	Owner     string // whose work the design is, "" not said
	Licence   string // under which others may use it, "" not said
	Created   time.Time

	location *time.Location
	pending  *Pending // a step wider that does not hold yet
	roster   int64    // counts the changes of members
}

// Location returns the board's time zone.
func (b *Board) Location() *time.Location { return b.location }

// Boards is the room.
type Boards struct {
	rooms Rooms

	directories directories

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

// New builds the room, and says to the queue how its mails are written.
func New(r Rooms) *Boards {
	b := &Boards{rooms: r, directories: directories{held: map[string]*heldDirectory{}}, cards: map[cardVersion]*scorecard.Scorecard{}}
	r.Queue.Handle(jobInvitation, b.mailInvitation)
	r.Queue.Handle(jobReveal, b.announce)
	r.Queue.Handle(jobNotice, b.mailNotice)
	return b
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
	Owner     string // whose work the design is
	Licence   string // under which others may use it
	Rhythm    Rhythm // default: by hand
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

// Design returns a board with these settings that follows a scorecard, as a design to be changed further.
func (s Settings) Design(card *scorecard.Scorecard) Design {
	s = s.withDefaults(card)
	return Design{Key: s.Key, Name: s.Name, Owner: s.Owner, Licence: s.Licence, Zone: s.Zone, Basis: s.Basis, Stage: s.Stage, Pages: s.Pages, TopN: max(0, s.TopN),
		Retention: s.Retention, Smallest: s.Smallest, Rhythm: s.Rhythm, Terms: Terms{Purpose: card.Purpose}, Card: card}
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
		TopN:      initial.TopN,
		Retention: initial.Retention,
		Owner:     strings.TrimSpace(initial.Owner),
		Licence:   strings.TrimSpace(initial.Licence),
		Version:   1,
		Created:   b.rooms.Now().UTC().Truncate(time.Microsecond),
	}
	if made.TopN == All {
		made.TopN = 0
	}
	if err := made.check(); err != nil {
		return nil, err
	}
	if made.Rhythm, err = initial.Rhythm.check(card.Period); err != nil {
		return nil, err
	}
	if made.Rhythm, err = made.Rhythm.begins(card.Period, Rhythm{}, b.rooms.Now(), made.location); err != nil {
		return nil, err
	}
	if err := b.found(ctx, identity.Actor{}, made, card, Terms{}); err != nil {
		return nil, err
	}
	return made, nil
}

// found writes a new board with its scorecard and, where it has any, its terms. The actor, where there is one, owns it.
func (b *Boards) found(ctx context.Context, a identity.Actor, made *Board, card *scorecard.Scorecard, t Terms) error {
	address, err := b.writesTo(ctx, a.Account)
	if err != nil {
		return err
	}
	plan, err := json.Marshal(made.Plan)
	if err != nil {
		return fmt.Errorf("writing the plan of a board: %w", err)
	}
	look, err := themeText(made.Theme)
	if err != nil {
		return err
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO board (board_id, key, name, basis, stage, leaderboard, scorecards, history, smallest, terms, plan, rhythm, zone, top_n, retention, owner, licence, version, members, created_at, theme)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1, 0, $18, $19)`,
			made.ID, made.Key, made.Name, string(made.Basis), string(made.Stage), string(made.Pages.Leaderboard), string(made.Pages.Scorecards), string(made.Pages.History),
			made.Smallest, made.Terms, string(plan), made.Rhythm.text(), made.Zone, made.TopN, made.Retention, made.Owner, made.Licence, made.Created.UnixMicro(), look)
		if err != nil {
			return err
		}
		if err := b.putScorecard(tx, made.ID, 1, card); err != nil {
			return err
		}
		if made.Rhythm.Mode != ByHand {
			if err := b.wind(tx, made.ID); err != nil {
				return err
			}
		}
		if made.Terms > 0 {
			if err := b.putTerms(tx, made.ID, t); err != nil {
				return err
			}
		}
		if a.SignedIn() {
			if err := b.rooms.Identity.Still(tx, a.Account); err != nil {
				return err
			}
			if err := b.putHolder(tx, made.ID, Holder{Account: a.Account, Address: address, Role: Owner}); err != nil {
				return err
			}
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.create", Board: made.ID, Detail: map[string]string{"basis": string(made.Basis), "stage": string(made.Stage)}})
	})
	if fault.Of(err) == fault.Conflict {
		return fault.Wrap(fault.Conflict, err, "There is a board %q already: choose another key.", made.Key)
	}
	return err
}

var keyForm = regexp.MustCompile(`^[a-z0-9-]+$`)

// check refuses settings that cannot be, and finds the zone.
func (b *Board) check() error {
	if !keyForm.MatchString(b.Key) || len(b.Key) > 64 {
		return fault.Wrong("key", "A board's key is 1 to 64 of the characters a-z, 0-9 and -, since it stands in addresses; %q is not.", b.Key)
	}
	if b.Name == "" {
		return fault.Wrong("name", "The board needs a name.")
	}
	if err := checkText("name", "The board's name", b.Name); err != nil {
		return err
	}
	for _, text := range []struct{ field, what, text string }{{"owner", "The owner's name", b.Owner}, {"licence", "The licence", b.Licence}} {
		if err := checkText(text.field, text.what, text.text); err != nil {
			return err
		}
	}
	if err := b.checkAudience(); err != nil {
		return err
	}
	if b.TopN < 0 {
		return fault.Wrong("top", "The leaderboard shows the top N players: N is 1 or more, or 0 for all; %d is not.", b.TopN)
	}
	if b.Retention < 1 || b.Retention > 36_525 {
		return fault.Wrong("retention", "Entries are kept for 1 to 36525 days; %d is not.", b.Retention)
	}
	location, err := zone(b.Zone)
	if err != nil {
		return fault.Wrong("zone", "There is no time zone %q: give an IANA name such as Europe/Berlin or UTC.", b.Zone)
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

// checkText refuses text that no page or file could show well.
func checkText(field, what, text string) error {
	switch {
	case !utf8.ValidString(text):
		return fault.Wrong(field, "%s is not UTF-8 text: %q.", what, text)
	case utf8.RuneCountInString(text) > 200:
		return fault.Wrong(field, "%s is longer than 200 characters: %.40q….", what, text)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fault.Wrong(field, "%s holds a control character: %q.", what, text)
	}
	return nil
}

const boardColumns = `board_id, key, name, basis, stage, leaderboard, scorecards, history, smallest, terms, plan, rhythm, suspended, zone, top_n, retention, owner, licence, version, members, created_at, pending, roster, theme,
	COALESCE((SELECT digest FROM board_logo l WHERE l.board_id = board.board_id), '')`

// scan reads a board as it is now: a step wider that was announced holds from its hour on.
func (b *Boards) scan(scan func(...any) error) (*Board, error) {
	var at Board
	var created int64
	var plan, rhythm, pending, look string
	err := scan(&at.ID, &at.Key, &at.Name, &at.Basis, &at.Stage, &at.Pages.Leaderboard, &at.Pages.Scorecards, &at.Pages.History, &at.Smallest, &at.Terms, &plan, &rhythm, &at.Suspended,
		&at.Zone, &at.TopN, &at.Retention, &at.Owner, &at.Licence, &at.Version, &at.Players, &created, &pending, &at.roster, &look, &at.Logo)
	if err != nil {
		return nil, err
	}
	at.Created = time.UnixMicro(created).UTC()
	if plan != "" {
		if err := json.Unmarshal([]byte(plan), &at.Plan); err != nil {
			return nil, fmt.Errorf("reading the plan of board %s: %w", at.ID, err)
		}
	}
	if look != "" {
		if err := json.Unmarshal([]byte(look), &at.Theme); err != nil {
			return nil, fmt.Errorf("reading the theme of board %s: %w", at.ID, err)
		}
	}
	if at.Rhythm, err = readRhythm(rhythm); err != nil {
		return nil, fmt.Errorf("reading the rhythm of board %s: %w", at.ID, err)
	}
	if at.location, err = zone(at.Zone); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "This machine does not know the time zone %q of the board %q.", at.Zone, at.Key)
	}
	if pending != "" {
		var announced Pending
		if err := json.Unmarshal([]byte(pending), &announced); err != nil {
			return nil, fmt.Errorf("reading the announced step of board %s: %w", at.ID, err)
		}
		if announced.Holds.After(b.rooms.Now()) {
			at.pending = &announced
		} else {
			at.Stage, at.Pages, at.TopN = announced.Stage, announced.Pages, announced.TopN
		}
	}
	return &at, nil
}

// boardIn returns the board with an identifier, or NotFound.
func (b *Boards) boardIn(tx *db.Tx, boardID string) (*Board, error) {
	found, err := b.scan(tx.QueryRow(`SELECT `+boardColumns+` FROM board WHERE board_id = $1`, boardID).Scan)
	if absent(err) {
		return nil, fault.New(fault.NotFound, "There is no such board.")
	}
	return found, err
}

// boardsIn returns the boards that a WHERE clause names, by name.
func (b *Boards) boardsIn(tx *db.Tx, where string, args ...any) (boards []*Board, err error) {
	rows, err := tx.Query(`SELECT `+boardColumns+` FROM board WHERE `+where+` ORDER BY LOWER(name), key`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		found, err := b.scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		boards = append(boards, found)
	}
	return boards, rows.Err()
}

// Board returns the board with a key, or NotFound.
func (b *Boards) Board(ctx context.Context, key string) (found *Board, err error) {
	if !keyForm.MatchString(key) { // what no database need be asked: PostgreSQL takes some texts for a mistake
		return nil, fault.New(fault.NotFound, "There is no board %q.", key)
	}
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = b.scan(tx.QueryRow(`SELECT `+boardColumns+` FROM board WHERE key = $1`, key).Scan)
		return err
	})
	if absent(err) {
		return nil, fault.New(fault.NotFound, "There is no board %q.", key)
	}
	return found, err
}

// List returns the public boards that are not suspended, or with all every board, by name.
func (b *Boards) List(ctx context.Context, all bool) (boards []*Board, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		boards, err = b.boardsIn(tx, `1 = 1`)
		return err
	})
	if !all {
		boards = slices.DeleteFunc(boards, func(at *Board) bool { return at.Stage != Open || at.Suspended != "" })
	}
	return boards, err
}

// Scorecard returns a version of a board's scorecard, or NotFound.
func (b *Boards) Scorecard(ctx context.Context, boardID string, version int) (*scorecard.Scorecard, error) {
	b.mu.Lock()
	card := b.cards[cardVersion{boardID, version}]
	b.mu.Unlock()
	if card != nil {
		return card, nil
	}
	err := b.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		card, err = b.cardIn(tx, boardID, version)
		return err
	})
	return card, err
}

// cardIn is Scorecard in the caller's transaction.
func (b *Boards) cardIn(tx *db.Tx, boardID string, version int) (*scorecard.Scorecard, error) {
	at := cardVersion{boardID, version}
	b.mu.Lock()
	card := b.cards[at]
	b.mu.Unlock()
	if card != nil {
		return card, nil
	}
	var key string
	var source []byte
	err := tx.QueryRow(`SELECT b.key, s.source FROM board b JOIN board_scorecard s ON s.board_id = b.board_id
		WHERE b.board_id = $1 AND s.version = $2`, boardID, version).Scan(&key, &source)
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
	return b.ReviseBy(ctx, identity.Actor{}, boardID, card)
}

// ReviseBy is Revise by somebody. Players are asked again for every metric that is derived in another way now, or that more
// people will see: their grants of it end, each with a receipt.
func (b *Boards) ReviseBy(ctx context.Context, a identity.Actor, boardID string, card *scorecard.Scorecard) (version int, err error) {
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		version, err = b.revise(tx, a, boardID, card)
		return err
	})
	return version, err
}

func (b *Boards) revise(tx *db.Tx, a identity.Actor, boardID string, card *scorecard.Scorecard) (version int, err error) {
	var digest string
	err = tx.QueryRow(`SELECT b.version, s.sha256 FROM board b JOIN board_scorecard s ON s.board_id = b.board_id AND s.version = b.version
		WHERE b.board_id = $1`, boardID).Scan(&version, &digest)
	if absent(err) {
		return 0, fault.New(fault.NotFound, "There is no such board.")
	}
	if err != nil || digest == digestOf(card) {
		return version, err
	}
	before, err := b.cardIn(tx, boardID, version)
	if err != nil {
		return 0, err
	}
	if before.Period != card.Period {
		return 0, fault.New(fault.Conflict, "The board is released by %s and the new scorecard says %s: make a board of its own for it.", before.Period, card.Period)
	}
	version++
	if err := b.putScorecard(tx, boardID, version, card); err != nil {
		return 0, err
	}
	if _, err = tx.Exec(`UPDATE board SET version = $1 WHERE board_id = $2`, version, boardID); err != nil {
		return 0, err
	}
	if err := b.askAgain(tx, boardID, rederived(before, card)); err != nil {
		return 0, err
	}
	return version, b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.revise", Board: boardID, Detail: map[string]string{"version": fmt.Sprint(version)}})
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

// absent reports whether an error says that there is no such thing.
func absent(err error) bool { return fault.Of(err) == fault.NotFound }
