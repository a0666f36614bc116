package frr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// session is one connection to a router. Like every provision.Session it
// serves one call at a time.
type session struct {
	client *ssh.Client
	redact *secret.Redactor
	held   *held     // our lock; nil without
	last   *observed // the last answer, while it may still be used
	told   *told     // the router's last difference
	notes  []string
}

var _ device.Session = (*session)(nil)

// observed is what one look at the router showed.
type observed struct {
	at      time.Time
	served  purpose
	pending *provision.Pending
	running string
	entries []entry // of running
	digest  string  // of running; empty until somebody asks
	saved   []entry // of startup
	// startup tells that the startup configuration could be read.
	startup bool
}

// purpose is what a look at the router is for. One look serves reading and
// staging once each, so that whoever asks twice gets a second look; that nothing
// is pending it may say more often.
type purpose uint8

const (
	forNobody  purpose = 0
	forPending purpose = 1 << iota
	forRead
	forStage
)

// fresh is how old a look may be that serves another purpose: a plan asks for
// the pending commit, the configuration and the difference in one breath. The
// lock, and whatever changes the router, ends it at once.
const fresh = time.Second

// observe looks at the router, or gives the last look.
func (s *session) observe(ctx context.Context, p purpose) (*observed, error) {
	if o := s.last; o != nil && o.serves(p) && ctx.Err() == nil {
		o.served |= p
		s.keepLean(o)
		return o, nil
	}
	s.last = nil
	a, err := s.call(ctx, "state", nil)
	if err != nil {
		return nil, err
	}
	o, err := s.keep(a)
	if err != nil {
		return nil, err
	}
	o.served = p
	s.keepLean(o)
	return o, nil
}

// keepLean forgets the configurations of a look that was staged: nobody reads
// after that, and they can be large. What was pending may be asked again.
func (s *session) keepLean(o *observed) {
	if o.served&forStage != 0 {
		s.last = &observed{at: o.at, served: forRead | forStage | o.served, pending: o.pending}
	}
}

// serves tells whether a look may answer another question.
func (o *observed) serves(p purpose) bool {
	if time.Since(o.at) >= fresh || p == forNobody {
		return false
	}
	return o.served&p == 0 || p == forPending && o.pending == nil
}

// keep reads an answer with the sections of "state" and keeps it for the next
// questions.
func (s *session) keep(a answer) (*observed, error) {
	o, err := s.look(a)
	if err != nil {
		return nil, err
	}
	box := a.values("box")
	s.notes = notes(box)
	s.last = o
	return o, nil
}

// look reads an answer with the sections of "state". What vtysh complains of it
// prints last; before that can stand half a configuration.
func (s *session) look(a answer) (*observed, error) {
	run, _ := a.get("running")
	if a.code("runningrc") != 0 {
		said := strings.TrimSpace(string(run.body))
		return nil, vtyshError(s.redact.String(said[strings.LastIndexByte(said, '\n')+1:]), a.stderr)
	}
	if err := checkRunning(run.body); err != nil {
		return nil, err
	}
	// Not the answer itself, which holds everything else as well: configurations
	// can be large, and many devices are asked at once.
	text := string(run.body)
	o := &observed{at: time.Now(), running: text, entries: parse(text)}
	start, ok := a.get("startup")
	switch o.startup = ok; {
	case !ok:
	case string(start.body) == strings.TrimPrefix(listed(text), "!\n"):
		o.saved = o.entries
	default:
		o.saved = parse(string(start.body))
	}
	o.pending = pendingOf(a, o.at)
	return o, nil
}

// notes are the router's shortcomings.
func notes(box map[string][]string) []string {
	var list []string
	if first(box, "integrated") == "no" {
		list = append(list, "\"service integrated-vtysh-config\" is off: the router keeps one file a daemon, "+
			"which this driver neither compares nor saves; set it in /etc/frr/vtysh.conf and run \"write memory\"")
	}
	if f := first(box, "unreadable"); f != "" {
		list = append(list, fmt.Sprintf("user %s may not read %s: whether the change is saved cannot be checked; add the user to the group frr",
			first(box, "user"), f))
	}
	for _, program := range box["missing"] {
		list = append(list, fmt.Sprintf("%s is not on the router: install %s", program, packageOf(program)))
	}
	return list
}

// pendingOf reads the pending commit in an answer, nil if there is none. The
// deadline is given by our clock.
func pendingOf(a answer, now time.Time) *provision.Pending {
	v := a.values("pending")
	phase := first(v, "phase")
	if v == nil || phase == "preparing" || phase == "confirmed" || first(v, "thisboot") != "yes" {
		return nil // nothing is on yet, or any more
	}
	p := &provision.Pending{ID: first(v, "id"), Holder: first(v, "holder")}
	p.Stuck = phase == "failed" || first(v, "timer") != "yes"
	there, err1 := strconv.ParseInt(first(v, "now"), 10, 64)
	until, err2 := strconv.ParseInt(first(v, "deadline"), 10, 64)
	if err1 == nil && err2 == nil {
		p.Deadline = now.Add(time.Duration(until-there) * time.Second)
	}
	return p
}

// Capabilities implements provision.Session.
func (s *session) Capabilities() provision.Capabilities {
	return provision.Capabilities{Lock: true, ConfirmedCommit: true, Startup: true, DeviceDiff: true, Notes: slices.Clone(s.notes)}
}

// Pending implements provision.Session.
func (s *session) Pending(ctx context.Context) (*provision.Pending, error) {
	o, err := s.observe(ctx, forPending)
	if err != nil {
		return nil, fmt.Errorf("look for a pending commit: %w", err)
	}
	return o.pending, nil
}

// Read implements provision.Session.
func (s *session) Read(ctx context.Context) (provision.Snapshot, error) {
	o, err := s.observe(ctx, forRead)
	if err != nil {
		return provision.Snapshot{}, fmt.Errorf("read the running configuration: %w", err)
	}
	return o.snapshot(), nil
}

func (o *observed) snapshot() provision.Snapshot {
	if o.digest == "" {
		o.digest = digest(o.entries)
	}
	return provision.Snapshot{Digest: o.digest, Raw: []byte(strings.TrimPrefix(o.running, shownHeading))}
}

// Confirm implements provision.Session.
func (s *session) Confirm(ctx context.Context, id string) error {
	s.last = nil
	if _, err := s.call(ctx, "confirm", nil, oneLine(id)); err != nil {
		return fmt.Errorf("confirm: %w", err)
	}
	return nil
}

// Rollback implements provision.Session. It returns when the router has its
// former configuration again.
func (s *session) Rollback(ctx context.Context, id string) error {
	s.last = nil
	if _, err := s.call(ctx, "rollback", nil, oneLine(id)); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// Save implements provision.Session: "write memory", and with it a look whether
// startup is what runs. The look serves whoever asks next.
func (s *session) Save(ctx context.Context) error {
	s.last = nil
	a, err := s.call(ctx, "save", nil)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	out, _ := a.get("output")
	said, shown := cutShown(out.body)
	text := s.redact.String(strings.TrimSpace(string(said)))
	if a.code("outputrc") != 0 || strings.Contains(text, "Can't") || strings.Contains(text, "Error") {
		return fmt.Errorf("save: \"write memory\" failed: %s", text)
	}
	a.sections = append(a.sections, section{name: "running", body: shown}, section{name: "runningrc", words: "0"})
	o, err := s.look(a)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if o.startup && digest(withoutFixed(o.entries)) != digest(withoutFixed(o.saved)) {
		return fmt.Errorf("save: /etc/frr/frr.conf is not what is running after \"write memory\" (%s): "+
			"is \"service integrated-vtysh-config\" on and /etc/frr writable?", text)
	}
	s.last = o
	return nil
}

// shownHeading is what vtysh says before a configuration that it shows. It does not
// understand it as a part of one.
const shownHeading = "Building configuration...\n\nCurrent configuration:\n"

// cutShown takes the answer to "show running-config" off what vtysh printed
// before it.
func cutShown(out []byte) (before, shown []byte) {
	i := bytes.Index(out, []byte(shownHeading))
	if i < 0 {
		return out, nil
	}
	return out[:i], out[i:]
}

// Facts implements device.Session: hostname, version, model, uptime (in whole
// seconds, of the system) and daemons.
func (s *session) Facts(ctx context.Context) (map[string]string, error) {
	a, err := s.call(ctx, "facts", nil)
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	sec, _ := a.get("facts")
	return factsOf(string(sec.body), a)
}

// factsOf reads "show version": "FRRouting 8.4.4 (r1) on Linux(6.1.0)."
func factsOf(text string, a answer) (map[string]string, error) {
	facts := map[string]string{}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	words := strings.Fields(lines[0])
	if len(words) < 3 || words[0] != "FRRouting" {
		return nil, errors.New("facts: \"show version\" gave no version of FRRouting")
	}
	facts["version"] = words[1]
	facts["hostname"] = strings.Trim(words[2], "()")
	facts["model"] = "FRRouting"
	if _, system, ok := strings.Cut(lines[0], ") on "); ok {
		facts["system"] = strings.TrimSuffix(system, ".")
	}
	if last := lines[len(lines)-1]; strings.Contains(last, "zebra") {
		facts["daemons"] = strings.TrimSpace(last)
	}
	if up, ok := a.get("uptime"); ok {
		whole, _, _ := strings.Cut(strings.TrimSpace(string(up.body)), ".")
		facts["uptime"] = whole
	}
	return facts, nil
}

// Alive implements device.Session.
func (s *session) Alive() bool { return s.client.Alive() }

// Close implements provision.Session. It may be called while another call runs,
// which then fails. A lock goes with the connection.
func (s *session) Close() error { return s.client.Close() }
