package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/source"
	"cairn/internal/source/git"
	"cairn/scorecard"
)

// gitWeeks is how many weeks with commits the board of a repository shows.
const gitWeeks = 26

// buildGit makes the board of a repository's contributors and publishes the last weeks that have commits. It returns the
// board's key.
func (a *App) buildGit(ctx context.Context, path string, d Demo) (key string, err error) {
	repository, err := git.Open(ctx, path)
	if err != nil {
		return "", err
	}
	weeks, records, err := a.history(ctx, path, repository, d.Note)
	if err != nil {
		return "", err
	}
	card, err := contributors(path)
	if err != nil {
		return "", err
	}

	clock, _ := weeks[0].Bounds(time.UTC)
	rooms, err := a.past(&clock)
	if err != nil {
		return "", err
	}
	sources := rooms.Sources
	b, err := rooms.Boards.Board(ctx, card.Key)
	if fault.Of(err) == fault.NotFound {
		b, err = rooms.Boards.Create(ctx, card, board.Settings{Basis: board.PublicRecord})
	}
	if err != nil {
		return "", err
	}
	for i, week := range weeks {
		d.Progress(b.Name, i, len(weeks))
		_, end := week.Bounds(time.UTC)
		clock = end.Add(9 * time.Hour)
		early := a.Now().Before(end)
		if early {
			clock = a.Now()
		}
		latest, err := rooms.Releases.Latest(ctx, b)
		if err == nil && latest.Period.Last >= week.First {
			continue
		} else if err != nil && fault.Of(err) != fault.NotFound {
			return "", err
		}
		_, err = sources.Run(ctx, source.Feed{
			Board: b, Source: "git", By: board.ByEmail,
			Refused: func(_ *intake.Record, problem *intake.Problem) error { d.Note(problem.Error()); return nil },
		}, each(records[week]))
		if err != nil {
			return "", err
		}
		if _, err := rooms.Releases.Publish(ctx, b, week, early); err != nil {
			return "", err
		}
	}
	d.Progress(b.Name, len(weeks), len(weeks))
	return b.Key, nil
}

// history reads a repository back to the last weeks that have commits and are over; of one that was begun this week, this
// week. What is left out is noted: commits whose date cannot be, or that claim to come from the future.
func (a *App) history(ctx context.Context, path string, repository *git.Repository, note func(text string)) ([]period.Period, map[period.Period][]*intake.Record, error) {
	records := map[period.Period][]*intake.Record{}
	now := period.Of(scorecard.Week, a.Now(), time.UTC)
	const margin = 4 // weeks more than are needed, since the order of commits is not quite that of their dates
	early := 0
	for record, err := range repository.Records(ctx, git.Options{}) {
		if problem := (*intake.Problem)(nil); errors.As(err, &problem) {
			note(problem.Error())
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		week := period.Of(scorecard.Week, record.Entries[0].At, time.UTC)
		if week.First > now.First {
			early++
			continue
		}
		if records[week] == nil && len(records) > gitWeeks+margin {
			break
		}
		kept := *record
		kept.Row.Cells, kept.Entries = slices.Clone(record.Row.Cells), slices.Clone(record.Entries)
		records[week] = append(records[week], &kept)
	}
	if early > 0 {
		note(fmt.Sprintf("%s: commits dated later than this week are left out (%d)", path, early))
	}
	if len(records) > 1 {
		delete(records, now)
	}
	if len(records) == 0 {
		return nil, nil, fault.New(fault.Invalid, "%s: the repository has no commits to show yet", path)
	}
	weeks := slices.SortedFunc(maps.Keys(records), func(x, y period.Period) int { return cmp.Compare(x.First, y.First) })
	return weeks[max(0, len(weeks)-gitWeeks):], records, nil
}

// each yields records that were kept, in the order of time.
func each(records []*intake.Record) iter.Seq2[*intake.Record, error] {
	return func(yield func(*intake.Record, error) bool) {
		for _, record := range slices.Backward(records) {
			if !yield(record, nil) {
				return
			}
		}
	}
}

// contributors returns the scorecard of a repository's contributors, under the repository's name.
func contributors(path string) (*scorecard.Scorecard, error) {
	template, _, ok := scorecard.TemplateOf("open-source-contributors")
	if !ok {
		return nil, fault.New(fault.Internal, "there is no template open-source-contributors")
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	name := strings.TrimSuffix(filepath.Base(path), ".git")
	plain := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
	key := "contributors"
	if plain != "" {
		key += "-" + plain[:min(len(plain), 50)]
	}
	return scorecard.Load("open-source-contributors.yaml", template.Renamed(key, "Contributors of "+name))
}
