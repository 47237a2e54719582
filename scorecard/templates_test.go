package scorecard

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestTemplates_AreThoseThatOthersNameByKey(t *testing.T) {
	var keys []string
	for _, template := range Templates() {
		keys = append(keys, template.Key)
	}
	want := []string{"four-pillars", "gamification-gurus", "learning-log", "open-source-contributors", "property-power-100", "sales-micro-behaviours", "social-selling", "sprint-points", "support-response"}
	if !slices.Equal(keys, want) {
		t.Errorf("got %v", keys)
	}
}

func TestTemplates_AreRightAndNeedNoAdvice(t *testing.T) {
	for _, template := range Templates() {
		card, err := template.Load()
		if err != nil {
			t.Error(err)
			continue
		}
		if card.Key != template.Key {
			t.Errorf("%s has the key %s", template.Key, card.Key)
		}
		for _, advice := range Advise(card) {
			t.Error(advice)
		}
	}
}

func TestTemplates_GiveAReasonForEveryWeightAndTellTheirBias(t *testing.T) {
	for _, template := range Templates() {
		card, err := template.Load()
		if err != nil {
			t.Fatal(err)
		}
		if template.About == "" || strings.HasPrefix(template.About, "#") {
			t.Errorf("%s says of itself %q", template.Key, template.About)
		}
		if len(card.Purpose) < 40 || card.Designer.Name == "" || len(card.Designer.Statement) < 80 || len(card.Levels) == 0 {
			t.Errorf("%s: purpose, designer or levels are thin", template.Key)
		}
		seen := map[string]string{}
		card.Walk(func(p, _ *Part, _ int) {
			if len(p.Why) < 20 {
				t.Errorf("%s: %s: why %q", template.Key, p.Key, p.Why)
			}
			if twin := seen[p.Why]; twin != "" && p.Scored {
				t.Errorf("%s: %s and %s have the same reason", template.Key, p.Key, twin)
			}
			seen[p.Why] = p.Key
			if !p.IsGroup() && (p.Unit == "" || p.Kind == "" || p.Nature == "") {
				t.Errorf("%s: %s has no unit, kind or nature", template.Key, p.Key)
			}
		})
	}
}

func TestTemplates_SocialSellingHasReachActivityAndEngagement(t *testing.T) {
	template, _, ok := TemplateOf("social-selling")
	if !ok {
		t.Fatal("not there")
	}
	card, err := template.Load()
	if err != nil {
		t.Fatal(err)
	}
	var groups []string
	for _, p := range card.Parts {
		groups = append(groups, p.Key)
	}
	if !slices.Equal(groups, []string{"reach", "activity", "engagement"}) || !slices.Equal(card.Tags, []string{"region", "team"}) {
		t.Errorf("groups %v, tags %v", groups, card.Tags)
	}
}

func TestTemplates_FourPillarsAddUpToAHundred(t *testing.T) {
	template, _, _ := TemplateOf("four-pillars")
	card, err := template.Load()
	if err != nil {
		t.Fatal(err)
	}
	most := 0.0
	for _, p := range card.Parts {
		most += *p.Cap
	}
	if most != 100 || card.OutOf != 0 || card.Combine.Mean != Sum {
		t.Errorf("the pillars reach %v", most)
	}
}

func TestTemplateOf_NamesTheNearest(t *testing.T) {
	if _, nearest, ok := TemplateOf("social-seling"); ok || nearest != "social-selling" {
		t.Errorf("nearest %q", nearest)
	}
	if _, nearest, ok := TemplateOf("sales-micro"); ok || nearest != "sales-micro-behaviours" {
		t.Errorf("cut short: %q, %v", nearest, ok)
	}
}

func TestTemplate_RenamedKeepsAllButKeyAndName(t *testing.T) {
	for _, name := range []string{"Sales club", "Ventes: été # 1", `"quoted" \ name`, "null", "- dash", "2026", "true", "Łódź & co", "{x}"} {
		for _, template := range Templates() {
			before, err := template.Load()
			if err != nil {
				t.Fatal(err)
			}
			after, err := Load("f", template.Renamed("my-own", name))
			if err != nil {
				t.Errorf("%q: %v", name, err)
				continue
			}
			if after.Key != "my-own" || after.Name != name {
				t.Errorf("got key %q, name %q", after.Key, after.Name)
			}
			for _, change := range Diff(before, after) {
				if change.Part != "" || !strings.HasPrefix(change.Text, "key ") && !strings.HasPrefix(change.Text, "name ") {
					t.Errorf("%s: %s", template.Key, change)
				}
			}
		}
	}
	template, _, _ := TemplateOf("sprint-points")
	if _, err := Load("f", template.Renamed("Not A Key", "")); err == nil {
		t.Error("a key with spaces and capitals is refused")
	}
}

func TestEffectiveWeights_AreSharesOfTheWhole(t *testing.T) {
	for _, template := range Templates() {
		card, err := template.Load()
		if err != nil {
			t.Fatal(err)
		}
		weights := card.EffectiveWeights()
		sum := 0.0
		for _, p := range card.Metrics() {
			sum += weights[p.Key]
			if !p.Scored && weights[p.Key] != 0 {
				t.Errorf("%s is not scored and weighs %v", p.Key, weights[p.Key])
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%s: the metrics' shares add up to %v", template.Key, sum)
		}
	}
	weights := example(t, "social-selling.yaml").EffectiveWeights()
	if weights["reaction_rate"] != 0.25 || weights["replies"] != 0.125 || weights["insights"] != 0.25 {
		t.Errorf("%v", weights)
	}
}

func TestTemplates_SayWhichPlayersReportThemselves(t *testing.T) {
	for _, template := range Templates() {
		if want := template.Key == "learning-log" || template.Key == "sales-micro-behaviours"; template.SelfReported != want {
			t.Errorf("%s: self-reported is %v", template.Key, template.SelfReported)
		}
	}
}
