package score

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// WriteCSV writes one row per player, best first: player, name, score, exact, rank, level, coverage, note, then the
// rank within each tag group, then value and points of every scored part, depth first.
func (r *Result) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	row := []string{"player", "name", "score", "exact", "rank", "level", "coverage", "note"}
	for _, group := range r.Card.Tags {
		row = append(row, "rank."+group)
	}
	for i := 1; i < len(r.nodes); i++ {
		if r.nodes[i].scored {
			row = append(row, r.nodes[i].part.Key+".value", r.nodes[i].part.Key+".points")
		}
	}
	if err := out.Write(row); err != nil {
		return err
	}
	var d Decomposition
	for _, player := range r.Order {
		i := int(player)
		row = append(row[:0], r.Table.Players[i], r.name(i), r.published(i), cell(r.Exact[i]), place(r.Rank[i]), r.Level(i), cell(r.Coverage[i]), r.Note(i))
		for _, group := range r.Card.Tags {
			row = append(row, place(r.TagRanks[group][i]))
		}
		r.Decompose(i, &d)
		for k := range d.Value {
			if r.nodes[k+1].scored {
				row = append(row, cell(d.Value[k]), cell(d.Points[k]))
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (r *Result) name(i int) string {
	if r.Table.Names == nil {
		return ""
	}
	return r.Table.Names[i]
}

// published is the score with its decimals.
func (r *Result) published(i int) string {
	if math.IsNaN(r.Score[i]) {
		return ""
	}
	return strconv.FormatFloat(r.Score[i], 'f', r.Card.Decimals, 64)
}

func cell(x float64) string {
	if x-x != 0 {
		return ""
	}
	return short(x)
}

func place(rank float64) string {
	if rank == 0 {
		return ""
	}
	return short(rank)
}

// number is a JSON number; what is not finite is null.
type number float64

// MarshalJSON prints the shortest form that reads back to the same float64.
func (n number) MarshalJSON() ([]byte, error) {
	if x := float64(n); x-x == 0 {
		return appendNumber(nil, x), nil
	}
	return []byte("null"), nil
}

// reported is the JSON form of a result, written player by player.
type reported struct {
	Scorecard struct {
		Key    string `json:"key"`
		Name   string `json:"name"`
		SHA256 string `json:"sha256"`
	} `json:"scorecard"`
	Engine     string     `json:"engine"`
	Parameters Parameters `json:"parameters"`
	Warnings   []Warning  `json:"warnings"`
}

type reportedPlayer struct {
	Player   string            `json:"player"`
	Name     string            `json:"name"`
	Score    number            `json:"score"`
	Exact    number            `json:"exact"`
	Rank     number            `json:"rank"`
	TagRanks map[string]number `json:"tag_ranks"`
	Level    *string           `json:"level"`
	Coverage number            `json:"coverage"`
	Note     string            `json:"note"`
	Parts    []reportedPart    `json:"parts"`
}

type reportedPart struct {
	Key      string `json:"key"`
	Raw      number `json:"raw"`
	Treated  number `json:"treated"`
	Value    number `json:"value"`
	Weight   number `json:"weight"`
	Possible number `json:"possible"`
	Points   number `json:"points"`
	State    string `json:"state"`
}

// WriteJSON writes the whole result as one JSON object, players best first.
func (r *Result) WriteJSON(w io.Writer) error {
	out := bufio.NewWriter(w)
	head := reported{Engine: Engine, Parameters: r.Frozen(), Warnings: r.Warnings}
	sum := sha256.Sum256(r.Card.Source)
	head.Scorecard.Key, head.Scorecard.Name, head.Scorecard.SHA256 = r.Card.Key, r.Card.Name, hex.EncodeToString(sum[:])
	if head.Warnings == nil {
		head.Warnings = []Warning{}
	}
	text, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("write the result's head: %w", err)
	}
	out.Write(text[:len(text)-1])
	out.WriteString(`,"players":[`)
	for k, player := range r.Order {
		if text, err = json.Marshal(r.reportPlayer(int(player))); err != nil {
			return fmt.Errorf("write player %s: %w", r.Table.Players[player], err)
		}
		if k > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(text)
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}

func (r *Result) reportPlayer(i int) reportedPlayer {
	p := reportedPlayer{Player: r.Table.Players[i], Name: r.name(i), Score: number(r.Score[i]), Exact: number(r.Exact[i]),
		Rank: rankNumber(r.Rank[i]), TagRanks: map[string]number{}, Coverage: number(r.Coverage[i]), Note: r.Note(i)}
	if level := r.Level(i); level != "" {
		p.Level = &level
	}
	for group, ranks := range r.TagRanks {
		p.TagRanks[group] = rankNumber(ranks[i])
	}
	for _, part := range r.Parts(i) {
		p.Parts = append(p.Parts, reportedPart{Key: part.Part.Key, Raw: number(part.Raw), Treated: number(part.Treated),
			Value: number(part.Value), Weight: number(part.Weight), Possible: number(part.Possible), Points: number(part.Points),
			State: part.State.String()})
	}
	return p
}

func rankNumber(rank float64) number {
	if rank == 0 {
		return number(missing)
	}
	return number(rank)
}

// ReadParameters reads the parameters of a JSON result, for Options.Frozen.
func ReadParameters(r io.Reader) (Parameters, error) {
	var head reported
	if err := json.NewDecoder(r).Decode(&head); err != nil {
		return nil, fmt.Errorf("this is not a JSON result of cairn score: %w", err)
	}
	if head.Parameters == nil {
		return nil, fmt.Errorf("the JSON result has no \"parameters\"; write one with cairn score --format json")
	}
	for key, p := range head.Parameters {
		if p == nil {
			delete(head.Parameters, key)
			continue
		}
		for _, d := range []**Distribution{&p.Distribution, &p.Ranked} {
			if *d == nil {
				continue
			}
			if len((*d).Values) != len((*d).Counts) || !slices.IsSorted((*d).Values) {
				return nil, fmt.Errorf("parameter %s: the distribution is broken: it wants rising values and as many counts", key)
			}
			*d = (*d).summed()
		}
	}
	return head.Parameters, nil
}
