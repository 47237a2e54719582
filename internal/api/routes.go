package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/internal/theme"
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
	lookOperations,
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

// How a board looks.
var lookOperations = []operation{
	{"show-look", get, "/boards/{board}/look", "Look", readBoards, on(board.SeeTrail), "How a board looks", []string{"GET /b/{board}/manage/look"}, do((*door).showLook)},
	{"set-look", put, "/boards/{board}/look", "Look", writeBoards, on(board.Manage), "Say how a board looks: colours, type, corners, words. What nobody could read is refused", []string{"POST /b/{board}/manage/look"}, do((*door).setLook)},
	{"set-logo", put, "/boards/{board}/look/logo", "Look", writeBoards, on(board.Manage), "Put up a logo: a PNG or a JPEG of up to 1 MB", []string{"POST /b/{board}/manage/look/logo"}, do((*door).setLogo, takes("image/png", "image/jpeg"), upTo(theme.MostLogo))},
	{"remove-logo", remove, "/boards/{board}/look/logo", "Look", writeBoards, on(board.Manage), "Take the logo down", []string{"POST /b/{board}/manage/look/logo"}, do((*door).removeLogo)},
	{"show-domain", get, "/boards/{board}/look/domain", "Look", readBoards, on(board.SeeTrail), "The domain under which a board is read", []string{"GET /b/{board}/manage/look"}, do((*door).showDomain)},
	{"ask-domain", put, "/boards/{board}/look/domain", "Look", writeBoards, on(board.Manage), "Ask for a domain, or give it up. Whoever runs the server allows it", []string{"POST /b/{board}/manage/look/domain"}, do((*door).askDomain)},
	{"list-domains", get, "/domains", "Server", operate, operator, "Domains that boards asked for", []string{"GET /operate"}, do((*door).listDomains)},
	{"allow-domain", put, "/domains/{domain}/allowed", "Server", operate, operator, "Let a board be read under its domain", []string{"POST /operate/domain"}, do((*door).allowDomain)},
	{"disallow-domain", remove, "/domains/{domain}/allowed", "Server", operate, operator, "No longer let a board be read under its domain", []string{"POST /operate/domain"}, do((*door).disallowDomain)},
}
