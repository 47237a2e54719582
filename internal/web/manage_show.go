package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/release"
)

// managed is the head of every page on which a board is managed.
type managed struct {
	Heading   string
	Lead      string
	Board     string
	Home      string
	Tabs      []linkGroup
	Done      string
	Problem   *problem
	Suspended string // why the operator closed the board
	Reads     bool   // a steward: sees it all and changes nothing
}

// linkGroup is places to go that belong together.
type linkGroup struct {
	Name  string
	Links []link
}

// managementPages is the pages of management, in groups.
var managementPages = []struct {
	name string
	tabs []struct{ text, at string }
}{
	{"Each period", []struct{ text, at string }{{"Overview", ""}, {"Data", "/data"}, {"Sources", "/sources"}, {"Releases", "/releases"}, {"Rhythm", "/rhythm"}, {"Newsletter", "/newsletter"}}},
	{"People", []struct{ text, at string }{{"Members", "/members"}, {"Invite", "/invite"}, {"Claims", "/claims"}, {"Roles", "/roles"}}},
	{"Coaching", coachTabs},
	{"The score", []struct{ text, at string }{{"Scorecard", "/scorecard"}, {"Targets", "/targets"}, {"Terms", "/terms"}}},
	{"The board", []struct{ text, at string }{{"Plan", "/plan"}, {"Report", "/report"}, {"Does it work?", "/uplift"}, {"By label", "/labels"}, {"Settings", "/settings"}, {"Look", "/look"}, {"Who sees it", "/reveal"}, {"Shown elsewhere", "/walls"}, {"Hooks", "/hooks"}, {"Trail", "/trail"}}},
}

func manageAddress(b *board.Board) string { return boardAddress(b) + "/manage" }

// tabAddress is where a page of management stands; "../" leads to one that is not for managers alone.
func tabAddress(b *board.Board, at string) string {
	if beside, is := strings.CutPrefix(at, ".."); is {
		return boardAddress(b) + beside
	}
	return manageAddress(b) + at
}

// managed builds the head of a page; at is its place below the pages of management.
func (s *site) managed(v *visit, at, heading, lead string) (*frame, managed) {
	b := v.board
	m := managed{Heading: heading, Lead: lead, Board: b.Name, Home: boardAddress(b), Done: wasDone(v, manageDone), Suspended: b.Suspended, Reads: !v.access.May(board.Manage, b)}
	for _, of := range managementPages {
		group := linkGroup{Name: of.name}
		for _, tab := range of.tabs {
			if tab.at == "/invite" && b.Basis != board.OptIn || tab.at == "/claims" && b.Basis != board.PublicRecord || tab.at == "/terms" && b.Basis == board.Things {
				continue
			}
			group.Links = append(group.Links, link{Text: tab.text, Address: tabAddress(b, tab.at), Here: tab.at == at})
		}
		m.Tabs = append(m.Tabs, group)
	}
	f := s.frame(heading+" · "+b.Name, b)
	f.Hidden = true
	return f, m
}

// manageDone says what a form of these pages did.
var manageDone = map[string]string{
	"revoked":   "Taken back. Whoever opens the link now is told so.",
	"role":      "The role is given. Whoever has that address finds the board under My boards.",
	"taken":     "The role is taken away.",
	"confirmed": "Confirmed: the record is theirs now.",
	"refused":   "Refused. Nothing changed on the board.",
	"revealed":  "This holds now.",
	"announced": "Announced to the players. It holds after the notice; until then you can take it back.",
	"back":      "Taken back. Nothing changes.",
	"terms":     "The new terms are in force. Players are asked again for what changed.",
	"plan":      "Kept.",
	"rhythm":    "Kept. What has not begun follows the new rhythm.",
	"held":      "Held. It is not published before somebody lets it go on, or publishes it by hand.",
	"goes":      "It goes on: what is due is published within a minute.",
	"leftout":   "Left out. The next period goes on.",
	"again":     "It is tried again within a minute.",
	"settings":  "Kept.",
	"look":      "The board wears it now.",
	"domain":    "Kept. Whoever runs this server allows it.",
	"card":      "The new version of the scorecard is in force. The next release is the first to use it, and shows old and new side by side.",
	"same":      "Nothing changed: this is the version in force.",
	"drafted":   "Calculated. Look it over, then publish it.",
	"published": "Published. This release is final now.",
	"erratum":   "The new edition is published; the one before stays readable.",
	"tags":      "Tags kept. They hold from the next release on.",
	"note":      "Note kept.",
	"off":       "Taken off the board. Releases that are out stay as they are.",
	"design":    "The board follows the file now.",
	"made":      "The board is made. Next: bring data, then draft the first release.",
	"putback":   "Back on the board as before.",
	"target":    "The target holds. Releases from now on are held against it.",
	"untarget":  "The target ended. Releases that are out stay as they are.",
	"toteam":    "The metric is the team’s from the next release on. Releases that are out stay as they are.",

	"hook":        "The hook is made. Send a test to see whether somebody answers.",
	"hookpaused":  "Paused. Messages wait until you resume it.",
	"hookresumed": "It goes on: what waited is sent.",
	"hooktaken":   "The test was taken.",
	"hookrefused": "The test was not taken. What was answered stands below.",
	"hookagain":   "Sent again. What becomes of it stands below, in a moment.",
	"hookformer":  "Ended. The new secret alone signs from now on.",
	"hookended":   "Ended. Nothing is sent there any more.",
}

// managePage is the state of a board for whoever runs it.
type managePage struct {
	*frame
	Managed managed
	Basis   fact
	Stage   fact
	Members []fact // by state
	Latest  link   // the last release
	Due     string // what is due next
	Draft   string // there is a draft of this period
	Pending string
	Claims  string
	Steps   []step // what is still to do before the first release
	Facts   []fact
	CanSet  bool
}

// step is something to do before a board has its first release.
type step struct {
	link
	Words string
	Done  bool
}

var manageScreen = screen{"manage_show", (*site).managePage}

func (s *site) showManage(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, manageScreen)
}

func (s *site) managePage(v *visit, _ *form) (any, error) {
	ctx, b := v.Context(), v.board
	f, m := s.managed(v, "", "Running "+b.Name, "")
	page := managePage{frame: f, Managed: m, Basis: fact{basisName(b.Basis), basisWords(b.Basis)}, Stage: fact{stageName(b.Stage), stageWords(b.Stage)}}
	members, err := s.boards.Members(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	counts := map[board.State]int{}
	for _, member := range members {
		counts[member.State]++
	}
	for _, state := range []board.State{board.Accepted, board.Listed, board.Paused, board.Invited, board.Left, board.Former} {
		if counts[state] > 0 {
			page.Members = append(page.Members, fact{capital(stateName(state)), amount(float64(counts[state]))})
		}
	}
	latest, due, err := s.due(ctx, b)
	if err != nil {
		return nil, err
	}
	page.Due = ending(due, b.Location(), s.now())
	if latest != nil {
		page.Latest = link{Text: latest.Period.Label(), Address: releaseAddress(b, latest)}
	}
	if _, err := s.releases.Preview(ctx, b, due); err == nil {
		page.Draft = due.Label()
	} else if fault.Of(err) != fault.NotFound {
		return nil, err
	}
	pending, err := s.boards.Pending(ctx, b)
	if err != nil {
		return nil, err
	}
	if pending != nil {
		page.Pending = "From " + instant(pending.Holds, b.Location()) + " on: " + stepWords(b, pending.Reveal)
	}
	claims, err := s.boards.Claims(ctx, b)
	if err != nil {
		return nil, err
	}
	if len(claims) > 0 {
		page.Claims = count(len(claims), "claim waits", "claims wait")
	}
	sources, err := s.raw.Sources(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	if latest == nil {
		page.Steps = firstSteps(b, counts, len(sources) > 0)
	}
	page.Facts = []fact{
		{"Time zone", b.Zone}, {"Raw entries are kept", count(b.Retention, "day", "days")},
		{"Figures about several are shown of", amount(float64(b.Smallest)) + " players or more"}, {"Scorecard", "version " + strconv.Itoa(b.Version)},
	}
	return page, nil
}

// firstSteps is the way to a first release.
func firstSteps(b *board.Board, counts map[board.State]int, data bool) []step {
	under := manageAddress(b)
	steps := []step{{link{Text: "Read the scorecard once more", Address: under + "/scorecard"}, "It says what counts, how much, and why.", true}}
	if b.Basis == board.OptIn {
		steps = append(steps,
			step{link{Text: "Write down the terms", Address: under + "/terms"}, "What the score is for, what you ask for, and what players get for it.", b.Terms > 0},
			step{link{Text: "Invite", Address: under + "/invite"}, "Nobody is scored before they accept.", counts[board.Accepted]+counts[board.Invited] > 0})
	}
	return append(steps,
		step{link{Text: "Bring data", Address: under + "/data"}, "A CSV or XLSX file is enough; what cannot be read is told row by row.", data},
		step{link{Text: "Say when it is released", Address: under + "/rhythm"}, "Each period closes and comes out by itself, or waits for you.", b.Rhythm.Mode != board.ByHand},
		step{link{Text: "Draft, look, publish", Address: under + "/releases"}, "Nothing is seen before you publish it.", false})
}

// due returns the latest release, nil none, and the period whose release comes next.
func (s *site) due(ctx context.Context, b *board.Board) (*release.Release, period.Period, error) {
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, period.Period{}, err
	}
	over := period.Of(card.Period, s.now(), b.Location()).Add(-1)
	latest, err := s.releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return nil, over, nil
	}
	if err != nil {
		return nil, over, err
	}
	if next := latest.Period.Add(1); next.First > over.First {
		over = next
	}
	return latest, over, nil
}
