package api

import (
	"context"

	"cairn/client"
	"cairn/internal/board"
)

// inBoard is an address that names a board. The visit has it.
type inBoard struct {
	Board string `path:"board" doc:"Key of the board." example:"sales-club" maxLength:"64"`
}

func (d *door) listBoards(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.Board]], error) {
	boards, err := d.Boards.List(ctx, false)
	if err != nil {
		return nil, err
	}
	page := client.Page[client.Board]{Items: []client.Board{}}
	for _, b := range boards {
		page.Items = append(page.Items, wireBoard(b))
	}
	return answer(page), nil
}

func (d *door) showBoard(_ context.Context, v *visit, _ *inBoard) (*body[client.Board], error) {
	return answer(wireBoard(v.board)), nil
}

// wireBoard is a board in the words of the API.
func wireBoard(b *board.Board) client.Board {
	return client.Board{Key: b.Key, Name: b.Name, Stage: string(b.Stage), Zone: b.Zone}
}
