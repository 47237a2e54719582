package web

import "testing"

func TestSentence_BeginsAndEndsAsOne(t *testing.T) {
	for text, want := range map[string]string{"too late": "Too late.", "Why?": "Why?", "": ""} {
		if got := sentence(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
