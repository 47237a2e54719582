package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// NewBoard is a board that is to be made. What is left out takes the default of a new board; the scorecard is a file of its own or
// a template's, exactly one of them.
type NewBoard struct {
	Scorecard string   `json:"scorecard,omitempty" doc:"The scorecard's file, YAML." maxLength:"1048576"`
	Template  string   `json:"template,omitempty" doc:"Key of a template, in place of a file." example:"sales-activity"`
	Key       string   `json:"key,omitempty" doc:"In addresses; unique on the server. Default: the scorecard's." example:"sales-club" maxLength:"64"`
	Name      string   `json:"name,omitempty" doc:"Default: the scorecard's." maxLength:"200"`
	Owner     string   `json:"owner,omitempty" doc:"Whose work the design is." maxLength:"200"`
	Licence   string   `json:"licence,omitempty" doc:"Under which others may use it." example:"CC-BY-4.0" maxLength:"200"`
	Zone      string   `json:"zone,omitempty" doc:"IANA name of its time zone, which never changes. Default: UTC." example:"Europe/Berlin"`
	Basis     string   `json:"basis,omitempty" enum:"opt-in,public record,things" doc:"Why anybody is on it; it never changes. Default: things where the scorecard scores things, else opt-in."`
	Stage     string   `json:"stage,omitempty" enum:"stealth,private,unlisted,public" doc:"How far it is revealed. Default: private, where people are scored by their own word, else public."`
	Pages     *Pages   `json:"pages,omitempty" doc:"Who sees which page."`
	Top       *int     `json:"top,omitempty" doc:"How many stand on the leaderboard; 0 all. Default: 10 where people are scored by their own word, else all." minimum:"0"`
	Retention int      `json:"retention,omitempty" doc:"Days that raw entries are kept. Default: 90." minimum:"0"`
	Smallest  int      `json:"smallest,omitempty" doc:"Of how many, at least, a figure is shown." minimum:"0"`
	Terms     *Terms   `json:"terms,omitempty" doc:"What it asks of its players. Default: what follows from the scorecard."`
	Plan      *Plan    `json:"plan,omitempty"`
	Rhythm    *Rhythm  `json:"rhythm,omitempty" doc:"When it is released. Default: by hand."`
	Invite    []Person `json:"invite,omitempty" doc:"Who is invited at once; on boards by opt-in." maxItems:"500"`
}

// Made is a board that was made, and what became of the invitations.
type Made struct {
	Board   Board    `json:"board"`
	Invited []Invite `json:"invited,omitempty"`
}

// Pages says who sees which page of a board, within its stage.
type Pages struct {
	Leaderboard string `json:"leaderboard" enum:"managers,player,members,everyone"`
	Scorecards  string `json:"scorecards" enum:"managers,player,members,everyone" doc:"Of others; everybody sees the own one."`
	History     string `json:"history" enum:"managers,player,members,everyone" doc:"Earlier releases."`
}

// Template is a scorecard to begin with.
type Template struct {
	Key       string `json:"key"`
	Name      string `json:"name"`
	About     string `json:"about"`
	Scorecard string `json:"scorecard" doc:"Its file, YAML."`
}

// Settings is what a board is called, how many it shows and how long it keeps entries. Key, zone and basis never change and are
// only told.
type Settings struct {
	Name      string `json:"name" minLength:"1" maxLength:"200"`
	Owner     string `json:"owner,omitempty" doc:"Whose work the design is." maxLength:"200"`
	Licence   string `json:"licence,omitempty" doc:"Under which others may use it." maxLength:"200"`
	Top       int    `json:"top" doc:"How many stand on the leaderboard; 0 all. More is a step wider, which is announced." minimum:"0"`
	Smallest  int    `json:"smallest" doc:"Of how many, at least, a figure is shown."`
	Retention int    `json:"retention" doc:"Days that raw entries are kept under a final release."`
	Key       string `json:"key,omitempty" readOnly:"true"`
	Zone      string `json:"zone,omitempty" readOnly:"true"`
	Basis     string `json:"basis,omitempty" readOnly:"true"`
}

// Pending is a step wider that was announced to the players and does not hold yet.
type Pending struct {
	Stage string    `json:"stage"`
	Pages Pages     `json:"pages"`
	Top   int       `json:"top" doc:"How many the leaderboard will show; 0 all."`
	Asked time.Time `json:"asked"`
	Holds time.Time `json:"holds" doc:"From then on."`
}

// Changed says what a change of a board made wider, which holds later; absent where nothing waits.
type Changed struct {
	Pending *Pending `json:"pending,omitempty" doc:"A step wider that was announced. Absent: all holds."`
}

// Plan is what the managers decided beside the score.
type Plan struct {
	TagsBy  map[string]string `json:"tags_by,omitempty" doc:"Tag group: manager or player, who sets it. Default: the managers."`
	Success Success           `json:"success" doc:"How the programme itself will be judged."`
	Talk    string            `json:"talk,omitempty" doc:"Where its people talk, an https address." maxLength:"2000"`
	Prize   string            `json:"prize,omitempty" doc:"What is won beside the score. Best nothing." maxLength:"2000"`
}

// Success is how a programme will be judged, written down before it begins.
type Success struct {
	Goal    string `json:"goal,omitempty" doc:"What should be better." maxLength:"2000"`
	Measure string `json:"measure,omitempty" doc:"By which figure, from where; not the score itself." maxLength:"2000"`
	Target  string `json:"target,omitempty" maxLength:"2000"`
	Review  string `json:"review,omitempty" doc:"ISO day." example:"2027-03-31"`
}

// Terms are what a board asks of its players and what they get for it, a field a metric.
type Terms struct {
	Version int         `json:"version,omitempty" doc:"In force; 0 nobody wrote any, they follow from the scorecard." readOnly:"true"`
	Purpose string      `json:"purpose" doc:"What the score is for."`
	Gives   string      `json:"gives" doc:"What a player gets."`
	Fields  []TermField `json:"fields" doc:"One a metric of the scorecard."`
}

// TermField is one quantity that a board asks for.
type TermField struct {
	Metric  string `json:"metric" doc:"Its key."`
	From    string `json:"from" enum:"board,player" doc:"Whose entries it is derived from: what the managers import, or the player's own sources."`
	Purpose string `json:"purpose"`
	Gives   string `json:"gives,omitempty" doc:"What the player gets for it."`
	Value   string `json:"value,omitempty" doc:"What showing it to others adds. Asked of metrics that others see."`
	ToWhom  string `json:"to_whom,omitempty" doc:"And to whom."`
}

// Reveal is who sees a board. What makes nothing wider holds at once; every step wider is announced to the players and holds after
// 72 hours.
type Reveal struct {
	Stage   string   `json:"stage" enum:"stealth,private,unlisted,public"`
	Pages   Pages    `json:"pages"`
	Pending *Pending `json:"pending,omitempty" readOnly:"true"`
}

// Checked is what a scorecard would change, and what is wrong with it.
type Checked struct {
	Problems []FileProblem `json:"problems" doc:"None: it can be put in force."`
	Changes  []string      `json:"changes" doc:"From the version in force, in words."`
	Advice   []FileProblem `json:"advice" doc:"What a careful designer would look at."`
}

// FileProblem is what is wrong with one place of a file.
type FileProblem struct {
	Line    int    `json:"line" doc:"From 1."`
	Column  int    `json:"column" doc:"From 1, in characters."`
	Message string `json:"message"`
}

// Revised says which version of a scorecard is in force.
type Revised struct {
	Version int  `json:"version"`
	Same    bool `json:"same" doc:"It was in force already, byte by byte."`
}

// at makes a path below a board of parts that are names.
func at(board string, parts ...string) string {
	path := "/boards/" + url.PathEscape(board)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// YAML is what files of boards and scorecards are.
const YAML = "application/yaml"

// MakeBoard makes a board, whose owner the token's owner becomes, and invites whoever is named.
func (c *Client) MakeBoard(ctx context.Context, b NewBoard) (Made, error) {
	return ask[Made](ctx, c, http.MethodPost, "/boards", nil, b)
}

// MakeBoardOf makes a board of a design file, as Design returns it.
func (c *Client) MakeBoardOf(ctx context.Context, design []byte) (Made, error) {
	return ask[Made](ctx, c, http.MethodPost, "/designs", nil, Raw{Type: YAML, Body: design})
}

// Templates returns the scorecards to begin with.
func (c *Client) Templates(ctx context.Context) (Page[Template], error) {
	return ask[Page[Template]](ctx, c, http.MethodGet, "/templates", nil, nil)
}

// Design returns a board as a file: all of it but its people and its data. A board that is made of it has the same file.
func (c *Client) Design(ctx context.Context, board string) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, at(board, "design"), nil, nil)
}

// Redesign brings a board to a design file. Basis, zone and period cannot change, and the key stays the board's own.
func (c *Client) Redesign(ctx context.Context, board string, file []byte) (Changed, error) {
	return ask[Changed](ctx, c, http.MethodPut, at(board, "design"), nil, Raw{Type: YAML, Body: file})
}

// Settings returns a board's settings.
func (c *Client) Settings(ctx context.Context, board string) (Settings, error) {
	return ask[Settings](ctx, c, http.MethodGet, at(board, "settings"), nil, nil)
}

// SetSettings changes them.
func (c *Client) SetSettings(ctx context.Context, board string, s Settings) (Changed, error) {
	return ask[Changed](ctx, c, http.MethodPut, at(board, "settings"), nil, s)
}

// Plan returns what the managers decided beside the score.
func (c *Client) Plan(ctx context.Context, board string) (Plan, error) {
	return ask[Plan](ctx, c, http.MethodGet, at(board, "plan"), nil, nil)
}

// SetPlan changes it.
func (c *Client) SetPlan(ctx context.Context, board string, p Plan) (Plan, error) {
	return ask[Plan](ctx, c, http.MethodPut, at(board, "plan"), nil, p)
}

// Terms returns what a board asks of its players.
func (c *Client) Terms(ctx context.Context, board string) (Terms, error) {
	return ask[Terms](ctx, c, http.MethodGet, at(board, "terms"), nil, nil)
}

// SetTerms puts new terms in force and returns them. A field whose purpose, source or audience changed is asked for again.
func (c *Client) SetTerms(ctx context.Context, board string, t Terms) (Terms, error) {
	return ask[Terms](ctx, c, http.MethodPut, at(board, "terms"), nil, t)
}

// Reveal returns who sees a board, and what was announced.
func (c *Client) Reveal(ctx context.Context, board string) (Reveal, error) {
	return ask[Reveal](ctx, c, http.MethodGet, at(board, "reveal"), nil, nil)
}

// SetReveal changes who sees a board. What it answers may wait: Pending says until when.
func (c *Client) SetReveal(ctx context.Context, board string, r Reveal) (Reveal, error) {
	r.Pending = nil
	return ask[Reveal](ctx, c, http.MethodPut, at(board, "reveal"), nil, r)
}

// TakeRevealBack takes an announced step back.
func (c *Client) TakeRevealBack(ctx context.Context, board string) error {
	return c.call(ctx, http.MethodDelete, at(board, "reveal"), nil, nil, nil)
}

// CheckScorecard says what a scorecard would change on a board, and what is wrong with it, line by line. Nothing is kept.
func (c *Client) CheckScorecard(ctx context.Context, board string, file []byte) (Checked, error) {
	return ask[Checked](ctx, c, http.MethodPost, at(board, "scorecard", "check"), nil, Raw{Type: YAML, Body: file})
}

// Revise puts a new version of the scorecard in force, from the next release on.
func (c *Client) Revise(ctx context.Context, board string, file []byte) (Revised, error) {
	return ask[Revised](ctx, c, http.MethodPut, at(board, "scorecard.yaml"), nil, Raw{Type: YAML, Body: file})
}
