//go:build !lab

package lifecycle_test

import (
	"fmt"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// simRouter is a simulated router.
type simRouter struct {
	*frrsim.Router

	startup string
	mgmt    string
}

// newDevices are three simulated routers.
func newDevices(t *testing.T) *deviceSubject {
	t.Helper()
	d := &deviceSubject{user: "netops", password: "simulated-Netops1"}
	for i := range d.routers {
		mgmt := fmt.Sprintf("198.18.1.%d/16", i+1)
		startup := fmt.Sprintf("frr version 8.4.4\nfrr defaults traditional\nhostname r%d\nservice integrated-vtysh-config\n!\ninterface mgmt0\n ip address %s\nexit\n!\nend\n", i+1, mgmt)
		r, err := frrsim.New(frrsim.Options{
			Startup: startup, Management: mgmt, Users: map[string]sshtest.User{d.user: {Password: d.password}},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		d.routers[i] = &simRouter{Router: r, startup: startup, mgmt: mgmt}
	}
	return d
}

func (r *simRouter) device() acctest.Device {
	return acctest.Device{Host: r.Server().Host(), Port: r.Server().Port(), Driver: "frr"}
}

func (r *simRouter) knownHosts() string                        { return r.Server().KnownHostsLine() }
func (r *simRouter) management() string                        { return r.mgmt }
func (r *simRouter) show(*testing.T) (running, startup string) { return r.Running(), r.Startup() }
func (r *simRouter) logins(*testing.T) int                     { return r.Server().Counts().Logins }
func (r *simRouter) leftovers(*testing.T) []string             { return r.Leftovers() }

func (r *simRouter) cut(*testing.T) { r.Server().Refuse() }

func (r *simRouter) heal(t *testing.T) {
	t.Helper()
	if err := r.Server().Listen(); err != nil {
		t.Fatal(err)
	}
}

func (r *simRouter) configure(t *testing.T, line string) {
	t.Helper()
	if err := r.Configure(line + "\n"); err != nil {
		t.Fatal(err)
	}
}

func (r *simRouter) reset(t *testing.T) {
	t.Helper()
	if err := r.Reset(r.startup); err != nil {
		t.Fatal(err)
	}
}

// simulated tells that the routers are not real: the slow cases do not run.
const simulated = true
