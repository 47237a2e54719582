package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// MyBoard is a board of one's own at a glance.
type MyBoard struct {
	Key        string   `json:"key"`
	Name       string   `json:"name"`
	Role       string   `json:"role,omitempty" doc:"Beside being scored, or instead of it."`
	State      string   `json:"state,omitempty" enum:"listed,invited,accepted,paused,left" doc:"Of the membership; absent: no player there."`
	Hidden     bool     `json:"hidden,omitempty"`
	Shy        bool     `json:"shy,omitempty" doc:"One chose not to see the number: score and place are not told."`
	Suspended  string   `json:"suspended,omitempty" doc:"Why the server's operator closed the board."`
	Period     string   `json:"period,omitempty" doc:"Of the latest release; absent: there is none."`
	InRelease  bool     `json:"in_release" doc:"One is in the latest release."`
	Score      *float64 `json:"score" nullable:"true" doc:"null: none, or one is shy."`
	OutOf      *float64 `json:"out_of,omitempty" doc:"Of how many points; absent where the score is not made of points."`
	Change     *float64 `json:"change" nullable:"true" doc:"Since the release before; null on first appearance."`
	Rank       *float64 `json:"rank" nullable:"true"`
	Of         int      `json:"of" doc:"Players ranked."`
	Level      string   `json:"level,omitempty"`
	Note       string   `json:"note,omitempty" doc:"Why there is no score."`
	Headline   string   `json:"headline,omitempty" doc:"Of the story that is told first."`
	Step       *Step    `json:"step,omitempty"`
	Next       *Next    `json:"next,omitempty" doc:"The release that comes next."`
	Pending    *Pending `json:"pending,omitempty" doc:"A step wider that was announced: who will see the board from then on."`
	Membership string   `json:"membership,omitempty" doc:"Address of the page on which one's own word is changed."`
}

// MyCard is one's own scorecard in one release: the number, what moved it, the next step, stories, targets.
type MyCard struct {
	Board     string         `json:"board" doc:"Key."`
	Name      string         `json:"name" doc:"Of the board."`
	Period    string         `json:"period" example:"2026-W47"`
	Edition   int            `json:"edition" doc:"1; above it is a correction."`
	Published time.Time      `json:"published"`
	Digest    string         `json:"digest" doc:"Of the release: whoever holds it can check the bundle."`
	Latest    bool           `json:"latest" doc:"It is of the latest release."`
	Player    string         `json:"player" doc:"Key on this board."`
	Called    string         `json:"called" doc:"How this board calls the player."`
	Ref       string         `json:"ref,omitempty" doc:"Under which releases and bundles know the player."`
	Shy       bool           `json:"shy,omitempty" doc:"One chose not to see the number: what tells it is null or left out."`
	Score     *float64       `json:"score" nullable:"true"`
	OutOf     *float64       `json:"out_of,omitempty" doc:"Of how many points; absent where the score is not made of points."`
	Better    string         `json:"better" enum:"higher,lower"`
	Rank      *float64       `json:"rank" nullable:"true"`
	Of        int            `json:"of" doc:"Players ranked."`
	Level     string         `json:"level,omitempty"`
	Coverage  float64        `json:"coverage" doc:"Share of the weight that was measured, 0 to 1."`
	Note      string         `json:"note,omitempty" doc:"Why there is no score."`
	Change    *float64       `json:"change" nullable:"true" doc:"Since the release before; null on first appearance."`
	Own       *float64       `json:"own" nullable:"true" doc:"Of it, by one's own action."`
	Others    *float64       `json:"others" nullable:"true" doc:"Of it, by what other players did."`
	Rules     *float64       `json:"rules" nullable:"true" doc:"Of it, by new rules."`
	Climbed   *float64       `json:"climbed" nullable:"true" doc:"Places."`
	Moved     []Moved        `json:"moved" doc:"What moved the score most, first; up to three metrics."`
	Step      *Step          `json:"step,omitempty"`
	Stories   []Story        `json:"stories" doc:"The one that is told first comes first."`
	Tip       *CardTip       `json:"tip,omitempty"`
	Parts     []CardPart     `json:"parts" doc:"In the order of the scorecard; groups before their parts."`
	Targets   []Standing     `json:"targets"`
	Tags      []CardTag      `json:"tags,omitempty" doc:"Places within one's own tags."`
	History   []JourneyPoint `json:"history,omitempty" doc:"Every final release up to this one, oldest first; left out for who is shy."`
	Next      *Next          `json:"next,omitempty" doc:"The release that comes next."`
	Page      string         `json:"page" doc:"Its address."`
}

// Moved is one metric that moved the score.
type Moved struct {
	Metric string  `json:"metric"`
	Name   string  `json:"name"`
	Points float64 `json:"points" doc:"More or fewer."`
}

// CardTip is a piece of advice that fits the card.
type CardTip struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Text   string `json:"text" doc:"Markdown."`
	Link   string `json:"link,omitempty"`
	Author string `json:"author,omitempty"`
}

// CardPart is one part of a scorecard.
type CardPart struct {
	Key      string   `json:"key"`
	Name     string   `json:"name"`
	Unit     string   `json:"unit,omitempty"`
	Depth    int      `json:"depth" doc:"0 a top part."`
	Group    bool     `json:"group,omitempty"`
	Scored   bool     `json:"scored"`
	State    string   `json:"state,omitempty" doc:"How it came by its value, where that is not by being measured."`
	Kept     string   `json:"kept,omitempty" enum:"refused,audience" doc:"Why less is shown than there is: one keeps it to oneself, or it is not for this reader."`
	Value    *float64 `json:"value" nullable:"true" doc:"As measured."`
	Mark     *float64 `json:"mark" nullable:"true" doc:"0 to 1."`
	Weight   *float64 `json:"weight" nullable:"true" doc:"Share, 0 to 1."`
	Points   *float64 `json:"points" nullable:"true"`
	Possible *float64 `json:"possible" nullable:"true"`
	ToGain   *float64 `json:"to_gain" nullable:"true"`
	Change   *float64 `json:"change" nullable:"true" doc:"Of the points, since the release before."`
	OwnWord  float64  `json:"own_word" doc:"Which share of what was measured is self-reported: 0 none, 1 all."`
}

// Membership is what a board has of its player, in their own words.
type Membership struct {
	Board   string            `json:"board" doc:"Key."`
	Player  string            `json:"player" doc:"Key on this board."`
	Ref     string            `json:"ref" doc:"Under which releases and bundles know the player."`
	Basis   string            `json:"basis" doc:"Of membership."`
	State   string            `json:"state" enum:"listed,invited,accepted,paused,left"`
	Since   time.Time         `json:"since" doc:"Of the state."`
	Name    string            `json:"name" doc:"How this board calls the player."`
	Shows   []string          `json:"shows" doc:"Of the profile: name, picture, bio, links."`
	Hidden  bool              `json:"hidden"`
	Shy     bool              `json:"shy" doc:"One does not want to see the own number."`
	Tags    map[string]string `json:"tags"`
	OwnTags []string          `json:"own_tags" doc:"Tag groups that players set themselves."`
	Terms   Terms             `json:"terms" doc:"What the board asks, and why."`
	Grants  []Asked           `json:"grants" doc:"What is given of it."`
	Pending *Pending          `json:"pending,omitempty" doc:"A step wider that was announced."`
	Notes   []MyNote          `json:"notes" doc:"What managers and coaches wrote about the player."`
}

// MyNote is what a manager or coach of a board wrote about the token's owner.
type MyNote struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// OwnReceipt is one entry of the ledger of a player and a board, with all that its digest is made of: the SHA-256 of this JSON
// without the digest, without blanks, in this order.
type OwnReceipt struct {
	Ledger   string     `json:"ledger"`
	Number   int        `json:"number" doc:"From 1."`
	At       time.Time  `json:"at"`
	Act      string     `json:"act" doc:"Whether it was given or withdrawn."`
	Board    string     `json:"board" doc:"The board's own id."`
	Quantity string     `json:"quantity" doc:"Key of the metric."`
	Cadence  string     `json:"cadence" doc:"How often it is derived."`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty" doc:"Absent: open."`
	Purpose  string     `json:"purpose" doc:"The words that were read."`
	Terms    int        `json:"terms" doc:"Their version."`
	Previous string     `json:"previous" doc:"Digest of the receipt before; empty of the first."`
	Digest   string     `json:"digest"`
}

// Choices is how one appears on a board.
type Choices struct {
	Name   string            `json:"name,omitempty" maxLength:"200" doc:"As the board is to call one; absent: as it does."`
	Shows  []string          `json:"shows,omitempty" doc:"Of the profile: name, picture, bio, links; absent: nothing."`
	Hidden bool              `json:"hidden,omitempty" doc:"To everyone but managers and stewards it is as if one were not on the board."`
	Tags   map[string]string `json:"tags,omitempty" doc:"Those that players set themselves; an absent one stays, an empty one is taken off."`
}

// Joining accepts an invitation.
type Joining struct {
	Choices
	Refused []string   `json:"refused,omitempty" doc:"Keys of metrics that one keeps to oneself; all others of the terms are granted."`
	Until   *time.Time `json:"until,omitempty" doc:"The grants end then; absent: when they are withdrawn."`
}

// MyInvitation is an invitation to a board.
type MyInvitation struct {
	ID      string    `json:"id,omitempty" doc:"Absent where it is named by its secret."`
	Board   string    `json:"board" doc:"Key."`
	Name    string    `json:"name" doc:"Of the board."`
	Basis   string    `json:"basis"`
	Called  string    `json:"called,omitempty" doc:"How the board calls whom it invites."`
	Expires time.Time `json:"expires"`
	Terms   Terms     `json:"terms" doc:"What the board asks, and why."`
	OwnTags []string  `json:"own_tags" doc:"Tag groups that players set themselves."`
}

// Giving gives a board one quantity.
type Giving struct {
	Until *time.Time `json:"until,omitempty" doc:"It ends then; absent: when it is withdrawn."`
}

// Shyness is whether one wants to see the own number.
type Shyness struct {
	Shy bool `json:"shy"`
}

// Leaving ends a membership.
type Leaving struct {
	Hide bool `json:"hide,omitempty" doc:"Take the name out of past releases as well, for everyone but managers and stewards."`
}

// Sharing makes a card to show around.
type Sharing struct {
	Period string   `json:"period" doc:"Of the release, or latest." example:"2026-W47"`
	Shows  []string `json:"shows" minItems:"1" doc:"number, rank, story." example:"[\"number\",\"story\"]"`
	Name   bool     `json:"name,omitempty" doc:"The name as well, as the board calls the player."`
}

// Shared is a card to show around. Its address is shown once.
type Shared struct {
	ID      string `json:"id"`
	Link    string `json:"link" doc:"Whoever has it sees the card, until it is taken back."`
	Picture string `json:"picture"`
	Badge   string `json:"badge" doc:"Address of an SVG."`
}

// Feeding are addresses by which programs follow a board for one reader. They are shown once.
type Feeding struct {
	ID       string `json:"id"`
	Feed     string `json:"feed"`
	Calendar string `json:"calendar"`
}

// ShownNote says whether others see a note.
type ShownNote struct {
	Shown bool `json:"shown"`
}

// Claimed says what became of a claim.
type Claimed struct {
	Waits bool `json:"waits" doc:"For a manager of the board; else the record is the claimant's now."`
}

// Question is one question to one person, and its answer. Nobody else sees it.
type Question struct {
	ID        string     `json:"id"`
	Metric    string     `json:"metric,omitempty" doc:"Absent: the score as a whole."`
	Text      string     `json:"text"`
	Mine      bool       `json:"mine" doc:"The reader asked it; else they are asked."`
	Player    string     `json:"player,omitempty" doc:"Key of who asks, to whom is asked."`
	Useful    bool       `json:"useful" doc:"Its words may be used as help for others, without a name."`
	Asked     time.Time  `json:"asked"`
	Answer    string     `json:"answer,omitempty" doc:"Markdown."`
	Answered  *time.Time `json:"answered,omitempty"`
	Read      *time.Time `json:"read,omitempty" doc:"When whoever asked opened the answer."`
	Published bool       `json:"published,omitempty" doc:"It is part of a metric's help."`
}

// Asking asks somebody.
type Asking struct {
	To     string `json:"to" doc:"id of somebody whom one can ask."`
	Metric string `json:"metric,omitempty" doc:"Absent: the score as a whole."`
	Text   string `json:"text" minLength:"1"`
	Useful bool   `json:"useful,omitempty" doc:"The words may be used as help for others, without a name."`
}

// Helper is somebody whom a player can ask.
type Helper struct {
	ID   string `json:"id" doc:"Names them on this board, and nowhere else."`
	As   string `json:"as" enum:"coach,peer,manager"`
	Name string `json:"name"`
}

// Answering answers a question.
type Answering struct {
	Text string `json:"text" minLength:"1" doc:"Markdown."`
}

// Usefulness is whether the words of a question may be used.
type Usefulness struct {
	Useful bool `json:"useful"`
}

// Offer is that other players may ask somebody.
type Offer struct {
	Open    bool     `json:"open"`
	Metrics []string `json:"metrics,omitempty" doc:"About what; none: anything."`
}

// MyBoards returns one's boards with the latest number of each: how one is doing, in one call.
func (c *Client) MyBoards(ctx context.Context) (Page[MyBoard], error) {
	return ask[Page[MyBoard]](ctx, c, http.MethodGet, mine("boards"), nil, nil)
}

// MyCard returns one's own scorecard. The latest release that one is in is client.Latest.
func (c *Client) MyCard(ctx context.Context, board, period string) (MyCard, error) {
	q := url.Values{}
	if period != "" {
		q.Set("period", period)
	}
	return ask[MyCard](ctx, c, http.MethodGet, mine("boards", board, "card"), q, nil)
}

// Membership returns what a board has of the token's owner.
func (c *Client) Membership(ctx context.Context, board string) (Membership, error) {
	return ask[Membership](ctx, c, http.MethodGet, mine("boards", board), nil, nil)
}

// MyInvitations returns the invitations that wait for the token's owner.
func (c *Client) MyInvitations(ctx context.Context) (Page[MyInvitation], error) {
	return ask[Page[MyInvitation]](ctx, c, http.MethodGet, mine("invitations"), nil, nil)
}

// Accept joins a board by an invitation that waits.
func (c *Client) Accept(ctx context.Context, id string, j Joining) (Membership, error) {
	return ask[Membership](ctx, c, http.MethodPost, mine("invitations", id, "accept"), nil, j)
}

// Decline declines it.
func (c *Client) Decline(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, mine("invitations", id, "decline"), nil, nil, nil)
}

// ShowInvitation returns the invitation behind a link; secret is the last part of its address.
func (c *Client) ShowInvitation(ctx context.Context, secret string) (MyInvitation, error) {
	return ask[MyInvitation](ctx, c, http.MethodGet, "/invitations/"+url.PathEscape(secret), nil, nil)
}

// AcceptLink joins a board by the link of an invitation.
func (c *Client) AcceptLink(ctx context.Context, secret string, j Joining) (Membership, error) {
	return ask[Membership](ctx, c, http.MethodPost, "/invitations/"+url.PathEscape(secret)+"/accept", nil, j)
}

// DeclineLink declines it; no token is needed.
func (c *Client) DeclineLink(ctx context.Context, secret string) error {
	return c.call(ctx, http.MethodPost, "/invitations/"+url.PathEscape(secret)+"/decline", nil, nil, nil)
}

// Give gives a board one quantity, until an instant or, zero, until it is withdrawn.
func (c *Client) Give(ctx context.Context, board, metric string, until time.Time) error {
	g := Giving{}
	if !until.IsZero() {
		g.Until = &until
	}
	return c.call(ctx, http.MethodPut, mine("boards", board, "grants", metric), nil, g, nil)
}

// Withdraw takes it back. Releases that are out stay as they are.
func (c *Client) Withdraw(ctx context.Context, board, metric string) error {
	return c.call(ctx, http.MethodDelete, mine("boards", board, "grants", metric), nil, nil, nil)
}

// Choose changes how one appears on a board.
func (c *Client) Choose(ctx context.Context, board string, choices Choices) (Membership, error) {
	return ask[Membership](ctx, c, http.MethodPut, mine("boards", board, "choices"), nil, choices)
}

// SetShy says whether one wants to see the own number.
func (c *Client) SetShy(ctx context.Context, board string, shy bool) error {
	return c.call(ctx, http.MethodPut, mine("boards", board, "shy"), nil, Shyness{shy}, nil)
}

// Pause takes one out of releases; streaks wait.
func (c *Client) Pause(ctx context.Context, board string) error {
	return c.call(ctx, http.MethodPost, mine("boards", board, "pause"), nil, nil, nil)
}

// Resume goes on.
func (c *Client) Resume(ctx context.Context, board string) error {
	return c.call(ctx, http.MethodPost, mine("boards", board, "resume"), nil, nil, nil)
}

// Leave ends the membership; hide takes the name out of past releases too.
func (c *Client) Leave(ctx context.Context, board string, hide bool) error {
	return c.call(ctx, http.MethodPost, mine("boards", board, "leave"), nil, Leaving{hide}, nil)
}

// Receipts returns the ledger of one's grants to a board, oldest first. Each receipt holds the digest of the one before.
func (c *Client) Receipts(ctx context.Context, board string) (Page[OwnReceipt], error) {
	return ask[Page[OwnReceipt]](ctx, c, http.MethodGet, mine("boards", board, "receipts"), nil, nil)
}

// Share makes a card of one release to show around.
func (c *Client) Share(ctx context.Context, board string, s Sharing) (Shared, error) {
	return ask[Shared](ctx, c, http.MethodPost, mine("boards", board, "shares"), nil, s)
}

// Feed makes addresses by which one's programs follow a board.
func (c *Client) Feed(ctx context.Context, board string) (Feeding, error) {
	return ask[Feeding](ctx, c, http.MethodPost, mine("boards", board, "feeds"), nil, nil)
}

// CheckInLink makes an address under which days can be kept for a board without signing in.
func (c *Client) CheckInLink(ctx context.Context, board string) (Link, error) {
	return ask[Link](ctx, c, http.MethodPost, mine("boards", board, "check-in-links"), nil, nil)
}

// Timeline returns what one wrote on one's own timeline on a board.
func (c *Client) Timeline(ctx context.Context, board string) (Page[JourneyNote], error) {
	return ask[Page[JourneyNote]](ctx, c, http.MethodGet, mine("boards", board, "timeline"), nil, nil)
}

// WriteTimeline adds a note to it.
func (c *Client) WriteTimeline(ctx context.Context, board string, n JourneyNote) error {
	n.ID = ""
	return c.call(ctx, http.MethodPost, mine("boards", board, "timeline"), nil, n, nil)
}

// ShowTimeline says whether others see a note.
func (c *Client) ShowTimeline(ctx context.Context, board, id string, shown bool) error {
	return c.call(ctx, http.MethodPut, mine("boards", board, "timeline", id), nil, ShownNote{shown}, nil)
}

// RemoveTimeline deletes a note.
func (c *Client) RemoveTimeline(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodDelete, mine("boards", board, "timeline", id), nil, nil, nil)
}

// ClaimRecord says that a record of a board of public data is the token's owner's.
func (c *Client) ClaimRecord(ctx context.Context, board, player string) (Claimed, error) {
	return ask[Claimed](ctx, c, http.MethodPost, at(board, "players", player, "claim"), nil, nil)
}

// Helpers returns whom one can ask about a metric, "" about anything.
func (c *Client) Helpers(ctx context.Context, board, metric string) (Page[Helper], error) {
	q := url.Values{}
	if metric != "" {
		q.Set("metric", metric)
	}
	return ask[Page[Helper]](ctx, c, http.MethodGet, mine("boards", board, "helpers"), q, nil)
}

// Questions returns what one asked, and then what one is asked and has not answered.
func (c *Client) Questions(ctx context.Context, board string) (Page[Question], error) {
	return ask[Page[Question]](ctx, c, http.MethodGet, at(board, "questions"), nil, nil)
}

// ReadAnswer says that one has read the answer to a question of one's own.
func (c *Client) ReadAnswer(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodPost, at(board, "questions", id, "read"), nil, nil, nil)
}

// Question returns one of them.
func (c *Client) Question(ctx context.Context, board, id string) (Question, error) {
	return ask[Question](ctx, c, http.MethodGet, at(board, "questions", id), nil, nil)
}

// Ask asks somebody.
func (c *Client) Ask(ctx context.Context, board string, a Asking) (Question, error) {
	return ask[Question](ctx, c, http.MethodPost, at(board, "questions"), nil, a)
}

// Answer answers a question that one is asked.
func (c *Client) Answer(ctx context.Context, board, id, text string) error {
	return c.call(ctx, http.MethodPut, at(board, "questions", id, "answer"), nil, Answering{text}, nil)
}

// AllowUse says whether the words of a question of one's own may be used as help for others.
func (c *Client) AllowUse(ctx context.Context, board, id string, useful bool) error {
	return c.call(ctx, http.MethodPut, at(board, "questions", id, "use"), nil, Usefulness{useful}, nil)
}

// TakeBackQuestion takes a question of one's own back.
func (c *Client) TakeBackQuestion(ctx context.Context, board, id string) error {
	return c.call(ctx, http.MethodDelete, at(board, "questions", id), nil, nil, nil)
}

// Offered returns whether other players may ask the token's owner.
func (c *Client) Offered(ctx context.Context, board string) (Offer, error) {
	return ask[Offer](ctx, c, http.MethodGet, mine("boards", board, "offer"), nil, nil)
}

// OfferHelp says so.
func (c *Client) OfferHelp(ctx context.Context, board string, o Offer) error {
	return c.call(ctx, http.MethodPut, mine("boards", board, "offer"), nil, o, nil)
}
