package board

import (
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// Unknown is what NumbersIn returns for a person who is not on the board.
const Unknown = -2

// AskedIn returns the scorecard and the terms that are in force on a board, in the caller's transaction.
func (b *Boards) AskedIn(tx *db.Tx, boardID string) (*scorecard.Scorecard, Terms, error) {
	at := &Board{ID: boardID}
	if err := tx.QueryRow(`SELECT key, version, terms FROM board WHERE board_id = $1`, boardID).Scan(&at.Key, &at.Version, &at.Terms); err != nil {
		return nil, Terms{}, err
	}
	card, err := b.cardIn(tx, boardID, at.Version)
	if err != nil {
		return nil, Terms{}, err
	}
	terms, err := b.termsIn(tx, at, at.Terms)
	return card, terms, err
}

// NumbersIn returns the numbers of members in the caller's transaction, in order, by a key, e-mail address or handle of each, without
// adding anybody: Gone for people of whom the board keeps nothing any more, Unknown for those that it does not know or cannot tell
// apart.
func (b *Boards) NumbersIn(tx *db.Tx, boardID, by string, marks []string) ([]int64, error) {
	switch by {
	case ByKey, ByEmail, ByHandle:
	default:
		return nil, fault.Wrong("by", "Players are found by key, email or handle, not by %q.", by)
	}
	e := enrolment{by: by, boardID: boardID}
	people, asked := make([]Member, len(marks)), map[string]bool{}
	var once []string
	for i, mark := range marks {
		switch by {
		case ByEmail:
			people[i].Email = mark
		case ByHandle:
			people[i].Handle = mark
		default:
			people[i].Key = mark
		}
		people[i] = plain(people[i])
		if mark = e.mark(people[i]); mark != "" && !asked[mark] && checkText(by, by, mark) == nil {
			asked[mark] = true
			once = append(once, mark)
		}
	}
	found, err := e.among(tx, by, once)
	if err != nil {
		return nil, err
	}
	if e.declined, err = (&change{Tx: tx, boards: b, boardID: boardID, now: b.rooms.Now()}).declined(); err != nil {
		return nil, err
	}
	numbers := map[string]int64{}
	for _, m := range found {
		mark, number := e.mark(m), m.Number
		if m.State == Left && m.Player != "" {
			number = Gone
		}
		if _, twice := numbers[mark]; twice {
			number = Unknown
		}
		numbers[mark] = number
	}
	all := make([]int64, len(people))
	for i, person := range people {
		number, known := numbers[e.mark(person)]
		switch {
		case known:
			all[i] = number
		case e.saidNo(person):
			all[i] = Gone
		default:
			all[i] = Unknown
		}
	}
	return all, nil
}

// EnrolIn is Enrol in the caller's transaction; readers of the directory see who is new within a second.
func (b *Boards) EnrolIn(tx *db.Tx, boardID, by string, people []Member) ([]int64, error) {
	e, err := enrolling(boardID, by, people)
	if err != nil {
		return nil, err
	}
	c, err := b.begin(tx, boardID)
	if err != nil {
		return nil, err
	}
	defer b.directories.changed(boardID)
	return e.run(c)
}

// ByIDIn is ByID in the caller's transaction.
func (b *Boards) ByIDIn(tx *db.Tx, id string) (*Board, error) { return b.boardIn(tx, id) }

// MembersOf returns who an account is on which boards (board_id → member), in the caller's transaction.
func (b *Boards) MembersOf(tx *db.Tx, account string) (map[string]Member, error) {
	list, err := membershipsOf(tx, account)
	members := make(map[string]Member, len(list))
	for _, m := range list {
		members[m.boardID] = m.Member
	}
	return members, err
}
