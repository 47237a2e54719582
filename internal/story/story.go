package story

import (
	"slices"
	"strings"

	"cairn/scorecard"
)

// Kind names a sort of story.
type Kind string

const (
	FirstScore   Kind = "first_score"   // scored for the first time
	NewEntry     Kind = "new_entry"     // first time in the ranking of a board that has been released before
	FirstPlace   Kind = "first_place"   // N releases running
	Milestone    Kind = "milestone"     // a level reached: N is 1 for the first time, 2 again
	PersonalBest Kind = "personal_best" // N is 1, 2 or 3: the best ever (or its equal), the second, the third
	Return       Kind = "return"        // scored again after a time without a score
	UpInARow     Kind = "up_in_a_row"   // N rises running, at least two
	Climbed      Kind = "climbed"       // places gained
	Overtook     Kind = "overtook"      // N players passed
	MetricRecord Kind = "metric_record" // a metric higher than ever
	Steady       Kind = "steady"        // N scores running within a narrow band
	Up           Kind = "up"            // one rise
	Comeback     Kind = "comeback"      // as good as before a dip, or better
	Streak       Kind = "streak"        // N releases running with something done, at round N
	Total        Kind = "total"         // what was done of a metric since the beginning passes the round number N
)

// These depend on who reads and on what stands beside the player, so they are found when somebody reads.
const (
	Rival    Kind = "rival"    // the next above is within reach
	Pace     Kind = "pace"     // on the way to a target in N of the last releases
	Team     Kind = "team"     // the mean of the player's team: N is 1 where it is the best, 2 where it rose
	Norm     Kind = "norm"     // what most of the player's group did of a metric, N or more
	Compound Kind = "compound" // at or above what 1 % a period makes of the first score
)

// These are for who asked for them, about themselves.
const (
	Lower  Kind = "lower"  // the score is not as good as the last one
	Places Kind = "places" // places given to others
)

// Story is one thing to tell; every telling (page, mail, text, JSON) comes from it.
type Story struct {
	Kind     Kind       `json:"kind"`
	Headline string     `json:"headline"`         // a short sentence: "Personal best: 82"
	Text     string     `json:"text"`             // one or two sentences with the evidence in words
	Short    string     `json:"short"`            // at most 160 GSM-7 septets, so that it fits one text message
	Example  string     `json:"example"`          // how it comes about, worked with the evidence: "82 in week 47, 79 in week 44, the best until then: 3 more."
	Metric   string     `json:"metric,omitempty"` // key of the metric that it is about, "" none
	Evidence []Evidence `json:"evidence"`
}

// Evidence is one value that a story rests on.
type Evidence struct {
	Release string `json:"release"` // the period's name
	What    string `json:"what"`    // "score", "rank", "players" (ranked), "passed" (players overtaken), "rank of NAME", a metric's key,
	// "total of KEY", "running" (releases), "due of KEY" (what a target wants), "on pace", "releases", "mean of TAG", "teams",
	// "score of NAME", "others" (with a value), "line" (1 % a period)
	Value float64 `json:"value"`
}

// TellsScore reports whether this is the player's score or place, or gives it away: what is not for a player who does not want to
// see their number.
func (e Evidence) TellsScore() bool {
	return slices.Contains([]string{"score", "scores", "players", "passed"}, e.What) || strings.HasPrefix(e.What, "rank") || strings.HasPrefix(e.What, "score of ")
}

// Claim is a story before it is put into words: what is true, and the values that show it. The words are a function of
// the claim and the board alone, so no telling can say more than its evidence.
type Claim struct {
	Kind     Kind
	N        int        // as the kind says, else 0
	Paused   bool       // the run that it is about goes on over a pause: the words count no periods
	Names    []string   // of Overtook: up to three players passed, nearest first; of Milestone: the level; of Rival: who; of Team: its tag and tag group
	Evidence []Evidence // oldest first within what the kind needs
	OwnWord  float64    // which share of the metric that it is about is by the player's own word now, 0 to 1
}

// Board is what the stories of all players of one release share.
type Board struct {
	Name     string
	Period   scorecard.Period // for the wording
	Better   scorecard.Direction
	Decimals int      // of the published score
	Levels   []string // best first
	Metrics  []Metric // those that may be told: better: higher, and the board may see them
	Opening  bool     // the board's first release: nobody is a new entry in it
}

// Metric is a metric that stories may name.
type Metric struct {
	Key, Name, Unit string
	Adds            bool // its values are of periods that do not overlap, and add up to a total
}

// Appearance is one final release a player was in.
type Appearance struct {
	Release string // the period's name
	Gap     bool   // at least one period without a release lies between it and the appearance before
	Paused  bool   // the player was in none of the releases since the appearance before, by choice: runs go on over that
	Fresh   bool   // the scale of the score changed here: earlier scores, ranks and levels are not compared with later ones
	Scored  bool
	Score   float64 // published
	Rank    float64 // 0 unranked
	Of      int     // players ranked
	Level   string
	Metrics []float64 // raw values, parallel to Board.Metrics, NaN missing or measured otherwise than now; may be shorter
}

// Passed is a player who was overtaken.
type Passed struct {
	Name    string
	Was, Is float64 // their rank before and now
}

// History is all that the stories of one player are made from.
type History struct {
	Appearances []Appearance // oldest first; the last one is the release that is told
	Passed      []Passed     // players who were ahead in the last release and are behind now, nearest first
	LastTold    Kind         // headline of the last release, "" none
}

// Tell returns every true story of a player, the one to open with first.
func Tell(b *Board, h History) []Story {
	claims := Find(b, h)
	stories := make([]Story, len(claims))
	for i, c := range claims {
		stories[i] = c.Story(b)
	}
	return stories
}

// Find returns every true claim, the one to open with first: the most telling one, unless that is of the kind that
// opened the last release while another is true.
func Find(b *Board, h History) []Claim {
	last := len(h.Appearances) - 1
	if last < 0 {
		return nil
	}
	var s Standing
	for _, a := range h.Appearances[:last] {
		s.Add(b, a)
	}
	return s.Find(b, h.Appearances[last], h.Passed, h.LastTold)
}
