package frr_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

const simMgmt = "198.18.1.4"

// simLab is a simulated router.
type simLab struct{ router *frrsim.Router }

func newSimLab(t *testing.T) *simLab {
	t.Helper()
	r, err := frrsim.New(frrsim.Options{
		Startup:    routerConf("r3", simMgmt),
		Management: simMgmt + "/16",
		Users:      map[string]sshtest.User{"netops": {Password: "lab-Netops1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return &simLab{r}
}

func (l *simLab) Driver() device.Driver { return frr.New() }

func (l *simLab) Device() device.Device {
	s := l.router.Server()
	return device.Device{
		Name: "r3", Host: s.Host(), Port: s.Port(),
		SSH: devssh.Config{
			Username: "netops", Password: "lab-Netops1",
			HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.HostKey()))),
		},
	}
}

func (l *simLab) Fixture() devicetest.Fixture { return fixture(routerConf("r3", simMgmt), simMgmt) }

func (l *simLab) Reset(t *testing.T) {
	t.Helper()
	if err := l.router.Reset(l.Fixture().Base); err != nil {
		t.Fatal(err)
	}
}

func (l *simLab) Running(*testing.T) string { return l.router.Running() }
func (l *simLab) Startup(*testing.T) string { return l.router.Startup() }

func (l *simLab) ChangeByHand(t *testing.T, lines string) {
	t.Helper()
	if err := l.router.Configure(lines); err != nil {
		t.Fatal(err)
	}
}

func (l *simLab) Leftovers(*testing.T) []string { return l.router.Leftovers() }
func (l *simLab) Reboot(*testing.T)             { l.router.Reboot() }
func (l *simLab) Cut(*testing.T)                { l.router.Cut() }
func (l *simLab) Heal(*testing.T)               { l.router.Heal() }

func TestSuiteOnSimulator(t *testing.T) {
	devicetest.Run(t, newSimLab(t))
}
