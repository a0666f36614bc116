package netconfsim

import (
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
)

// What netconfd says, with its error numbers.
var (
	errLocked = failure{tag: "in-use", app: "no-access", text: "config locked", number: 301}
	errWaits  = failure{
		tag: "in-use", app: "outstanding-confirmed-commit", number: 373,
		text: "cannot perform the operation with confirmed-commit pending",
	}
	errFailed     = failure{tag: "operation-failed", app: "general-error", text: "operation failed", number: 274}
	errNotPersist = failure{tag: "operation-failed", app: "general-error", text: "persistent confirmed commit not active", number: 380}
	errOtherID    = failure{tag: "invalid-value", app: "data-invalid", text: "invalid value", number: 258}
	errNoID       = failure{tag: "data-missing", app: "data-incomplete", text: "missing parameter", number: 233}
	errDirty      = failure{
		tag: "resource-denied", app: "no-access", number: 367,
		text: "candidate cannot be locked, discard-changes needed",
	}
	errState = failure{tag: "operation-failed", app: "no-access", text: "wrong config state", number: 302}
)

// locked refuses what another session's lock forbids.
func (s *session) locked(store rpc.Datastore) *failure {
	if id := s.d.locks[store]; id != 0 && id != s.id {
		return &errLocked
	}
	return nil
}

func (s *session) lock(store rpc.Datastore) *failure {
	d := s.d
	id := d.locks[store]
	switch {
	case id != 0:
		return &failure{tag: "lock-denied", app: "no-access", text: "lock denied", holds: strconv.Itoa(id), number: 268}
	case d.pending != nil:
		return &errWaits
	case store == rpc.Candidate && d.dirty:
		return &errDirty
	}
	d.locks[store] = s.id
	return nil
}

func (s *session) unlock(store rpc.Datastore) *failure {
	if s.d.locks[store] != s.id {
		return &errState
	}
	delete(s.d.locks, store)
	if store == rpc.Candidate {
		s.d.clean()
	}
	return nil
}

func (s *session) kill(op *xmltree.Node) *failure {
	id, _ := strconv.Atoi(childText(op, "session-id"))
	other, ok := s.d.sessions[id]
	if !ok || id == s.id {
		return &errOtherID
	}
	other.drop()
	return nil
}

func childText(n *xmltree.Node, name string) string {
	if k := n.Child(name); k != nil {
		return strings.TrimSpace(k.Text)
	}
	return ""
}

// commit is all of <commit>: plain, confirmed, and confirming.
func (s *session) commit(op *xmltree.Node) *failure {
	d := s.d
	for _, store := range []rpc.Datastore{rpc.Candidate, rpc.Running} {
		if err := s.locked(store); err != nil {
			return err
		}
	}
	if err := s.settle(op); err != nil {
		return err
	}
	before := d.running
	s.apply()
	if op.Child("confirmed") != nil {
		s.arm(op, before)
	}
	return nil
}

// settle refuses a commit that a pending one forbids, and ends the pending one
// that it confirms.
func (s *session) settle(op *xmltree.Node) *failure {
	id, p := childText(op, "persist-id"), s.d.pending
	switch {
	case id != "" && (p == nil || p.persist == ""):
		return &errNotPersist
	case p == nil:
		return nil
	case id != "" && p.persist != id:
		return &errOtherID
	case id == "" && op.Child("confirmed") != nil:
		return &errFailed
	case id == "" && (p.persist != "" || p.session != s.id):
		return &errWaits
	}
	p.timer.Stop()
	s.d.pending = nil
	return nil
}

// apply makes the candidate running. One that was validated is given up without
// a word.
func (s *session) apply() {
	switch {
	case s.d.validated:
	case s.d.opts.OwnOrder:
		s.d.running = kept(s.d.running, s.d.candidate, roots())
	default:
		s.d.running = s.d.candidate
	}
	s.d.clean()
}

// arm starts the timer of a confirmed commit.
func (s *session) arm(op *xmltree.Node, before []*xmltree.Node) {
	seconds, err := strconv.Atoi(childText(op, "confirm-timeout"))
	if err != nil {
		seconds = 600 // RFC 6241 section 8.4.5.1
	}
	p := &pending{persist: childText(op, "persist"), session: s.id, before: before}
	p.timer = time.AfterFunc(time.Duration(seconds)*time.Second, func() { s.d.expire(p) })
	s.d.pending = p
}

func (s *session) cancel(op *xmltree.Node) *failure {
	p, id := s.d.pending, childText(op, "persist-id")
	switch {
	case p == nil:
		return &errFailed
	case p.persist == "" && (id != "" || p.session != s.id):
		return &errNotPersist
	case p.persist != "" && id == "":
		return &errNoID
	case p.persist != id:
		return &errOtherID
	}
	s.d.revertLocked(p)
	return nil
}

func (s *session) editConfig(op *xmltree.Node) []failure {
	d := s.d
	if to := target(op); to != rpc.Candidate {
		return []failure{{
			tag: "operation-failed", app: "no-access", path: "/nc:rpc/nc:edit-config/nc:target",
			text: "cannot write to this configuration directly", value: string(to), number: 376,
		}}
	}
	if err := s.locked(rpc.Candidate); err != nil {
		return []failure{*err}
	}
	if childText(op, "test-option") == "test-only" {
		return nil // it looks at nothing
	}
	config := op.Child("config")
	if config == nil {
		return []failure{errNoID}
	}
	base := d.candidate
	if childText(op, "default-operation") == "replace" { // of what is named only
		base = without(base, config.Kids)
	}
	nodes, failures := d.edit(base, config.Kids, opMerge)
	if len(failures) > 0 {
		return within("/nc:rpc/nc:edit-config/nc:config", failures)
	}
	d.candidate, d.dirty, d.validated = nodes, true, false
	return nil
}

// without leaves out the elements that others name.
func without(nodes, others []*xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	for _, n := range nodes {
		named := false
		for _, o := range others {
			named = named || (o.Space == n.Space && o.Local == n.Local)
		}
		if !named {
			out = append(out, n)
		}
	}
	return out
}

// within puts the envelope before the paths of errors in what was sent.
func within(envelope string, failures []failure) []failure {
	for i, f := range failures {
		if f.app != "instance-required" && f.ns == "" {
			failures[i].path = envelope + f.path
		}
	}
	return failures
}

func (s *session) copyConfig(op *xmltree.Node) []failure {
	d, to, from := s.d, target(op), store(op.Child("source"))
	if err := s.locked(to); err != nil {
		return []failure{*err}
	}
	switch {
	case to == rpc.Startup && from == rpc.Running:
		d.startup = d.running
	case to == rpc.Candidate && from == "config":
		nodes, failures := d.edit(nil, op.Child("source").Kids[0].Kids, opMerge)
		if len(failures) > 0 {
			return within("/nc:rpc/nc:copy-config/nc:source/nc:config", failures)
		}
		d.candidate, d.dirty, d.validated = nodes, true, false
	default:
		return []failure{{tag: "operation-not-supported", app: "no-access", text: "operation not supported"}}
	}
	return nil
}
