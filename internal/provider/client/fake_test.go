package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// fakeDriver drives boxes whose configuration is one text.
type fakeDriver struct {
	name string

	mu      sync.Mutex
	running map[string]string // by device name
	opened  []device.Device   // in the order of the logins
	closed  int
	commits []provision.CommitOptions
	refuse  map[string]error // what Commit answers, by device name
	dead    map[string]bool  // Open fails
}

func newFakeDriver(name string) *fakeDriver {
	return &fakeDriver{name: name, running: map[string]string{}, refuse: map[string]error{}, dead: map[string]bool{}}
}

func (f *fakeDriver) Name() string     { return f.name }
func (f *fakeDriver) DefaultPort() int { return 2222 }

func (f *fakeDriver) CheckConfig(config []byte) error {
	if len(config) == 0 {
		return errors.New("it is empty")
	}
	return nil
}

func (f *fakeDriver) Digest(config []byte) string { return digest(string(config)) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (f *fakeDriver) Open(_ context.Context, d device.Device) (device.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead[d.Name] {
		return nil, provision.ErrUnreachable
	}
	f.opened = append(f.opened, d)
	return &fakeSession{f: f, d: d}, nil
}

// get and set are the running configuration of a device.
func (f *fakeDriver) get(name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running[name]
}

func (f *fakeDriver) set(name, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[name] = text
}

type fakeSession struct {
	f *fakeDriver
	d device.Device
}

func (s *fakeSession) Capabilities() provision.Capabilities { return provision.Capabilities{} }
func (s *fakeSession) Pending(context.Context) (*provision.Pending, error) {
	return nil, nil
}

func (s *fakeSession) Read(context.Context) (provision.Snapshot, error) {
	text := s.f.get(s.d.Name)
	return provision.Snapshot{Digest: digest(text), Raw: []byte(text)}, nil
}
func (s *fakeSession) Lock(context.Context, string) error { return nil }
func (s *fakeSession) Unlock(context.Context) error       { return nil }
func (s *fakeSession) Confirm(context.Context, string) error {
	return provision.ErrNoPending
}

func (s *fakeSession) Rollback(context.Context, string) error {
	return provision.ErrNoPending
}
func (s *fakeSession) Save(context.Context) error { return nil }
func (s *fakeSession) Alive() bool                { return true }

func (s *fakeSession) Close() error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.closed++
	return nil
}

func (s *fakeSession) Facts(context.Context) (map[string]string, error) {
	return map[string]string{"hostname": s.d.Name}, nil
}

func (s *fakeSession) Stage(ctx context.Context, i provision.Intent, _ provision.StageOptions) (provision.Change, error) {
	before, err := s.Read(ctx)
	return &fakeChange{s: s, before: before, want: string(i.(device.Config).Text)}, err
}

type fakeChange struct {
	s      *fakeSession
	before provision.Snapshot
	want   string
}

func (c *fakeChange) Before() provision.Snapshot { return c.before }
func (c *fakeChange) Diff() provision.Diff       { return diff(string(c.before.Raw), c.want) }

// diff shows the whole texts; redacting is what the client must not rely on.
func diff(before, after string) provision.Diff {
	if before == after {
		return provision.Diff{}
	}
	var lines []string
	for l := range strings.Lines(before) {
		lines = append(lines, "- "+strings.TrimSuffix(l, "\n"))
	}
	for l := range strings.Lines(after) {
		lines = append(lines, "+ "+strings.TrimSuffix(l, "\n"))
	}
	return provision.Diff{By: provision.ByDevice, Hunks: []provision.Hunk{{Lines: lines}}}
}

func (c *fakeChange) Unsaved() bool { return false }

func (c *fakeChange) Commit(_ context.Context, opts provision.CommitOptions) (*provision.Pending, error) {
	c.s.f.mu.Lock()
	defer c.s.f.mu.Unlock()
	c.s.f.commits = append(c.s.f.commits, opts)
	if err := c.s.f.refuse[c.s.d.Name]; err != nil {
		return nil, err
	}
	c.s.f.running[c.s.d.Name] = c.want
	return nil, nil
}

func (c *fakeChange) Verify(ctx context.Context, s provision.Session) (provision.Verification, error) {
	now, err := s.Read(ctx)
	return provision.Verification{Running: now, Remaining: diff(string(now.Raw), c.want)}, err
}
func (c *fakeChange) Discard(context.Context) error { return nil }
