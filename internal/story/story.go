package story

// Kind names a sort of story, e.g. "first_score", "personal_best", "up_in_a_row".
type Kind string

// Story is one thing to tell; every telling (page, mail, text, JSON) comes from it.
type Story struct {
	Kind     Kind       `json:"kind"`
	Headline string     `json:"headline"` // a short sentence: "Personal best: 82"
	Text     string     `json:"text"`     // one or two sentences with the evidence in words
	Short    string     `json:"short"`    // at most 160 GSM-7 characters
	Evidence []Evidence `json:"evidence"`
}

// Evidence is one value that a story rests on.
type Evidence struct {
	Release string  `json:"release"` // the period's name
	What    string  `json:"what"`    // "score", "rank", a metric's key
	Value   float64 `json:"value"`
}

// Appearance is one final release a player was in.
type Appearance struct {
	Release string // the period's name
	Scored  bool
	Score   float64
	Rank    float64
	Of      int // players ranked
	Level   string
	Metrics map[string]float64 // raw values of metrics with better: higher that may be told to the player
}

// History is all that stories are made from.
type History struct {
	Player      string
	Board       string
	Period      string // "week", "month", … for the wording
	Better      string // "higher" or "lower" score
	Decimals    int
	Appearances []Appearance      // oldest first; the last one is the release that is told
	Passed      []Passed          // players who were ahead in the last release and are behind now, nearest first
	MetricNames map[string]string // key → name
	Levels      []string          // best first
	LastTold    Kind              // headline of the last release, "" none
}

// Passed is a player who was overtaken.
type Passed struct {
	Name    string
	Was, Is float64 // their rank before and now
}

// Tell returns every true story, the one to open with first.
func Tell(h History) []Story { return nil }
