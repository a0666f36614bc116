package xmldiff_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmldiff"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

func parse(t *testing.T, text string) []*xmltree.Node {
	t.Helper()
	nodes, err := xmltree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func diff(t *testing.T, before, after string, r *secret.Redactor) string {
	t.Helper()
	return provision.Diff{Hunks: xmldiff.Diff(parse(t, before), parse(t, after), r, nil)}.String()
}

func TestDiff(t *testing.T) {
	for name, tc := range map[string]struct{ before, after, want string }{
		"nothing":        {`<a x="1"><b>1</b><c/></a>`, `<a><c/> <b>1</b></a>`, ""},
		"leaf":           {`<i><n><name>e0</name><d>1</d></n></i>`, `<i><n><name>e0</name><d>2</d></n></i>`, "@@ /i/n[name='e0']/d\n- 1\n+ 2"},
		"leaf comes":     {`<i/>`, `<i><d>2</d></i>`, "@@ /i/d\n+ <d>2</d>"},
		"leaf goes":      {`<i><d>2</d></i>`, `<i/>`, "@@ /i/d\n- <d>2</d>"},
		"entry comes":    {`<i><n><name>a</name></n></i>`, `<i><n><name>a</name></n><n><name>b</name><e/></n></i>`, "@@ /i/n[name='b']\n+ <n>\n+   <name>b</name>\n+   <e/>\n+ </n>"},
		"tree comes":     {``, `<i xmlns="urn:i"><d xmlns="urn:d">a &lt; b</d></i>`, "@@ /i\n+ <i xmlns=\"urn:i\">\n+   <d xmlns=\"urn:d\">a &lt; b</d>\n+ </i>"},
		"two namespaces": {`<a xmlns="urn:1">x</a>`, `<a xmlns="urn:2">x</a>`, "@@ /a\n- <a xmlns=\"urn:1\">x</a>\n@@ /a\n+ <a xmlns=\"urn:2\">x</a>"},
		"lines": {`<d>1
2</d>`, `<d>1
3</d>`, "@@ /d\n- 1\n- 2\n+ 1\n+ 3"},
		"leaf-list":        {`<s>1</s><s>2</s>`, `<s>2</s>`, "@@ /s\n- <s>1</s>"},
		"order":            {`<s>1</s><s>2</s>`, `<s>2</s><s>1</s>`, "@@ /s (order)\n- 1\n- 2\n+ 2\n+ 1"},
		"order of entries": {`<r><n><name>a</name></n><n><name>b</name></n></r>`, `<r><n><name>b</name></n><n><name>a</name></n></r>`, "@@ /r/n (order)\n- a\n- b\n+ b\n+ a"},
		"quote":            {`<n><name>a'b</name><d>1</d></n>`, `<n><name>a'b</name><d>2</d></n>`, "@@ /n[name=\"a'b\"]/d\n- 1\n+ 2"},
	} {
		if got := diff(t, tc.before, tc.after, nil); got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tc.want)
		}
	}
}

// No planted secret may show, wherever it stands, and a changed one must.
func TestSecrets(t *testing.T) {
	const planted = "hunter2-planted"
	for name, tc := range map[string]struct {
		before, after string
		changes       int
	}{
		"password changes":   {`<u><name>bob</name><password>old</password></u>`, `<u><name>bob</name><password>` + planted + `</password></u>`, 2},
		"password comes":     {`<u><name>bob</name></u>`, `<u><name>bob</name><password>` + planted + `</password></u>`, 1},
		"password goes":      {`<u><name>bob</name><password>` + planted + `</password></u>`, `<u><name>bob</name></u>`, 1},
		"in a new tree":      {``, `<u><shared-secret>` + planted + `</shared-secret></u>`, 3},
		"over lines":         {``, "<u><private-key>-----\n" + planted + "\n-----</private-key></u>", 3},
		"community by name":  {``, `<community><name>` + planted + `</name></community>`, 3},
		"community as key":   {`<community><name>` + planted + `</name><d>1</d></community>`, `<community><name>` + planted + `</name><d>2</d></community>`, 2},
		"community goes":     {`<community><name>` + planted + `</name></community><community><name>x</name></community>`, `<community><name>x</name></community>`, 3},
		"order of secrets":   {`<psk>` + planted + `</psk><psk>b</psk>`, `<psk>b</psk><psk>` + planted + `</psk>`, 4},
		"key":                {`<k><key-id>1</key-id><key>` + planted + `</key></k>`, `<k><key-id>1</key-id><key>b</key></k>`, 2},
		"token":              {`<api-token>a</api-token>`, `<api-token>` + planted + `</api-token>`, 2},
		"passphrase":         {`<wpa-passphrase>a</wpa-passphrase>`, `<wpa-passphrase>` + planted + `</wpa-passphrase>`, 2},
		"the user's pattern": {`<d>a</d>`, `<d>wifi ` + planted + `</d>`, 2},
	} {
		r, err := secret.NewRedactor(`wifi (\S+)`)
		if err != nil {
			t.Fatal(err)
		}
		d := provision.Diff{Hunks: xmldiff.Diff(parse(t, tc.before), parse(t, tc.after), r, nil)}
		if strings.Contains(d.String(), planted) || !strings.Contains(d.String(), secret.Mask) {
			t.Errorf("%s:\n%s", name, d)
		}
		if added, removed := d.Counts(); added+removed != tc.changes {
			t.Errorf("%s: %d changes, want %d:\n%s", name, added+removed, tc.changes, d)
		}
	}
}

func TestIsSecret(t *testing.T) {
	for leaf, want := range map[string]bool{
		"password": true, "encrypted-password": true, "key": true, "key-string": true, "pre-shared-key": true, "psk": true,
		"auth-secret": true, "community": true, "passwd": true, "api-token": true,
		"name": false, "description": false, "key-id": false, "key-chain": false, "keepalive": false, "monkey-count": false,
	} {
		if got := xmldiff.IsSecret(leaf, []string{"system"}); got != want {
			t.Errorf("%s: %t", leaf, got)
		}
	}
	if !xmldiff.IsSecret("name", []string{"snmp", "community"}) {
		t.Error("the name of a community is no secret")
	}
	got := xmldiff.Secrets(parse(t, `<u><name>n</name><password> p1 </password></u><community><name>c</name><psk/></community>`))
	if strings.Join(got, " ") != "p1 c" {
		t.Errorf("secrets %q", got)
	}
}

// The order of a list counts unless its model says that it does not; what else
// differs in it shows all the same.
func TestFreeOrder(t *testing.T) {
	before := parse(t, `<r><n><name>a</name><d>1</d></n><n><name>b</name></n><s>1</s><s>2</s></r>`)
	after := parse(t, `<r><n><name>b</name></n><n><name>a</name><d>2</d></n><s>2</s><s>1</s></r>`)
	hunks := xmldiff.Diff(before, after, nil, func(entry *xmltree.Node) bool { return entry.Local == "n" })
	want := "@@ /r/n[name='a']/d\n- 1\n+ 2\n@@ /r/s (order)\n- 1\n- 2\n+ 2\n+ 1"
	if got := (provision.Diff{Hunks: hunks}).String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if xmldiff.IsOrder(hunks[0]) || !xmldiff.IsOrder(hunks[1]) {
		t.Error("which hunk is about the order?")
	}
}

func TestHeaderIsRedacted(t *testing.T) {
	r := (*secret.Redactor)(nil).With(regexp.MustCompile(`cust-\d+`))
	got := diff(t, `<n><name>cust-12</name><d>1</d></n>`, `<n><name>cust-12</name><d>2</d></n>`, r)
	if strings.Contains(got, "cust-12") {
		t.Error(got)
	}
}
