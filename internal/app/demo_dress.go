package app

import (
	"context"
	"time"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/source"
	"cairn/internal/story"
	"cairn/internal/target"
	"cairn/internal/theme"
	"cairn/scorecard"
)

// dress gives the club what makes a week of it: a rhythm, a target, tips and help. It does nothing where they are there.
func (a *App) dress(ctx context.Context, b *board.Board) error {
	if b.Rhythm.Mode != board.ByHand {
		return nil
	}
	console := identity.Actor{}
	tips := []coaching.Tip{
		{Kind: story.MetricRecord, Title: "Write down what made it work", Text: "A record is a good moment to **write down in one sentence** what was different this week. You will want to know it in a month.", Author: "Mara, who runs the club"},
		{Metric: "comments", Title: "Ask one question", Text: "A comment that ends with a question is answered more often than one that ends with praise:\n\n- What would you do differently?\n- How did you find the first ten?", Author: "Mara, who runs the club"},
		{Metric: "posts", Title: "Two small ones", Text: "Two short posts on two days carry further than a long one. Write both on Monday and keep one for Thursday.", Author: "Mara, who runs the club", Lent: true},
	}
	if _, err := a.Coaching.WriteTips(ctx, console, b, tips); err != nil {
		return err
	}
	if err := a.Coaching.WriteHelp(ctx, console, b, coaching.Help{Metric: "comments", Why: "Comments are where a stranger becomes somebody you have talked to.",
		Good: "*“We tried the same with dentists and stopped after a month. Did yours come back by themselves?”*", Bad: "*“Great post!”* says that you were there, and nothing else."}); err != nil {
		return err
	}
	if err := a.connect(ctx, b); err != nil {
		return err
	}
	return a.Boards.SetRhythm(ctx, console, b, board.Rhythm{Mode: board.Auto, At: "09:00", Grace: 24, From: period.Of(scorecard.Week, a.Now(), b.Location()).String()})
}

// connect gives the club a program that sends, with rules and one message that waits, since nobody is known by its address.
func (a *App) connect(ctx context.Context, b *board.Board) error {
	from, _, err := a.Sources.Connect(ctx, identity.Actor{}, source.Connection{Board: b.ID, Name: "community", Kind: source.Push, Rules: intake.Rules{
		{Event: "Comment written", Key: "comments", Player: "$.email", By: "email"},
		{Event: "Post published", Key: "posts", Player: "$.email", By: "email", Label: "$.title"},
		{Event: "Page viewed", Skip: true},
	}}, "")
	if fault.Of(err) == fault.Conflict {
		return nil // it is there
	}
	if err != nil {
		return err
	}
	_, err = a.Sources.Push(ctx, from, intake.Batch{Events: []intake.Event{
		{ID: "c-1", Type: "Comment written", At: a.Now(), Received: a.Now(), Data: []byte(`{"event": "Comment written", "email": "zoe@club.example", "thread": "How do you begin?"}`)},
	}})
	return err
}

// wear gives the league of organisations a look and words of its own.
func (a *App) wear(ctx context.Context, b *board.Board) error {
	if b.Theme != (theme.Theme{}) {
		return nil
	}
	return a.Boards.SetTheme(ctx, identity.Actor{}, b, theme.Theme{
		Light: theme.Colours{Ground: "#f4f6f8", Ink: "#17212b", Accent: "#f2b441"}, Type: theme.Slab, Corners: theme.Soft, Words: theme.Words{Player: "agent", Players: "agents"},
	})
}

// aim sets the club's target, some weeks before its story ends.
func (a *App) aim(ctx context.Context, b *board.Board) error {
	if there, err := a.Targets.List(ctx, b); err != nil || len(there) > 0 {
		return err
	}
	today := a.Now().In(b.Location())
	day := func(months int) string { return today.AddDate(0, months, 0).Format(time.DateOnly) }
	_, err := a.Targets.Set(ctx, identity.Actor{}, b, target.Target{Metric: "comments", Scope: target.Player, Member: -1, Why: "Talking to people is what the club is for.",
		From: day(0), Path: []target.Point{{Day: day(0), Value: 10}, {Day: day(6), Value: 15}, {Day: day(12), Value: 18}}})
	return err
}
