//go:build lab

package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// pointsAt fails unless an error stands at the line of an attribute. Terraform
// says: on main.tf line 15, in resource "provision_device" "it": 15: config = ...
func pointsAt(t testing.TB, output, attribute string) {
	t.Helper()
	_, rest, ok := strings.Cut(output, `in resource "provision_device" "it": `)
	_, line, _ := strings.Cut(rest, ": ")
	if !ok || !strings.HasPrefix(line, attribute+" =") {
		t.Errorf("the error does not stand at %s:\n%s", attribute, output)
	}
}

// badInput is a configuration that a plan refuses.
type badInput struct {
	name      string
	box       func(lab acctest.Lab) box
	lines     []string          // of the resource, beside its name
	provider  map[string]string // of the provider block
	attribute string            // where the error stands
	says      []string
}

func onFRR(lab acctest.Lab) box     { return frrBox{lab, "r1"} }
func onNetconf(lab acctest.Lab) box { return netconfBox{lab, "n1"} }

// badInputs are wrong in one thing each.
func badInputs() []badInput {
	const mend = "correct the intended configuration, then plan again"
	return []badInput{
		{
			name: "unknown driver", box: onFRR, lines: []string{`driver = "ios"`, text("hostname r1\n")}, attribute: "driver",
			says: []string{"Error: r1: invalid driver", `there is no driver "ios"; the drivers are frr, netconf`},
		},
		{
			name: "unknown credentials", box: onFRR, lines: []string{`credentials = "lab"`, text("hostname r1\n")}, attribute: "credentials",
			says: []string{"Error: r1: invalid credentials", `no entry "lab"; the entries are default`},
		},
		{
			name: "no configuration", box: onFRR, attribute: "",
			says: []string{"Error: r1: invalid config", "there is no intended configuration: set config here, or give the device one at"},
		},
		{
			name: "empty", box: onFRR, lines: []string{text("")}, attribute: "config",
			says: []string{"Error: r1: invalid config", "the configuration is empty"},
		},
		{
			name: "only comments", box: onFRR, lines: []string{text("! nothing\n\n!\n"), "replace_config = true"}, attribute: "config",
			says: []string{"Error: r1: invalid config", "the configuration is empty: it holds nothing but comments and blank lines"},
		},
		{
			name: "empty XML", box: onNetconf, lines: []string{text("<config/>")}, attribute: "config",
			says: []string{"Error: n1: invalid config", "the configuration is empty"},
		},
		{
			name: "no XML", box: onNetconf, lines: []string{text("hostname n1\n")}, attribute: "config",
			says: []string{"Error: n1: invalid config", "is not XML", "line 1"},
		},
		{
			name: "XML that does not end", box: onNetconf, lines: []string{text("<interfaces>\n <interface>\n")}, attribute: "config",
			says: []string{"Error: n1: invalid config", "is not XML", "line "},
		},
		{
			name: "control characters", box: onFRR, lines: []string{text("hostname r1\nip route \u0007\n")}, attribute: "config",
			says: []string{"Error: r1: invalid config", "line 2: control character U+0007"},
		},
		{
			name: "a mistake in line 2", box: onFRR, lines: []string{text("hostname r1\nip rouxe 192.0.2.1/32 Null0\n")}, attribute: "config",
			says: []string{"Error: r1: stage failed", "line 2: ", "Unknown command", "ip rouxe", "State: not applied", mend},
		},
		{
			name: "an unknown element", box: onNetconf,
			lines:     []string{text("<interfaces xmlns=\"" + interfaces + "\">\n <interfaxe/>\n</interfaces>")},
			attribute: "config",
			says:      []string{"Error: n1: stage failed", "line 2: ", "unknown-element", "interfaxe", "State: not applied", mend},
		},
		{
			name: "a router's configuration to a NETCONF server's driver", box: onFRR,
			lines: []string{`driver = "netconf"`, text("<a xmlns=\"b\"/>")}, attribute: "",
			says: []string{"Error: r1: open failed", "subsystem netconf", "State: not applied", "Next: "},
		},
	}
}

func TestBadInput(t *testing.T) {
	lab, binary := bench(t)
	for _, in := range badInputs() {
		t.Run(in.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lab, binary, in.box(lab))
			r.Config(r.provider(in.provider), r.resource(in.lines...))
			out := r.Must(1, "plan")
			t.Log(out)
			says(t, "the error", out, in.says...)
			if in.attribute != "" {
				pointsAt(t, out, in.attribute)
			}
			r.clean()
		})
	}
}

// inventory is an attribute inventory_file for these devices.
func inventory(t testing.TB, devices map[string]acctest.Device) map[string]string {
	t.Helper()
	return map[string]string{"inventory_file": acctest.Quote(acctest.Inventory(t, devices))}
}

func TestNameThatIsNotInTheInventory(t *testing.T) {
	lab, binary := bench(t)
	r := newRig(t, lab, binary, onFRR(lab))
	r.Config(r.provider(inventory(t, map[string]acctest.Device{"r11": {Host: "127.0.0.1", Driver: "frr"}})), r.resource(text("hostname r1\n")))
	out := r.Must(1, "plan")
	t.Log(out)
	says(t, "the error", out, "Error: r1: invalid name", `"r1"`, "r11", "inventory.yaml", "needs host and driver here")
	pointsAt(t, out, "name")
}

// Two names of one device are found in the inventory, and where the
// configuration gives the addresses.
func TestTwoDevicesAtOneAddress(t *testing.T) {
	lab, binary := bench(t)
	one := lab.Node(t, "r1").Device()
	r := newRig(t, lab, binary, onFRR(lab))
	r.Config(r.provider(inventory(t, map[string]acctest.Device{"r1": one, "r1-old": one})), r.resource(text("hostname r1\n")))
	out := r.Must(1, "plan")
	t.Log(out)
	says(t, "the error", out, "Invalid provider configuration: inventory_file", "inventory.yaml:6: device r1-old: the same address",
		"as device r1 in line 2", "give each its own, or remove one")

	address := fmt.Sprintf("  host = %q\n  port = %d\n  driver = \"frr\"\n  %s\n", one.Host, one.Port, text("hostname r1\n"))
	r.Config(r.provider(nil), "resource \"provision_device\" \"it\" {\n  name = \"a\"\n"+address+"}\n"+
		"resource \"provision_device\" \"twin\" {\n  name = \"b\"\n"+address+"}\n")
	out = r.Must(1, "plan")
	t.Log(out)
	says(t, "the error", out, ": invalid host", fmt.Sprintf("have the same address %s:%d", one.Host, one.Port), "Give each its own, or remove one")
}

// A configuration that is no text comes from a file: Terraform's own strings
// hold none.
func TestBinaryJunk(t *testing.T) {
	lab, binary := bench(t)
	for _, b := range []box{onFRR(lab), onNetconf(lab)} {
		r := newRig(t, lab, binary, b)
		d := b.node().Device()
		d.ConfigFile = acctest.File(t, "junk", "\x7fELF\x00\xff\xfe\x80 planted-junk")
		r.Config(r.provider(inventory(t, map[string]acctest.Device{b.node().Name: d})), r.resource())
		out := r.Must(1, "plan")
		t.Log(out)
		says(t, "the error", out, "Error: "+b.node().Name+": invalid config", "the intended configuration: ")
		if strings.Contains(out, "planted-junk") || strings.ContainsRune(out, '\x00') {
			t.Errorf("junk reaches the terminal: %q", out)
		}
	}
}

// Line ends of other systems, a missing one at the end and a byte order mark
// are no mistakes, and no difference.
func TestLineEnds(t *testing.T) {
	lab, binary := bench(t)
	for name, b := range map[string]box{"frr": routers(t, lab)[0], "netconf": devices(t, lab)[0]} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, lab, binary, b)
			config := strings.TrimSuffix(b.intent(1), "\n")
			for _, text := range []string{strings.ReplaceAll(config, "\n", "\r\n") + "\r\n", config, "\ufeff" + config + "\n"} {
				d := b.node().Device()
				d.ConfigFile = acctest.File(t, "config", text)
				r.Config(r.provider(inventory(t, map[string]acctest.Device{b.node().Name: d})), r.resource())
				r.Must(0, "apply", "-auto-approve")
				if running, startup := b.has(t, 1); !running || !startup {
					t.Errorf("%q: running %t, startup %t", text, running, startup)
				}
				says(t, "the second plan", r.Must(0, "plan", "-detailed-exitcode"), "No changes")
			}
			r.clean()
		})
	}
}

// 5 MB are compared; where that takes longer than a command may, the error says
// so, and more is refused before anything is sent.
func TestFiveMegabytes(t *testing.T) {
	lab, binary := bench(t)
	r := newRig(t, lab, binary, onFRR(lab))
	big := func(bytes int) string {
		var b strings.Builder
		for i := 0; b.Len() < bytes; i++ {
			fmt.Fprintf(&b, "bgp community-list standard BIG%d seq 5 permit 65000:%d\n", i, i%65536)
		}
		path := filepath.Join(t.TempDir(), "big.conf")
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("config = file(%q)", path)
	}
	r.Config(r.provider(nil), r.resource(big(9<<20)))
	says(t, "the error", r.Must(1, "plan"), "Error: r1: invalid config", "at most 8388608 can be compared in time")
	// How long it takes depends on the machine; each limit is too short for some.
	var out string
	for _, limit := range []string{"5s", "2s", "1s", "500ms"} {
		r.Config(r.provider(map[string]string{"ssh": `{ known_hosts = [], command_timeout = "` + limit + `" }`}), r.resource(big(7<<20)))
		if _, out = r.Terraform("plan"); strings.Contains(out, "Error: r1: stage failed") {
			says(t, "the error", out, limit)
			break
		}
	}
	says(t, "the error", out, "Error: r1: stage failed", "State: not applied", "The time ran out. The resource's timeouts and the provider's ssh block say how much there is.")
	r.clean()

	// About 15 s on an idle machine; a busy one must not fail the test.
	r.Config(r.provider(map[string]string{"ssh": `{ known_hosts = [], command_timeout = "5m" }`}), r.resource(big(5<<20)))
	started := time.Now()
	code, out := r.Terraform("plan", "-detailed-exitcode")
	t.Logf("5 MB: exit code %d after %s, %d bytes of output", code, time.Since(started).Round(time.Second), len(out))
	if code != 2 {
		t.Errorf("a plan of 5 MB:\n%.4000s", out)
	}
	r.clean()
}
