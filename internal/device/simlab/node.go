package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// bare is the configuration that a router boots with: management only, as the
// real lab's profile of that name.
const bare = `frr version 8.4.4
frr defaults traditional
hostname %s
log file /var/log/frr/frr.log informational
no ipv6 forwarding
service integrated-vtysh-config
!
interface mgmt0
 description management
 ip address %s
exit
!
`

// delay is how long a command of a router takes: about as long as on the real
// one, so that there is something to be seen and to be interrupted.
const delay = 150 * time.Millisecond

// address is where a node listens.
func (e *entry) address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// portOf is the port of an address.
func portOf(addr string) (int, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("port of a node: %w", err)
	}
	return strconv.Atoi(port)
}

// users are who may log in.
func (in login) users() map[string]sshtest.User {
	return map[string]sshtest.User{user: {Password: in.password, Keys: []ssh.PublicKey{in.key}}}
}

// router is a simulated FRR.
type router struct{ *frrsim.Router }

// newRouter boots a router. Its management address is that of the real lab:
// without it on an interface the router is cut off.
func newRouter(e *entry, in login) (node, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(e.Name, "r"))
	if err != nil {
		return nil, fmt.Errorf("number of the router: %w", err)
	}
	management := fmt.Sprintf("198.18.1.%d/16", n+1)
	r, err := frrsim.New(frrsim.Options{
		Startup: fmt.Sprintf(bare, e.Name, management), Management: management,
		Address: e.address(), Users: in.users(), Delay: delay,
	})
	return router{r}, err
}

func (r router) ChangeByHand(lines string) error { return r.Configure(lines) }
func (r router) Addr() string                    { return r.Server().Addr() }
func (r router) KnownHostsLine() string          { return r.Server().KnownHostsLine() }

// netconfDevice is a simulated netconfd.
type netconfDevice struct{ *netconfsim.Device }

// newNetconf boots a NETCONF device without a configuration.
func newNetconf(e *entry, in login) (node, error) {
	d, err := netconfsim.New(netconfsim.Options{
		Name:    e.Name,
		SSH:     sshtest.Options{Address: e.address(), Users: in.users()},
		Startup: "",
	})
	return netconfDevice{d}, err
}

func (d netconfDevice) Running() string { return d.Device.Running() + "\n" }
func (d netconfDevice) Startup() string { return d.Device.Startup() + "\n" }
