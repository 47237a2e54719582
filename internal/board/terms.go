package board

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/internal/audit"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// Terms are what a board asks of its players and what they get for it, field by field. They are versioned: a grant names
// the version that the player read.
type Terms struct {
	Version int     `json:"version"` // 0: nobody wrote any; they follow from the scorecard
	Purpose string  `json:"purpose"` // what the score is for
	Gives   string  `json:"gives"`   // what a player gets
	Fields  []Field `json:"fields"`  // one a metric, in the order of the scorecard
}

// Field is one quantity that a board asks for.
type Field struct {
	Metric  string `json:"metric"`  // key
	From    From   `json:"from"`    // whose entries it is derived from
	Purpose string `json:"purpose"` // why the board wants it
	Gives   string `json:"gives"`   // what the player gets for it
	Value   string `json:"value"`   // the manager's answer: does showing it add value? Asked from audience board on
	ToWhom  string `json:"to_whom"` // and to whom?
}

// Answered reports whether the manager answered both questions about showing the metric.
func (f Field) Answered() bool { return f.Value != "" && f.ToWhom != "" }

// From is whose entries a quantity is derived from.
type From string

const (
	FromBoard  From = "board"  // the manager imports them
	FromPlayer From = "player" // the player's own sources; the board gets the derived number only
)

// Field returns what the terms say of a metric, and whether they name it.
func (t Terms) Field(metric string) (Field, bool) {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Metric == metric })
	if i < 0 {
		return Field{Metric: metric, From: FromBoard}, false
	}
	return t.Fields[i], true
}

// OfTheirOwn are terms under which every metric of a scorecard comes from the players' own sources: to begin a board with whose players
// count for themselves.
func OfTheirOwn(card *scorecard.Scorecard) Terms {
	t := Terms{Purpose: card.Purpose}
	for _, metric := range card.Metrics() {
		t.Fields = append(t.Fields, Field{Metric: metric.Key, From: FromPlayer, Purpose: metric.Why})
	}
	return t
}

// Audience is whom a metric is for on a board of people: as the scorecard says, but nobody beside the player and the managers
// while the manager has not said whether showing it adds value, and to whom.
func (t Terms) Audience(metric *scorecard.Part) scorecard.Audience {
	if f, _ := t.Field(metric.Key); wide(metric) && !f.Answered() {
		return scorecard.ForPlayer
	}
	return metric.Audience
}

// wide reports whether others than the player and the managers see a metric.
func wide(metric *scorecard.Part) bool {
	return metric.Audience == scorecard.ForBoard || metric.Audience == scorecard.ForPublic
}

// TermsOf returns a version of a board's terms; version 0 is what follows from its scorecard where nobody wrote any. Every
// metric of the scorecard in force has a field: one that the terms do not name is described by the scorecard.
func (b *Boards) TermsOf(ctx context.Context, at *Board, version int) (t Terms, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err == nil {
			t, err = b.termsIn(tx, now, version)
		}
		return err
	})
	return t, err
}

func (b *Boards) termsIn(tx *db.Tx, at *Board, version int) (t Terms, err error) {
	card, err := b.cardIn(tx, at.ID, at.Version)
	if err != nil {
		return t, err
	}
	if version > 0 {
		var content string
		err := tx.QueryRow(`SELECT content FROM board_terms WHERE board_id = $1 AND version = $2`, at.ID, version).Scan(&content)
		if absent(err) {
			return t, fault.New(fault.NotFound, "The board has no version %d of its terms.", version)
		}
		if err != nil {
			return t, err
		}
		if err := json.Unmarshal([]byte(content), &t); err != nil {
			return t, fmt.Errorf("reading version %d of the terms of board %s: %w", version, at.Key, err)
		}
	}
	return t.complete(card), nil
}

// complete gives every metric of a scorecard its field, in the order of the scorecard.
func (t Terms) complete(card *scorecard.Scorecard) Terms {
	whole := Terms{Version: t.Version, Purpose: cmp.Or(t.Purpose, card.Purpose), Gives: cmp.Or(t.Gives, "Your own scorecard, with what moved it and one small next step.")}
	for _, metric := range card.Metrics() {
		f, _ := t.Field(metric.Key)
		f.Purpose = cmp.Or(f.Purpose, metric.Why, "It is a part of the score.")
		whole.Fields = append(whole.Fields, f)
	}
	return whole
}

// SetTerms puts new terms in force. Invalid where a metric that others see lacks an answer to either question. Grants given under
// earlier terms stay for what did not change; a field whose purpose, source or audience changed is asked for again.
func (b *Boards) SetTerms(ctx context.Context, a identity.Actor, at *Board, t Terms) (version int, err error) {
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil {
			return err
		}
		version, err = b.setTerms(tx, a, now, t)
		return err
	})
	return version, err
}

func (b *Boards) setTerms(tx *db.Tx, a identity.Actor, at *Board, t Terms) (version int, err error) {
	return b.setTermsOf(tx, a, at, t, at.Basis != Things)
}

// setTermsOf is setTerms; answered says that both questions must be answered of each metric that others would see.
func (b *Boards) setTermsOf(tx *db.Tx, a identity.Actor, at *Board, t Terms, answered bool) (version int, err error) {
	card, err := b.cardIn(tx, at.ID, at.Version)
	if err != nil {
		return 0, err
	}
	t = t.trimmed()
	if err := t.check(card, answered); err != nil {
		return 0, err
	}
	before, err := b.termsIn(tx, at, at.Terms)
	if err != nil {
		return 0, err
	}
	t.Version = at.Terms
	next := t.complete(card)
	if at.Terms > 0 && next.Purpose == before.Purpose && next.Gives == before.Gives && slices.Equal(next.Fields, before.Fields) {
		return at.Terms, nil
	}
	t.Version = at.Terms + 1
	if err := b.putTerms(tx, at.ID, t); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(`UPDATE board SET terms = $1 WHERE board_id = $2`, t.Version, at.ID); err != nil {
		return 0, err
	}
	var again []string
	for _, metric := range card.Metrics() {
		was, _ := before.Field(metric.Key)
		is, _ := next.Field(metric.Key)
		if was.Purpose != is.Purpose || was.From != is.From || !was.Answered() && is.Answered() && wide(metric) {
			again = append(again, metric.Key)
		}
	}
	if err := b.askAgain(tx, at.ID, again); err != nil {
		return 0, err
	}
	return t.Version, b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.terms", Board: at.ID, Detail: map[string]string{"version": fmt.Sprint(t.Version), "asked_again": strings.Join(again, ", ")}})
}

func (b *Boards) putTerms(tx *db.Tx, boardID string, t Terms) error {
	content, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("writing the terms of a board: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO board_terms (board_id, version, content, created_at) VALUES ($1, $2, $3, $4)`, boardID, t.Version, string(content), b.rooms.Now().UnixMicro())
	return err
}

// trimmed takes the blanks off around what was written.
func (t Terms) trimmed() Terms {
	t.Purpose, t.Gives = strings.TrimSpace(t.Purpose), strings.TrimSpace(t.Gives)
	t.Fields = slices.Clone(t.Fields)
	for i := range t.Fields {
		f := &t.Fields[i]
		f.From = cmp.Or(f.From, FromBoard)
		for _, text := range []*string{&f.Purpose, &f.Gives, &f.Value, &f.ToWhom} {
			*text = strings.TrimSpace(*text)
		}
	}
	return t
}

// check refuses terms that do not fit the scorecard. The field of the fault is "purpose", "gives", or a metric's key with a
// point and the name of what is wrong ("posts.value").
func (t Terms) check(card *scorecard.Scorecard, answered bool) error {
	if err := checkProse("purpose", "The purpose", t.Purpose); err != nil {
		return err
	}
	if err := checkProse("gives", "What a player gets", t.Gives); err != nil {
		return err
	}
	metrics := map[string]*scorecard.Part{}
	for _, metric := range card.Metrics() {
		metrics[metric.Key] = metric
	}
	named := map[string]bool{}
	for _, f := range t.Fields {
		switch {
		case metrics[f.Metric] == nil:
			return fault.Wrong("metric", "The scorecard has no metric %q: name one of %s.", f.Metric, strings.Join(slices.Sorted(maps.Keys(metrics)), ", "))
		case named[f.Metric]:
			return fault.Wrong(f.Metric, "The terms name %q twice.", f.Metric)
		case f.From != FromBoard && f.From != FromPlayer:
			return fault.Wrong(f.Metric+".from", "%s is derived from entries of the board or of the player, not of %q.", f.Metric, f.From)
		}
		named[f.Metric] = true
		for _, text := range []struct{ field, text string }{{"purpose", f.Purpose}, {"gives", f.Gives}, {"value", f.Value}, {"to_whom", f.ToWhom}} {
			if err := checkProse(f.Metric+"."+text.field, "What is said of "+f.Metric, text.text); err != nil {
				return err
			}
		}
	}
	if !answered {
		return nil
	}
	for _, metric := range card.Metrics() {
		f, _ := t.Field(metric.Key)
		if wide(metric) && f.Value == "" {
			return fault.Wrong(metric.Key+".value", "Others will see the players' %s: say whether showing it adds value, or let the scorecard keep it for the player (audience: player).", metric.Name)
		}
		if wide(metric) && f.ToWhom == "" {
			return fault.Wrong(metric.Key+".to_whom", "Others will see the players' %s: say to whom showing it adds value.", metric.Name)
		}
	}
	return nil
}

// checkProse refuses text of several lines that no page or file could show well.
func checkProse(field, what, text string) error {
	switch {
	case !utf8.ValidString(text):
		return fault.Wrong(field, "%s is not UTF-8 text.", what)
	case utf8.RuneCountInString(text) > 2000:
		return fault.Wrong(field, "%s is longer than 2000 characters.", what)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return fault.Wrong(field, "%s holds a control character.", what)
	}
	return nil
}

// rederived returns the metrics that another scorecard derives in another way, shows to more people, or has no more: what is not
// asked for is not granted, so that what comes back under an old name is asked for anew.
func rederived(before, card *scorecard.Scorecard) (metrics []string) {
	was := map[string]*scorecard.Part{}
	for _, metric := range before.Metrics() {
		was[metric.Key] = metric
	}
	reach := scale[scorecard.Audience]{scorecard.ForSteward, scorecard.ForPlayer, scorecard.ForBoard, scorecard.ForPublic}
	for _, metric := range card.Metrics() {
		old := was[metric.Key]
		delete(was, metric.Key)
		if old != nil && (reach.before(old.Audience, metric.Audience) || old.Entry != metric.Entry || old.Take != metric.Take || old.Over != metric.Over || text(old.Formula) != text(metric.Formula)) {
			metrics = append(metrics, metric.Key)
		}
	}
	return append(metrics, slices.Sorted(maps.Keys(was))...)
}

func text(f *scorecard.Formula) string {
	if f == nil {
		return ""
	}
	return f.Text
}

// askAgain ends every grant of some metrics to a board, so that its players are asked for them again.
func (b *Boards) askAgain(tx *db.Tx, boardID string, metrics []string) error {
	if len(metrics) == 0 {
		return nil
	}
	granted, err := b.rooms.Consents.InForce(tx, boardID, b.rooms.Now())
	if err != nil {
		return err
	}
	for _, player := range slices.Sorted(maps.Keys(granted)) {
		if _, err := b.rooms.Consents.Withdraw(tx, player, boardID, metrics...); err != nil {
			return err
		}
	}
	return nil
}

// grants is what a player says yes to under terms: everything but what they refuse.
func (t Terms) grants(player, boardID string, cadence scorecard.Period, until time.Time, refused []string) (given []consent.Grant) {
	for _, f := range t.Fields {
		if !slices.Contains(refused, f.Metric) {
			given = append(given, consent.Grant{Player: player, Board: boardID, Quantity: f.Metric, Cadence: string(cadence), Until: until, Purpose: f.Purpose, Terms: t.Version})
		}
	}
	return given
}

// Plan is what a board's managers decided beside the score.
type Plan struct {
	TagsBy  map[string]TagsBy `json:"tags_by,omitempty"` // tag group → who sets it; else the manager
	Success Success           `json:"success"`
	Talk    string            `json:"talk,omitempty"`  // https address where its people talk, "" none
	Prize   string            `json:"prize,omitempty"` // what is won beside the score; "" nothing, as it is best
}

// TagsBy is who sets a tag.
type TagsBy string

const (
	ByManager TagsBy = "manager"
	ByPlayer  TagsBy = "player"
)

// Success is how the programme itself will be judged, written down before it begins.
type Success struct {
	Goal    string `json:"goal,omitempty"`    // what should be better
	Measure string `json:"measure,omitempty"` // by which figure, from where
	Target  string `json:"target,omitempty"`
	Review  string `json:"review,omitempty"` // ISO day
}

// SetPlan changes it.
func (b *Boards) SetPlan(ctx context.Context, a identity.Actor, at *Board, p Plan) error {
	if err := p.check(); err != nil {
		return err
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error { return b.setPlan(tx, a, at.ID, p) })
}

func (b *Boards) setPlan(tx *db.Tx, a identity.Actor, boardID string, p Plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing the plan of a board: %w", err)
	}
	var stood string
	err = tx.QueryRow(`SELECT plan FROM board WHERE board_id = $1`, boardID).Scan(&stood)
	if absent(err) {
		return fault.New(fault.NotFound, "There is no such board.")
	}
	if err != nil || stood == string(text) {
		return err
	}
	if _, err := tx.Exec(`UPDATE board SET plan = $1 WHERE board_id = $2`, string(text), boardID); err != nil {
		return err
	}
	return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.plan", Board: boardID})
}

// check refuses a plan that cannot be.
func (p Plan) check() error {
	for _, group := range slices.Sorted(maps.Keys(p.TagsBy)) {
		if err := checkText("tags_by", "The name of a tag group", group); err != nil {
			return err
		}
		if strings.TrimSpace(group) == "" {
			return fault.Wrong("tags_by", "A tag group needs a name.")
		}
		if by := p.TagsBy[group]; by != ByManager && by != ByPlayer {
			return fault.Wrong("tags_by", "The tags of %q are set by the manager or by the player, not by %q.", group, by)
		}
	}
	for _, text := range []struct{ field, what, text string }{
		{"goal", "The goal", p.Success.Goal}, {"measure", "The measure", p.Success.Measure}, {"target", "The target", p.Success.Target}, {"prize", "The prize", p.Prize},
	} {
		if err := checkProse(text.field, text.what, text.text); err != nil {
			return err
		}
	}
	if p.Talk != "" {
		at, err := url.Parse(p.Talk)
		if err != nil || at.Scheme != "https" || at.Hostname() == "" || at.User != nil || len(p.Talk) > 2000 {
			return fault.Wrong("talk", "%.100q is no address where people could talk: it begins with https://.", p.Talk)
		}
	}
	if p.Success.Review != "" {
		if _, err := time.Parse(time.DateOnly, p.Success.Review); err != nil {
			return fault.Wrong("review", "The day of the review is written like 2027-03-31, not %q.", p.Success.Review)
		}
	}
	return nil
}
