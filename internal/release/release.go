package release

import (
	"time"

	"cairn/internal/period"
	"cairn/internal/story"
	"cairn/internal/target"
	"cairn/score"
	"cairn/scorecard"
)

// State of a release.
type State string

const (
	Draft State = "draft" // may change until it is published
	Final State = "final"
)

// Release is the head of one release. What it says about players, from Players to TagGroups, depends on who reads: a View has it.
// Readers share it: nobody changes it.
type Release struct {
	ID         string
	BoardID    string
	Period     period.Period
	Edition    int // 1, then 2 … for errata
	State      State
	Reason     string // of an erratum
	Supersedes string // id of the edition before, "" none
	Superseded bool   // a later edition is final
	Version    int    // of the scorecard
	Engine     string
	Published  time.Time
	Digest     string   // hex SHA-256 of the bundle's manifest
	Previous   string   // digest of the final release before it, "" for the first
	RulesNew   bool     // the scorecard changed since the release before: this one bridges
	Narrow     []string // metrics whose values not everybody on the board may see; the bundle holds them all

	Players    int // in the release
	Scored     int
	Title      string  // title line: "Ada Lovelace leads with 91; Bo Ek climbs 12 places"
	Movers     []Row   // up to 5, most places climbed first; positive only
	Newcomers  []Row   // first time on the board, best first
	Mean       float64 // NaN withheld, as the next three
	Median     float64
	Low, High  float64 // of the histogram
	Histogram  []int   // up to 20 bins from Low to High; nil withheld
	Parameters score.Parameters
	Warnings   []score.Warning
	TagGroups  []TagGroup

	held            *held
	head            *head
	players, scored int // all of them
	decimals        int // of scores
}

// TagGroup is a tag group with its tags and how many players have each.
type TagGroup struct {
	Group string
	Tags  []TagCount
}

// TagCount is a tag and who has it.
type TagCount struct {
	Tag     string
	Players int     // −1 withheld
	Mean    float64 // NaN withheld, or nobody has a score
}

// Row is one line of a leaderboard.
type Row struct {
	Member  int64
	Key     string  // of the player, for addresses; "" of one who is gone
	Name    string  // as of now
	Score   float64 // published; NaN unscored
	Rank    float64
	Level   string
	Change  float64 // of the published score since the last release that the player was in; NaN on first appearance
	Climbed float64 // places gained since then (negative: lost); NaN on first appearance
	Tags    map[string]string
	TagRank float64 // rank within the tag of the page, where one was asked for
	Note    string
	Points  []float64 // published points of the top parts, in declared order; NaN where they are not for the reader
}

// Card is a player's scorecard in one release.
type Card struct {
	Release  *Release
	Card     *scorecard.Scorecard
	Row      Row
	Ref      string // under which the release and its bundle know the player; "" where that is not for the reader
	Of       int    // players ranked
	TagRanks []TagStanding
	Coverage float64
	Exact    float64
	Parts    []Part
	Own      float64 // the published change split by cause; NaN on first appearance
	Others   float64
	Rules    float64
	OldRules *OldRules // of a bridging release
	Stories  []story.Story
	Step     *Step             // nil none
	Targets  []target.Standing // of the player
	History  []Point           // every final release of the board up to this one, oldest first
	Above    []Row             // up to 2 neighbours, best first
	Below    []Row

	Board string // its name when the release was published
}

// TagStanding is a player's place within one tag.
type TagStanding struct {
	Group, Tag string
	Rank       float64
	Of         int
}

// OldRules is the score under the rules of the release before.
type OldRules struct{ Score, Rank float64 }

// Part is a part of a player's score: exact values, published points, and what moved it.
type Part struct {
	score.Part
	PointsPublished    float64 // add up as the score does
	ToGain             float64 // possible − points, NaN where there is none
	Move               float64 // published; NaN on first appearance
	Own, Others, Rules float64 // published: they add up to Move

	Kept     string            // why less is shown than there is: "" all is, KeptByPlayer, KeptFromReader
	OwnWord  float64           // which share of a measure's entries is by the player's own word, 0 to 1; 0 as well where it is not for the reader
	Together []*scorecard.Part // several measures told in one line, since one of them is not for the reader; else nil
}

// Why a part shows less than there is.
const (
	KeptByPlayer   = "refused"  // the player keeps the measure to themselves: it is missing
	KeptFromReader = "audience" // its values are not for the reader
)

// Point is one release of a player's history.
type Point struct {
	Period  period.Period
	Edition int
	Scored  bool
	Score   float64
	Rank    float64
	Of      int
	Version int
	Best    bool // the personal best so far
}
