package seal_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/internal/seal"
)

func with(key string) *seal.Seals { return seal.New(func() (string, error) { return key, nil }) }

func TestOpen_GivesBackWhatWasSealedForItsUseAlone(t *testing.T) {
	s := with("an operator's key, long enough")
	rapid.Check(t, func(t *rapid.T) {
		secret, use := rapid.String().Draw(t, "secret"), rapid.String().Draw(t, "use")
		sealed, err := s.Seal(use, secret)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Seal(use, secret); err != nil || again == sealed {
			t.Errorf("two seals of one secret are alike: %v", err)
		}
		if got, err := s.Open(use, sealed); err != nil || got != secret {
			t.Errorf("%q, %v", got, err)
		}
		for name, open := range map[string]func() (string, error){
			"another use": func() (string, error) { return s.Open(use+"2", sealed) },
			"another key": func() (string, error) { return with("another key, long enough").Open(use, sealed) },
			"cut short":   func() (string, error) { return s.Open(use, sealed[:len(sealed)-1]) },
			"changed":     func() (string, error) { return s.Open(use, strings.Replace(sealed, "1.", "2.", 1)) },
			"nothing":     func() (string, error) { return s.Open(use, "") },
		} {
			if got, err := open(); fault.Of(err) != fault.Unavailable || got != "" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if len(secret) > 8 && strings.Contains(sealed, secret) {
			t.Error("the seal shows the secret")
		}
	})
}

func TestSeal_SaysWhatIsLacking(t *testing.T) {
	for name, s := range map[string]*seal.Seals{"none": with(""), "short": with("fifteen letters")} {
		if _, err := s.Seal("use", "secret"); fault.Of(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("no disk")
	if _, err := seal.New(func() (string, error) { return "", broken }).Seal("use", "secret"); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
