package api

import (
	"cmp"
	"context"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/identity"
)

// Questions of one person to another. Nobody else sees one.

func (d *door) listHelpers(ctx context.Context, v *visit, in *struct {
	InBoard
	Metric string `query:"metric" doc:"Key of a metric; absent: about anything."`
}) (*body[client.Page[client.Helper]], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	people, err := d.Coaching.People(ctx, v.board, m, in.Metric)
	if err != nil {
		return nil, err
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	told := []client.Helper{}
	for _, p := range people {
		one := client.Helper{ID: p.ID, As: string(p.As), Name: "Whoever runs the board"}
		switch p.As {
		case coaching.AsPeer:
			one.Name = names.Member(p.Member).Called()
		case coaching.AsCoach:
			name, err := d.Coaching.Called(ctx, v.board, p.Account)
			if err != nil {
				return nil, err
			}
			one.Name = cmp.Or(name, "A coach of this board")
		}
		told = append(told, one)
	}
	return listOf(told), nil
}

func (d *door) listQuestions(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.Question]], error) {
	asked, err := d.Coaching.Asked(ctx, v.actor, v.board)
	if err != nil {
		return nil, err
	}
	waiting, err := d.Coaching.Waiting(ctx, v.actor, v.board)
	if err != nil {
		return nil, err
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	told := []client.Question{}
	for _, q := range append(asked, waiting...) {
		told = append(told, wireQuestion(q, names))
	}
	return listOf(told), nil
}

func wireQuestion(q coaching.Question, names *board.Directory) client.Question {
	told := client.Question{ID: q.ID, Metric: q.Metric, Text: q.Text, Mine: q.Mine, Useful: q.Useful, Asked: q.Asked, Answer: q.Answer, Answered: instant(q.Answered), Read: instant(q.Read), Published: q.Help != ""}
	if !q.Mine {
		told.Player = names.Member(q.Member).Key
	}
	return told
}

func (d *door) question(ctx context.Context, a identity.Actor, b *board.Board, q coaching.Question) (*body[client.Question], error) {
	names, err := d.Boards.Directory(ctx, b)
	if err != nil {
		return nil, err
	}
	return answer(wireQuestion(q, names)), nil
}

type InQuestion struct {
	InBoard
	Question string `path:"question" doc:"id of the question."`
}

func (d *door) showQuestion(ctx context.Context, v *visit, in *InQuestion) (*body[client.Question], error) {
	q, err := d.Coaching.Question(ctx, v.actor, v.board, in.Question)
	if err != nil {
		return nil, err
	}
	return d.question(ctx, v.actor, v.board, q)
}

func (d *door) readAnswer(ctx context.Context, v *visit, in *InQuestion) (*nothing, error) {
	return &nothing{}, d.Coaching.ReadAnswer(ctx, v.actor, v.board, in.Question)
}

func (d *door) askPerson(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Asking
}) (*body[client.Question], error) {
	q, err := d.Coaching.Ask(ctx, v.actor, v.board, in.Body.To, coaching.Question{Metric: in.Body.Metric, Text: in.Body.Text, Useful: in.Body.Useful})
	if err != nil {
		return nil, err
	}
	if q, err = d.Coaching.Question(ctx, v.actor, v.board, q.ID); err != nil {
		return nil, err
	}
	return d.question(ctx, v.actor, v.board, q)
}

func (d *door) answerQuestion(ctx context.Context, v *visit, in *struct {
	InQuestion
	Body client.Answering
}) (*nothing, error) {
	return &nothing{}, d.Coaching.Answer(ctx, v.actor, v.board, in.Question, in.Body.Text)
}

func (d *door) allowUse(ctx context.Context, v *visit, in *struct {
	InQuestion
	Body client.Usefulness
}) (*nothing, error) {
	return &nothing{}, d.Coaching.AllowUse(ctx, v.actor, v.board, in.Question, in.Body.Useful)
}

func (d *door) takeBackQuestion(ctx context.Context, v *visit, in *InQuestion) (*nothing, error) {
	return &nothing{}, d.Coaching.TakeBack(ctx, v.actor, v.board, in.Question)
}

func (d *door) showOffer(ctx context.Context, v *visit, _ *InBoard) (*body[client.Offer], error) {
	o, err := d.Coaching.Offered(ctx, v.actor, v.board)
	return answer(client.Offer{Open: o.Open, Metrics: o.Metrics}), err
}

func (d *door) offerHelp(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Offer
}) (*nothing, error) {
	return &nothing{}, d.Coaching.OfferHelp(ctx, v.actor, v.board, coaching.Offer{Open: in.Body.Open, Metrics: in.Body.Metrics})
}
