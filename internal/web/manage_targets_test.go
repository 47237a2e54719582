package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/identity"
)

// aiming is a board of seven people who were there for the whole of week 47.
func aiming(t *testing.T) (*club, map[string]*guest) {
	t.Helper()
	w := newWorld(t)
	w.clock = time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
	c := w.club(board.Settings{})
	terms, err := c.boards.TermsOf(context.Background(), c.board, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range terms.Fields {
		terms.Fields[i].Value, terms.Fields[i].ToWhom = "It shows who to learn from.", "The whole team."
	}
	if _, err := c.boards.SetTerms(context.Background(), c.as, c.board, terms); err != nil {
		t.Fatal(err)
	}
	guests := map[string]*guest{}
	for i := range 7 {
		name := fmt.Sprintf("Player %c", 'A'+i)
		guests[name] = c.joins(name, "all", "yes")
	}
	c.clock = time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)
	return c, guests
}

// play publishes a week in which the first player has first calls and each after them one less; answers are as many.
func (c *club) play(week string, first int) {
	c.t.Helper()
	var batch []entry.Entry
	for i := range 7 {
		for _, key := range []string{"calls", "notes", "answers"} {
			batch = append(batch, entry.Entry{Member: c.member(fmt.Sprintf("Player %c", 'A'+i)).Number, Key: key, At: c.clock.Add(time.Hour).UnixMicro(), Value: float64(first - i), ID: fmt.Sprint(week, key, i)})
		}
	}
	if _, err := c.entries.Append(context.Background(), c.board.ID, "sheet", batch, false); err != nil {
		c.t.Fatal(err)
	}
	c.clock = c.clock.AddDate(0, 0, 7)
	c.manager.in("manager@example.org") // sessions end sooner than these weeks
	c.manager.send(c.at("/manage/releases/publish"), "period", week).leads(c.t, c.at("/manage/releases?done=published"))
}

func TestTargets_AreSetShownChangedAndEnded(t *testing.T) {
	c, guests := aiming(t)
	at := c.at("/manage/targets")
	c.manager.get(at).want(t, http.StatusOK, "Nothing yet.")
	for says, fields := range map[string][]string{
		"By when is 14 wanted?":      {"value1", "14"},
		"What is wanted on":          {"day1", "2026-12-01"},
		"is no number":               {"day1", "2026-12-01", "value1", "many"},
		"needs a value and a day":    {},
		"no player with the key":     {"whose", "one", "player", "nobody", "day1", "2026-12-01", "value1", "3"},
		"another metric than":        {"metric", "calls", "guardrail", "calls", "day1", "2026-12-01", "value1", "3"},
		"follow one another":         {"day1", "2026-12-01", "value1", "3", "day2", "2026-12-01", "value2", "4"},
		"write it like 2027-03-31":   {"from", "tomorrow", "day1", "2026-12-01", "value1", "3"},
		"no tag group":               {"whose", "team:shoe", "day1", "2026-12-01", "value1", "3"},
		"The scorecard has no metri": {"metric", "shoe", "day1", "2026-12-01", "value1", "3"},
	} {
		c.manager.send(at, fields...).want(t, http.StatusUnprocessableEntity, says)
	}
	c.manager.send(at, "metric", "calls", "whose", "players", "day1", "2026-11-16", "value1", "16", "why", "To open doors.").leads(t, at+"?done=target")
	c.manager.send(at, "metric", "", "whose", "board", "day1", "2026-11-01", "value1", "50", "day2", "2027-05-01", "value2", "70").leads(t, at+"?done=target")
	c.manager.send(at, "metric", "calls", "whose", "one", "player", c.member("Player G").Key, "day1", "2027-11-16", "value1", "18").leads(t, at+"?done=target")
	c.manager.get(at).want(t, http.StatusOK, "Its first release is still to come.")
	c.play("2026-W47", 20)

	page := mustRead(t, c.manager.get(at).body)
	if got := words(page.Find(".target").First()); !strings.Contains(got, "Each player’s own 16 calls from 16 Nov 2026 on. On path or ahead5 of 7, 71 %") || !strings.Contains(got, "4 ahead, 1 on path and 2 behind") {
		t.Errorf("the first target stands so: %q", got)
	}
	if page.Find(".target svg.path").Length() != 1 {
		t.Error("the path of two points is not drawn, or one of a single point is")
	}
	// Who is behind reads it plainly, of themselves; nobody else does.
	own := c.at("/players/" + url.PathEscape(c.member("Player G").Key))
	guests["Player G"].get(own).want(t, http.StatusOK, "Calls behind 14 calls, with 16 calls due by the end of Week 47: 2 calls to go.")
	guests["Player G"].get(own).want(t, http.StatusOK, "Calls not due yet 14 calls now.")
	if data := guests["Player G"].get(own).body; !strings.Contains(data, "card.json") {
		t.Error("the card is not offered as data")
	}
	if data := guests["Player G"].get(c.at("/2026-W47/e/1/players/" + c.member("Player G").Key + "/card.json")).body; !strings.Contains(data, `"targets":[{"metric":"calls","due":16,"value":14,"share":1,"way":"behind"},{"metric":"calls","due":null,"value":14,"share":1,"way":"not due"}]`) {
		t.Errorf("the data says %s", data)
	}
	guests["Player A"].get(own).want(t, http.StatusNotFound, "")
	c.manager.get(own).want(t, http.StatusOK, "Calls behind")
	front := words(mustRead(t, guests["Player A"].get(c.at("")).body).Find("main"))
	if !strings.Contains(front, "What we aim for Calls 5 of 7 on path") || strings.Contains(front, "behind") || strings.Contains(front, "18 calls") {
		t.Errorf("a member reads on the board's page: %q", front)
	}
	// A change holds from now on, and the release that is out stays.
	c.clock = c.clock.Add(time.Hour)
	edit := page.Find(`.target a:contains("Change")`).First().AttrOr("href", "")
	form := mustRead(t, c.manager.get(strings.TrimSuffix(edit, "#set")).body)
	if form.Find(`input[name="day1"]`).AttrOr("value", "") != "2026-11-16" || form.Find(`input[name="value1"]`).AttrOr("value", "") != "16" || words(form.Find("textarea")) != "To open doors." {
		t.Error("what is to change is not in the form")
	}
	c.manager.get(at+"?propose=yes&metric=calls").want(t, http.StatusOK, "18 calls: the best fifth of the values in the last 1 release reached it. They are 7 values of 7 players; of the last release’s, 42.9 % reached it.")
	c.manager.send(at, "metric", "calls", "whose", "players", "day1", "2026-11-23", "value1", "18").leads(t, at+"?done=target")
	guests["Player G"].get(own).want(t, http.StatusOK, "with 16 calls due")
	id := mustRead(t, c.manager.get(at).body).Find(`form[action$="/end"] input[name="id"]`).First().AttrOr("value", "")
	c.manager.send(at+"/end", "id", id).leads(t, at+"?done=untarget")
	c.manager.send(at+"/end", "id", id).want(t, http.StatusNotFound, "")
	c.manager.get(at).want(t, http.StatusOK, "What was wanted before")
	if trail := words(mustRead(t, c.manager.get(c.at("/manage/trail")).body).Find("main")); strings.Count(trail, "set a target") != 4 || strings.Count(trail, "ended a target") != 1 {
		t.Errorf("the trail: %q", trail)
	}
}

// A metric that was moved to the team disappears from the leaderboard, its file, the tags' pages, the cards and the bundle's door from the next
// release on.
func TestTargets_MovedToTheTeamStandInNoLine(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	manager := w.signIn("manager@example.org")
	manager.give(b, board.Manager, board.Scope{})
	at := targetsAddress(b)
	if a := manager.post(at, url.Values{"metric": {"answers"}, "whose": {"players"}, "day1": {"2026-11-01"}, "value1": {"8"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("setting: %d %s", a.StatusCode, words(mustRead(t, a.body).Find("main")))
	}
	doc := manager.page(at)
	move := doc.Find(`form[action$="/targets/team"]`)
	if a := manager.post(at+"/team", url.Values{"id": {move.Find(`input[name="id"]`).AttrOr("value", "")}, "group": {move.Find(`input[name="group"]`).AttrOr("value", "")}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("moving: %d %s", a.StatusCode, words(mustRead(t, a.body).Find("main")))
	}
	before, err := w.releases.Latest(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.AddDate(0, 0, 7)
	rel := w.week(b, people, -1)
	points := func(v visitor, under string) (all []string) {
		rows, err := csv.NewReader(strings.NewReader(v.ask("GET", under+"/scores.csv").body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			all = append(all, strings.Join(row[len(row)-2:], ""))
		}
		return all
	}
	for who, v := range map[string]visitor{"everyone": w.nobody(), "a manager": manager} {
		if got := strings.Join(points(v, releaseAddress(b, rel)), ""); got != "" {
			t.Errorf("%s read points in the file: %q", who, got)
		}
		if got := strings.Join(points(v, releaseAddress(b, before)), ""); got == "" {
			t.Errorf("%s: the release before lost its points", who)
		}
		for _, path := range []string{boardAddress(b), boardAddress(b) + "?tag=region:north"} {
			if n := v.page(path).Find(".leaderboard .bar .stone").Length(); n != 0 {
				t.Errorf("%s see %d stones of single players on %s", who, n, path)
			}
		}
	}
	card := playerAddress(releaseAddress(b, rel), "bo")
	if page, data := words(w.page(card).Find("main")), w.ask("GET", card+"/card.json").body; strings.Contains(data, `"answers":`) || !strings.Contains(page, "measures, together") {
		t.Errorf("everyone reads of bo: %s\n%s", page, data)
	}
	if got := words(w.page(boardAddress(b)).Find(".notice")); !strings.Contains(got, "Answers: the team’s") {
		t.Errorf("the board does not say why: %q", got)
	}
	if a := w.ask("GET", releaseAddress(b, rel)+"/bundle.zip"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the bundle is for everyone: %d", a.StatusCode)
	}
	if a := w.ask("GET", releaseAddress(b, before)+"/bundle.zip"); a.StatusCode != http.StatusOK {
		t.Errorf("the bundle of the release before answers %d", a.StatusCode)
	}
	if a := manager.ask("GET", releaseAddress(b, rel)+"/bundle.zip"); a.StatusCode != http.StatusOK {
		t.Errorf("the manager cannot verify the release: %d", a.StatusCode)
	}
	if a := manager.post(at, url.Values{"metric": {"answers"}, "whose": {"players"}, "day1": {"2026-11-01"}, "value1": {"8"}}); a.StatusCode != http.StatusConflict {
		t.Errorf("players are held against it one by one again: %d", a.StatusCode)
	}
}

func TestUplift_SaysWhatChangedAndWhenAPercentageSaysTooMuch(t *testing.T) {
	c, _ := aiming(t)
	at := c.at("/manage/uplift")
	c.manager.get(at).want(t, http.StatusOK, "takes two releases")
	c.play("2026-W47", 10)
	c.manager.send(c.at("/manage/targets"), "metric", "calls", "whose", "players", "guardrail", "answers", "day1", "2026-11-16", "value1", "16").leads(t, c.at("/manage/targets?done=target"))
	c.play("2026-W48", 20)
	c.manager.send(c.at("/manage/plan"), "goal", "More first meetings").leads(t, c.at("/manage/plan?done=plan"))
	c.manager.get(at+"?metric=calls").want(t, http.StatusOK, "Calls: +142.9 %, +10 calls Means before and after WhoseBeforeAfterChangeIn percent The same 7 players in both7 calls17 calls+10 calls+142.9 %")
	c.manager.get(at+"?metric=calls").want(t, http.StatusOK, "Should be betterMore first meetings")
	c.manager.get(at+"?metric=calls&before=2026-W48&before_to=2026-W48&after=2026-W47&after_to=2026-W47").want(t, http.StatusUnprocessableEntity, "must all lie before")
	c.manager.get(at+"?metric=shoes").want(t, http.StatusUnprocessableEntity, "no metric")
	// Answers rise too, so that no guardrail worsened.
	if report := words(mustRead(t, c.manager.get(c.at("/manage/report")).body).Find("main")); strings.Contains(report, "gets worse") {
		t.Errorf("the report warns: %q", report)
	}
	steward := c.guest()
	steward.in("steward@example.org")
	if err := c.boards.GiveRole(context.Background(), identity.Actor{}, c.board, "steward@example.org", board.Steward, board.Scope{}); err != nil {
		t.Fatal(err)
	}
	steward.get(at).want(t, http.StatusOK, "You read along.")
	steward.get(c.at("/manage/targets")).want(t, http.StatusOK, "What is wanted now")
	steward.send(c.at("/manage/targets/end"), "id", "x").want(t, http.StatusNotFound, "")
	c.joins("Player Z", "all", "yes").get(at).want(t, http.StatusNotFound, "")
}

func TestReport_WarnsOfAGuardrailAndMovesTheTargetWithOneButton(t *testing.T) {
	c, _ := aiming(t)
	for week := range 4 {
		if week == 2 {
			c.manager.send(c.at("/manage/targets"), "metric", "calls", "whose", "players", "guardrail", "hours", "day1", "2026-11-16", "value1", "16").leads(t, c.at("/manage/targets?done=target"))
		}
		var batch []entry.Entry
		for i := range 7 {
			batch = append(batch, entry.Entry{Member: c.member(fmt.Sprintf("Player %c", 'A'+i)).Number, Key: "hours", At: c.clock.Add(2 * time.Hour).UnixMicro(), Value: float64(8 - 2*week), ID: fmt.Sprint(week, i)})
		}
		if _, err := c.entries.Append(context.Background(), c.board.ID, "clock", batch, false); err != nil {
			t.Fatal(err)
		}
		c.play(fmt.Sprintf("2026-W%d", 47+week), 10+5*week)
	}
	report := mustRead(t, c.manager.get(c.at("/manage/report")).body)
	if got := words(report.Find(".notice")); !strings.Contains(got, "Calls gets better since it has a target, and Hours gets worse.") || !strings.Contains(got, "Hours from 7 h to 3 h: means over 2 releases before the target and 2 releases since, of the same 7 players") {
		t.Fatalf("the report says %q", got)
	}
	form := report.Find(`.notice form`)
	c.manager.send(form.AttrOr("action", ""), "id", form.Find(`input[name="id"]`).AttrOr("value", ""), "group", form.Find(`input[name="group"]`).AttrOr("value", "")).leads(t, c.at("/manage/targets?done=toteam"))
	c.manager.get(c.at("/manage/targets")).want(t, http.StatusOK, "Every team’s mean, by region")
}
