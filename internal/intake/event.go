package intake

import (
	"encoding/json"
	"time"
)

// Event is one thing that another system says happened: what every format of messages comes down to before rules make
// entries of it.
type Event struct {
	ID       string // its own, unique within the source; "" none: one is made of what it says
	Type     string // what happened: "Order Completed", "com.example.order", a Singer stream
	At       time.Time
	Received time.Time
	Players  map[string]string // by which kinds of identifier it names somebody: "key", "email", "handle", "id" of the other system
	Data     json.RawMessage   // all of it, as it came: what rules read
	Entry    *Direct           // of a message that says the entry itself; nil: rules say what it becomes
	Why      string            // why nothing can be made of it, "" something can
}

// Direct is an entry as a message says it.
type Direct struct {
	Key   string
	Value float64 // NaN none
	Label string
}

// Batch is what one request, line of a stream or answer brought.
type Batch struct {
	Events []Event
	Made   int // ids that were made, since none was given
}
