package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// inContext is a device whose config context has this at its key zabbix.
func inContext(t *testing.T, text string) mapping.Object {
	t.Helper()
	return mapping.Object{
		Kind: mapping.Device, ID: "7", Name: "r1", Interface: "agent",
		Values: map[string]any{"config_context": map[string]any{"ntp": "x", "zabbix": parse(t, text)}},
	}
}

func TestTheContextsRuleLiesOverTheOthers(t *testing.T) {
	c, err := mapping.Decode(parse(t, `{"devices": [{"name": "all", "default": true, "templates": ["Linux"], "host_groups": ["Routers"], "proxy": "p1"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		`{"templates": ["FRR", "Linux"], "proxy_group": "pg"}`: {
			`template Linux: rule "all"`, `template FRR: rule "config context"`, `host group Routers: rule "all"`, `proxy group pg: rule "config context"`,
		},
		`{"host_groups": ["Edge"]}`: {
			`template Linux: rule "all"`, `host group Routers: rule "all"`, `host group Edge: rule "config context"`, `proxy p1: rule "all"`,
		},
		`null`: {`template Linux: rule "all"`, `host group Routers: rule "all"`, `proxy p1: rule "all"`},
	} {
		o := inContext(t, text)
		r, err := c.Match(o)
		if err != nil || !slices.Equal(r.Explain(), want) {
			t.Errorf("%s: %v, got %q", text, err, r.Explain())
		}
		if o.HasRule() != (text != "null") {
			t.Errorf("%s: HasRule is %v", text, o.HasRule())
		}
	}
}

func TestTheContextsRuleAlone(t *testing.T) {
	r, err := (&mapping.Config{}).Match(inContext(t, `{"templates": ["FRR"]}`))
	if want := []string{`template FRR: rule "config context"`}; err != nil || !slices.Equal(r.Explain(), want) {
		t.Errorf("%v, got %q", err, r.Explain())
	}
}

func TestMistakesInTheContextsRule(t *testing.T) {
	c := &mapping.Config{}
	for text, want := range map[string]string{
		`{"template": ["FRR"]}`: `r1: mappings: config_context.zabbix: unknown key "template"; did you mean "templates"?`,
		`{"templates": "FRR"}`:  "config_context.zabbix.templates: a list of texts is needed, not a text",
		`["FRR"]`:               "config_context.zabbix: an object is needed, not a list",
		`{"templates": ["a"], "proxy": "p", "proxy_group": "group"}`: "config_context.zabbix: proxy and proxy_group exclude each other",
		`{}`: "config_context.zabbix: it gives nothing",
	} {
		o := inContext(t, text)
		if _, err := c.Match(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
		if !o.HasRule() {
			t.Errorf("%s: a rule with a mistake is one all the same", text)
		}
	}
}
