package netconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmldiff"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// redacted is an error whose text may hold what the user wants hidden.
type redacted struct {
	err  error
	text string
}

func (e *redacted) Error() string { return e.text }
func (e *redacted) Unwrap() error { return e.err }

// failed redacts an error of the device.
func (s *session) failed(err error) error {
	if err == nil {
		return nil
	}
	text := s.redact.String(err.Error())
	if text == err.Error() {
		return err
	}
	return &redacted{err: err, text: text}
}

// Who holds a lock that the device names by no session.
const (
	holderPending = "a confirmed commit that waits for its confirmation"
	holderDirty   = "changes in the candidate that nobody has committed or discarded and that no session has locked"
	holderOther   = "something that is not a NETCONF session"
	holderUnknown = "another session"
)

// nextDirty is what to do about a candidate that somebody left: whose it is only
// people know.
const nextDirty = "find out whose they are: commit them, or take them back with discard-changes"

// appOutstanding is the error-app-tag of RFC 6241 section 7.5 and netconfd for
// a lock while a confirmed commit is pending.
const appOutstanding = "outstanding-confirmed-commit"

// lockFailed tells who holds the lock.
func (s *session) lockFailed(ctx context.Context, err error) error {
	var e *rpc.Error
	if !errors.As(err, &e) {
		return s.failed(err)
	}
	holder, next := "", ""
	switch {
	case e.AppTag == appOutstanding:
		holder = holderPending
	case e.Tag == rpc.TagLockDenied && e.Info.SessionID == "0":
		holder = holderOther
	case e.Tag == rpc.TagLockDenied && e.Info.SessionID != "":
		holder = s.describe(ctx, e.Info.SessionID)
	case e.Tag == rpc.TagLockDenied, e.Tag == rpc.TagInUse:
		holder = holderUnknown
	case e.Tag == rpc.TagResourceDenied:
		holder, next = holderDirty, nextDirty
	default:
		return s.failed(err)
	}
	return fmt.Errorf("lock the candidate: %w", &provision.LockedError{Holder: s.redact.String(holder), Next: next})
}

// describe says whose session it is, if the device tells (RFC 6022).
func (s *session) describe(ctx context.Context, id string) string {
	name := "NETCONF session " + id
	if !s.can.monitoring {
		return name
	}
	raw, err := s.nc.Get(ctx, `<netconf-state xmlns="`+monitoring+`"><sessions/></netconf-state>`)
	if err != nil {
		return name // the number is what matters
	}
	nodes, err := xmltree.Parse(raw)
	if err != nil {
		return name
	}
	for _, n := range find(nodes, "session") {
		if text(n, "session-id") == id {
			return fmt.Sprintf("%s (%s from %s, since %s)", name, text(n, "username"), text(n, "source-host"), text(n, "login-time"))
		}
	}
	return name
}

// find gives all elements of a name, in any depth.
func find(nodes []*xmltree.Node, local string) []*xmltree.Node {
	var out []*xmltree.Node
	for _, n := range nodes {
		if n.Local == local {
			out = append(out, n)
		}
		out = append(out, find(n.Kids, local)...)
	}
	return out
}

// text is the trimmed text of a child; "" without one.
func text(n *xmltree.Node, child string) string {
	if k := n.Child(child); k != nil {
		return strings.TrimSpace(k.Text)
	}
	return ""
}

// refused makes the device's refusal of the intent a RejectedError, with the
// line that the error's path or element points to. Other errors stay.
func (c *change) refused(err error) error {
	var all rpc.Errors
	if !errors.As(err, &all) {
		return c.s.failed(err)
	}
	if all[0].Tag == rpc.TagInUse {
		return fmt.Errorf("%w", &provision.LockedError{Holder: holderUnknown})
	}
	hide := c.s.redact.WithWords(xmldiff.Secrets(c.intent)...)
	rejected := &provision.RejectedError{}
	var messages []string
	for _, e := range all {
		at := locate(c.intent, e)
		if rejected.Line == 0 && at != nil {
			rejected.Line = at.Line
			rejected.Text = line(c.text, at, hide)
		}
		messages = append(messages, hide.String(describeError(e, at)))
	}
	rejected.Message = strings.Join(messages, "; ")
	return rejected
}

// line is a line of the intent; one that begins a secret is masked as a whole,
// since a short one is not looked for.
func line(intent []byte, at *xmltree.Node, hide *secret.Redactor) string {
	lines := bytes.Split(intent, []byte("\n"))
	if at.Line > len(lines) {
		return ""
	}
	if len(xmldiff.Secrets([]*xmltree.Node{at})) > 0 {
		return "<" + at.Local + ">" + secret.Mask
	}
	return hide.String(strings.TrimSpace(string(lines[at.Line-1])))
}

// envelope is what stands before a path in the configuration.
var envelope = regexp.MustCompile(`^/(?:[\w.-]+:)?rpc/(?:[\w.-]+:)?(?:edit-config|copy-config/(?:[\w.-]+:)?source)/(?:[\w.-]+:)?config`)

// prefixes are those of names in a path.
var prefixes = regexp.MustCompile(`([/\[])[\w.-]+:`)

// readable is a path without its envelope and prefixes.
func readable(path string) string {
	return prefixes.ReplaceAllString(envelope.ReplaceAllString(path, ""), "$1")
}

// describeError says what the device said: tag, path, message, and the value
// unless it may be a secret.
func describeError(e *rpc.Error, at *xmltree.Node) string {
	var b strings.Builder
	b.WriteString(e.Tag)
	if path := readable(e.Path); path != "" {
		b.WriteString(" at " + path)
	}
	if msg := strings.Join(strings.Fields(e.Message), " "); msg != "" {
		b.WriteString(": " + msg)
	}
	if e.Info.BadElement != "" {
		_, local := cutPrefix(e.Info.BadElement)
		b.WriteString(" <" + local + ">")
	}
	if v := e.Info.BadValue; v != "" && at != nil && !xmldiff.IsSecret(at.Local, strings.Split(readable(e.Path), "/")) {
		b.WriteString(" " + strconv.Quote(v))
	}
	if e.AppTag != "" {
		b.WriteString(" (" + e.AppTag + ")")
	}
	return b.String()
}

func cutPrefix(name string) (prefix, local string) {
	if p, l, ok := strings.Cut(name, ":"); ok {
		return p, l
	}
	return "", name
}

// locate finds the element that an error is about, as deep as its path can be
// followed in the intent; nil if it says nothing that is found there.
func locate(intent []*xmltree.Node, e *rpc.Error) *xmltree.Node {
	kids := intent
	var at *xmltree.Node
	for _, s := range steps(readable(e.Path)) {
		next := s.find(kids)
		if next == nil {
			break
		}
		at, kids = next, next.Kids
	}
	if e.Info.BadElement == "" {
		return at
	}
	_, bad := cutPrefix(e.Info.BadElement)
	if at != nil && at.Local == bad {
		return at
	}
	for _, k := range kids {
		if k.Local == bad {
			return k
		}
	}
	return at
}

// step is one element of an XPath.
type step struct {
	name     string
	position int // from 1; 0 without one
	keys     map[string]string
}

// stepPattern and predicate take an XPath apart.
var (
	stepPattern = regexp.MustCompile(`/([\w.-]+)((?:\[(?:[^\]'"]|'[^']*'|"[^"]*")*\])*)`)
	predicate   = regexp.MustCompile(`\[\s*(?:(\d+)|([\w.-]+)\s*=\s*(?:'([^']*)'|"([^"]*)"))\s*\]`)
)

// steps takes an XPath without prefixes apart.
func steps(path string) []step {
	var out []step
	for _, m := range stepPattern.FindAllStringSubmatch(path, -1) {
		s := step{name: m[1], keys: map[string]string{}}
		for _, p := range predicate.FindAllStringSubmatch(m[2], -1) {
			if p[1] != "" {
				s.position, _ = strconv.Atoi(p[1]) // digits; one too large finds nothing
				continue
			}
			s.keys[p[2]] = p[3] + p[4]
		}
		out = append(out, s)
	}
	return out
}

// find gives the element among kids that the step means.
func (s step) find(kids []*xmltree.Node) *xmltree.Node {
	count := 0
	for _, k := range kids {
		if k.Local != s.name {
			continue
		}
		count++
		if (s.position == 0 || s.position == count) && s.fits(k) {
			return k
		}
	}
	return nil
}

func (s step) fits(n *xmltree.Node) bool {
	for key, v := range s.keys {
		if text(n, key) != v {
			return false
		}
	}
	return true
}
