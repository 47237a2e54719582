package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"cairn/score"
)

// The files of a bundle.
const (
	manifestFile   = "manifest.json"
	scorecardFile  = "scorecard.yaml"
	inputsFile     = "inputs.csv"
	frozenFile     = "frozen.json"
	parametersFile = "parameters.json"
	resultsFile    = "results.csv"
	bridgeFile     = "bridge/inputs.csv"
	namesFile      = "names.csv" // the last, where it is there: no digest covers it
	previousFolder = "previous/"
)

// format names the layout of bundles; it changes with any change to it.
const format = "cairn release 1"

// manifest says what a bundle holds. Its SHA-256 is the digest of the release.
type manifest struct {
	Format     string             `json:"format"`
	Board      string             `json:"board"`
	Name       string             `json:"name"`
	Zone       string             `json:"zone"`
	Unit       string             `json:"unit"`
	Period     string             `json:"period"`
	First      string             `json:"first"`
	Last       string             `json:"last"`
	Edition    int                `json:"edition"`
	Reason     string             `json:"reason,omitempty"`     // of an erratum
	Supersedes string             `json:"supersedes,omitempty"` // digest of the edition before
	Published  string             `json:"published"`            // RFC 3339
	Engine     string             `json:"engine"`
	Scorecard  manifestScorecard  `json:"scorecard"`
	Note       string             `json:"note,omitempty"`
	Players    int                `json:"players"`
	Scored     int                `json:"scored"`
	Groups     []string           `json:"groups,omitempty"` // tag groups, in the order of their columns
	Totals     map[string]float64 `json:"totals,omitempty"` // of metrics with take: share
	Silent     []string           `json:"silent,omitempty"` // metrics whose sources told nothing: what is missing of them is no fixed number
	Frozen     *manifestRelease   `json:"frozen,omitempty"` // whose parameters were used
	Previous   *manifestRelease   `json:"previous,omitempty"`
	Bridge     *manifestBridge    `json:"bridge,omitempty"` // the rules are new since the release before
	Files      []manifestContent  `json:"files"`
}

// refsNote is the note of manifests whose players stand there by ref.
const refsNote = "Players stand here by a reference that says nothing about a person. " + namesFile +
	", where it is there, says who they were when the bundle was written; it is not covered by the digest and nothing is calculated from it."

type manifestScorecard struct {
	Key     string `json:"key"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
}

type manifestRelease struct {
	Period  string `json:"period"`
	Edition int    `json:"edition"`
	Digest  string `json:"digest"`
}

type manifestBridge struct {
	Totals map[string]float64 `json:"totals,omitempty"` // as the old rules take them
	Silent []string           `json:"silent,omitempty"`
}

type manifestContent struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// file returns the entry of a file, nil where there is none.
func (m *manifest) file(name string) *manifestContent {
	for i := range m.Files {
		if m.Files[i].Name == name {
			return &m.Files[i]
		}
	}
	return nil
}

// text is the manifest as it stands in the bundle.
func (m *manifest) text() []byte { return indented(m) }

// indented is a value of ours as JSON for people.
func indented(v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("release: %v", err)) // only finite numbers, texts and lists of them come here
	}
	return out.Bytes()
}

// parametersText is parameters as they stand in a bundle, and as cairn score --parameters reads them.
func parametersText(p score.Parameters) []byte {
	if p == nil {
		p = score.Parameters{}
	}
	return indented(struct {
		Parameters score.Parameters `json:"parameters"`
	}{p})
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func contentOf(name string, data []byte) manifestContent {
	return manifestContent{name, int64(len(data)), digest(data)}
}
