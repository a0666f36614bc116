package frr

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func entries(list []entry) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.path + "|" + e.line + "\n")
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"running": {
			"Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\n!\ninterface eth1\n ip address 10.0.0.1/30\nexit\n!\n" +
				"router bgp 1\n neighbor 1.1.1.1  remote-as 2\n !\n address-family ipv4 unicast\n  network 10.0.0.0/8\n exit-address-family\nexit\n!\nend\n",
			"|frr version 8.4.4\n|interface eth1\ninterface eth1|ip address 10.0.0.1/30\n|router bgp 1\nrouter bgp 1|neighbor 1.1.1.1 remote-as 2\n" +
				"router bgp 1|address-family ipv4 unicast\nrouter bgp 1 / address-family ipv4 unicast|network 10.0.0.0/8\n",
		},
		"without exit": {
			"interface eth1\n description a\n!\ninterface eth2\n description b\n!\nip route 10.0.0.0/8 Null0\n",
			"|interface eth1\ninterface eth1|description a\n|interface eth2\ninterface eth2|description b\n|ip route 10.0.0.0/8 Null0\n",
		},
		"without indentation": {
			"router ospf6\nospf6 router-id 1.1.1.1\ninterface eth2\ndescription b\nexit\nhostname x\n",
			"|router ospf6\nrouter ospf6|ospf6 router-id 1.1.1.1\n|interface eth2\ninterface eth2|description b\n|hostname x\n",
		},
		"end leaves everything": {
			"key chain k\n key 1\n  key-string s\nend\nhostname x",
			"|key chain k\nkey chain k|key 1\nkey chain k / key 1|key-string s\n|hostname x\n",
		},
		"exit at the top":     {"exit\nexit-address-family\nhostname x\n", "|hostname x\n"},
		"a context as a line": {"interface eth1\n vrf red\n bfd\n mtu 9\nexit\n", "|interface eth1\ninterface eth1|vrf red\ninterface eth1|bfd\ninterface eth1|mtu 9\n"},
		"CRLF and comments":   {"! c\r\nhostname x\r\n# d\r\n\r\n", "|hostname x\n"},
	} {
		if got := entries(parse(tc.text)); got != tc.want {
			t.Errorf("%s: %s", name, cmp.Diff(tc.want, got))
		}
	}
}

func TestDigestOfRunning(t *testing.T) {
	one := digest(parse("hostname a\nip route 10.0.0.0/8 Null0\ninterface x\n mtu 1\nexit\n"))
	for text, same := range map[string]bool{
		"interface x\n mtu 1\nexit\nip route 10.0.0.0/8   Null0\n!\nhostname a\nend\n": true,
		"hostname a\nip route 10.0.0.0/8 Null0\nmtu 1\ninterface x\nexit\n":            false,
		"hostname a\nip route 10.0.0.0/8 Null0\ninterface x\nexit\n":                   false,
	} {
		if (digest(parse(text)) == one) != same {
			t.Errorf("same=%t does not hold for\n%s", same, text)
		}
	}
	if (Driver{}).Digest([]byte("no x\nx\n")) == (Driver{}).Digest([]byte("x\nno x\n")) {
		t.Error("the order of an intent does not count")
	}
}

func TestCheckConfig(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "empty",
		"!\n# x\n\n":                            "empty",
		"end\nexit\n":                           "empty",
		"hostname a\nx\x00y\n":                  "line 2: control character U+0000",
		"hostname a\n\nx\xffy\n":                "line 3: not UTF-8",
		"hostname a\r\n\x1b[31m\r\n":            "line 2: control character U+001B",
		"hostname " + strings.Repeat("x", 4000): "line 1: 4009 bytes",
		strings.Repeat("!\n", maxConfig/2+1):    "bytes; at most",
		"hostname a":                            "",
		"hostname a\r\n\tdescription ü\r\n":     "",
	} {
		err := Driver{}.CheckConfig([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, wanted %q", text, err, want)
		}
	}
	if got := string(normal([]byte("a\r\nb"))); got != "a\nb\n" {
		t.Errorf("normal gives %q", got)
	}
}

func TestCheckRunning(t *testing.T) {
	const whole = "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nhostname a\n!\nend\n"
	if err := checkRunning([]byte(whole)); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "\n", strings.TrimSuffix(whole, "end\n"), "end\n", "Exiting: failed to connect to any daemons.\n", whole[:60]} {
		if checkRunning([]byte(text)) == nil {
			t.Errorf("taken for a running configuration: %q", text)
		}
	}
}

const testOutput = `2026-01-01 00:00:00,000  INFO: "frr version 8.4.4" cannot be removed

Lines To Delete
===============
ipv6 forwarding
interface eth3
 no description to-b1
no router ospf
router bgp 64512
 bgp network import-check
router bgp 64512
 address-family ipv4 unicast
  no network 172.20.1.0/24 

Lines To Add
============
no ip route 203.0.113.0/24 Null0
ip prefix-list P seq 5 permit any
route-map RM permit 10
route-map RM permit 10
 set metric 5
`

const testRunning = `frr version 8.4.4
no ipv6 forwarding
ip route 203.0.113.0/24 Null0
interface eth3
 description to-b1
exit
router bgp 64512
 no bgp network import-check
 address-family ipv4 unicast
  network 172.20.1.0/24
 exit-address-family
exit
router ospf
 ospf router-id 1.1.1.1
exit
end
`

func TestReplaceDifference(t *testing.T) {
	d := provision.Diff{Hunks: hunks(replaceEdits(parseTest(testOutput), parse(testRunning)), nil)}
	const want = `- no ipv6 forwarding
- router ospf
- ip route 203.0.113.0/24 Null0
+ ip prefix-list P seq 5 permit any
+ route-map RM permit 10
@@ interface eth3
- description to-b1
@@ router ospf
- ospf router-id 1.1.1.1
@@ router bgp 64512
- no bgp network import-check
@@ router bgp 64512 / address-family ipv4 unicast
- network 172.20.1.0/24
@@ route-map RM permit 10
+ set metric 5`
	if got := d.String(); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestPasswordStaysBehind(t *testing.T) {
	running := parse("hostname a\npassword x\nline vty\n password y\nexit\n")
	if got := staysBehind(parse("hostname a\n"), running); len(got) != 1 || got[0].line != "password x" || got[0].add {
		t.Errorf("stays behind: %v", got)
	}
	if got := staysBehind(parse("password z\n"), running); len(got) != 0 {
		t.Errorf("stays behind though another one comes: %v", got)
	}
}

// merged is the difference of a merge whose lines are all new to the router.
func merged(running, intent string) string {
	var add []entry
	have := setOf(parse(running))
	for _, e := range parse(intent) {
		if !have[e] {
			add = append(add, e)
		}
	}
	edits, exact := mergeEdits(add, parse(running))
	d := provision.Diff{Hunks: hunks(edits, nil)}.String()
	if exact {
		d = strings.TrimSpace(d + "\nexact")
	}
	return d
}

func TestMergeDifference(t *testing.T) {
	const bgp = "router bgp 1\n neighbor 1.1.1.1 remote-as 2\n neighbor 1.1.1.1 timers 3 9\n neighbor 1.1.1.1 timers connect 1\n neighbor 1.1.1.2 remote-as 3\n" +
		" address-family ipv4 unicast\n  neighbor 1.1.1.1 route-map A in\n  neighbor 1.1.1.1 route-map B out\n exit-address-family\nexit\n"
	for name, tc := range map[string]struct{ running, intent, want string }{
		"a new line":               {"hostname a\n", "ip route 10.0.0.0/8 Null0\n", "+ ip route 10.0.0.0/8 Null0\nexact"},
		"a value":                  {"hostname a\n", "hostname b\n", "- hostname a\n+ hostname b"},
		"beside each other":        {"ip route 10.0.0.0/8 1.1.1.1\n", "ip route 10.0.0.0/8 1.1.1.2\n", "+ ip route 10.0.0.0/8 1.1.1.2\nexact"},
		"timers":                   {bgp, "router bgp 1\n neighbor 1.1.1.1 timers 5 15\n", "@@ router bgp 1\n- neighbor 1.1.1.1 timers 3 9\n+ neighbor 1.1.1.1 timers 5 15"},
		"timers connect":           {bgp, "router bgp 1\n neighbor 1.1.1.1 timers connect 5\n", "@@ router bgp 1\n- neighbor 1.1.1.1 timers connect 1\n+ neighbor 1.1.1.1 timers connect 5"},
		"no timers":                {bgp, "router bgp 1\n no neighbor 1.1.1.1 timers\n", "@@ router bgp 1\n- neighbor 1.1.1.1 timers 3 9"},
		"in, not out":              {bgp, "router bgp 1\n address-family ipv4 unicast\n  neighbor 1.1.1.1 route-map C out\n", "@@ router bgp 1 / address-family ipv4 unicast\n- neighbor 1.1.1.1 route-map B out\n+ neighbor 1.1.1.1 route-map C out"},
		"no of nothing":            {"hostname a\n", "no ip route 10.0.0.0/8 Null0\n", "exact"},
		"no of a default":          {"hostname a\n", "no ip forwarding\n", "+ no ip forwarding\nexact"},
		"a default":                {"no ip forwarding\n", "ip forwarding\n", "- no ip forwarding"},
		"a default that holds":     {"hostname a\n", "ip forwarding\n", "exact"},
		"profile":                  {"frr defaults datacenter\nrouter bgp 1\nexit\n", "router bgp 1\n no bgp ebgp-requires-policy\n", "exact"},
		"activate in ipv4":         {bgp, "router bgp 1\n address-family ipv4 unicast\n  neighbor 1.1.1.1 activate\n", "exact"},
		"activate in ipv6":         {bgp, "router bgp 1\n address-family ipv6 unicast\n  neighbor 1.1.1.1 activate\n", "@@ router bgp 1\n+ address-family ipv6 unicast\n@@ router bgp 1 / address-family ipv6 unicast\n+ neighbor 1.1.1.1 activate\nexact"},
		"activate without default": {"router bgp 1\n no bgp default ipv4-unicast\nexit\n", "router bgp 1\n address-family ipv4 unicast\n  neighbor 1.1.1.1 activate\n", "@@ router bgp 1\n+ address-family ipv4 unicast\n@@ router bgp 1 / address-family ipv4 unicast\n+ neighbor 1.1.1.1 activate\nexact"},
		"entry without a number":   {"ip prefix-list P seq 5 permit 10.0.0.0/8\n", "ip prefix-list P permit 10.0.0.0/8\n", "exact"},
		"another entry":            {"ip prefix-list P seq 5 permit 10.0.0.0/8\n", "ip prefix-list P seq 5 deny any\n", "- ip prefix-list P seq 5 permit 10.0.0.0/8\n+ ip prefix-list P seq 5 deny any"},
		"a whole context":          {"router ospf\n ospf router-id 1.1.1.1\nexit\n", "no router ospf\n", "- router ospf\n@@ router ospf\n- ospf router-id 1.1.1.1"},
		"a whole neighbor": {
			bgp, "router bgp 1\n no neighbor 1.1.1.1\n",
			"@@ router bgp 1\n- neighbor 1.1.1.1 remote-as 2\n- neighbor 1.1.1.1 timers 3 9\n- neighbor 1.1.1.1 timers connect 1\n" +
				"@@ router bgp 1 / address-family ipv4 unicast\n- neighbor 1.1.1.1 route-map A in\n- neighbor 1.1.1.1 route-map B out",
		},
	} {
		if got := merged(tc.running, tc.intent); got != tc.want {
			t.Errorf("%s: %s", name, cmp.Diff(tc.want, got))
		}
	}
}

// A router refuses to remove some things that are not there.
func TestEffectiveKeepsLineNumbers(t *testing.T) {
	got := string(effective([]byte("hostname b\nno ip route 10.0.0.0/8 Null0\nno ip route 11.0.0.0/8 Null0\nno ip forwarding\n"), parse("ip route 11.0.0.0/8 Null0\n")))
	if want := "hostname b\n!\nno ip route 11.0.0.0/8 Null0\nno ip forwarding\n"; got != want {
		t.Error(cmp.Diff(want, got))
	}
}

// A line that vanished although the plan did not show it is named.
func TestLostLines(t *testing.T) {
	c := &change{
		before: &observed{entries: parse("frr version 8\nhostname a\nip route 10.0.0.0/8 Null0\nlog stdout\n")},
		edits:  []edit{{entry: entry{"", "hostname a"}}, {entry: entry{"", "hostname b"}, add: true}},
	}
	lost := c.lost(parse("hostname b\nip route 10.0.0.0/8 Null0\n"))
	if len(lost) != 1 || lost[0].line != "log stdout" || lost[0].add {
		t.Errorf("lost %v", lost)
	}
}

func TestUnsaved(t *testing.T) {
	const base, more = "frr version 8\nhostname a\n", "frr version 8\nhostname a\nip route 10.0.0.0/8 Null0\n"
	for name, tc := range map[string]struct {
		running, saved, intent string
		replace, want          bool
	}{
		"all saved":                    {more, more, "ip route 10.0.0.0/8 Null0\n", false, false},
		"on and not saved":             {more, base, "ip route 10.0.0.0/8 Null0\n", false, true},
		"others' lines are not ours":   {more, base, "hostname a\n", false, false},
		"in a replace they are":        {more, base, more, true, true},
		"replace saved":                {more, more, "hostname a\nip route 10.0.0.0/8 Null0\n", true, false},
		"a removal that is not saved":  {base, more, "no ip route 10.0.0.0/8 Null0\n", false, true},
		"a removal that is saved":      {base, base, "no ip route 10.0.0.0/8 Null0\n", false, false},
		"a default that nobody writes": {base, base, "ip forwarding\n", false, false},
	} {
		c := &change{replace: tc.replace, before: &observed{entries: parse(tc.running), saved: parse(tc.saved), startup: true}}
		c.finish(parse(tc.intent))
		if c.unsaved != tc.want {
			t.Errorf("%s: unsaved %t", name, c.unsaved)
		}
	}
}

func TestSecrets(t *testing.T) {
	r := redactor(device.Device{})
	for _, line := range []string{
		"password S3CRET", "password 8 S3CRET", "enable password S3CRET", "enable password 8 S3CRET",
		" neighbor 10.0.0.1 password S3CRET", " neighbor PEERS password S3 CRET with blanks S3CRET",
		" ip ospf message-digest-key 1 md5 S3CRET", " ip ospf authentication-key S3CRET",
		" area 0.0.0.1 virtual-link 10.0.0.1 message-digest-key 1 md5 S3CRET", " area 1 virtual-link 1.1.1.1 authentication-key S3CRET",
		" isis password clear S3CRET", " isis password md5 S3CRET", " area-password clear S3CRET", " domain-password md5 S3CRET authenticate snp validate",
		"  key-string S3CRET", " ip rip authentication string S3CRET", "snmp-server community S3CRET ro", " neighbor 1.1.1.1 password S3CRET",
		"username bob password S3CRET", " ip nhrp authentication S3CRET", " vrrp 1 authentication text S3CRET",
		" ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key S3CRET", "    tcp-md5-auth S3CRET",
		"line 3: % Unknown command[4]:  neighbor 1.1.1.1 password S3CRET",
	} {
		if got := r.String(line + "\nhostname after"); strings.Contains(got, "S3CRET") || !strings.Contains(got, secret.Mask) || !strings.HasSuffix(got, "\nhostname after") {
			t.Errorf("%q became %q", line, got)
		}
	}
	for _, line := range []string{"service password-encryption", "ip ospf authentication message-digest", " neighbor 1.1.1.1 remote-as 2", "bgp community-list standard X seq 5 permit 65000:1", " set community 65000:1"} {
		if got := r.String(line); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
}

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"abc-1./_": "abc-1./_", "": "''", "$(touch x)": "'$(touch x)'", "it's": `'it'\''s'`, "a\nb": "'a\nb'", "-n": "-n",
	} {
		if got := quote(word); got != want {
			t.Errorf("%q is quoted as %s", word, got)
		}
	}
	if got := oneLine(" a\nb\tc\x00\x7f "); got != "a b c" {
		t.Errorf("one line: %q", got)
	}
}

func TestSections(t *testing.T) {
	out := "motd of the shell\n--other x\n\n--m running\nline\n--n running\n\n--m runningrc 0\n\n--m done\n"
	a := answer{sections: sections([]byte(out), "m")}
	run, ok := a.get("running")
	if !ok || string(run.body) != "line\n--n running\n" || a.code("runningrc") != 0 || a.code("nothing") != -1 {
		t.Errorf("sections %+v", a.sections)
	}
	if _, ok := a.get("done"); !ok {
		t.Error("no end")
	}
}

func TestAnswersThatAreErrors(t *testing.T) {
	s := &session{redact: redactor(device.Device{})}
	for name, tc := range map[string]struct {
		answer answer
		want   string
	}{
		"no shell":  {answer{stderr: "% Unknown command"}, "login shell"},
		"cut short": {answer{sections: []section{{name: "box"}}}, "cut short"},
		"no program": {
			answer{sections: []section{{name: "error", words: "missing", body: []byte("frr-reload.py\n")}, {name: "done"}}}, "frr-pythontools",
		},
		"another's":     {answer{sections: []section{{name: "error", words: "foreign", body: []byte("bob\n")}}}, "user bob"},
		"not writable":  {answer{sections: []section{{name: "error", words: "place", body: []byte("neither\n")}}}, "group frr"},
		"not restored":  {answer{sections: []section{{name: "error", words: "undo", body: []byte("password S3CRET\n")}}}, "could not restore its configuration: password " + secret.Mask},
		"a new failure": {answer{sections: []section{{name: "error", words: "odd", body: []byte("thing\n")}}}, "odd: thing"},
	} {
		if _, err := s.judge("state", tc.answer, 1); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBrokenRunningConfigurationIsNotQuoted: vtysh that ends half way has
// printed configuration, which is no error message and holds secrets.
func TestBrokenRunningConfigurationIsNotQuoted(t *testing.T) {
	s := &session{redact: redactor(device.Device{})}
	_, err := s.look(answer{sections: []section{
		{name: "running", body: []byte("frr version 8.4.4\nhostname r1\nkey chain k\n key 1\n  key-string S3CRET\n")},
		{name: "runningrc", words: "137"},
	}})
	if err == nil || strings.Contains(err.Error(), "S3CRET") || strings.Contains(err.Error(), "hostname r1") {
		t.Errorf("error %v", err)
	}
	_, err = s.look(answer{sections: []section{
		{name: "running", body: []byte("Exiting: failed to connect to any daemons.\n")}, {name: "runningrc", words: "1"},
	}})
	if err == nil || !strings.Contains(err.Error(), "failed to connect to any daemons") {
		t.Errorf("error %v", err)
	}
}

func TestListed(t *testing.T) {
	const text = "frr version 8.4.4\nhostname a\n!\n"
	for _, shown := range []string{
		"Building configuration...\n\nCurrent configuration:\n" + text + "end\n",
		"\n" + "Building configuration...\n\nCurrent configuration:\n" + text + "end\n\r\n",
		text + "end",
	} {
		if got := listed(shown); got != text {
			t.Errorf("%q is listed as %q", shown, got)
		}
	}
}

func TestCutShown(t *testing.T) {
	const shown = "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nend\n"
	for out, want := range map[string][2]string{
		"Building Configuration...\n[OK]\n" + shown: {"Building Configuration...\n[OK]\n", shown},
		"% Can't open\n": {"% Can't open\n", ""},
	} {
		if before, after := cutShown([]byte(out)); string(before) != want[0] || string(after) != want[1] {
			t.Errorf("%q is cut into %q and %q", out, before, after)
		}
	}
}

func TestPendingOf(t *testing.T) {
	told := func(phase, timer, boot string) *provision.Pending {
		return pendingOf(answer{sections: []section{
			{name: "pending", body: []byte("now=100\nid=i\nholder=h=h\ndeadline=160\nphase=" + phase + "\ntimer=" + timer + "\nthisboot=" + boot + "\n")},
		}}, testTime)
	}
	for name, tc := range map[string]struct {
		got           *provision.Pending
		exists, stuck bool
	}{
		"armed":       {told("armed", "yes", "yes"), true, false},
		"undoing":     {told("firing", "yes", "yes"), true, false},
		"timer gone":  {told("armed", "no", "yes"), true, true},
		"undo failed": {told("failed", "no", "yes"), true, true},
		"confirmed":   {told("confirmed", "no", "yes"), false, false},
		"in the make": {told("preparing", "no", "yes"), false, false},
		"rebooted":    {told("armed", "no", "no"), false, false},
		"none":        {pendingOf(answer{}, testTime), false, false},
	} {
		if (tc.got != nil) != tc.exists || tc.got != nil && (tc.got.Stuck != tc.stuck || tc.got.Holder != "h=h" || tc.got.ID != "i" || tc.got.Deadline.Sub(testTime).Seconds() != 60) {
			t.Errorf("%s: %+v", name, tc.got)
		}
	}
}

func TestFactsOf(t *testing.T) {
	a := answer{sections: []section{{name: "uptime", body: []byte("2120.65 4031.59\n")}}}
	got, err := factsOf("FRRouting 8.4.4 (r1) on Linux(6.1.0).\nCopyright\n zebra bgpd watchfrr\n", a)
	want := map[string]string{"version": "8.4.4", "hostname": "r1", "model": "FRRouting", "system": "Linux(6.1.0)", "daemons": "zebra bgpd watchfrr", "uptime": "2120"}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	if _, err := factsOf("", a); err == nil {
		t.Error("an empty answer has a version")
	}
}

func TestNotes(t *testing.T) {
	if got := notes(map[string][]string{"integrated": {"yes"}}); len(got) != 0 {
		t.Errorf("notes %q", got)
	}
	got := strings.Join(notes(map[string][]string{"integrated": {"no"}, "unreadable": {"/etc/frr/frr.conf"}, "user": {"bob"}, "missing": {"python3"}}), "\n")
	for _, want := range []string{"integrated-vtysh-config", "user bob may not read", "python3 is not on the router"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestRejection(t *testing.T) {
	s := &session{redact: redactor(device.Device{})}
	const text = "hostname a\nneighbor password S3CRET\n"
	for name, tc := range map[string]struct {
		said, text, want string
		line             int
	}{
		"vtysh -C":           {"line 2: % Unknown command[4]: neighbor password S3CRET\nline 3: more\n", text, "line 2: % Unknown command[4]: neighbor password " + secret.Mask, 2},
		"after half":         {"BGP is already running; AS is 1\nline 2: Failure to communicate[13] to bgpd, line: x\n", text, "line 2: BGP is already running; AS is 1; Failure to communicate[13] to bgpd, line: x", 2},
		"another file":       {"line 7: % Unknown command[4]: x\n", "", "% Unknown command[4]: x", 0},
		"no line":            {"% Refusing to remove a non-existent route\n", text, "% Refusing to remove a non-existent route", 0},
		"nothing said":       {"", text, "refused without a word", 0},
		"no rights to vtysh": {"Exiting: failed to connect to any daemons.", text, "frrvty", 0},
	} {
		var intent []byte
		if tc.text != "" {
			intent = []byte(tc.text)
		}
		err := s.rejection(tc.said, intent, "")
		if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%s: %v", name, err)
		}
		var r *provision.RejectedError
		if errors.As(err, &r) && (r.Line != tc.line || strings.Contains(r.Text, "S3CRET")) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for said, want := range map[string]bool{
		"": false, "% Refusing": true, "line 2: % Unknown": true, "note: 100% done\n": false,
		`"router bgp 1 -- no x" we failed to remove this command`: true,
	} {
		if failed(said) != want {
			t.Errorf("failed(%q)", said)
		}
	}
}
