package mapping_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// rule is a rule as the oracle sees it: what it names in each dimension, and
// what it gives.
type rule struct {
	name      string
	names     [4][]string // site, role, platform, interface
	templates []string
	proxy     string // "" or the name of a proxy, or of a group with a leading @
}

// universe are all values there are; "" is an object without one, which no
// rule names.
var universe = [4][]string{{"", "s1", "s2", "s3"}, {"", "r1", "r2"}, {"", "p1"}, {"agent", "snmp"}}

// count is in how many dimensions a rule names something.
func (r rule) count() int {
	n := 0
	for _, values := range r.names {
		n += min(1, len(values))
	}
	return n
}

// covers tells whether a rule is for an object.
func (r rule) covers(object [4]string) bool {
	for i, values := range r.names {
		found := len(values) == 0
		for _, v := range values {
			found = found || v == object[i]
		}
		if !found {
			return false
		}
	}
	return true
}

// errTie is the oracle's verdict on rules of which none wins.
var errTie = errors.New("tie")

// oracle says what rules give an object: for each rank from the top down it
// looks at all rules of that rank.
func oracle(rules []rule, merge bool, object [4]string) (names, templates []string, proxy string, err error) {
	for rank := 4; rank >= 0; rank-- {
		var here []rule
		for _, r := range rules {
			if r.count() == rank && r.covers(object) {
				here = append(here, r)
			}
		}
		if !merge {
			if len(here) == 0 {
				continue
			}
			for _, r := range here {
				if !slices.Equal(r.templates, here[0].templates) || r.proxy != here[0].proxy {
					return nil, nil, "", errTie
				}
			}
			return []string{here[0].name}, here[0].templates, here[0].proxy, nil
		}
		above := proxy
		for i := len(here) - 1; i >= 0; i-- {
			r := here[i]
			names = append([]string{r.name}, names...)
			templates = append(slices.Clone(r.templates), templates...)
			if above != "" || r.proxy == "" {
				continue
			}
			if proxy != "" && proxy != r.proxy {
				err = errTie
			}
			proxy = r.proxy
		}
	}
	return names, templates, proxy, err
}

// some gives some of values, in any order; often none.
func some(rnd *rand.Rand, values []string) []string {
	var out []string
	for _, i := range rnd.Perm(len(values)) {
		if rnd.IntN(3) == 0 {
			out = append(out, values[i])
		}
	}
	return out
}

// randomRules makes a default and some rules.
func randomRules(rnd *rand.Rand) []rule {
	rules := []rule{{name: "default", templates: []string{"t0"}, proxy: []string{"", "p"}[rnd.IntN(2)]}}
	for i := range rnd.IntN(6) {
		r := rule{name: fmt.Sprint("rule", i), templates: append(some(rnd, []string{"t1", "t2"}), "t3")}
		if rnd.IntN(3) == 0 {
			r.proxy = []string{"p", "q", "@p"}[rnd.IntN(3)]
		}
		for dim, values := range universe {
			r.names[dim] = some(rnd, slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }))
		}
		if len(r.names[3]) == 2 {
			r.names[3] = nil // both is any
		}
		if r.count() == 0 {
			r.names[0] = []string{"s1"}
		}
		rules = append(rules, r)
	}
	rnd.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	return rules
}

// plain writes rules as a configuration does.
func plain(rules []rule, merge bool) any {
	list := func(values []string) []any {
		out := []any{}
		for _, v := range values {
			out = append(out, v)
		}
		return out
	}
	var table []any
	for _, r := range rules {
		m := map[string]any{
			"name": r.name, "default": r.count() == 0, "sites": list(r.names[0]), "roles": list(r.names[1]), "platforms": list(r.names[2]),
			"interface_type": "any", "templates": list(r.templates),
		}
		if len(r.names[3]) == 1 {
			m["interface_type"] = r.names[3][0]
		}
		if group, ok := strings.CutPrefix(r.proxy, "@"); ok {
			m["proxy_group"] = group
		} else if r.proxy != "" {
			m["proxy"] = r.proxy
		}
		table = append(table, m)
	}
	return map[string]any{"devices": table, "merge": merge}
}

// objects are all there can be.
func objects() [][4]string {
	var out [][4]string
	for _, site := range universe[0] {
		for _, role := range universe[1] {
			for _, platform := range universe[2] {
				for _, iface := range universe[3] {
					out = append(out, [4]string{site, role, platform, iface})
				}
			}
		}
	}
	return out
}

// TestAsTheOracleSays compares decoding and matching of random rules with an
// oracle that tries every object: a tie is an error of Decode if and only if
// there is an object that ties, and then Match gives what the oracle gives.
func TestAsTheOracleSays(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	tied := 0
	for range 3000 {
		rules, merge := randomRules(rnd), rnd.IntN(2) == 0
		c, err := mapping.Decode(plain(rules, merge))
		if compareAll(t, rules, merge, c, err) {
			tied++
		}
		if t.Failed() {
			t.Fatalf("seed %d, merge %v, rules %+v: %v", seed, merge, rules, err)
		}
	}
	if tied < 100 || tied > 2900 {
		t.Errorf("%d of 3000 tied: the rules are too much alike to show anything", tied)
	}
}

// compareAll compares for all objects, and tells whether there was a tie.
func compareAll(t *testing.T, rules []rule, merge bool, c *mapping.Config, decodeErr error) bool {
	tie := false
	for _, o := range objects() {
		names, templates, proxy, err := oracle(rules, merge, o)
		if err != nil {
			tie = true
			continue
		}
		if decodeErr != nil {
			continue
		}
		got, err := c.Match(mapping.Object{Kind: mapping.Device, Name: "o", Site: o[0], Role: o[1], Platform: o[2], Interface: o[3]})
		if err != nil {
			t.Errorf("%v: %v", o, err)
			continue
		}
		if d := cmp.Diff(said{names, unique(templates), proxy}, saidBy(got), cmp.AllowUnexported(said{})); d != "" {
			t.Errorf("%v: oracle -, Match +:\n%s", o, d)
		}
	}
	if tie != (decodeErr != nil) {
		t.Errorf("a tie: %v, Decode: %v", tie, decodeErr)
	}
	return tie
}

// said is what is compared.
type said struct {
	rules, templates []string
	proxy            string
}

func saidBy(r mapping.Result) said {
	out := said{rules: r.Rules, proxy: r.Proxy.Name}
	for _, t := range r.Templates {
		out.templates = append(out.templates, t.Name)
	}
	if r.ProxyGroup.Name != "" {
		out.proxy = "@" + r.ProxyGroup.Name
	}
	return out
}

func unique(values []string) []string {
	var out []string
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// FuzzDecode: whatever is written, there is a result or an error that says
// something, never a panic; and what Decode takes Match can use.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{everything, `null`, `[]`, `{"devices": [null, {"name": {}}], "tags": {"values": {"a": null}}, "inventory": {"x": [[]]}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		if _, err := mapping.DecodeObject(v); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		c, err := mapping.Decode(v)
		var all mapping.Errors
		if err != nil {
			if !errors.As(err, &all) || len(all) == 0 || slices.ContainsFunc(all, func(e *mapping.Error) bool { return e.Message == "" }) {
				t.Errorf("an error that says nothing: %v", err)
			}
			return
		}
		for _, kind := range []mapping.Kind{mapping.Device, mapping.VirtualMachine} {
			o := r1()
			o.Kind = kind
			before := maps.Clone(o.Values)
			if _, err := c.Match(o); err != nil && !strings.HasPrefix(err.Error(), "r1: mappings: ") {
				t.Errorf("%v does not name the object", err)
			}
			if !cmp.Equal(before, o.Values) {
				t.Error("Match changed the object")
			}
		}
	})
}
