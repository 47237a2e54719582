package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"cairn/client"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// InPlayer is an address that names a player of a board.
type InPlayer struct {
	Player string `path:"player" doc:"Key of the player." example:"ada" maxLength:"200"`
}

func (d *door) showCard(ctx context.Context, v *visit, in *struct {
	InRelease
	InPlayer
}) (*body[client.Card], error) {
	found, err := d.found(ctx, v, in.InRelease, in.Player)
	if err == nil {
		err = d.Releases.OpenCard(ctx, v.board, found, in.Player)
	}
	if err != nil {
		return nil, err
	}
	card, err := cardOf(ctx, found.View, in.Player)
	return answer(card), err
}

// cardOf is a player's scorecard in the words of the API: those of the room, checked.
func cardOf(ctx context.Context, view *release.View, player string) (card client.Card, err error) {
	text, err := view.AppendCardJSON(ctx, nil, player)
	if err != nil {
		return card, err
	}
	if err := json.Unmarshal(text, &card); err != nil {
		return card, fmt.Errorf("reading a scorecard of our own: %w", err)
	}
	return card, nil
}

func (d *door) showJourney(ctx context.Context, v *visit, in *struct {
	InBoard
	InPlayer
}) (*body[client.Journey], error) {
	found, err := d.found(ctx, v, InRelease{}, in.Player)
	if err == nil {
		err = d.Releases.OpenCard(ctx, v.board, found, in.Player)
	}
	if err != nil {
		return nil, err
	}
	card, err := d.Releases.LastCard(ctx, v.board, v.access, found, in.Player)
	if err != nil {
		return nil, err
	}
	own := found.Is(card.Row.Member)
	if !own && !found.History && !found.Given[card.Row.Member] {
		return nil, fault.New(fault.NotFound, absence)
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	notes, err := d.Players.Notes(ctx, names.Member(card.Row.Member).Player, v.board.ID, own)
	if err != nil {
		return nil, err
	}
	told := client.Journey{Player: card.Row.Key, Name: card.Row.Name, Points: []client.JourneyPoint{}, Notes: []client.JourneyNote{}}
	for _, p := range card.History {
		told.Points = append(told.Points, client.JourneyPoint{Period: p.Period.String(), Edition: p.Edition, Score: known(p.Score), Rank: placed(p.Rank), Of: p.Of, Best: p.Best, Version: p.Version})
	}
	for _, n := range notes {
		note := client.JourneyNote{Day: n.Day, Text: n.Text, Shown: n.Shown}
		if own {
			note.ID = n.ID
		}
		told.Notes = append(told.Notes, note)
	}
	return answer(told), nil
}

func (d *door) showPicture(ctx context.Context, v *visit, in *struct {
	InBoard
	InPlayer
}) (*file, error) {
	found, err := d.found(ctx, v, InRelease{}, in.Player)
	if err == nil {
		err = d.Releases.OpenCard(ctx, v.board, found, in.Player)
	}
	if err != nil {
		return nil, err
	}
	card, err := found.View.Brief(ctx, in.Player)
	if err != nil {
		return nil, err
	}
	names, err := d.Boards.Directory(ctx, v.board)
	if err != nil {
		return nil, err
	}
	who := names.Member(card.Row.Member)
	if who.Player == "" || !slices.Contains(who.Shows, "picture") {
		return nil, fault.New(fault.NotFound, absence)
	}
	content, err := d.Players.Picture(ctx, who.Player)
	if err != nil {
		return nil, err
	}
	return &file{Type: "image/png", Body: content}, nil
}
