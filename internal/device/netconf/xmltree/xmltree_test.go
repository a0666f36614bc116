package xmltree

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) []*Node {
	t.Helper()
	nodes, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return nodes
}

func TestParseErrorsNameThePlace(t *testing.T) {
	for text, want := range map[string]struct {
		line int
		text string
	}{
		"<a>\n<b></a>":                         {2, "</a> closes <b>"},
		"<a>\n<b>":                             {2, "<b> is never closed"},
		"<a/>\n</b>":                           {2, "closes nothing"},
		"<a/>\nhello":                          {1, "outside"},
		"<a>\n<b/>\ntext</a>":                  {3, "text beside elements in <a>"},
		"<a>text\n<b/></a>":                    {1, "text beside elements in <a>"},
		"<a>\n<p:b/></a>":                      {2, "prefix is not declared"},
		"<a>\n<b p:x='1'/></a>":                {2, "prefix is not declared"},
		"<!DOCTYPE a [<!ENTITY e 'x'>]>\n<a/>": {1, "document type"},
		"<a>\n&e;</a>":                         {2, "entity"},
		"<a>\n<b x=1/></a>":                    {2, "attribute"},
		"\x7fELF\x00":                          {1, ""},
		"<a>\n\xff</a>":                        {2, "UTF-8"},
		"<?xml version='1.0' encoding='latin1'?><a/>":            {1, "encoding"},
		strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300): {1, "deeper"},
	} {
		_, err := Parse([]byte(text))
		var at *ParseError
		if !errors.As(err, &at) || at.Line != want.line || !strings.Contains(at.Message, want.text) {
			t.Errorf("%.40q: %v; want line %d, %q", text, err, want.line, want.text)
		}
	}
}

// TestParseErrorsQuoteNoText: a password with a character that means something
// in XML must not stand in the error.
func TestParseErrorsQuoteNoText(t *testing.T) {
	for _, text := range []string{"<password>a&S3CRET;b</password>", "<password>a&S3CRET</password>", "<password>a<\u20acS3CRET</password>"} {
		_, err := Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), "S3CRET") || !strings.Contains(err.Error(), "is written") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParse(t *testing.T) {
	nodes := parse(t, "\xef\xbb\xbf<?xml version='1.0'?>\n<!-- c --><x:a xmlns:x='urn:x' xmlns='urn:d' x:op='o' plain='p'>\n  <b> t &amp;\r\n u </b>\n  <c/>\n</x:a>\n<z/>")
	a := nodes[0]
	if len(nodes) != 2 || a.Space != "urn:x" || a.Line != 2 || a.Leaf() || a.Attr("urn:x", "op") != "o" || a.Attr("", "plain") != "p" || a.Attr("", "no") != "" {
		t.Fatalf("%+v", a)
	}
	b := a.Child("b")
	if b.Space != "urn:d" || b.Text != " t &\n u " || b.Line != 3 || a.Child("c").Text != "" || a.Child("nope") != nil {
		t.Errorf("%+v", b)
	}
}

// A value that is a name, or a path, carries its prefix's namespace.
func TestPrefixesInValues(t *testing.T) {
	same := func(one, two string) bool { return Digest(parse(t, one)) == Digest(parse(t, two)) }
	if !same(`<a xmlns:p="urn:p">p:x</a>`, `<a xmlns:q="urn:p">q:x</a>`) {
		t.Error("a prefix in an identity counts")
	}
	if same(`<a xmlns:p="urn:p">p:x</a>`, `<a xmlns:p="urn:q">p:x</a>`) {
		t.Error("two identities are one")
	}
	if !same(`<a xmlns:p="urn:p">/p:x/p:y[p:z='1']</a>`, `<a xmlns:q="urn:p">/q:x/q:y[q:z='1']</a>`) {
		t.Error("a prefix in a path counts")
	}
	if got := parse(t, `<a xmlns:note="urn:p">see note: that is all</a>`)[0].Value(); got != "see note: that is all" {
		t.Errorf("text became %q", got)
	}
	if got := parse(t, `<a>10:20</a>`)[0].Value(); got != "10:20" {
		t.Errorf("a value without a prefix became %q", got)
	}
}

func TestWriteStandsByItself(t *testing.T) {
	const text = `<c xmlns="urn:base" xmlns:p="urn:p" xmlns:a="urn:a"><p:i a:op="x&quot;" xml:lang="en"><p:t>a:id</p:t><p:e/><d xmlns="urn:d">1 &lt; 2 ]]&gt;</d></p:i></c>`
	tree := parse(t, text)
	out := Write(tree[0].Kids, "urn:base")
	again := parse(t, `<c xmlns="urn:base">`+string(out)+`</c>`)
	if Digest(tree) != Digest(again) {
		t.Errorf("%s became %s", text, out)
	}
	if bytes.Contains(out, []byte("]]>")) {
		t.Errorf("%s holds the end-of-message mark", out)
	}
}

func TestDigest(t *testing.T) {
	const base = `<a xmlns="urn:a" x="1" y="2"><b>1</b><c>2</c><l><n>1</n></l><l><n>2</n></l></a>`
	want := Digest(parse(t, base))
	for name, text := range map[string]string{
		"attributes":  `<a xmlns="urn:a" y="2" x="1"><b>1</b><c>2</c><l><n>1</n></l><l><n>2</n></l></a>`,
		"white space": "<a xmlns='urn:a' x='1' y='2'>\r\n <b>1</b>\n <c>2</c> <l> <n>1</n></l><l><n>2</n></l>\n</a>\n",
		"comments":    `<a xmlns="urn:a" x="1" y="2"><!-- x --><b>1</b><c>2</c><l><n>1</n></l><l><n>2</n></l></a>`,
		"prefixes":    `<p:a xmlns:p="urn:a" x="1" y="2"><p:b>1</p:b><p:c>2</p:c><p:l><p:n>1</p:n></p:l><p:l><p:n>2</p:n></p:l></p:a>`,
		"names":       `<a xmlns="urn:a" x="1" y="2"><l><n>1</n></l><c>2</c><l><n>2</n></l><b>1</b></a>`,
	} {
		if Digest(parse(t, text)) != want {
			t.Errorf("%s count", name)
		}
	}
	for name, text := range map[string]string{
		"value":           `<a xmlns="urn:a" x="1" y="2"><b>3</b><c>2</c><l><n>1</n></l><l><n>2</n></l></a>`,
		"namespace":       `<a xmlns="urn:b" x="1" y="2"><b>1</b><c>2</c><l><n>1</n></l><l><n>2</n></l></a>`,
		"attribute":       `<a xmlns="urn:a" x="1" y="3"><b>1</b><c>2</c><l><n>1</n></l><l><n>2</n></l></a>`,
		"order in a list": `<a xmlns="urn:a" x="1" y="2"><b>1</b><c>2</c><l><n>2</n></l><l><n>1</n></l></a>`,
		"nesting":         `<a xmlns="urn:a" x="1" y="2"><b>1</b><c>2</c><l><n>1</n><n>2</n></l></a>`,
	} {
		if Digest(parse(t, text)) == want {
			t.Errorf("%s does not count", name)
		}
	}
}

// pairs shows what Match did: name=name, with - for none.
func pairs(as, bs []*Node) string {
	var out []string
	label := func(n *Node) string {
		if n == nil {
			return "-"
		}
		text := n.Text
		for _, k := range n.Kids {
			text += k.Text
			for _, l := range k.Kids {
				text += l.Text
			}
		}
		return text
	}
	for _, g := range Match(as, bs) {
		s := strings.Join(g.Keys, "+") + ":"
		for _, p := range g.Pairs {
			s += "(" + label(p.A) + "|" + label(p.B) + ")"
		}
		if g.Reordered {
			s += fmt.Sprintf("!%d", len(g.After))
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestMatch(t *testing.T) {
	for name, tc := range map[string]struct{ a, b, want string }{
		"leafs":              {"<x>1</x>", "<x>2</x>", ":(1|2)"},
		"name":               {"<i><name>a</name></i><i><name>b</name></i>", "<i><name>b</name></i>", "name:(a|-)(b|b)"},
		"one of each":        {"<i><name>a</name></i>", "<i><name>b</name></i>", "name:(a|-)(-|b)"},
		"container":          {"<i><p>a</p></i>", "<i><p>b</p></i>", ":(a|b)"},
		"first leaf":         {"<i><p>a</p><v>1</v></i><i><p>b</p></i>", "<i><p>b</p><v>2</v></i>", "p:(a1|-)(b|b2)"},
		"two leafs":          {"<i><p>a</p><q>1</q></i><i><p>a</p><q>2</q></i>", "<i><p>a</p><q>2</q></i>", "p+q:(a1|-)(a2|a2)"},
		"name not unique":    {"<i><t>1</t><name>a</name></i><i><t>2</t><name>a</name></i>", "<i><t>2</t><name>a</name></i>", "t:(1a|-)(2a|2a)"},
		"whole content":      {"<i><l><m>1</m></l></i><i><l><m>2</m></l></i>", "<i><l><m>2</m></l></i>", ":(1|-)(2|2)"},
		"leaf-list":          {"<s>1</s><s>2</s>", "<s>2</s><s>3</s>", ":(1|-)(2|2)(-|3)"},
		"twice the same":     {"<s>1</s><s>1</s>", "<s>1</s>", ":(1|1)(1|-)"},
		"order":              {"<s>1</s><s>2</s><s>3</s>", "<s>3</s><s>1</s><s>4</s>", ":(1|1)(2|-)(3|3)(-|4)!2"},
		"names out of order": {"<b>1</b><a>2</a>", "<a>2</a><b>1</b>", ":(2|2) :(1|1)"},
		"only one side":      {"", "<a>1</a>", ":(-|1)"},
	} {
		if got := pairs(parse(t, tc.a), parse(t, tc.b)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

const have = `<i><n><name>a</name><d>1</d><e>2</e></n><n><name>b</name><d>3</d></n></i><c>x</c>`

func TestSelect(t *testing.T) {
	op := func(o string) string { return ` xmlns:nc="` + BaseNS + `" nc:operation="` + o + `"` }
	for name, tc := range map[string]struct {
		want, projected  string
		unnamed          int
		holds, stillHere bool
	}{
		"a leaf":         {`<i><n><name>a</name><d>9</d></n></i>`, `<i><n><d>1</d><name>a</name></n></i>`, 4, false, false},
		"same":           {`<i><n><name>a</name><d>1</d></n></i>`, `<i><n><d>1</d><name>a</name></n></i>`, 4, true, false},
		"everything":     {have, `<c>x</c><i><n><d>1</d><e>2</e><name>a</name></n><n><d>3</d><name>b</name></n></i>`, 0, true, false},
		"not there":      {`<z>1</z>`, ``, 6, false, false},
		"default left":   {`<i><n><name>a</name><f>true</f></n></i>`, `<i><n><name>a</name></n></i>`, 5, false, false},
		"delete":         {`<i><n` + op("delete") + `><name>a</name></n></i>`, `<i/>`, 3, true, true},
		"delete nothing": {`<i><n` + op("remove") + `><name>q</name></n></i>`, `<i/>`, 6, false, false},
		"replace":        {`<i><n` + op("replace") + `><name>a</name></n></i>`, `<i><n><name>a</name><d>1</d><e>2</e></n></i>`, 3, true, false},
	} {
		all, want := parse(t, have), parse(t, tc.want)
		if got := string(Write(Project(all, want), "")); got != tc.projected {
			t.Errorf("%s: projected %s, want %s", name, got, tc.projected)
		}
		if got := Unnamed(all, want); got != tc.unnamed {
			t.Errorf("%s: %d unnamed, want %d", name, got, tc.unnamed)
		}
		if got := Holds(all, want); got != tc.holds {
			t.Errorf("%s: holds %t", name, got)
		}
		if got := HoldsDeleted(all, want); got != tc.stillHere {
			t.Errorf("%s: still there %t", name, got)
		}
		if first := FirstOperation(want); (first != nil) != strings.Contains(tc.want, "operation") {
			t.Errorf("%s: operation at %v", name, first)
		}
	}
}

func TestKnown(t *testing.T) {
	now := parse(t, `<i><n><name>a</name><d>7</d></n><n><name>b</name><x>1</x></n><n><name>c</name></n></i><z/>`)
	before := parse(t, `<i><n><name>a</name><d>1</d></n></i>`)
	after := parse(t, `<i><n><name>b</name></n></i>`)
	want := `<i><n><name>a</name><d>7</d></n><n><name>b</name></n></i>`
	if got := string(Write(Known(now, before, after), "")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(have))
	f.Add([]byte(`<a xmlns:p="u" p:x="1"><p:b>p:c</p:b></a>`))
	f.Add([]byte(`<a><![CDATA[x]]></a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(Write(nodes, ""))
		if err != nil {
			t.Fatalf("written: %s: %v", Write(nodes, ""), err)
		}
		for _, g := range Match(nodes, again) {
			for _, p := range g.Pairs {
				if p.A != nil && p.B != nil && p.A.Local != p.B.Local {
					t.Fatal("a pair of two names")
				}
			}
		}
	})
}
