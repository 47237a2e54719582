package newsletter_test

import (
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/internal/mail/mailtest"
	"cairn/internal/newsletter"
)

func TestNotice_GoesTheWayThatSomebodyChoseOrNone(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.Setup{})
	c := newClub(t, dbtest.New(t), sink.Server, board.OptIn)
	all := c.joins("ada", "bo", "cy")
	ada, bo, cy := all[0], all[1], all[2]
	must(t, c.letters.BeginHandle(t.Context(), bo, newsletter.ByText, "+491701234567"))
	_, code, _ := strings.Cut(c.told[0], "code is ")
	must(t, c.letters.ConfirmHandle(t.Context(), bo, newsletter.ByText, code[:6]))
	must(t, c.letters.Prefer(t.Context(), bo.Account, c.at.ID, newsletter.Preference{Channel: newsletter.ByText}, "page"))
	must(t, c.letters.Prefer(t.Context(), cy.Account, "", newsletter.Preference{Channel: newsletter.ByNobody}, "page"))
	for _, who := range []string{ada.Account, bo.Account, cy.Account} {
		must(t, c.letters.Notice(t.Context(), who, c.at, "notice "+who, "Your question was answered", "It stands on its page.", "/b/club/questions/1"))
	}
	if copies := sink.Copies(); len(copies) != 1 || copies["ada@example.org"] != 1 {
		t.Errorf("mails went to %v", copies)
	}
	if len(c.told) != 2 || !strings.Contains(c.told[1], "https://cairn.example/b/club/questions/1") {
		t.Errorf("texts: %q", c.told)
	}
}
