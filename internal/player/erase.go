package player

import (
	"context"

	"cairn/internal/db"
	"cairn/internal/identity"
)

// Erase deletes the actor's record, connections, entries and account at once, in one transaction of all keepers, with what
// is left of records that were joined into it. The actor must have proved themselves within identity.ProofLasts, else
// Forbidden.
//
// What is left are numbers without a name: lines of published releases, receipts of grants, and events of the trail, among
// them that this record was erased. They name the account by its number, which then is nobody's.
func (p *Players) Erase(ctx context.Context, a identity.Actor) error {
	if err := p.proved(a); err != nil {
		return err
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		joined, err := joinedInto(tx, a.Account)
		if err != nil {
			return err
		}
		if err := p.forget(tx, append(joined, a.Account)...); err != nil {
			return err
		}
		return p.note(tx, a, "record.erase", nil)
	})
}

// forget has every keeper forget accounts, the upper rooms first.
func (p *Players) forget(tx *db.Tx, accounts ...string) error {
	for _, k := range p.downwards() {
		for _, account := range accounts {
			if err := k.Forget(tx, account); err != nil {
				return err
			}
		}
	}
	return nil
}
