package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// File is a file that is brought to a board: entries (player, key, at, value), or wide (player, and a column a key), or an export that is
// known by its header. Good rows are taken; what cannot be read is told row by row and handed back to be corrected.
type File struct {
	Name    string // its name, whose ending says what it is: CSV or XLSX
	Body    []byte // up to 64 MB
	Source  string // under which name its entries are known; "" the export's, else the file's
	Preset  string // which export it is, see Data.Presets; "" found out by the header
	Mapping string // YAML that says which column is what, for a file with headers of its own; up to 6,000 characters
	Period  string // of rows without a time
	Player  string // key of the one player that every row is about
	How     string // a row that was there with other content: "refuse" (or ""), "replace", or "amend": even under a final release, for an erratum
	Strict  bool   // all rows or none
	Dry     bool   // only look for problems, and add nothing
}

// Brought is what became of a file.
type Brought struct {
	Rows       int            `json:"rows" doc:"Read without a problem of their own."`
	Added      int            `json:"added" doc:"Entries; of a dry run those that would be tried."`
	Duplicates int            `json:"duplicates" doc:"Entries that were there already."`
	Replaced   int            `json:"replaced"`
	Refused    int            `json:"refused" doc:"Rows with a problem."`
	Skipped    map[string]int `json:"skipped,omitempty" doc:"Rows that the mapping leaves out, by the reason."`
	Keys       map[string]int `json:"keys,omitempty" doc:"Entries by key."`
	Waiting    []string       `json:"waiting,omitempty" doc:"Keys of players who are not scored before they accept an invitation."`
	Preset     string         `json:"preset,omitempty" doc:"That was found by the header."`
	Notes      []string       `json:"notes,omitempty"`
	Problems   []RowProblem   `json:"problems,omitempty" doc:"The first hundred."`
	Rejected   string         `json:"rejected,omitempty" doc:"The refused rows as CSV, each with its reason, to be corrected and brought again; up to 1 MB."`
	Cut        bool           `json:"cut,omitempty" doc:"There are more refused rows than rejected holds: none of them is in it."`
}

// RowProblem is what is wrong with one row or cell of a file, and what to do about it.
type RowProblem struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty" doc:"Header of the column; absent: the row as a whole."`
	Cell    string `json:"cell,omitempty" doc:"Of a spreadsheet."`
	Message string `json:"message"`
}

// Data is what came to a board, from where, and what is gone by now.
type Data struct {
	Sources []Bringer `json:"sources"`
	Purged  []Purged  `json:"purged" doc:"Receipts of raw entries that were deleted, newest first."`
	Presets []string  `json:"presets" doc:"Exports that are known by their header."`
}

// Bringer is a source that brought entries to a board.
type Bringer struct {
	Name    string     `json:"name"`
	Entries int64      `json:"entries" doc:"Ever added, deleted ones too."`
	First   *time.Time `json:"first,omitempty" doc:"Of their times."`
	Last    *time.Time `json:"last,omitempty"`
}

// Purged is a receipt of raw entries that were deleted under a final release, which stays.
type Purged struct {
	At      time.Time `json:"at"`
	Before  time.Time `json:"before" doc:"Of the days before this one."`
	Entries int64     `json:"entries"`
	Digest  string    `json:"digest"`
	Kept    int64     `json:"kept" doc:"That the next release still counts."`
}

// Import brings a file to a board. Bringing the same file twice adds nothing.
func (c *Client) Import(ctx context.Context, board string, f File) (Brought, error) {
	q := url.Values{}
	for name, value := range map[string]string{"name": f.Name, "source": f.Source, "preset": f.Preset, "mapping": f.Mapping, "period": f.Period, "player": f.Player, "how": f.How} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, yes := range map[string]bool{"strict": f.Strict, "dry": f.Dry} {
		if yes {
			q.Set(name, "true")
		}
	}
	return ask[Brought](ctx, c.forFiles(), http.MethodPost, at(board, "imports"), q, Raw{Type: "application/octet-stream", Body: f.Body})
}

// Data returns what came to a board, and from where.
func (c *Client) Data(ctx context.Context, board string) (Data, error) {
	return ask[Data](ctx, c, http.MethodGet, at(board, "data"), nil, nil)
}
