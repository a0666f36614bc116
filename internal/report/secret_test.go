package report_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// grower grows random values with marks: what is marked as sensitive holds the
// secret, on either side and on any level.
type grower struct{ *rand.Rand }

// value is a value with the tree of what is sensitive in it. hide tells that all of
// it is.
func (g grower) value(depth int, hide bool) (value, sensitive any) {
	if !hide && g.IntN(5) == 0 {
		value, _ = g.value(depth, true)
		return value, true
	}
	switch kind := g.IntN(6); {
	case kind < 2 && depth < 4:
		m, marks := object{}, object{}
		for range g.IntN(4) {
			name := fmt.Sprintf("k%d", g.IntN(4))
			m[name], marks[name] = g.value(depth+1, hide)
		}
		return m, g.whole(hide, marks)
	case kind == 2 && depth < 4:
		var list, marks []any
		for range g.IntN(4) {
			v, mark := g.value(depth+1, hide)
			list, marks = append(list, v), append(marks, mark)
		}
		return list, g.whole(hide, marks)
	case kind == 3:
		return nil, g.whole(hide, false)
	case hide:
		return fmt.Sprintf("%s %d", secret, g.IntN(3)), true
	}
	return fmt.Sprintf("open %d", g.IntN(3)), false
}

// whole is true for what is hidden as a whole; Terraform then marks no parts.
func (g grower) whole(hide bool, marks any) any {
	if hide {
		return true
	}
	return marks
}

// unknown marks some parts of a value as not known yet, which is then not there.
func (g grower) unknown(value any) (rest, unknown any) {
	m, ok := value.(object)
	if !ok || g.IntN(8) == 0 {
		if g.IntN(3) == 0 {
			return nil, true
		}
		return value, false
	}
	left, marks := object{}, object{}
	for name, v := range m {
		v, mark := g.unknown(v)
		marks[name] = mark
		if mark != true {
			left[name] = v
		}
	}
	return left, marks
}

// No secret gets into a report, whatever the shapes of the two sides and of what
// Terraform marks on them, for our types as for others, in changes, in drift and
// in outputs.
func TestNoSecretGetsOut(t *testing.T) {
	seed := rand.Uint64()
	g := grower{rand.New(rand.NewPCG(seed, 2))}
	kinds := []string{"provision_device", "zabbix_agent_host", "terraform_data"}
	for range 400 {
		before, beforeMarks := g.value(0, false)
		after, afterMarks := g.value(0, false)
		after, unknown := g.unknown(after)
		marks := object{"before_sensitive": beforeMarks, "after_sensitive": afterMarks, "after_unknown": unknown}
		kind := kinds[g.IntN(len(kinds))]
		actions := [][]string{updates, creates, deletes, nothing, replaces}[g.IntN(5)]
		// The attributes that are read by name are among the random ones.
		renamed := strings.NewReplacer(`"k0"`, `"name"`, `"k1"`, `"diff"`, `"k2"`, `"removes"`, `"k3"`, `"url"`)
		c := of(kind, "x", actions, before, after, marks)
		text := renamed.Replace(planJSON(t, c))
		change, err := json.Marshal(c.Change)
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range []string{
			text,
			strings.Replace(text, `"resource_changes"`, `"resource_drift"`, 1),
			`{"format_version":"1.2","output_changes":{"o":` + string(change) + `}}`,
		} {
			p := read(t, input)
			if out := page(t, p) + markdown(t, p); strings.Contains(out, secret) {
				t.Fatalf("seed %d: the secret is in the report of\n%s", seed, input)
			}
		}
	}
}
