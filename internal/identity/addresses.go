package identity

import "cairn/internal/db"

// AddressesIn returns the addresses that an account proved to read, in the caller's transaction; none for an account that is
// not there.
func (i *Identity) AddressesIn(tx *db.Tx, account string) (addresses []string, err error) {
	rows, err := tx.Query(`SELECT address FROM account_address WHERE account_id = $1 ORDER BY main DESC, address`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var address string
		if err := rows.Scan(&address); err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, rows.Err()
}
