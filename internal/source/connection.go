package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
)

// Kind is how entries come from a source.
type Kind string

const (
	Push    Kind = "push"   // it sends messages, showing the source's key
	Counter Kind = "count"  // people count by hand
	Git     Kind = "git"    // a repository's commits
	Web     Kind = "json"   // any HTTP JSON API, by configuration
	Sheet   Kind = "sheet"  // a published spreadsheet or CSV
	Items   Kind = "feed"   // RSS, Atom or JSON Feed
	GitHub  Kind = "github" // and Gitea, one contract
	Gitea   Kind = "gitea"
	Another Kind = "board" // another board of this or another Cairn
)

// Connection is a source that a board or a player keeps: what sends, or what is asked again and again. A board's brings entries
// to the board; a player's own to the player's record, of which boards get what is derived and granted, never an entry.
type Connection struct {
	ID       string          // UUIDv7
	Board    string          // board_id whose it is; "" a player's
	Player   string          // account whose it is; "" a board's
	Name     string          // [a-z0-9-]{1,40}, unique with its owner: the name under which its entries are kept
	Kind     Kind            //
	Settings json.RawMessage // of its kind; never a secret
	Rules    intake.Rules    // what messages become
	Opens    bool            // it has credentials, which are sealed and never shown
	Every    time.Duration   // between two polls; 0 it sends by itself
	Shared   bool            // it may bring keys that another source of the board brings
	State    State
	Since    time.Time      // when it came into this state
	Why      string         // it was paused or retired
	Heir     string         // id of the source that takes its place, "" none
	Zone     *time.Location // in which it tells days: the board's, or its player's; nil UTC
	Made     time.Time
	Health   Health
}

// State of a connection.
type State string

const (
	Active  State = "active"
	Paused  State = "paused"  // nothing is asked and nothing taken
	Retired State = "retired" // for good; what it brought stays
)

// Health is how a connection does.
type Health struct {
	Last    time.Time // when it last brought or was asked; zero: never
	Good    time.Time // when that last went well
	New     time.Time // when it last brought something new
	Failed  int       // polls in a row that failed, or brought nothing where something is expected
	Trouble string    // what went wrong last, for people; "" nothing
	Next    time.Time // of the next poll; of one that sends, when its silence is looked at
	Sick    bool      // it failed Tolerance times in a row, or was silent as long: what it alone measures is missing, not zero
}

// Tolerance is how many polls in a row may fail before a connection is sick; of one that sends, how many times as long as is expected
// of it it may be silent.
const Tolerance = 3

// Owner is whose connections are asked for: a board's by whoever manages it, or a player's own. Exactly one is set.
type Owner struct {
	Board  string // board_id
	Player string // account
}

const (
	mostOfBoard  = 50 // connections that are not retired
	mostOfPlayer = 20
	mostSettings = 64 << 10 // bytes
	mostWhy      = 300      // bytes
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Owner is whose a connection is.
func (c Connection) Owner() Owner { return Owner{c.Board, c.Player} }

// Pulls reports whether a connection is asked, rather than sends by itself.
func (k Kind) Pulls() bool { return k != Push && k != Counter }

// PushSettings are the settings of a connection that sends.
type PushSettings struct {
	Enrol  bool   `json:"enrol,omitempty"`  // who is unknown to the board is enrolled; else what they did waits in quarantine
	Expect string `json:"expect,omitempty"` // how often it should bring something, such as "24h"; "" nobody knows
}

// rhythm is how often something is to come from a connection: how often it is asked, or how often it should send; 0 nothing is
// expected.
func (c Connection) rhythm() time.Duration {
	if c.Kind != Push {
		return c.Every
	}
	var p PushSettings
	if json.Unmarshal(c.Settings, &p) != nil {
		return 0
	}
	expect, err := time.ParseDuration(p.Expect)
	if err != nil {
		return 0
	}
	return expect
}

// silentAt is when a connection that sends has been silent for too long, if nothing comes until then.
func (c Connection) silentAt() time.Time {
	since := c.Since
	if c.Health.Good.After(since) {
		since = c.Health.Good
	}
	return since.Add(Tolerance * c.rhythm())
}

// enrols reports whether a connection adds people whom the board does not know. Those that are asked never do.
func (c Connection) enrols() bool {
	var p PushSettings
	return c.Kind == Push && json.Unmarshal(c.Settings, &p) == nil && p.Enrol
}

const connectionColumns = `source_id, board_id, player_id, name, kind, settings, rules, credentials <> '', every, shared, state, state_at, why, heir, made_at, last_at, good_at, new_at, failed, trouble, next_at, sick`

// scanConnection reads one row of connectionColumns.
func scanConnection(row func(...any) error) (c Connection, err error) {
	var settings, rules string
	var every, since, made, last, good, fresh, next int64
	var shared, sick int
	err = row(&c.ID, &c.Board, &c.Player, &c.Name, &c.Kind, &settings, &rules, &c.Opens, &every, &shared, &c.State, &since, &c.Why, &c.Heir, &made,
		&last, &good, &fresh, &c.Health.Failed, &c.Health.Trouble, &next, &sick)
	if err != nil {
		return c, err
	}
	c.Settings, c.Every, c.Made, c.Since, c.Shared = json.RawMessage(settings), time.Duration(every)*time.Microsecond, instant(made), instant(since), shared != 0
	c.Health.Last, c.Health.Good, c.Health.New, c.Health.Next, c.Health.Sick = instant(last), instant(good), instant(fresh), instant(next), sick != 0
	if c.Rules, err = intake.ReadRules(json.RawMessage(rules)); err != nil { // kept by a version that took others: Apply says so of every event
		err = json.Unmarshal([]byte(rules), &c.Rules)
	}
	return c, err
}

// instant is the time of a column; 0 is none.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// connectionIn returns one connection, or NotFound.
func (s *Sources) connectionIn(tx *db.Tx, id string) (Connection, error) {
	return one(tx, `source_id = $1`, id)
}

// named returns an owner's connection of a name, or NotFound.
func named(tx *db.Tx, o Owner, name string) (Connection, error) {
	return one(tx, `board_id = $1 AND player_id = $2 AND name = $3`, o.Board, o.Player, name)
}

func one(tx *db.Tx, where string, args ...any) (Connection, error) {
	found, err := list(tx, where, args...)
	if err == nil && len(found) == 0 {
		return Connection{}, fault.New(fault.NotFound, "There is no such source.")
	}
	if err != nil {
		return Connection{}, err
	}
	return found[0], nil
}

func list(tx *db.Tx, where string, args ...any) ([]Connection, error) {
	return db.All(tx, scanConnection, `SELECT `+connectionColumns+` FROM source WHERE `+where+` ORDER BY name`, args...)
}

// Connections returns the connections of an owner, by name.
func (s *Sources) Connections(ctx context.Context, o Owner) (all []Connection, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = list(tx, `board_id = $1 AND player_id = $2`, o.Board, o.Player)
		return err
	})
	return all, err
}

// Connection returns an owner's connection of a name, or NotFound.
func (s *Sources) Connection(ctx context.Context, o Owner, name string) (c Connection, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = named(tx, o, name)
		return err
	})
	return c, err
}

// ByID returns a connection, whosever it is, or NotFound. Who may see it is for the caller to ask.
func (s *Sources) ByID(ctx context.Context, id string) (c Connection, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = s.connectionIn(tx, id)
		return err
	})
	return c, err
}

// Connect makes one. Of a pushing one the secret is its key, shown once. Invalid, with the field; Conflict where the name is taken,
// or where there are 50 of a board or 20 of a player; Unavailable for credentials where the server has no key to seal them.
func (s *Sources) Connect(ctx context.Context, a identity.Actor, c Connection, credentials string) (made Connection, secret string, err error) {
	now := s.rooms.Now()
	id, err := uuid.NewV7()
	if err != nil {
		return made, "", fmt.Errorf("making an identifier: %w", err)
	}
	c.ID, c.State, c.Why, c.Heir, c.Made, c.Health = id.String(), Active, "", "", now.UTC().Truncate(time.Microsecond), Health{}
	c.Since = c.Made
	if err := s.own(a, c.Owner(), identity.WriteOwn); err != nil {
		return made, "", err
	}
	if !nameForm.MatchString(c.Name) {
		return made, "", fault.Wrong("name", "A source is named with up to 40 small letters, digits and dashes, such as shop or crm-calls.")
	}
	if err := s.check(&c); err != nil {
		return made, "", err
	}
	sealed, err := s.seal(c, credentials)
	if err != nil {
		return made, "", err
	}
	c.Opens = sealed != ""
	rules, err := json.Marshal(c.Rules)
	if err != nil {
		return made, "", fmt.Errorf("writing the rules: %w", err)
	}
	err = s.change(ctx, c.Player, func(tx *db.Tx) error {
		secret = ""
		if err := room(tx, c); err != nil {
			return err
		}
		if err := s.alone(tx, c, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO source (source_id, board_id, player_id, name, kind, settings, rules, credentials, every, shared, state, why, heir, made_at, state_at,
				pulled, last_at, good_at, new_at, failed, trouble, next_at, sick, events, dropped)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active', '', '', $11, $11, '', 0, 0, 0, 0, '', 0, 0, 0, 0)`,
			c.ID, c.Board, c.Player, c.Name, string(c.Kind), string(c.Settings), string(rules), sealed, c.Every.Microseconds(), truth(c.Shared), c.Made.UnixMicro()); err != nil {
			return err
		}
		if c.Kind == Push {
			if secret, err = s.putKey(tx, c.ID); err != nil {
				return err
			}
		}
		if err := s.note(tx, a, "source.connect", c, nil); err != nil {
			return err
		}
		return s.wind(tx, c)
	})
	return c, secret, err
}

// room refuses a connection for which there is no room, or whose name is taken.
func room(tx *db.Tx, c Connection) error {
	there, err := list(tx, `board_id = $1 AND player_id = $2`, c.Board, c.Player)
	if err != nil {
		return err
	}
	most, living := mostOfBoard, 0
	if c.Player != "" {
		most = mostOfPlayer
	}
	for _, other := range there {
		if other.Name == c.Name {
			taken := fault.New(fault.Conflict, "There is a source %q already: choose another name.", c.Name)
			taken.Field = "name"
			return taken
		}
		if other.State != Retired {
			living++
		}
	}
	if living >= most {
		return fault.New(fault.Conflict, "There are %d sources already, which is as many as there can be: retire one first.", living)
	}
	return nil
}

// check brings a connection into the form in which it is kept, or refuses it.
func (s *Sources) check(c *Connection) error {
	if len(c.Settings) == 0 || bytes.Equal(c.Settings, []byte("null")) {
		c.Settings = json.RawMessage("{}")
	}
	if len(c.Settings) > mostSettings {
		return fault.Wrong("settings", "The settings of a source have at most 64 KiB.")
	}
	puller, asked := s.rooms.Pullers[c.Kind]
	switch {
	case c.Kind == Push:
		var p PushSettings
		if err := ReadSettings(c.Settings, &p); err != nil {
			return err
		}
		if p.Enrol && c.Board == "" {
			return fault.Wrong("settings", "Nobody is enrolled by a source of your own: all that it brings is yours.")
		}
		if p.Expect != "" {
			if expect, err := time.ParseDuration(p.Expect); err != nil || expect < shortest || expect > 31*24*time.Hour {
				return fault.Wrong("expect", "Say how often it should bring something, from once a minute to once in 31 days, such as 24h.")
			}
		}
		c.Every = 0
	case c.Kind == Counter:
		if !json.Valid(c.Settings) {
			return fault.Wrong("settings", "The settings are a JSON object.")
		}
		c.Every = 0
	case !asked:
		kinds := []string{string(Push)}
		for _, k := range s.Kinds() {
			kinds = append(kinds, string(k))
		}
		return fault.Wrong("kind", "There is no source of the kind %q: name one of %s.", c.Kind, strings.Join(kinds, ", "))
	default:
		settings, err := puller.Configure(c.Settings)
		if err != nil {
			return err
		}
		c.Settings = settings
		if c.Every = cmp.Or(c.Every, time.Hour); c.Every < shortest || c.Every > 31*24*time.Hour {
			return fault.Wrong("every", "A source is asked once a minute at the most, and every 31 days at the least.")
		}
	}
	return checkRules(c)
}

// checkRules reads rules as they will be read.
func checkRules(c *Connection) error {
	text, err := json.Marshal(c.Rules)
	if err != nil {
		return fault.Wrong("rules", "The rules cannot be written as JSON.")
	}
	c.Rules, err = intake.ReadRules(text)
	return err
}

// saidKeys are the keys of entries that the settings or the rules of a connection name.
func (s *Sources) saidKeys(c Connection) (keys []string) {
	if p := s.rooms.Pullers[c.Kind]; p != nil {
		keys = p.Keys(c.Settings)
	}
	if len(keys) > 0 {
		return keys
	}
	for _, r := range c.Rules {
		if !r.Skip && !strings.HasPrefix(r.Key, "$") {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// alone refuses a connection of a board whose settings or rules name a key that another one which is not retired names or brought,
// unless it is said that both bring it: the same would count twice. Keys that stood before are not asked about again.
func (s *Sources) alone(tx *db.Tx, c Connection, before []string) error {
	if c.Board == "" || c.Shared {
		return nil
	}
	keys := slices.DeleteFunc(s.saidKeys(c), func(key string) bool { return slices.Contains(before, key) })
	if len(keys) == 0 {
		return nil
	}
	others, err := list(tx, `board_id = $1 AND source_id <> $2 AND state <> $3`, c.Board, c.ID, string(Retired))
	if err != nil {
		return err
	}
	for _, other := range others {
		brought, err := tx.Texts(`SELECT key FROM source_brings WHERE source_id = $1`, other.ID)
		if err != nil {
			return err
		}
		theirs := append(s.saidKeys(other), brought...)
		for _, key := range keys {
			if slices.Contains(theirs, key) {
				f := fault.New(fault.Conflict, "The source %q brings %.60q already, and what both bring would count twice: give it another key here, retire %q first, or say that both bring it (shared).", other.Name, key, other.Name)
				f.Field = "shared"
				return f
			}
		}
	}
	return nil
}

// seal seals credentials, "" none.
func (s *Sources) seal(c Connection, credentials string) (string, error) {
	if credentials == "" {
		return "", nil
	}
	if !c.Kind.Pulls() {
		return "", fault.Wrong("credentials", "A source that sends has no credentials here, but a key.")
	}
	if len(credentials) > 16<<10 {
		return "", fault.Wrong("credentials", "Credentials have at most 16 KiB.")
	}
	return s.rooms.Seals.Seal(sealUse(c.ID), credentials)
}

// Changes says what of a connection is to be another; nil leaves it as it is.
type Changes struct {
	Settings    json.RawMessage
	Rules       *intake.Rules
	Every       *time.Duration
	Shared      *bool
	Credentials *string // "" takes them away
}

// Change changes a connection. Invalid, with the field; Conflict for one that is retired. Where another address is asked from now on,
// credentials have to be given again: whoever may change a connection cannot have what others gave it sent to themselves.
func (s *Sources) Change(ctx context.Context, a identity.Actor, o Owner, name string, to Changes) (c Connection, err error) {
	err = s.act(ctx, a, o, name, func(tx *db.Tx, was Connection) error {
		c = was
		if c.State == Retired {
			return retired(c)
		}
		if to.Settings != nil {
			c.Settings = to.Settings
		}
		if to.Rules != nil {
			c.Rules = *to.Rules
		}
		if to.Every != nil {
			c.Every = *to.Every
		}
		if to.Shared != nil {
			c.Shared = *to.Shared
		}
		if err := s.check(&c); err != nil {
			return err
		}
		before := s.saidKeys(was)
		if was.Shared {
			before = nil // nobody asked then
		}
		if err := s.alone(tx, c, before); err != nil {
			return err
		}
		if c.Opens && to.Credentials == nil && !slices.Equal(addresses(was.Settings), addresses(c.Settings)) {
			return fault.Wrong("credentials", "Give the credentials again, or take them away: they are for the address that they were given for, and another one is to be asked.")
		}
		rules, err := json.Marshal(c.Rules)
		if err != nil {
			return fmt.Errorf("writing the rules: %w", err)
		}
		if to.Credentials != nil {
			sealed, err := s.seal(c, *to.Credentials)
			if err != nil {
				return err
			}
			c.Opens = sealed != ""
			if _, err := tx.Exec(`UPDATE source SET credentials = $1 WHERE source_id = $2`, sealed, c.ID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`UPDATE source SET settings = $1, rules = $2, every = $3, shared = $4 WHERE source_id = $5`, string(c.Settings), string(rules), c.Every.Microseconds(), truth(c.Shared), c.ID); err != nil {
			return err
		}
		if err := s.note(tx, a, "source.rules", c, nil); err != nil {
			return err
		}
		if c.Kind == Push && c.Health.Sick && (c.rhythm() == 0 || s.rooms.Now().Before(c.silentAt())) { // so often was never expected of it
			if err := s.putHealth(tx, c, c.Health.well()); err != nil {
				return err
			}
		}
		return s.wind(tx, c)
	})
	return c, err
}

// addresses are where settings lead, in order: every text in them that is an address or a part of one.
func addresses(settings json.RawMessage) (all []string) {
	var root any
	if json.Unmarshal(settings, &root) != nil {
		return []string{string(settings)}
	}
	var walk func(value any, part bool)
	walk = func(value any, part bool) {
		switch v := value.(type) {
		case string:
			if part || strings.Contains(v, "://") {
				all = append(all, v)
			}
		case []any:
			for _, each := range v {
				walk(each, part)
			}
		case map[string]any:
			for name, each := range v {
				walk(name, false)
				walk(each, part || name == "fill")
			}
		}
	}
	walk(root, false)
	slices.Sort(all)
	return all
}

// Pause has a connection bring nothing until Resume. why is for people; Conflict where it is retired.
func (s *Sources) Pause(ctx context.Context, a identity.Actor, o Owner, name, why string) error {
	if err := checkWhy(why); err != nil {
		return err
	}
	return s.act(ctx, a, o, name, func(tx *db.Tx, c Connection) error {
		if c.State != Active {
			return settled(c, Paused)
		}
		return s.turn(tx, a, c, Paused, why, "", "source.pause")
	})
}

// Resume lets a paused connection bring again what comes from now on. One that is asked is asked for what it has from before as well.
func (s *Sources) Resume(ctx context.Context, a identity.Actor, o Owner, name string) error {
	return s.act(ctx, a, o, name, func(tx *db.Tx, c Connection) error {
		if c.State != Paused {
			return settled(c, Active)
		}
		if err := s.turn(tx, a, c, Active, "", "", "source.pause"); err != nil {
			return err
		}
		c.State, c.Since = Active, s.rooms.Now()
		return s.wind(tx, c)
	})
}

// turn gives a connection another state.
func (s *Sources) turn(tx *db.Tx, a identity.Actor, c Connection, to State, why, heir, verb string) error {
	if err := s.put(tx, c, to, why, heir); err != nil {
		return err
	}
	return s.note(tx, a, verb, c, map[string]string{"state": string(to)})
}

// put keeps the state that a connection is in from now on, and for how long it was paused before.
func (s *Sources) put(tx *db.Tx, c Connection, to State, why, heir string) error {
	if c.State == Paused {
		if err := s.gap(tx, c.ID, c.Since, gapPaused); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE source SET state = $1, why = $2, heir = $3, state_at = $4, next_at = 0 WHERE source_id = $5`, string(to), why, heir, s.rooms.Now().UnixMicro(), c.ID)
	return err
}

// settled is the answer to asking for a state that a connection cannot take on; nil where it has it already.
func settled(c Connection, to State) error {
	if c.State == to {
		return nil
	}
	return retired(c)
}

func retired(c Connection) error {
	return fault.New(fault.Conflict, "The source %q is retired: make another in its place.", c.Name)
}

func checkWhy(why string) error {
	if len(why) > mostWhy {
		return fault.Wrong("why", "The reason has at most %d bytes.", mostWhy)
	}
	return plainText("why", why)
}

// Remove deletes one of the actor's own connections with all that it brought to their record.
func (s *Sources) Remove(ctx context.Context, a identity.Actor, name string) error {
	return s.act(ctx, a, Owner{Player: a.Account}, name, func(tx *db.Tx, c Connection) error {
		if _, err := tx.Exec(`DELETE FROM source WHERE source_id = $1`, c.ID); err != nil {
			return err
		}
		if err := s.note(tx, a, "source.disconnect", c, nil); err != nil {
			return err
		}
		err := s.rooms.Players.DisconnectIn(tx, a, name, "")
		if fault.Of(err) == fault.NotFound {
			return nil // it never brought anything
		}
		return err
	})
}

// act changes a connection that an actor owns, or whose board they manage, which its front door has asked.
func (s *Sources) act(ctx context.Context, a identity.Actor, o Owner, name string, do func(tx *db.Tx, c Connection) error) error {
	if err := s.own(a, o, identity.WriteOwn); err != nil {
		return err
	}
	return s.change(ctx, o.Player, func(tx *db.Tx) error {
		c, err := named(tx, o, name)
		if err != nil {
			return err
		}
		return do(tx, c)
	})
}

// as lets the rest of a transaction see what was sent to the owner's connections.
func as(tx *db.Tx, o Owner) error {
	if o.Player == "" {
		return nil
	}
	return tx.SentTo(o.Player)
}

// change writes, for a player only as long as they are there.
func (s *Sources) change(ctx context.Context, player string, do func(tx *db.Tx) error) error {
	defer s.keys.forget()
	return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if player != "" {
			if err := s.rooms.Identity.Still(tx, player); err != nil {
				return err
			}
		}
		if err := as(tx, Owner{Player: player}); err != nil {
			return err
		}
		return do(tx)
	})
}

// own refuses whoever asks for a connection of another player. Who may see a board's, its front door asks.
func (s *Sources) own(a identity.Actor, o Owner, scope identity.Scope) error {
	switch {
	case (o.Board == "") == (o.Player == ""):
		return fault.New(fault.Internal, "A source belongs to a board or to a player.")
	case o.Player == "":
		return nil
	case o.Player != a.Account:
		return fault.New(fault.NotFound, "There is no such source.")
	case !a.May(scope):
		return fault.New(fault.Forbidden, "This token does not cover that: it needs the scope %s.", scope)
	}
	return nil
}

// note writes into the trail what was done to a connection.
func (s *Sources) note(tx *db.Tx, a identity.Actor, verb string, c Connection, detail map[string]string) error {
	told := map[string]string{"source": c.Name, "kind": string(c.Kind)}
	for key, text := range detail {
		told[key] = text
	}
	return s.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: c.Board, Player: c.Player, Detail: told})
}
