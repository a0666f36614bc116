// Package devicetest is the suite that every driver passes, against a simulator
// and, by the same tests, against the real system.
package devicetest

import (
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device"
)

// Lab is one device, real or simulated, seen from its console: what the suite
// looks at and does without the driver. Methods fail the test on errors.
type Lab interface {
	// Driver and Device say how the driver under test gets in. The device's
	// SSH.HostKey is pinned: the suite puts a proxy of its own before the
	// device, so that a known_hosts entry for the address would not fit.
	Driver() device.Driver
	Device() device.Device
	// Fixture gives the configurations of the suite in the device's language.
	Fixture() Fixture

	// Reset puts the base configuration on running and startup, ends the
	// sessions and removes what earlier tests left.
	Reset(t *testing.T)
	// Running and Startup are the configurations as the console shows them.
	// Equal states give equal texts.
	Running(t *testing.T) string
	Startup(t *testing.T) string
	// ChangeByHand merges lines into running, behind the driver's back.
	ChangeByHand(t *testing.T, lines string)
	// Leftovers names what the driver left on the device: files, locks,
	// candidates, timers, sessions. Empty is what P1 asks for.
	Leftovers(t *testing.T) []string
	// Reboot loses everything but the startup configuration; it returns when
	// the device answers again.
	Reboot(t *testing.T)
	// Cut takes the management path away, Heal gives it back.
	Cut(t *testing.T)
	Heal(t *testing.T)
}

// Fixture holds configurations in a device's language. All of them are
// complete intents in that they keep management alive, but for CutOff.
type Fixture struct {
	Base       string // what Reset installs
	Merge      string // adds lines to Base; names only what it adds
	Replace    string // Base without its line Extra and with another line added
	Extra      string // a line (or element) of Base that Replace takes away
	Added      string // a line (or element) that Merge and Replace add
	ByHand     string // a change by hand that neither Base nor Merge name
	Bad        string // refused by the device; the mistake is in line 2
	CutOff     string // merges into a configuration that cuts management off
	Secret     string // a secret that WithSecret sets
	WithSecret string // a merge that sets Secret
	// SecretRefused are merges that the device refuses with Secret in its answer
	// or in the line that it names.
	SecretRefused []string
	// OtherSecret is WithSecret with another value: the pair shows that a
	// changed secret is seen though neither value is. Empty: not tested.
	OtherSecret string
	// Empty is a configuration that CheckConfig refuses for holding nothing.
	Empty string
	// HasNoTextLines tells that refusals name no line of the intent (a device
	// that takes XML names an element).
	HasNoTextLines bool
}
