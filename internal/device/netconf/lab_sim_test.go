package netconf_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

const (
	ifs  = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">` + "\n"
	sys  = `<system xmlns="urn:ietf:params:xml:ns:yang:ietf-system">` + "\n"
	iana = ` xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type>`
)

// iface is one interface on one line.
func iface(name, description string) string {
	return "<interface><name>" + name + "</name><description>" + description + "</description><type" + iana + "</interface>\n"
}

func interfaces(list ...string) string { return ifs + strings.Join(list, "") + "</interfaces>\n" }

// user is a local user with a password that is not hashed.
func user(password string) string {
	return sys + "<authentication><user><name>bob</name><password>" + password + "</password></user></authentication></system>\n"
}

// fixture is for netconfd with ietf-interfaces and ietf-system; the simulator
// knows the same.
func fixture() devicetest.Fixture {
	contact := sys + "<contact>noc</contact></system>\n"
	return devicetest.Fixture{
		Base:    interfaces(iface("eth0", "uplink"), iface("eth1", "spare")) + contact,
		Merge:   interfaces(iface("eth2", "added")),
		Replace: interfaces(iface("eth0", "uplink"), iface("eth2", "added")) + contact,
		Extra:   "<name>eth1</name>",
		Added:   "<name>eth2</name>",
		ByHand:  interfaces(iface("eth9", "by hand")),
		Bad:     ifs + "<interface><name>eth3</name><enabled>maybe</enabled><type" + iana + "</interface>\n</interfaces>\n",
		Secret:  "$0$suite-Pa55word", WithSecret: user("$0$suite-Pa55word"), OtherSecret: user("$0$other-Pa55word"),
		SecretRefused: []string{
			// Beside the password: the line is quoted.
			strings.Replace(user("$0$suite-Pa55word"), "</user>", "<shoe>42</shoe></user>", 1),
			// The password once more, where the device says what it got.
			ifs + "<interface><name>eth3</name><enabled>$0$suite-Pa55word</enabled><type" + iana + "</interface>\n</interfaces>\n" +
				user("$0$suite-Pa55word"),
		},
		Empty: "<config/>",
	}
}

// simLab is a simulated device as the suite sees it.
type simLab struct {
	sim *netconfsim.Device
	dev device.Device
}

var _ devicetest.Lab = simLab{}

func newSim(t *testing.T, o netconfsim.Options) simLab {
	t.Helper()
	o.SSH.Users = map[string]sshtest.User{"netops": {Password: "sim-pass"}}
	if o.Startup == "" {
		o.Startup = fixture().Base
	}
	sim, err := netconfsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	return simLab{sim: sim, dev: device.Device{Name: "sim", Host: sim.Host(), Port: sim.Port(), SSH: devssh.Config{
		Username: "netops", Password: "sim-pass", HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sim.HostKey()))),
	}}}
}

func (l simLab) Driver() device.Driver         { return netconf.New() }
func (l simLab) Device() device.Device         { return l.dev }
func (simLab) Fixture() devicetest.Fixture     { return fixture() }
func (l simLab) Running(*testing.T) string     { return l.sim.Running() }
func (l simLab) Startup(*testing.T) string     { return l.sim.Startup() }
func (l simLab) Leftovers(*testing.T) []string { return l.sim.Leftovers() }
func (l simLab) Reboot(*testing.T)             { l.sim.Reboot() }
func (l simLab) Cut(*testing.T)                { l.sim.Cut() }
func (l simLab) Heal(*testing.T)               { l.sim.Heal() }

func (l simLab) Reset(t *testing.T) {
	t.Helper()
	l.sim.Heal()
	if err := l.sim.Reset(fixture().Base); err != nil {
		t.Fatal(err)
	}
}

func (l simLab) ChangeByHand(t *testing.T, lines string) {
	t.Helper()
	if err := l.sim.ChangeByHand(lines); err != nil {
		t.Fatal(err)
	}
}

func TestSuiteOnSimulator(t *testing.T) {
	devicetest.Run(t, newSim(t, netconfsim.Options{}))
}
