package netconfsim_test

import (
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
)

const (
	start = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>b</name><type>x:y</type></interface></interfaces>`
	more  = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>a</name><type>x:y</type></interface></interfaces>`
)

func device(t *testing.T) *netconfsim.Device {
	t.Helper()
	d, err := netconfsim.New(netconfsim.Options{Startup: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestConsole(t *testing.T) {
	d := device(t)
	if d.Running() != d.Startup() || !strings.Contains(d.Running(), "<name>b</name>\n") {
		t.Errorf("running\n%s", d.Running())
	}
	if err := d.ChangeByHand(more); err != nil {
		t.Fatal(err)
	}
	if a, b := strings.Index(d.Running(), "<name>a"), strings.Index(d.Running(), "<name>b"); a < 0 || b < a {
		t.Errorf("entries are not in the order of their keys:\n%s", d.Running())
	}
	if strings.Contains(d.Startup(), "<name>a") {
		t.Error("a change by hand is saved")
	}
	d.Reboot()
	if d.Running() != d.Startup() {
		t.Error("a reboot keeps what is not saved")
	}
	if left := d.Leftovers(); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

func TestRefusesBadConfigurations(t *testing.T) {
	d := device(t)
	before := d.Running()
	for _, bad := range []string{"<", "<a xmlns='urn:a'/>", strings.Replace(more, "<type>x:y</type>", "", 1), strings.Replace(more, "x:y", "y", 1)} {
		if err := d.ChangeByHand(bad); err == nil {
			t.Errorf("accepted by hand: %s", bad)
		}
		if err := d.Reset(bad); err == nil {
			t.Errorf("boots with %s", bad)
		}
		if _, err := netconfsim.New(netconfsim.Options{Startup: bad}); err == nil {
			t.Errorf("made with %s", bad)
		}
	}
	if d.Running() != before {
		t.Errorf("changed to\n%s", d.Running())
	}
}
