package acctest

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// simUser and simPassword log in to every simulated device.
const (
	simUser     = "netops"
	simPassword = "simulated-Netops1"
)

// Simulated is a lab of simulated devices inside the test process: FRR routers
// and NETCONF devices behind real SSH servers on loopback, with the same
// promises as the lab of real ones but for Script and KeepRouter.
type Simulated struct {
	Lab

	Routers map[string]*frrsim.Router
	Netconf map[string]*netconfsim.Device
}

// Simulate starts routers and NETCONF devices with these startup
// configurations by name. They end with the test.
func Simulate(t testing.TB, routers, netconf map[string]string) Simulated {
	t.Helper()
	s := Simulated{
		Lab:     Lab{Dir: t.TempDir(), Nodes: map[string]Node{}},
		Routers: map[string]*frrsim.Router{}, Netconf: map[string]*netconfsim.Device{},
	}
	users := map[string]sshtest.User{simUser: {Password: simPassword}}
	for name, startup := range routers {
		r, err := frrsim.New(frrsim.Options{Startup: startup, Users: users})
		if err != nil {
			t.Fatalf("simulating %s: %v", name, err)
		}
		t.Cleanup(func() { _ = r.Close() })
		s.Routers[name] = r
		s.add(t, name, "router", r.Server())
	}
	for name, startup := range netconf {
		d, err := netconfsim.New(netconfsim.Options{Name: name, Startup: startup, SSH: sshtest.Options{Users: users}})
		if err != nil {
			t.Fatalf("simulating %s: %v", name, err)
		}
		t.Cleanup(func() { _ = d.Close() })
		s.Netconf[name] = d
		s.add(t, name, "netconf", d.Server)
	}
	return s
}

// add writes down how to reach a device.
func (s Simulated) add(t testing.TB, name, kind string, server *sshtest.Server) {
	t.Helper()
	s.Nodes[name] = Node{
		Name: name, Kind: kind, Host: server.Host(), Port: server.Port(), User: simUser, Password: simPassword,
		HostKey: string(ssh.MarshalAuthorizedKey(server.HostKey())),
	}
	known := filepath.Join(s.Dir, "known_hosts")
	f, err := os.OpenFile(known, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(server.KnownHostsLine() + "\n"); err != nil {
		t.Fatal(err)
	}
}

// Provider is a provider block for the simulated devices, as Lab.Provider.
func (s Simulated) Provider(t testing.TB, more map[string]string) string {
	t.Helper()
	attributes := map[string]string{
		"credentials": "{ default = { username = " + Quote(simUser) + ", password = " + Quote(simPassword) + " } }",
	}
	for name, expression := range more {
		attributes[name] = expression
	}
	return s.Lab.Provider(t, attributes)
}
