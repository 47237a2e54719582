package coaching

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// As is as what somebody can be asked.
type As string

const (
	AsCoach   As = "coach"
	AsManager As = "manager" // all who manage the board: whoever comes first answers
	AsPeer    As = "peer"    // another player, who offered it
)

// Person is somebody whom a player can ask.
type Person struct {
	ID      string // names them on this board, and nowhere else
	As      As
	Account string // "" the managers
	Member  int64  // of a peer: number on the board; else −1
}

// Question is one question of a player to one person, and its answer. Nobody else sees it.
type Question struct {
	ID       string // UUIDv7
	Metric   string // key, "" the score as a whole
	Text     string
	Useful   bool   // whoever asked allows its words to be shown to others, without a name
	Member   int64  // number of who asks
	To       string // account that is asked, "" the managers
	Mine     bool   // the reader asked it
	Asked    time.Time
	Answer   string // Markdown, "" none yet
	Answered time.Time
	Read     time.Time // when whoever asked opened the answer; zero not yet
	Help     string    // id of the Answered that it became, "" none

	asker string // account
}

// mostWaiting is how many questions of one player may wait on a board.
const mostWaiting = 5

func noQuestion() error { return fault.New(fault.NotFound, "There is no such question.") }

// personID names an account on a board without telling its number.
func personID(boardID, account string) string {
	if account == "" {
		return string(AsManager)
	}
	sum := sha256.Sum256([]byte("ask " + boardID + " " + account))
	return hex.EncodeToString(sum[:12])
}

const questionColumns = `q.question_id, q.metric, q.content, q.useful, q.member, q.asked, q.asked_at, q.answer, q.answered_at, q.read_at, q.player_id,
	COALESCE((SELECT MAX(answer_id) FROM published_answer p WHERE p.board_id = q.board_id AND p.question_id = q.question_id), '')`

func scanQuestion(scan func(...any) error) (q Question, err error) {
	var useful, asked, answered, opened int64
	err = scan(&q.ID, &q.Metric, &q.Text, &useful, &q.Member, &q.To, &asked, &q.Answer, &answered, &opened, &q.asker, &q.Help)
	q.Useful, q.Asked, q.Answered, q.Read = useful == 1, instant(asked), instant(answered), instant(opened)
	return q, err
}

func questionIn(tx *db.Tx, boardID, id string) (Question, error) {
	q, err := scanQuestion(tx.QueryRow(`SELECT `+questionColumns+` FROM question q WHERE q.board_id = $1 AND q.question_id = $2`, boardID, id).Scan)
	if fault.Of(err) == fault.NotFound {
		return q, noQuestion()
	}
	return q, err
}

// People returns whom a player can ask about a metric ("" about anything): the coaches who see them, players who offered it, and the
// managers.
func (c *Coaching) People(ctx context.Context, at *board.Board, m board.Member, metric string) (people []Person, err error) {
	holders, err := c.rooms.Boards.Holders(ctx, at)
	if err != nil {
		return nil, err
	}
	managed := false
	for _, h := range holders {
		managed = managed || h.Account != "" && (h.Role == board.Owner || h.Role == board.Manager)
		if h.Role == board.Coach && h.Account != "" && h.Account != m.Player && !m.Hidden && h.Scope.Given(m) && (metric == "" || h.Scope.Measures(metric)) {
			people = append(people, Person{personID(at.ID, h.Account), AsCoach, h.Account, -1})
		}
	}
	peers, err := c.peers(ctx, at, metric)
	if err != nil {
		return nil, err
	}
	for _, p := range peers {
		if p.Account != m.Player && !slices.ContainsFunc(people, func(other Person) bool { return other.ID == p.ID }) {
			people = append(people, p)
		}
	}
	if managed {
		people = append(people, Person{personID(at.ID, ""), AsManager, "", -1})
	}
	return people, nil
}

// Ask asks a person; to is a Person's ID. The actor is a player of the board. Limited after ten in an hour.
func (c *Coaching) Ask(ctx context.Context, a identity.Actor, at *board.Board, to string, q Question) (Question, error) {
	text, err := body("text", "The question", q.Text, MostAsked)
	if err != nil {
		return Question{}, err
	}
	if text == "" {
		return Question{}, wrong("text", "The question is empty.")
	}
	if err := c.measured(ctx, at, q.Metric); err != nil {
		return Question{}, err
	}
	access, err := c.rooms.Boards.Access(ctx, at, a)
	if err != nil {
		return Question{}, err
	}
	if access.Member == nil || !playing(*access.Member) {
		return Question{}, fault.New(fault.Forbidden, "Players of the board ask here.")
	}
	if at.Suspended != "" {
		return Question{}, fault.New(fault.Conflict, "The board is closed for now: nobody can be asked here.")
	}
	people, err := c.People(ctx, at, *access.Member, q.Metric)
	if err != nil {
		return Question{}, err
	}
	i := slices.IndexFunc(people, func(p Person) bool { return p.ID == to })
	if i < 0 {
		return Question{}, wrong("to", "Choose whom to ask: this person can not be asked about that any more.")
	}
	told, err := c.recipients(ctx, at, people[i].Account)
	if err != nil {
		return Question{}, err
	}
	if err := c.rooms.Identity.Take("question", a.Account); err != nil { // each is a mail to somebody, also where it is taken back
		return Question{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Question{}, fmt.Errorf("making an identifier: %w", err)
	}
	asked := Question{ID: id.String(), Metric: q.Metric, Text: text, Useful: q.Useful, Member: access.Member.Number, To: people[i].Account, Mine: true,
		Asked: c.rooms.Now().UTC().Truncate(time.Microsecond), asker: a.Account}
	err = c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		var waiting int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM question WHERE board_id = $1 AND player_id = $2 AND answered_at = 0`, at.ID, a.Account).Scan(&waiting); err != nil {
			return err
		}
		if waiting >= mostWaiting {
			return fault.New(fault.Conflict, "%d of your questions wait for an answer: take one back before you ask another.", waiting)
		}
		if _, err := tx.Exec(`INSERT INTO question (question_id, board_id, metric, player_id, member, asked, content, useful, asked_at, answer, answered_by, answered_at, read_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', 0, 0)`, asked.ID, at.ID, asked.Metric, a.Account, asked.Member, asked.To, asked.Text, truth(asked.Useful), asked.Asked.UnixMicro()); err != nil {
			return err
		}
		for _, person := range told {
			if err := c.rooms.Queue.Enqueue(tx, jobNotice, asked.ID+" "+person, noticed{at.ID, asked.ID, person}, c.rooms.Now()); err != nil {
				return err
			}
		}
		return c.between(tx, a, "question.ask", asked.To)
	})
	return asked, err
}

// between writes an event that belongs to two people and not to the board, whose managers read its trail.
func (c *Coaching) between(tx *db.Tx, a identity.Actor, verb, other string) error {
	return c.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Player: other})
}

// recipients returns the names on a board of those who are told of a question to an account, "" to the managers.
func (c *Coaching) recipients(ctx context.Context, at *board.Board, account string) (ids []string, err error) {
	if account != "" {
		return []string{personID(at.ID, account)}, nil
	}
	holders, err := c.rooms.Boards.Holders(ctx, at)
	for _, h := range holders {
		if h.Account != "" && (h.Role == board.Owner || h.Role == board.Manager) {
			ids = append(ids, personID(at.ID, h.Account))
		}
	}
	return ids, err
}

// answers reports whether somebody is the side of a question that answers it. Whoever is no coach of the player, manager or
// player of the board any more is not.
func (c *Coaching) answers(a board.Access, at *board.Board, q Question, asker board.Member) bool {
	if a.Account == "" || a.Account == q.asker {
		return false
	}
	if q.To == "" {
		return a.May(board.Manage, at)
	}
	return q.To == a.Account && (a.May(board.Manage, at) || a.May(board.SeeGiven, at) && SeesPlayer(a, at, asker) || a.Member != nil && playing(*a.Member) && at.Suspended == "")
}

// sees returns the questions of a list that somebody is a side of.
func (c *Coaching) sees(ctx context.Context, a identity.Actor, at *board.Board, all []Question) ([]Question, error) {
	if len(all) == 0 || !a.SignedIn() {
		return nil, nil
	}
	access, err := c.rooms.Boards.Access(ctx, at, a)
	if err != nil {
		return nil, err
	}
	names, err := c.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(q Question) bool {
		return q.asker != a.Account && !c.answers(access, at, q, names.Member(q.Member))
	}), nil
}

// Question returns a question to either of its sides; NotFound to everybody else.
func (c *Coaching) Question(ctx context.Context, a identity.Actor, at *board.Board, id string) (q Question, err error) {
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		q, err = questionIn(tx, at.ID, id)
		return err
	})
	if err != nil {
		return Question{}, err
	}
	seen, err := c.sees(ctx, a, at, []Question{q})
	if err != nil {
		return Question{}, err
	}
	if len(seen) == 0 {
		return Question{}, noQuestion()
	}
	q.Mine = q.asker == a.Account
	return q, nil
}

// Asked returns what somebody asked on a board, newest first.
func (c *Coaching) Asked(ctx context.Context, a identity.Actor, at *board.Board) ([]Question, error) {
	return c.questions(ctx, a, at, `q.player_id = $2`, a.Account)
}

// Waiting returns the questions that somebody is to answer, or answered, on a board: those that wait first, then newest first.
func (c *Coaching) Waiting(ctx context.Context, a identity.Actor, at *board.Board) ([]Question, error) {
	return c.questions(ctx, a, at, `q.asked IN ('', $2) AND q.player_id <> $2`, a.Account)
}

func (c *Coaching) questions(ctx context.Context, a identity.Actor, at *board.Board, which string, args ...any) (all []Question, err error) {
	if !a.SignedIn() {
		return nil, nil
	}
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.All(tx, scanQuestion, `SELECT `+questionColumns+` FROM question q WHERE q.board_id = $1 AND `+which+`
			ORDER BY CASE WHEN q.answered_at = 0 THEN 0 ELSE 1 END, q.asked_at DESC, q.question_id LIMIT 500`, append([]any{at.ID}, args...)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Mine = all[i].asker == a.Account
	}
	return c.sees(ctx, a, at, all)
}

// Answer answers a question, or answers it anew; whoever asked is told. An answer that was published stays as it was published.
func (c *Coaching) Answer(ctx context.Context, a identity.Actor, at *board.Board, id, text string) error {
	text, err := body("text", "The answer", text, MostText)
	if err != nil {
		return err
	}
	if text == "" {
		return wrong("text", "The answer is empty.")
	}
	q, err := c.Question(ctx, a, at, id)
	if err != nil {
		return err
	}
	if q.Mine {
		return noQuestion()
	}
	if err := c.rooms.Identity.Take("answer", a.Account); err != nil {
		return err
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		there, err := changes(tx, `UPDATE question SET answer = $1, answered_by = $2, answered_at = $3, read_at = 0 WHERE board_id = $4 AND question_id = $5`, text, a.Account, c.rooms.Now().UnixMicro(), at.ID, id)
		if err != nil {
			return err
		}
		if !there {
			return noQuestion()
		}
		if err := c.rooms.Queue.Enqueue(tx, jobNotice, id+" answered", noticed{at.ID, id, ""}, c.rooms.Now()); err != nil {
			return err
		}
		return c.between(tx, a, "question.answer", q.asker)
	})
}

// ReadAnswer notes that whoever asked opened the answer.
func (c *Coaching) ReadAnswer(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE question SET read_at = $1 WHERE board_id = $2 AND question_id = $3 AND player_id = $4 AND answered_at > 0 AND read_at = 0`, c.rooms.Now().UnixMicro(), at.ID, id, a.Account)
		return err
	})
}

// AllowUse says whether the words of a question of the actor's may be shown to others, without a name. Where they were published, they
// are not any more as soon as it is no.
func (c *Coaching) AllowUse(ctx context.Context, a identity.Actor, at *board.Board, id string, useful bool) error {
	return c.ofMine(ctx, a, at, id, "question.use", func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE question SET useful = $1 WHERE board_id = $2 AND question_id = $3`, truth(useful), at.ID, id); err != nil || useful {
			return err
		}
		return unpublish(tx, at.ID, id)
	})
}

// TakeBack deletes a question of the actor's, its answer, and what was published of it in their words.
func (c *Coaching) TakeBack(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return c.ofMine(ctx, a, at, id, "question.remove", func(tx *db.Tx) error {
		if err := unpublish(tx, at.ID, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE published_answer SET question_id = '' WHERE board_id = $1 AND question_id = $2`, at.ID, id); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM question WHERE board_id = $1 AND question_id = $2`, at.ID, id)
		return err
	})
}

// unpublish takes out of the help what has the words of whoever asked.
func unpublish(tx *db.Tx, boardID, id string) error {
	_, err := tx.Exec(`DELETE FROM published_answer WHERE board_id = $1 AND question_id = $2 AND player_id <> ''`, boardID, id)
	return err
}

func (c *Coaching) ofMine(ctx context.Context, a identity.Actor, at *board.Board, id, verb string, do func(tx *db.Tx) error) error {
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		q, err := questionIn(tx, at.ID, id)
		if err != nil {
			return err
		}
		if q.asker != a.Account || a.Account == "" {
			return noQuestion()
		}
		if err := do(tx); err != nil {
			return err
		}
		return c.between(tx, a, verb, "")
	})
}
