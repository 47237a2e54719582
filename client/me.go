package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Account is the token's owner.
type Account struct {
	ID        string        `json:"id"`
	Name      string        `json:"name,omitempty" doc:"As the profile says."`
	Made      time.Time     `json:"made"`
	Operator  bool          `json:"operator" doc:"Runs this server; a token is an operator's only with the scope operate."`
	Addresses []MailAddress `json:"addresses"`
	Accepted  string        `json:"accepted,omitempty" doc:"Version of the privacy notice that was accepted."`
	Policy    string        `json:"policy" doc:"Version in force."`
}

// MailAddress is one of an account's addresses, masked: a token that was lost shall not give them away.
type MailAddress struct {
	Address string     `json:"address" example:"a…@example.org"`
	Proved  *time.Time `json:"proved,omitempty"`
	Primary bool       `json:"primary" doc:"Mail goes there."`
}

// Accepted is a version of the privacy notice.
type Accepted struct {
	Version string `json:"version" doc:"That was read: policy of the account."`
}

// Profile is what a player says of themselves. Each board shows of it what its member let it show.
type Profile struct {
	Name    string        `json:"name" maxLength:"100"`
	Bio     string        `json:"bio,omitempty" maxLength:"2000" doc:"Plain text."`
	Links   []ProfileLink `json:"links,omitempty" maxItems:"10"`
	Zone    string        `json:"zone,omitempty" doc:"IANA name; days of check-ins are told there. Absent: UTC." example:"Europe/Berlin"`
	Picture bool          `json:"picture,omitempty" readOnly:"true" doc:"There is one."`
}

// ProfileLink is an address that a profile names.
type ProfileLink struct {
	Text    string `json:"text,omitempty" doc:"Absent: the host of the address."`
	Address string `json:"address" doc:"https only." example:"https://ada.example.org"`
}

// Identifier is one way in which sources know a player.
type Identifier struct {
	Kind  string `json:"kind" enum:"email,handle,git" doc:"An email address is added where one signs in, and nowhere else."`
	Value string `json:"value" example:"ada"`
	Proof string `json:"proof,omitempty" enum:"mail,own word" readOnly:"true" doc:"What stands behind it."`
}

// Session is a place where somebody is signed in.
type Session struct {
	ID      string    `json:"id"`
	Device  string    `json:"device" example:"Firefox on Linux"`
	Began   time.Time `json:"began"`
	Seen    time.Time `json:"seen"`
	Expires time.Time `json:"expires"`
}

// AccessToken is a program's credential, without its secret. It is made on a page alone, by who just proved who they are.
type AccessToken struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Made    time.Time  `json:"made"`
	Used    *time.Time `json:"used,omitempty" doc:"Begin of the last day on which it was."`
	Expires time.Time  `json:"expires"`
}

// MyEvent is one thing that was done to one's record, or that one did.
type MyEvent struct {
	ID     string            `json:"id"`
	At     time.Time         `json:"at"`
	Who    string            `json:"who" enum:"you,somebody else,the program" doc:"Who did it; others are not named."`
	Verb   string            `json:"verb" example:"grant.withdraw"`
	Board  string            `json:"board,omitempty" doc:"Key."`
	Detail map[string]string `json:"detail,omitempty"`
}

// OwnSource is one of a player's own sources: nobody else can read its entries.
type OwnSource struct {
	Name      string     `json:"name" example:"check-in"`
	Entries   int        `json:"entries"`
	First     *time.Time `json:"first,omitempty"`
	Last      *time.Time `json:"last,omitempty"`
	Connected time.Time  `json:"connected"`
}

// OwnEntry is one entry of a player's own record.
type OwnEntry struct {
	ID       string    `json:"id" maxLength:"255" doc:"Yours; the same id again corrects the entry, and never adds one."`
	Key      string    `json:"key" doc:"What is counted." example:"calls"`
	At       time.Time `json:"at"`
	Value    *float64  `json:"value" nullable:"true" doc:"null: none."`
	Label    string    `json:"label,omitempty"`
	Evidence string    `json:"evidence,omitempty" doc:"Address of what shows it, https only. It stays in the record."`
	OwnWord  bool      `json:"own_word,omitempty" readOnly:"true" doc:"Its player handed it in: it is marked as self-reported. Else a connection brought it."`
}

// OwnEntries is a batch of them: all are taken, or none.
type OwnEntries struct {
	Entries []OwnEntry `json:"entries" maxItems:"10000"`
}

// Reported says what became of a batch.
type Reported struct {
	Sent  int `json:"sent"`
	Added int `json:"added" doc:"Of an id that was not there; the others corrected what stood, or said the same."`
}

// TakenFile says what became of a file of one's own.
type TakenFile struct {
	Source string   `json:"source" doc:"Under which its entries are kept."`
	Sent   int      `json:"sent" doc:"Entries that were read."`
	Added  int      `json:"added"`
	Wrong  []string `json:"wrong" doc:"Rows that were not taken, each with its reason: the first hundred."`
	Missed int      `json:"missed" doc:"How many more."`
}

// Day is what one says of a day. Said again of the same day, a thing is corrected.
type Day struct {
	Day  string `json:"day" doc:"In the zone of the profile." example:"2026-11-23"`
	Said []Said `json:"said" minItems:"1" maxItems:"100"`
}

// Said is what one says of one thing.
type Said struct {
	Key      string  `json:"key" example:"calls"`
	Value    float64 `json:"value" doc:"How many; 1 for done."`
	Evidence string  `json:"evidence,omitempty" doc:"Address of what shows it, https only."`
}

// Tap counts some more of a thing at this moment.
type Tap struct {
	ID  string `json:"id" minLength:"1" maxLength:"64" doc:"Made up by the counter: sent twice, the tap counts once. It takes it back."`
	Key string `json:"key" example:"calls"`
	N   int    `json:"n" minimum:"1" maximum:"100"`
}

// Wanted is a quantity that a board derives from a player's own sources, once it is granted.
type Wanted struct {
	Board   string `json:"board" doc:"Key."`
	Metric  string `json:"metric" doc:"Key."`
	Name    string `json:"name"`
	Unit    string `json:"unit,omitempty"`
	Entry   string `json:"entry" doc:"Key of the entries that it counts."`
	Take    string `json:"take" doc:"How entries become the value." example:"sum"`
	Purpose string `json:"purpose,omitempty" doc:"Why, as the board says."`
	Granted bool   `json:"granted"`
}

// GivenLink is an address that its player gave out, without its secret: a card shown around, a feed, a page for check-ins, the
// links in letters.
type GivenLink struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" enum:"share,feed,check-in,letter"`
	Board    string     `json:"board" doc:"Key."`
	Shows    []string   `json:"shows,omitempty" doc:"What is on a card."`
	Made     time.Time  `json:"made"`
	Expires  *time.Time `json:"expires,omitempty"`
	Opened   int64      `json:"opened" doc:"How often."`
	Followed int64      `json:"followed" doc:"How often somebody went on to the board."`
}

// Preference is how somebody wants to be told of releases.
type Preference struct {
	Channel string   `json:"channel" enum:"mail,text,chat,none"`
	Losses  bool     `json:"losses,omitempty" doc:"Stories of loss as well."`
	Empty   bool     `json:"empty,omitempty" doc:"A message also where there is no score of theirs."`
	Own     bool     `json:"own,omitempty" readOnly:"true" doc:"Said for this board; else it is what was said for all."`
	Ways    []string `json:"ways,omitempty" readOnly:"true" doc:"The channels that can be chosen."`
}

// Handle is a number or chat name to which short texts go.
type Handle struct {
	Channel string `json:"channel" enum:"text,chat"`
	Is      string `json:"is,omitempty" doc:"Masked; absent: none."`
	Proved  bool   `json:"proved"`
}

// NewHandle names one. A code goes there first.
type NewHandle struct {
	Channel string `json:"channel" enum:"text,chat"`
	To      string `json:"to" maxLength:"100" example:"+44 7700 900123"`
}

// Code is what came to a handle.
type Code struct {
	Code string `json:"code" maxLength:"12"`
}

// Joined is that two records became one, which can still be undone on a page.
type Joined struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until" doc:"It can be undone until then."`
}

func mine(parts ...string) string {
	path := "/me"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// Me returns the token's owner.
func (c *Client) Me(ctx context.Context) (Account, error) {
	return ask[Account](ctx, c, http.MethodGet, mine(), nil, nil)
}

// AcceptPolicy says that a version of the privacy notice was read and accepted.
func (c *Client) AcceptPolicy(ctx context.Context, version string) error {
	return c.call(ctx, http.MethodPost, mine("policy"), nil, Accepted{version}, nil)
}

// Profile returns one's own profile.
func (c *Client) Profile(ctx context.Context) (Profile, error) {
	return ask[Profile](ctx, c, http.MethodGet, mine("profile"), nil, nil)
}

// SetProfile writes it, all but the picture.
func (c *Client) SetProfile(ctx context.Context, p Profile) (Profile, error) {
	p.Picture = false
	return ask[Profile](ctx, c, http.MethodPut, mine("profile"), nil, p)
}

// OwnPicture returns one's own picture, a PNG.
func (c *Client) OwnPicture(ctx context.Context) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, mine("profile", "picture"), nil, nil)
}

// SetPicture puts up a picture, PNG or JPEG of up to 5 MB. It is made small and square.
func (c *Client) SetPicture(ctx context.Context, contentType string, picture []byte) error {
	return c.call(ctx, http.MethodPut, mine("profile", "picture"), nil, Raw{contentType, picture}, nil)
}

// RemovePicture takes it down.
func (c *Client) RemovePicture(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, mine("profile", "picture"), nil, nil, nil)
}

// Identifiers returns how sources know the token's owner.
func (c *Client) Identifiers(ctx context.Context) (Page[Identifier], error) {
	return ask[Page[Identifier]](ctx, c, http.MethodGet, mine("identifiers"), nil, nil)
}

// AddIdentifier adds a handle or a git address.
func (c *Client) AddIdentifier(ctx context.Context, id Identifier) error {
	return c.call(ctx, http.MethodPost, mine("identifiers"), nil, Identifier{Kind: id.Kind, Value: id.Value}, nil)
}

// RemoveIdentifier takes one away.
func (c *Client) RemoveIdentifier(ctx context.Context, id Identifier) error {
	return c.call(ctx, http.MethodDelete, mine("identifiers", id.Kind, id.Value), nil, nil, nil)
}

// Sessions returns where the token's owner is signed in, last seen first.
func (c *Client) Sessions(ctx context.Context) (Page[Session], error) {
	return ask[Page[Session]](ctx, c, http.MethodGet, mine("sessions"), nil, nil)
}

// EndSession signs out one place, or with "" every place.
func (c *Client) EndSession(ctx context.Context, id string) error {
	if id == "" {
		return c.call(ctx, http.MethodDelete, mine("sessions"), nil, nil, nil)
	}
	return c.call(ctx, http.MethodDelete, mine("sessions", id), nil, nil, nil)
}

// Tokens returns one's own tokens, without their secrets.
func (c *Client) Tokens(ctx context.Context) (Page[AccessToken], error) {
	return ask[Page[AccessToken]](ctx, c, http.MethodGet, mine("tokens"), nil, nil)
}

// RevokeToken ends a token; it may be the one that is used for it.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, mine("tokens", id), nil, nil, nil)
}

// MyTrail returns what was done to one's record and what one did, newest first.
func (c *Client) MyTrail(ctx context.Context, cut Cut) (Page[MyEvent], error) {
	return ask[Page[MyEvent]](ctx, c, http.MethodGet, mine("trail"), cut.query(), nil)
}

// Joinings returns the records that became part of this one and can still come apart.
func (c *Client) Joinings(ctx context.Context) (Page[Joined], error) {
	return ask[Page[Joined]](ctx, c, http.MethodGet, mine("joined"), nil, nil)
}

// OwnSources returns one's own sources.
func (c *Client) OwnSources(ctx context.Context) (Page[OwnSource], error) {
	return ask[Page[OwnSource]](ctx, c, http.MethodGet, mine("sources"), nil, nil)
}

// OwnEntries returns entries of one of them, newest first: about limit of them; with the last all of the same instant.
func (c *Client) OwnEntries(ctx context.Context, source string, cut Cut) (Page[OwnEntry], error) {
	return ask[Page[OwnEntry]](ctx, c, http.MethodGet, mine("sources", source, "entries"), cut.query(), nil)
}

// Report adds entries of one's own to a source, which the first of them makes. All are taken or none, each id once.
func (c *Client) Report(ctx context.Context, source string, entries ...OwnEntry) (Reported, error) {
	return ask[Reported](ctx, c, http.MethodPost, mine("sources", source, "entries"), nil, OwnEntries{entries})
}

// BringFile brings a file of one's own, CSV or XLSX. Good rows are taken, the others are named.
func (c *Client) BringFile(ctx context.Context, name, contentType string, content []byte) (TakenFile, error) {
	return ask[TakenFile](ctx, c.forFiles(), http.MethodPost, mine("files"), url.Values{"name": {name}}, Raw{contentType, content})
}

// RemoveSource deletes one of one's own sources with every entry. Releases that are out stay as they are.
func (c *Client) RemoveSource(ctx context.Context, source string) error {
	return c.call(ctx, http.MethodDelete, mine("sources", source), nil, nil, nil)
}

// RemoveEntry withdraws one entry: it counts in no release that is not final yet.
func (c *Client) RemoveEntry(ctx context.Context, source, id string) error {
	return c.call(ctx, http.MethodDelete, mine("sources", source, "entries", id), nil, nil, nil)
}

// CheckIn says what one did on a day.
func (c *Client) CheckIn(ctx context.Context, d Day) (Reported, error) {
	return ask[Reported](ctx, c, http.MethodPost, mine("check-ins"), nil, d)
}

// Count counts some more of a thing now. Added is 0 where the tap was counted already.
func (c *Client) Count(ctx context.Context, t Tap) (Reported, error) {
	return ask[Reported](ctx, c, http.MethodPost, mine("taps"), nil, t)
}

// Uncount takes a tap back. Twice is no error.
func (c *Client) Uncount(ctx context.Context, key, id string) error {
	return c.call(ctx, http.MethodDelete, mine("taps", key, id), nil, nil, nil)
}

// Wanted returns what boards want derived from one's own sources.
func (c *Client) Wanted(ctx context.Context) (Page[Wanted], error) {
	return ask[Page[Wanted]](ctx, c, http.MethodGet, mine("wanted"), nil, nil)
}

// Links returns the addresses that one gave out and that still work.
func (c *Client) Links(ctx context.Context) (Page[GivenLink], error) {
	return ask[Page[GivenLink]](ctx, c, http.MethodGet, mine("links"), nil, nil)
}

// TakeLinkBack ends one of them.
func (c *Client) TakeLinkBack(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, mine("links", id), nil, nil, nil)
}

// EndLetterLinks has the links in all earlier letters open no page any more.
func (c *Client) EndLetterLinks(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, mine("links", "letters"), nil, nil, nil)
}

// Told returns how one is told of releases in general; of one board, where it is named.
func (c *Client) Told(ctx context.Context, board string) (Preference, error) {
	return ask[Preference](ctx, c, http.MethodGet, told(board), nil, nil)
}

// SetTold says so. With board "" for every board, what was said for single ones included.
func (c *Client) SetTold(ctx context.Context, board string, p Preference) (Preference, error) {
	return ask[Preference](ctx, c, http.MethodPut, told(board), nil, Preference{Channel: p.Channel, Losses: p.Losses, Empty: p.Empty})
}

func told(board string) string {
	if board == "" {
		return mine("told")
	}
	return mine("boards", board, "told")
}

// Handles returns where short texts go, of the channels that this server has.
func (c *Client) Handles(ctx context.Context) (Page[Handle], error) {
	return ask[Page[Handle]](ctx, c, http.MethodGet, mine("handles"), nil, nil)
}

// BeginHandle sends a code to a number or name.
func (c *Client) BeginHandle(ctx context.Context, h NewHandle) error {
	return c.call(ctx, http.MethodPost, mine("handles"), nil, h, nil)
}

// ProveHandle takes the code that came there.
func (c *Client) ProveHandle(ctx context.Context, channel, code string) error {
	return c.call(ctx, http.MethodPost, mine("handles", channel, "proof"), nil, Code{code}, nil)
}

// DropHandle takes a number or name off.
func (c *Client) DropHandle(ctx context.Context, channel string) error {
	return c.call(ctx, http.MethodDelete, mine("handles", channel), nil, nil, nil)
}
