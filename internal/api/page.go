package api

import (
	"encoding/base64"
	"encoding/json"
	"slices"

	"cairn/client"
	"cairn/internal/fault"
)

// Listed is what every list can be asked for. What is large is read in pages: each ends with a cursor that leads to the next.
type Listed struct {
	Cursor string `query:"cursor" maxLength:"400" doc:"Where to go on: next of the page before. It is opaque."`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"1000" doc:"At most so many."`
}

// page cuts the part of a list that was asked for. key names an item among the others: where the item that the page before
// ended with is still there, the next page begins behind it, whatever came or went before it; else at the same place.
func page[T, U any](items []T, in Listed, key func(T) string, wire func(T) U) (*body[client.Page[U]], error) {
	begin := 0
	if in.Cursor != "" {
		var last cursor
		if err := last.read(in.Cursor); err != nil {
			return nil, err
		}
		begin = min(last.At, len(items))
		if at := slices.IndexFunc(items, func(item T) bool { return key(item) == last.Key }); at >= 0 {
			begin = at + 1
		}
	}
	end := min(begin+max(in.Limit, 1), len(items))
	cut := client.Page[U]{Items: make([]U, 0, end-begin)}
	for _, item := range items[begin:end] {
		cut.Items = append(cut.Items, wire(item))
	}
	if end < len(items) {
		cut.Next = cursor{Key: key(items[end-1]), At: end}.String()
	}
	return answer(cut), nil
}

// cursor is where a page ended.
type cursor struct {
	Key string `json:"k"` // of its last item
	At  int    `json:"n"` // so many came before the next
}

func (c cursor) String() string {
	text, _ := json.Marshal(c) // a text and a number
	return base64.RawURLEncoding.EncodeToString(text)
}

func (c *cursor) read(text string) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, c)
	}
	if err != nil || c.At < 0 {
		return fault.Wrong("query.cursor", "This cursor is none of ours: give what stood in next, as it was.")
	}
	return nil
}
