package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"cairn/internal/fault"
)

// The table of design: every kind with its status and its exit code.
func TestKind_HasAStatusAndAnExitCode(t *testing.T) {
	for kind, want := range map[fault.Kind][2]int{
		fault.Invalid: {422, 2}, fault.Unauthenticated: {401, 3}, fault.Forbidden: {403, 3}, fault.NotFound: {404, 4},
		fault.Conflict: {409, 5}, fault.Withheld: {403, 6}, fault.Limited: {429, 7}, fault.Unavailable: {503, 7}, fault.Internal: {500, 1},
	} {
		if kind.HTTP() != want[0] || kind.Exit() != want[1] {
			t.Errorf("%s is HTTP %d and exit %d, want %d and %d", kind, kind.HTTP(), kind.Exit(), want[0], want[1])
		}
	}
}

// People see the outermost fault's words and never its cause; the log sees both.
func TestFault_KeepsItsCauseFromPeople(t *testing.T) {
	err := fmt.Errorf("reading a board: %w", fault.Wrap(fault.Unavailable, io.ErrUnexpectedEOF, "The database is away."))
	if fault.Of(err) != fault.Unavailable || fault.Message(err) != "The database is away." {
		t.Errorf("kind %q, message %q", fault.Of(err), fault.Message(err))
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
		t.Errorf("the cause is lost: %v", err)
	}
	if foreign := errors.New("dial tcp 10.0.0.1: secret"); fault.Of(foreign) != fault.Internal || strings.Contains(fault.Message(foreign), "secret") {
		t.Errorf("a foreign error is shown: %q", fault.Message(foreign))
	}
	if fault.Of(nil) != "" {
		t.Error("no error has a kind")
	}
}

func TestNearest_FindsTheWordThatWasMeant(t *testing.T) {
	words := []string{"listen", "database", "log_level"}
	for given, want := range map[string]string{"lisen": "listen", "DataBase": "database", "loglevel": "log_level", "zebra": ""} {
		if got := fault.Nearest(given, words); got != want {
			t.Errorf("%q is nearest to %q, want %q", given, got, want)
		}
	}
}
