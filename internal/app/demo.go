package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/sim"
	"cairn/scorecard"
)

const (
	seed  = 2026 // of the demo's worlds
	aimed = 8    // periods before the end the club's target is set
)

// Demo says what a demo shows and whom to tell how it goes.
type Demo struct {
	Git      string                             // path of a repository whose contributors are shown too, "" none
	Progress func(what string, done, total int) // releases of a board
	Note     func(text string)                  // what was left out, and why
}

// demo is one invented board: its template, where it is, and the world that fills it.
type demo struct {
	template string
	zone     string
	basis    board.Basis
	top      int // players on the public leaderboard, 0 all
	world    func(seed uint64, last period.Period, zone *time.Location) *sim.World
	periods  int // of the world
}

func demos() []demo {
	return []demo{
		{"social-selling", "Europe/Amsterdam", board.OptIn, 30, sim.Club, sim.ClubWeeks},
		{"property-power-100", "Europe/London", board.PublicRecord, board.All, sim.Power100, sim.PowerMonths},
	}
}

// BuildDemo fills the database with the invented boards and publishes every release of theirs in order, up to the last
// period that is over. Each release is published on the morning after its period. It goes on where an earlier call was
// cut short, and does nothing where all is there. It returns the keys of the boards.
func (a *App) BuildDemo(ctx context.Context, d Demo) (keys []string, err error) {
	if d.Git != "" { // first, since it is where something may be wrong
		key, err := a.buildGit(ctx, d.Git, d)
		if err != nil {
			return nil, fmt.Errorf("building the board of %s: %w", d.Git, err)
		}
		keys = append(keys, key)
	}
	for _, invented := range demos() {
		if err := a.buildInvented(ctx, invented, d.Progress); err != nil {
			return nil, fmt.Errorf("building the board %s: %w", invented.template, err)
		}
		keys = append(keys, invented.template)
	}
	club, err := a.Boards.Board(ctx, demos()[0].template)
	if err != nil {
		return nil, err
	}
	league, err := a.Boards.Board(ctx, demos()[1].template)
	if err != nil {
		return nil, err
	}
	return keys, errors.Join(a.wear(ctx, league), a.dress(ctx, club))
}

// past builds the rooms once more, with a clock that stands where the demo's story has come to.
func (a *App) past(clock *time.Time) (*App, error) {
	then := *a
	then.Now = func() time.Time { return *clock }
	return &then, then.build()
}

func (a *App) buildInvented(ctx context.Context, d demo, progress func(string, int, int)) error {
	template, _, ok := scorecard.TemplateOf(d.template)
	if !ok {
		return fault.New(fault.Internal, "there is no template %s", d.template)
	}
	card, err := template.Load()
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(d.zone)
	if err != nil {
		return err
	}

	last := period.Of(card.Period, a.Now(), zone).Add(-1)
	clock, _ := last.Add(1 - d.periods).Bounds(zone)
	rooms, err := a.past(&clock)
	if err != nil {
		return err
	}
	b, err := rooms.Boards.Board(ctx, card.Key)
	switch {
	case fault.Of(err) == fault.NotFound:
		everyone := board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}
		if b, err = rooms.Boards.Create(ctx, card, board.Settings{Zone: d.zone, Basis: d.basis, Stage: board.Open, Pages: everyone, TopN: d.top}); err != nil {
			return err
		}
		if err := rooms.furnish(ctx, b, card); err != nil {
			return err
		}
	case err != nil:
		return err
	default: // begun on another day, perhaps: the same world again
		last = period.Of(card.Period, b.Created, zone).Add(d.periods - 1)
	}

	w := d.world(seed, last, zone)
	numbers := make([]int64, len(w.Players))
	for i, p := range w.Periods {
		progress(b.Name, i, len(w.Periods))
		_, end := p.Bounds(zone)
		clock = end.Add(9 * time.Hour)
		if _, err := rooms.Releases.Show(ctx, b, p, 0); err == nil {
			continue
		} else if fault.Of(err) != fault.NotFound {
			return err
		}
		if err := rooms.enrol(ctx, b, w, i, numbers); err != nil {
			return err
		}
		if b.Basis == board.OptIn && i == len(w.Periods)-aimed {
			if err := rooms.aim(ctx, b); err != nil {
				return err
			}
		}
		batch := make([]entry.Entry, len(w.Entries[i]))
		for j, e := range w.Entries[i] {
			batch[j] = entry.Entry{Member: numbers[e.Player], Key: e.Key, At: e.At.UnixMicro(), Value: e.Value, ID: e.ID}
		}
		if _, err := rooms.Entries.Append(ctx, b.ID, "simulator", batch, false); err != nil {
			return err
		}
		if _, err := rooms.Releases.Publish(ctx, b, p, false); err != nil {
			return err
		}
	}
	progress(b.Name, len(w.Periods), len(w.Periods))
	return nil
}

// The people of the demo who are no players.
const (
	demoManager = "mara@club.example"
	demoSteward = "steward@club.example"
)

// furnish gives a board its manager and steward, and terms in which both questions about each metric are answered.
func (a *App) furnish(ctx context.Context, b *board.Board, card *scorecard.Scorecard) error {
	for address, role := range map[string]board.Role{demoManager: board.Owner, demoSteward: board.Steward} {
		if err := a.Boards.GiveRole(ctx, identity.Actor{}, b, address, role, board.Scope{}); err != nil {
			return err
		}
	}
	if b.Basis != board.OptIn {
		return nil
	}
	terms := board.Terms{Purpose: card.Purpose, Gives: "Your own scorecard each week: one number, what moved it, and one small next step."}
	for _, metric := range card.Metrics() {
		terms.Fields = append(terms.Fields, board.Field{Metric: metric.Key, From: board.FromBoard, Purpose: metric.Why,
			Gives: "You see how you do among the others, and what it is worth.", Value: "Members learn from those who do it well.", ToWhom: "Everyone in the club."})
	}
	_, err := a.Boards.SetTerms(ctx, identity.Actor{}, b, terms)
	return err
}

// enrol puts on the board whoever has joined by the i-th period, and notes their numbers. On a board by opt-in each of them is
// invited and accepts; every ninth keeps the number of followers to themselves.
func (a *App) enrol(ctx context.Context, b *board.Board, w *sim.World, i int, numbers []int64) error {
	there, err := a.Boards.Members(ctx, b.ID)
	if err != nil {
		return err
	}
	known := map[string]int64{}
	for _, m := range there {
		known[m.Key] = m.Number
	}
	var people []board.Member
	var who []int
	for j, p := range w.Players {
		if number, met := known[p.Key]; met {
			numbers[j] = number
		} else if p.Joins <= i {
			people = append(people, board.Member{Key: p.Key, Name: p.Name, Tags: p.Tags})
			who = append(who, j)
		}
	}
	if len(people) == 0 {
		return nil
	}
	if b.Basis != board.OptIn {
		found, err := a.Boards.Enrol(ctx, b.ID, board.ByKey, people)
		for k, number := range found {
			numbers[who[k]] = number
		}
		return err
	}
	sent, err := a.Boards.Invite(ctx, identity.Actor{}, b, people)
	if err != nil {
		return err
	}
	for k, one := range sent {
		if one.Error != nil {
			return one.Error
		}
		signed, err := a.Identity.SignInProved(ctx, playerAddress(people[k].Key), identity.Device{})
		if err != nil {
			return err
		}
		choice := board.Choice{Shows: []string{"name"}}
		if who[k]%9 == 8 {
			choice.Refused = []string{"followers"}
		}
		joined, err := a.Boards.Join(ctx, signed.Actor, one.Link[strings.LastIndex(one.Link, "/")+1:], "", choice)
		if err != nil {
			return err
		}
		numbers[who[k]] = joined.Number
		if err := a.Identity.SignOut(ctx, signed.Actor, signed.Actor.Session); err != nil {
			return err
		}
	}
	return nil
}

// playerAddress is the address of an invented player.
func playerAddress(key string) string { return key + "@club.example" }

// Door is a link that signs in as somebody of the demo, once, within an hour.
type Door struct{ Link, About string }

// Doors returns links to look at the demo from the inside: as the manager of the club, and as the player who climbed most.
func (a *App) Doors(ctx context.Context, key string) (doors []Door, err error) {
	b, err := a.Boards.Board(ctx, key)
	if err != nil {
		return nil, err
	}
	final, err := a.Releases.Latest(ctx, b)
	if err != nil {
		return nil, err
	}
	latest, err := a.Releases.View(ctx, b, final, release.Open)
	if err != nil {
		return nil, err
	}
	add := func(address, about string) error {
		link, err := a.Identity.LinkFor(ctx, address)
		doors = append(doors, Door{link, about})
		return err
	}
	if err := add(demoManager, "as Mara, who runs "+b.Name); err != nil {
		return nil, err
	}
	if len(latest.Movers) > 0 {
		if err := add(playerAddress(latest.Movers[0].Key), "as "+latest.Movers[0].Name+", who plays there"); err != nil {
			return nil, err
		}
	}
	return doors, nil
}

// Sight is a page worth looking at first.
type Sight struct{ Path, About string }

// Sights returns the pages to begin with: each of the boards, and on the first where somebody climbed, who climbed most.
func (a *App) Sights(ctx context.Context, keys []string) (sights []Sight, err error) {
	climbed := false
	for _, key := range keys {
		b, err := a.Boards.Board(ctx, key)
		if err != nil {
			return nil, err
		}
		final, err := a.Releases.Latest(ctx, b)
		if err != nil {
			return nil, err
		}
		latest, err := a.Releases.View(ctx, b, final, release.Open)
		if err != nil {
			return nil, err
		}
		path := "/b/" + url.PathEscape(b.Key)
		sights = append(sights, Sight{path, b.Name + ": " + latest.Title})
		if climbed || len(latest.Movers) == 0 {
			continue
		}
		climbed = true
		player := latest.Movers[0]
		card, err := latest.Card(ctx, player.Key)
		if err != nil {
			return nil, err
		}
		about := player.Name
		if len(card.Stories) > 0 {
			about += ": " + card.Stories[0].Headline
		}
		sights = append(sights,
			Sight{path + "/players/" + url.PathEscape(player.Key), about},
			Sight{path + "/methodology", "every weight and the reason for it"})
	}
	return sights, nil
}
