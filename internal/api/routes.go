package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"cairn/internal/board"
	"cairn/internal/identity"
)

// operation is one row of the table of the API.
type operation struct {
	id, method, path string // the path stands below Prefix
	about            string // what it is about, for the reference
	scope            identity.Scope
	permission       permission
	summary          string
	pages            []string // patterns of the pages that do the same
	do               func(*door, huma.Operation)
}

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// The scopes, in short.
const (
	readOwn      = identity.ReadOwn
	writeOwn     = identity.WriteOwn
	readBoards   = identity.ReadBoards
	writeBoards  = identity.WriteBoards
	releaseScope = identity.Release
	operate      = identity.Operate
)

// operations is every operation of the API. Each file of handlers adds its rows to its own part, so that what belongs together
// stands together.
var operations = concat(
	boardOperations,
)

func concat(parts ...[]operation) (all []operation) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// Boards as they are read.
var boardOperations = []operation{
	{"list-boards", get, "/boards", "Boards", readBoards, anyone, "The boards that are public, and those that you have to do with", []string{"GET /{$}", "GET /me"}, do((*door).listBoards)},
	{"show-board", get, "/boards/{board}", "Boards", readBoards, on(board.SeeBoard), "One board", []string{"GET /b/{board}"}, do((*door).showBoard)},
}
