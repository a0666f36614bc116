// Package netconfsim is a NETCONF device inside the process: it imitates
// netconfd 2.13 (yuma123) with candidate, confirmed commit and startup, the
// models ietf-interfaces and a part of ietf-system, and those of its traps that
// a client can fall into. What it imitates was measured on the real one.
package netconfsim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// Options of a device.
type Options struct {
	// Name is its host name; empty is "sim".
	Name string
	// SSH says how to log in; the subsystem "netconf" is added.
	SSH sshtest.Options
	// Startup is what it boots with: the content of <config>.
	Startup string
	// Without names capabilities that the device does not have; nil is none.
	// [rpc.Base11] makes it speak the framing of base:1.0.
	Without []string
	// Deaf leaves an rpc that comes in one piece with the client's hello without an
	// answer, and all after it. On a busy machine what was sent apart may come so.
	Deaf bool
	// OwnOrder makes the candidate show the entries of a list as they were sent, and
	// running keep them in the order that they had, but where a model gives them one
	// of the user's. Else lists with keys are sorted, as on netconfd.
	OwnOrder bool
	// NoSchemas are data models whose text the device does not give.
	NoSchemas []string
	// Faults, if set, is asked before each operation ("lock", "commit"); its
	// answer is what goes wrong.
	Faults func(operation string) Fault
}

// Fault is what goes wrong with an operation.
type Fault int

// The faults.
const (
	None       Fault = iota
	Hang             // the operation is not done and never answered
	DropBefore       // the session ends, the operation is not done
	DropAfter        // the operation is done, then the session ends
	Nothing          // the answer is ok and nothing is done
)

// Device is a simulated device. Its methods are its console and safe for
// concurrent use.
type Device struct {
	*sshtest.Server

	opts Options

	mu                          sync.Mutex
	running, candidate, startup []*xmltree.Node
	dirty                       bool // the candidate was edited
	validated                   bool // and validated since: its commit does nothing
	locks                       map[rpc.Datastore]int
	pending                     *pending
	sessions                    map[int]*session
	lastID                      int
	asked                       time.Time // when the last rpc came
	boot                        time.Time
}

// pending is a commit that waits for its confirmation.
type pending struct {
	persist string // empty: it ends with the session
	session int
	before  []*xmltree.Node
	timer   *time.Timer
}

// New starts a device. The caller closes it.
func New(o Options) (*Device, error) {
	if o.Name == "" {
		o.Name = "sim"
	}
	d := &Device{opts: o}
	if err := d.Reset(o.Startup); err != nil {
		return nil, err
	}
	o.SSH.Subsystems = map[string]sshtest.Subsystem{"netconf": d.serve}
	server, err := sshtest.Start(o.SSH)
	if err != nil {
		return nil, err
	}
	d.Server = server
	return d, nil
}

// Reset ends all sessions and boots with another startup configuration, the
// content of <config>.
func (d *Device) Reset(startup string) error {
	src, err := xmltree.Parse([]byte(startup))
	if err != nil {
		return fmt.Errorf("startup: %w", err)
	}
	nodes, failures := d.edit(nil, src, opMerge)
	if len(failures) > 0 {
		return fmt.Errorf("startup: %s", failures[0].text)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.startup = nodes
	d.rebootLocked()
	return nil
}

// Reboot ends all sessions and boots with the startup configuration.
func (d *Device) Reboot() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rebootLocked()
}

func (d *Device) rebootLocked() {
	if d.pending != nil {
		d.pending.timer.Stop()
	}
	for _, s := range d.sessions {
		s.drop()
	}
	d.running, d.candidate = d.startup, d.startup
	d.dirty, d.validated, d.pending = false, false, nil
	d.locks, d.sessions = map[rpc.Datastore]int{}, map[int]*session{}
	d.boot = time.Now()
}

// Running is the running configuration, the content of <config>.
func (d *Device) Running() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return show(d.running)
}

// Startup is the startup configuration, the content of <config>.
func (d *Device) Startup() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return show(d.startup)
}

// show writes a configuration with an element a line.
func show(nodes []*xmltree.Node) string {
	return strings.ReplaceAll(string(xmltree.Write(nodes, rpc.BaseNS)), "><", ">\n<")
}

// ChangeByHand merges the content of <config> into running, as another
// operator would whose commit nobody sees.
func (d *Device) ChangeByHand(config string) error {
	src, err := xmltree.Parse([]byte(config))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	nodes, failures := d.edit(d.running, src, opMerge)
	if len(failures) > 0 {
		return fmt.Errorf("by hand: %s", failures[0].text)
	}
	d.running = nodes
	if !d.dirty {
		d.candidate = nodes
	}
	return nil
}

// Leftovers names what clients left: sessions, locks, changes in the candidate,
// a commit without confirmation.
func (d *Device) Leftovers() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for id := range d.sessions {
		out = append(out, fmt.Sprintf("session %d", id))
	}
	for store, id := range d.locks {
		out = append(out, fmt.Sprintf("lock of %s by session %d", store, id))
	}
	if d.dirty {
		out = append(out, "changes in the candidate")
	}
	if d.pending != nil {
		out = append(out, "a commit that waits for its confirmation")
	}
	slices.Sort(out)
	return out
}

// quiet is how long no rpc may have come for the device to look at its timer.
const quiet = time.Second

// expire undoes the pending commit p, whose time has come, once it is quiet.
func (d *Device) expire(p *pending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if left := quiet - time.Since(d.asked); left > 0 {
		p.timer.Reset(left)
		return
	}
	d.revertLocked(p)
}

// revertLocked undoes the pending commit p. A lock on running keeps the device
// from it, and it does not try again.
func (d *Device) revertLocked(p *pending) {
	if d.pending != p {
		return
	}
	p.timer.Stop()
	d.pending = nil
	if d.locks[rpc.Running] != 0 {
		return
	}
	d.running = p.before
	d.clean()
}

// clean makes the candidate a copy of running.
func (d *Device) clean() { d.candidate, d.dirty, d.validated = d.running, false, false }
