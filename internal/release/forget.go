package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/story"
)

// Forget takes a person out of the releases from before players were known by reference, which hold the keys and names of then: the
// only change that a final release may see. What it says in numbers stays, and so does its digest; its bundle, and that of the release
// after it, can no longer be written. A release with references holds nothing to take out.
func (r *Releases) Forget(tx *db.Tx, account string) error {
	numbers, err := r.boards.MembershipsOf(tx, account)
	if err != nil {
		return err
	}
	for boardID, number := range numbers {
		ids, err := namedReleases(tx, boardID)
		if err != nil {
			return err
		}
		for _, id := range ids {
			h, err := r.read(tx.Context(), boardID, id)
			if err != nil {
				return err
			}
			if h.place(number) < 0 {
				continue
			}
			if err := h.forget(tx, number); err != nil {
				return err
			}
		}
	}
	return nil
}

// namedReleases returns the final releases of a board that hold names.
func namedReleases(tx *db.Tx, boardID string) (ids []string, err error) {
	return tx.Texts(`SELECT release_id FROM release WHERE board_id = $1 AND state = 'final' AND format = 1 ORDER BY release_id`, boardID)
}

// forget writes the release without a member's key and name, and without the names of whom anybody overtook.
func (h *held) forget(tx *db.Tx, number int64) error {
	t := telling{periods: map[string]int{}}
	for i, name := range h.head.Periods {
		t.periods[name] = i
	}
	place := h.place(number)
	p, s := h.page(), &sheet{}
	for n, c := range h.chunks {
		p.load(c)
		if place/perChunk == n {
			p.text[keyText][place%perChunk] = fmt.Sprint("former-", number)
			p.text[nameText][place%perChunk] = ""
		}
		for i := range p.n {
			now := story.Appearance{Release: h.period.String(), Score: p.number[h.score][i], Rank: p.number[h.rank][i], Of: h.head.Ranked}
			claims := unpack([]byte(p.text[toldText][i]), h.head.Periods, now)
			for k := range claims {
				if claims[k].Kind == story.Overtook {
					claims[k].Names = nil
					claims[k].Evidence = slices.DeleteFunc(claims[k].Evidence, func(e story.Evidence) bool { return strings.HasPrefix(e.What, rankOf) })
				}
			}
			p.text[toldText][i] = string(t.pack(claims, now))
		}
		if _, err := tx.Exec(`UPDATE release_chunk SET content = $1 WHERE board_id = $2 AND release_id = $3 AND chunk_no = $4`,
			p.store(nil, s), h.boardID, h.record.id, n); err != nil {
			return err
		}
	}
	head := h.head
	head.Title, head.Lead, head.Climbs, head.Rewritten = "", headLead{}, nil, true
	text, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("writing the head of a release: %w", err)
	}
	_, err = tx.Exec(`UPDATE release SET head = $1 WHERE board_id = $2 AND release_id = $3`, text, h.boardID, h.record.id)
	return err
}

// complete refuses a release from which somebody was taken out: it is not what its digest says.
func (h *held) complete() error {
	if !h.head.Rewritten {
		return nil
	}
	return fault.New(fault.Conflict, "The release of %s is from before players were known by reference, and somebody in it erased their record since: its names are gone, so that a bundle of it, or of the release after it, can no longer be written. Its numbers and its digest stay.", h.period.Label())
}
