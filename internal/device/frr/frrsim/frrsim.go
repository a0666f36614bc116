// Package frrsim simulates a router of FRR 8.4.4 behind an SSH server, inside
// the process: for tests and for a demo without root. What it imitates is what
// the real one was seen to do (Debian 12's packages frr and frr-pythontools):
// vtysh -C, vtysh -f, frr-reload.py --test and --reload, write memory, and the
// scripts that the driver runs beside them, by their verbs. It knows the usual
// part of FRR's commands and routes no packets.
package frrsim

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// Options say what a simulated router is.
type Options struct {
	// Startup is the configuration that it boots with.
	Startup string
	// Management is an address with its prefix length ("198.18.1.2/16"): while
	// no interface has it, the router cannot be reached. Empty: always.
	Management string
	// Address to listen on; empty is a free port of 127.0.0.1.
	Address string
	// HostKey identifies the router; nil is a new one.
	HostKey ssh.Signer
	// Users may log in.
	Users map[string]sshtest.User
	// Delay is how long a command takes; a real router needs 50 to 500 ms.
	Delay time.Duration
}

// Router is a running simulated router. Its methods are its console; they are
// safe for concurrent use.
type Router struct {
	opts   Options
	server *sshtest.Server
	booted time.Time

	mu      sync.Mutex
	running *model
	startup string
	boot    int // how often it was booted
	pending *pending
	locked  *lock
	cut     bool // by Cut
	off     bool // by its own configuration
}

// pending is a commit that waits for its confirmation.
type pending struct {
	id, holder string
	deadline   time.Time
	before     *model
	startup    string
	timer      *time.Timer
}

// lock is a lock that a connection holds.
type lock struct {
	mark, holder string
	gone         chan struct{} // closed when the router takes it away
}

// New boots a router. The caller closes it.
func New(opts Options) (*Router, error) {
	r := &Router{opts: opts, booted: time.Now(), boot: 1}
	r.running = &model{}
	if errs := r.running.load(opts.Startup); len(errs) > 0 {
		return nil, fmt.Errorf("startup configuration of the simulated router: %w", errors.Join(errs...))
	}
	r.startup = r.running.show()
	o := sshtest.Options{Address: opts.Address, Users: opts.Users, Exec: r.exec}
	if opts.HostKey != nil {
		o.HostKeys = []ssh.Signer{opts.HostKey}
	}
	server, err := sshtest.Start(o)
	if err != nil {
		return nil, err
	}
	r.server = server
	return r, nil
}

// Server is the SSH server before the router: its port, host key and counts.
func (r *Router) Server() *sshtest.Server { return r.server }

// Close ends the router.
func (r *Router) Close() error {
	r.mu.Lock()
	r.forget()
	r.mu.Unlock()
	return r.server.Close()
}

// Running is the answer to "show running-config".
func (r *Router) Running() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown()
}

func (r *Router) shown() string {
	return "Building configuration...\n\nCurrent configuration:\n!\n" + r.running.show() + "end\n"
}

// Startup is /etc/frr/frr.conf.
func (r *Router) Startup() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.startup
}

// Configure does lines in the terminal of the console.
func (r *Router) Configure(lines string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	errs := r.running.load(lines)
	r.reach()
	return errors.Join(errs...)
}

// Reboot loses everything but the startup configuration, and all connections.
func (r *Router) Reboot() {
	r.mu.Lock()
	r.forget()
	r.running = &model{}
	_ = r.running.load(r.startup)
	r.boot++
	r.booted = time.Now()
	r.reach()
	r.mu.Unlock()
	r.server.Drop()
}

// Reset puts a configuration on running and startup, ends connections and
// forgets what runs beside.
func (r *Router) Reset(config string) error {
	fresh := &model{}
	if errs := fresh.load(config); len(errs) > 0 {
		return errors.Join(errs...)
	}
	r.mu.Lock()
	r.forget()
	r.running, r.startup, r.cut = fresh, fresh.show(), false
	r.reach()
	r.mu.Unlock()
	r.server.Drop()
	return nil
}

// forget ends timers and locks.
func (r *Router) forget() {
	if r.pending != nil {
		r.pending.timer.Stop()
		r.pending = nil
	}
	r.unlockAnyway()
}

// BreakLock ends whatever lock there is, as its connection's end does.
func (r *Router) BreakLock() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unlockAnyway()
}

func (r *Router) unlockAnyway() {
	if r.locked != nil {
		close(r.locked.gone)
		r.locked = nil
	}
}

// Cut takes the management path away; Heal gives it back.
func (r *Router) Cut() { r.path(true) }

// Heal gives the management path back.
func (r *Router) Heal() { r.path(false) }

func (r *Router) path(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	r.reach()
}

// reach opens or closes the path to the router by its configuration.
func (r *Router) reach() {
	r.off = r.opts.Management != ""
	for _, b := range r.running.blocks {
		if strings.HasPrefix(b.path, "interface ") && slices.Contains(b.lines, "ip address "+r.opts.Management) {
			r.off = false
		}
	}
	if r.cut || r.off {
		r.server.Cut()
		return
	}
	r.server.Heal()
}

// Leftovers names what a driver has left: a pending commit, a lock, open
// connections.
func (r *Router) Leftovers() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	if r.pending != nil {
		list = append(list, "pending commit "+r.pending.id)
	}
	if r.locked != nil {
		list = append(list, "lock of "+r.locked.holder)
	}
	if n := r.server.Open(); n > 0 {
		list = append(list, fmt.Sprintf("%d connections", n))
	}
	return list
}

// undo takes p back when its time is up.
func (r *Router) undo(p *pending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending != p {
		return // confirmed, or gone
	}
	r.running, r.startup, r.pending = p.before, p.startup, nil
	r.reach()
}

// clone is a copy that shares nothing.
func (m *model) clone() *model {
	c := &model{}
	for _, b := range m.blocks {
		c.blocks = append(c.blocks, &block{path: b.path, lines: slices.Clone(b.lines)})
	}
	return c
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
