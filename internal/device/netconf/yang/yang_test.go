package yang_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/yang"
)

const module = `
// list commented { ordered-by user; }
module m {
  yang-version 1.1; namespace "urn:m"; prefix m;
  /* list this { ordered-by user; } */
  import types { prefix t; revision-date 2013-07-15; }
  include "part";
  description "A list of text { ordered-by user; } with \"quotes\", \d+\.\d and
    a line that goes on \
    and lines; }";
  container c {
    list sys"tem" ;
  }
}`

func TestRead(t *testing.T) {
	text := strings.Replace(module, `list sys"tem" ;`, `
    list system { key "name"; leaf name { type string; } ordered-by system; }
    list plain { key 'a b'; leaf-list inner { type string; ordered-by user; } }
    leaf-list search { type string { pattern 'a}b"' + "c}"; } ordered-by "us" + 'er'; }
    list twice { key x; }
    choice ch { case one { list twice { key x; ordered-by user; } list twice { key y; } } }
    x:ext "a" { x:ordered-by user; }
    list ext { x:more { ordered-by user; } }
    anydata any;`, 1)
	lists, needs, err := yang.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	want := yang.Lists{"system": false, "plain": false, "inner": true, "search": true, "twice": true, "ext": false}
	if !maps.Equal(lists, want) {
		t.Errorf("%v, want %v", lists, want)
	}
	if !slices.Equal(needs, []string{"types", "part"}) {
		t.Errorf("needs %q", needs)
	}
}

func TestNotYANG(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "html": "<html>no</html>", "another": "container c;", "cut off": "module m { list a { key b;",
		"open quote": `module m { description "a`, "one end too many": "module m { } }", "no end": "module m",
		"joined with nothing": `module m { list "a" + ; }`, "a quote in a word": module,
		"deep": "module m { " + strings.Repeat("a { ", 2000) + strings.Repeat("} ", 2001),
	} {
		if lists, _, err := yang.Read(text); err == nil {
			t.Errorf("%s: %v", name, lists)
		}
	}
}
