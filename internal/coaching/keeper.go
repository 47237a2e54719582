package coaching

import (
	"encoding/json"
	"fmt"
	"time"

	"cairn/internal/db"
)

type keptTip struct {
	Board  string    `json:"board"`
	Title  string    `json:"title"`
	Text   string    `json:"text"`
	Link   string    `json:"link"`
	Author string    `json:"author"`
	Lent   bool      `json:"lent"`
	Made   time.Time `json:"made"`
}

type keptHelp struct {
	Board    string    `json:"board"`
	Metric   string    `json:"metric"`
	Why      string    `json:"why,omitempty"`
	Good     string    `json:"good,omitempty"`
	Bad      string    `json:"bad,omitempty"`
	Question string    `json:"question,omitempty"`
	Answer   string    `json:"answer,omitempty"`
	At       time.Time `json:"at"`
}

type keptQuestion struct {
	Board    string    `json:"board"`
	Metric   string    `json:"metric"`
	Side     string    `json:"side"` // by me, of me
	Question string    `json:"question"`
	Useful   bool      `json:"may_be_used"`
	Asked    time.Time `json:"asked"`
	Answer   string    `json:"answer"`
	Answered time.Time `json:"answered,omitzero"`
	Read     time.Time `json:"read,omitzero"`
}

type keptOffer struct {
	Board   string    `json:"board"`
	Metrics []string  `json:"metrics"`
	Since   time.Time `json:"since"`
}

type keptTalk struct {
	Board  string    `json:"board"`
	On     string    `json:"on"`
	Metric string    `json:"metric"`
	Agreed string    `json:"agreed"`
	At     time.Time `json:"written"`
}

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. It returns what a person asked, answered, offered and
// wrote, and the talks with them.
func (c *Coaching) Kept(tx *db.Tx, account string) (map[string]any, error) {
	tips, err := db.All(tx, func(scan func(...any) error) (t keptTip, err error) {
		var lent, made int64
		err = scan(&t.Board, &t.Title, &t.Text, &t.Link, &t.Author, &lent, &made)
		t.Lent, t.Made = lent == 1, instant(made)
		return t, err
	}, `SELECT b.key, t.title, t.content, t.link, t.author, t.lent, t.made_at FROM tip t JOIN board b ON b.board_id = t.board_id
		WHERE t.written_by = $1 OR t.taken_by = $1 ORDER BY t.made_at, t.tip_id`, account)
	if err != nil {
		return nil, err
	}
	help, err := db.All(tx, func(scan func(...any) error) (h keptHelp, err error) {
		var at int64
		err = scan(&h.Board, &h.Metric, &h.Why, &h.Good, &h.Bad, &h.Question, &h.Answer, &at)
		h.At = instant(at)
		return h, err
	}, `SELECT b.key, h.metric, h.why, h.good, h.bad, '', '', h.changed_at FROM metric_help h JOIN board b ON b.board_id = h.board_id WHERE h.written_by = $1
		UNION ALL SELECT b.key, p.metric, '', '', '', p.question, CASE WHEN p.written_by = $1 THEN p.answer ELSE '' END, p.made_at
		FROM published_answer p JOIN board b ON b.board_id = p.board_id WHERE p.written_by = $1 OR p.player_id = $1 ORDER BY 8, 1, 2`, account)
	if err != nil {
		return nil, err
	}
	questions, err := db.All(tx, func(scan func(...any) error) (q keptQuestion, err error) {
		var useful, asked, answered, opened int64
		err = scan(&q.Board, &q.Metric, &q.Side, &q.Question, &useful, &asked, &q.Answer, &answered, &opened)
		q.Useful, q.Asked, q.Answered, q.Read = useful == 1, instant(asked), instant(answered), instant(opened)
		return q, err
	}, `SELECT b.key, q.metric, CASE WHEN q.player_id = $1 THEN 'by me' ELSE 'of me' END, CASE WHEN q.player_id = $1 THEN q.content ELSE '' END, q.useful, q.asked_at,
		q.answer, q.answered_at, CASE WHEN q.player_id = $1 THEN q.read_at ELSE 0 END
		FROM question q JOIN board b ON b.board_id = q.board_id WHERE q.player_id = $1 OR q.asked = $1 OR q.answered_by = $1 ORDER BY q.asked_at, q.question_id`, account)
	if err != nil {
		return nil, err
	}
	offers, err := db.All(tx, func(scan func(...any) error) (o keptOffer, err error) {
		var metrics string
		var since int64
		if err = scan(&o.Board, &metrics, &since); err == nil {
			err = json.Unmarshal([]byte(metrics), &o.Metrics)
		}
		o.Since = instant(since)
		return o, err
	}, `SELECT b.key, o.metrics, o.since FROM open_to_questions o JOIN board b ON b.board_id = o.board_id WHERE o.player_id = $1 ORDER BY b.key`, account)
	if err != nil {
		return nil, err
	}
	with, err := c.keptTalks(tx, account)
	if err != nil {
		return nil, err
	}
	held, err := db.All(tx, scanKeptTalk, `SELECT b.key, t.held_on, t.metric, t.agreed, t.created_at FROM talk t JOIN board b ON b.board_id = t.board_id WHERE t.author = $1 ORDER BY t.created_at, t.talk_id`, account)
	return map[string]any{"tips.json": tips, "help.json": help, "questions.json": questions, "open-to-questions.json": offers, "talks-with-me.json": with, "talks-by-me.json": held}, err
}

func scanKeptTalk(scan func(...any) error) (t keptTalk, err error) {
	var made int64
	err = scan(&t.Board, &t.On, &t.Metric, &t.Agreed, &made)
	t.At = instant(made)
	return t, err
}

// keptTalks returns the talks with a person, on every board of theirs.
func (c *Coaching) keptTalks(tx *db.Tx, account string) ([]keptTalk, error) {
	numbers, err := c.rooms.Boards.MembershipsOf(tx, account)
	if err != nil {
		return nil, err
	}
	all := []keptTalk{}
	boards, err := tx.Texts(`SELECT DISTINCT board_id FROM talk ORDER BY board_id`)
	if err != nil {
		return nil, err
	}
	for _, id := range boards {
		number, member := numbers[id]
		if !member {
			continue
		}
		talks, err := db.All(tx, scanKeptTalk, `SELECT b.key, t.held_on, t.metric, t.agreed, t.created_at FROM talk t JOIN board b ON b.board_id = t.board_id WHERE t.board_id = $1 AND t.member = $2 ORDER BY t.created_at, t.talk_id`, id, number)
		if err != nil {
			return nil, err
		}
		all = append(all, talks...)
	}
	return all, nil
}

// Forget takes an account out of all that was said: its questions, what was published in its words, and the talks with it go; what
// it wrote for others stays without its name.
func (c *Coaching) Forget(tx *db.Tx, account string) error {
	numbers, err := c.rooms.Boards.MembershipsOf(tx, account)
	if err != nil {
		return err
	}
	for id, number := range numbers {
		if _, err := tx.Exec(`DELETE FROM talk WHERE board_id = $1 AND member = $2`, id, number); err != nil {
			return err
		}
	}
	for _, query := range []string{
		`DELETE FROM published_answer WHERE player_id = $1`,
		`UPDATE published_answer SET question_id = '' WHERE question_id IN (SELECT question_id FROM question WHERE player_id = $1)`,
		`DELETE FROM question WHERE player_id = $1`,
		`UPDATE question SET asked = '-' WHERE asked = $1`, // nobody's, and not the managers': who asked is told to ask somebody else
		`UPDATE question SET answered_by = '' WHERE answered_by = $1`,
		`UPDATE published_answer SET written_by = '' WHERE written_by = $1`,
		`DELETE FROM open_to_questions WHERE player_id = $1`,
		`UPDATE metric_help SET written_by = '' WHERE written_by = $1`,
		`UPDATE tip SET author = '', written_by = '' WHERE written_by = $1`,
		`UPDATE tip SET taken_by = '' WHERE taken_by = $1`,
		`UPDATE talk SET author = '' WHERE author = $1`,
	} {
		if _, err := tx.Exec(query, account); err != nil {
			return err
		}
	}
	return nil
}

// moving is the columns that hold an account, and the key of their rows.
var moving = []struct{ name, table, id, column string }{
	{"tips", "tip", "tip_id", "written_by"},
	{"taken", "tip", "tip_id", "taken_by"},
	{"help", "metric_help", "board_id || ' ' || metric", "written_by"},
	{"asked", "question", "question_id", "player_id"},
	{"to", "question", "question_id", "asked"},
	{"answered", "question", "question_id", "answered_by"},
	{"words", "published_answer", "answer_id", "player_id"},
	{"published", "published_answer", "answer_id", "written_by"},
	{"offers", "open_to_questions", "board_id", "player_id"},
	{"talks", "talk", "talk_id", "author"},
}

// Move makes what one account said another's. Where both offered to be asked on one board, the other's offer stays.
func (c *Coaching) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	moved := map[string][]string{}
	for _, m := range moving {
		free := ""
		if m.table == "open_to_questions" {
			free = ` AND NOT EXISTS (SELECT 1 FROM open_to_questions o WHERE o.player_id = $2 AND o.board_id = open_to_questions.board_id)`
		}
		args := []any{from}
		if free != "" {
			args = append(args, into)
		}
		ids, err := tx.Texts(`SELECT `+m.id+` FROM `+m.table+` WHERE `+m.column+` = $1`+free+` ORDER BY 1`, args...)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if _, err := tx.Exec(`UPDATE `+m.table+` SET `+m.column+` = $1 WHERE `+m.column+` = $2 AND `+m.id+` = $3`, into, from, id); err != nil {
				return nil, err
			}
		}
		if len(ids) > 0 {
			moved[m.name] = ids
		}
	}
	text, err := json.Marshal(moved)
	if err != nil {
		return nil, fmt.Errorf("writing what was moved: %w", err)
	}
	return text, nil
}

// MoveBack undoes it; what was said since stays where it is.
func (c *Coaching) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	moved := map[string][]string{}
	if err := json.Unmarshal(note, &moved); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	for _, m := range moving {
		for _, id := range moved[m.name] {
			if _, err := tx.Exec(`UPDATE `+m.table+` SET `+m.column+` = $1 WHERE `+m.column+` = $2 AND `+m.id+` = $3`, from, into, id); err != nil {
				return err
			}
		}
	}
	return nil
}
