package intake

import "encoding/json"

// Rule says what events of a type become. It is data: what it reads of an event stands at JSONPaths (RFC 9535).
type Rule struct {
	Event  string            `json:"event"`            // type; "" every one. A trailing * stands for any end
	When   map[string]string `json:"when,omitempty"`   // path → text: all of them must be so
	Key    string            `json:"key"`              // key of the entry; or a path, beginning with $
	Number string            `json:"number,omitempty"` // path of its number; "" it counts 1
	Player string            `json:"player"`           // path of the player's identifier
	By     string            `json:"by"`               // which kind that is: "key", "email" or "handle"
	At     string            `json:"at,omitempty"`     // path of its time; "" the event's
	Label  string            `json:"label,omitempty"`  // path
	ID     string            `json:"id,omitempty"`     // path of its id; "" the event's, with the key where one event becomes several entries
	Skip   bool              `json:"skip,omitempty"`   // such events are left out on purpose: they are counted, and do not wait
}

// Rules are tried in order; every one that fits makes an entry, and Skip ends the search. An event that says its entry itself
// needs none.
type Rules []Rule

// ReadRules reads rules from JSON. Invalid, with the rule and its field, for what cannot be.
func ReadRules(text json.RawMessage) (Rules, error) {
	panic("to be written")
}

// Made is what rules made of one event.
type Made struct {
	By, Who string // which kind of identifier names the player, and it
	Entry   Entry
}

// Apply makes entries of an event. why says what is lacking, for people, where nothing could be made; skipped: a rule leaves it out.
func (r Rules) Apply(e Event) (made []Made, skipped bool, why string) {
	panic("to be written")
}
