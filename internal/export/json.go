package export

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"math"
	"time"

	"cairn/internal/release"
	"cairn/scorecard"
)

// number is null where it is missing.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if missing(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// head of a release in JSON; its rows follow.
type head struct {
	Period    string     `json:"period"`
	Edition   int        `json:"edition"`
	State     string     `json:"state"`
	Digest    string     `json:"digest,omitempty"`
	Published *time.Time `json:"published,omitempty"`
}

// player is a row in JSON.
type player struct {
	Rank    number            `json:"rank"`
	Player  string            `json:"player"`
	Name    string            `json:"name"`
	Score   number            `json:"score"`
	Change  number            `json:"change"`
	Climbed number            `json:"climbed"`
	Level   string            `json:"level"`
	Note    string            `json:"note"`
	Tags    map[string]string `json:"tags"`
	Values  map[string]number `json:"values"`
	Points  map[string]number `json:"points"`
}

// writeRelease writes {"period": …, "rows": […]}.
func writeRelease(ctx context.Context, w io.Writer, of release.Found) error {
	t, err := of.Table(ctx)
	if err != nil {
		return err
	}
	h := head{Period: of.View.Period.String(), Edition: of.View.Edition, State: state(of.View.Release), Digest: of.View.Digest}
	if of.View.State == release.Final {
		h.Published = &of.View.Published
	}
	begin, err := json.Marshal(h)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10) // its error stays until Flush
	_, _ = out.Write(begin[:len(begin)-1])
	_, _ = out.WriteString(`,"rows":[`)
	between := "\n"
	for line, err := range of.Lines(ctx, t) {
		if err != nil {
			return err
		}
		row := &line.Row
		rank := number(row.Rank)
		if row.Rank <= 0 {
			rank = number(math.NaN())
		}
		p := player{Rank: rank, Player: row.Key, Name: row.Name, Score: number(row.Score), Change: number(row.Change), Climbed: number(row.Climbed),
			Level: row.Level, Note: row.Note, Tags: map[string]string{}, Values: by(t.Measured, line.Values), Points: by(t.Scored, line.Points)}
		for _, group := range t.Tags {
			if tag := row.Tags[group]; tag != "" {
				p.Tags[group] = tag
			}
		}
		text, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, _ = out.WriteString(between)
		if _, err := out.Write(text); err != nil {
			return err
		}
		between = ",\n"
	}
	_, _ = out.WriteString("]}")
	return out.Flush()
}

func by(parts []*scorecard.Part, numbers []float64) map[string]number {
	all := make(map[string]number, len(parts))
	for i, p := range parts {
		all[p.Key] = number(numbers[i])
	}
	return all
}

// writeReleases writes {"releases": […]}.
func writeReleases(ctx context.Context, w io.Writer, all iter.Seq2[release.Found, error]) error {
	between := `{"releases":[` + "\n"
	for of, err := range all {
		if err == nil {
			_, err = io.WriteString(w, between)
		}
		if err == nil {
			err = writeRelease(ctx, w, of)
		}
		if err != nil {
			return err
		}
		between = ",\n"
	}
	if between != ",\n" {
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]}\n")
	return err
}
