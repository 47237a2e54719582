package api_test

import (
	"errors"
	"net/http"
	"testing"

	"cairn/client"
	"cairn/internal/identity"
)

func TestShowBoard_IsForWhomItIsShown(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	b := w.board(ada, "sales-club")
	got, err := w.with("").Board(t.Context(), b.Key)
	if err != nil || got.Name != "Sales" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.by(ada, identity.ReadOwn).Board(t.Context(), b.Key)
	if p := (*client.Problem)(nil); !errors.As(err, &p) || p.Kind() != "forbidden" || p.Status != http.StatusForbidden {
		t.Errorf("a token of another scope: %v", err)
	}
	_, err = w.by(ada).Board(t.Context(), "none")
	if p := (*client.Problem)(nil); !errors.As(err, &p) || p.Kind() != "not_found" || p.Type == "" {
		t.Errorf("a board that is not there: %v", err)
	}
	answer, text := w.ask("GET", "/api/v1/boards/sales-club", "nonsense", "")
	if answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("Content-Type") != "application/problem+json" || answer.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %v %s", answer.StatusCode, answer.Header, text)
	}
}
