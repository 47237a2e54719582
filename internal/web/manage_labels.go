package web

import (
	"math"
	"net/http"
	"net/url"

	"cairn/internal/export"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// labelsPage says what came of tactics and assets.
type labelsPage struct {
	*frame
	Managed  managed
	Action   string
	Asks     []field
	Early    string // why nothing can be told yet
	Notes    []string
	File     string
	From, To string
	Rows     []labelRow
}

// labelRow is everything, a tactic or an asset.
type labelRow struct {
	Name       string
	Asset      bool
	From, To   labelTally
	Conversion string
}

type labelTally struct{ Entries, Sum, Players string }

func labelQuestion(q url.Values) release.LabelQuestion {
	return release.LabelQuestion{From: q.Get("from"), To: q.Get("to"), First: q.Get("first"), Last: q.Get("last")}
}

func (s *site) showLabels(w http.ResponseWriter, v *visit) error {
	b, asked := v.board, labelQuestion(v.URL.Query())
	around, head := s.managed(v, "/labels", "By label", "What came of each tactic and asset. The label of an entry, such as video/intro, is an asset of the tactic before its slash. What would tell of fewer than "+amount(float64(b.Smallest))+" in any of the periods is withheld, also by subtraction.")
	page := labelsPage{frame: around, Managed: head, Action: manageAddress(b) + "/labels"}
	told, err := s.releases.ByLabel(v.Context(), b, asked)
	f, status := blank("labels"), http.StatusOK
	if err != nil {
		if fault.Of(err) != fault.Invalid {
			return err
		}
		f.err, status = err, http.StatusUnprocessableEntity
		if len(told.Released) == 0 {
			if told, err = s.releases.ByLabel(v.Context(), b, release.LabelQuestion{}); err != nil && fault.Of(err) != fault.Invalid {
				return err
			}
		}
	}
	page.Managed.Problem = f.problem()
	page.tell(told, f, b.Retention)
	if err != nil { // what may be asked for is known, and no more
		page.Rows, page.File = nil, ""
	}
	return s.tell(w, v, status, "manage_labels", page)
}

// tell puts an answer into words.
func (page *labelsPage) tell(told release.ByLabel, f *form, retention int) {
	page.Notes = append(page.Notes, "Raw entries are kept for "+count(retention, "day", "days")+", so that only releases of that time can be read by label; what is not released yet is not in it.")
	if told.Purged > 0 {
		page.Notes = append(page.Notes, "The entries of "+count(told.Purged, "earlier release are", "earlier releases are")+" gone.")
	}
	if len(told.Window) == 0 {
		page.Early = "There is no release whose raw entries are kept. Come back when one is published."
		return
	}
	first, last := told.Window[0], told.Window[len(told.Window)-1]
	periods, keys := make([]option, len(told.Released)), make([]option, len(told.Keys))
	for i, p := range told.Released {
		periods[i] = option{Value: p.String(), Text: p.Label()}
	}
	for i, key := range told.Keys {
		keys[i] = option{Value: key, Text: key}
	}
	page.Asks = []field{
		f.choice("choice", "from", "Of which entries?", "", told.From, keys),
		f.choice("choice", "to", "What came of them?", "", told.To, append([]option{{Value: "", Text: "Nothing else"}}, keys...)),
		f.choice("choice", "first", "From", "", first.String(), periods), f.choice("choice", "last", "To", "", last.String(), periods),
	}
	page.From, page.To = told.From, told.To
	page.File = page.Action + ".csv?" + url.Values{"from": {told.From}, "to": {told.To}, "first": {first.String()}, "last": {last.String()}}.Encode()
	page.row("All entries", false, told.All)
	for _, tactic := range told.Tactics {
		page.row(tactic.Label, false, tactic.Labelled)
		for _, asset := range tactic.Assets {
			if asset.Label != tactic.Label {
				page.row(asset.Label, true, asset)
			}
		}
	}
	if told.Withheld > 0 {
		page.Notes = append(page.Notes, count(told.Withheld, "label is", "labels are")+" withheld: of too few.")
	}
	if told.Left > 0 {
		page.Notes = append(page.Notes, count(told.Left, "more label is", "more labels are")+" not shown: ask for fewer periods.")
	}
}

func (page *labelsPage) row(name string, asset bool, l release.Labelled) {
	tally := func(t release.Tally) labelTally {
		write := func(withheld bool, x float64) string {
			if withheld {
				return release.Withheld
			}
			return amount(x)
		}
		return labelTally{write(t.Entries < 0, float64(t.Entries)), write(math.IsNaN(t.Sum), t.Sum), write(t.Players < 0, float64(t.Players))}
	}
	r := labelRow{Name: name, Asset: asset, From: tally(l.From), To: tally(l.To), Conversion: "–"}
	if name == "" {
		r.Name = "Without a label"
	}
	if x := l.Conversion(); !math.IsNaN(x) {
		r.Conversion = share(x)
	}
	page.Rows = append(page.Rows, r)
}

// labelsFile sends the same as CSV.
func (s *site) labelsFile(w http.ResponseWriter, v *visit) error {
	told, err := s.releases.ByLabel(v.Context(), v.board, labelQuestion(v.URL.Query()))
	if err != nil {
		return err
	}
	return export.Labels(&lateHead{ResponseWriter: w, kind: export.CSV.Media(), name: v.board.Key + "-labels.csv"}, told)
}
