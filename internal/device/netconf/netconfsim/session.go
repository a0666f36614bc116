package netconfsim

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// pieces counts those that a stream comes in.
type pieces struct {
	io.Reader
	count int
}

// Read implements io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	p.count++
	return p.Reader.Read(b)
}

// session is a client's session.
type session struct {
	d      *Device
	id     int
	user   string
	login  time.Time
	from   *pieces
	in     *rpc.Reader
	out    *rpc.Writer
	drop   func()
	closed bool // by close-session
}

// serve serves the subsystem.
func (d *Device) serve(ctx context.Context, r sshtest.Request, stream io.ReadWriter) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from := &pieces{Reader: stream}
	s := &session{d: d, user: r.User, login: time.Now(), from: from, in: rpc.NewReader(from, 0), out: rpc.NewWriter(stream), drop: cancel}
	d.mu.Lock()
	d.lastID++
	s.id = d.lastID
	d.sessions[s.id] = s
	d.mu.Unlock()
	defer d.ended(s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.talk(ctx)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// ended gives back what a session held.
func (d *Device) ended(s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sessions[s.id] != s {
		return // the device has restarted
	}
	delete(d.sessions, s.id)
	for store, id := range d.locks {
		if id != s.id {
			continue
		}
		delete(d.locks, store)
		if store == rpc.Candidate {
			d.clean()
		}
	}
	if p := d.pending; p != nil && p.persist == "" && p.session == s.id {
		d.revertLocked(p)
	}
}

// talk answers until the client goes.
func (s *session) talk(ctx context.Context) {
	if s.hello() != nil {
		return
	}
	greeted := s.from.count
	deaf := false
	for ctx.Err() == nil {
		msg, err := s.in.Next()
		if err != nil {
			return
		}
		if s.d.opts.Deaf && s.from.count == greeted {
			deaf = true
		}
		if !deaf && !s.answer(msg) {
			return
		}
	}
}

// hello exchanges hellos.
func (s *session) hello() error {
	h := rpc.Hello{SessionID: strconv.Itoa(s.id), Capabilities: s.d.capabilities()}
	raw, err := xml.Marshal(h)
	if err != nil {
		return err
	}
	if err := s.out.Write(raw); err != nil {
		return err
	}
	msg, err := s.in.Next()
	if err != nil {
		return err
	}
	var theirs rpc.Hello
	if err := xml.Unmarshal(msg, &theirs); err != nil {
		return err
	}
	if contains(theirs.Capabilities, rpc.Base11) && contains(h.Capabilities, rpc.Base11) {
		s.in.Chunked()
		s.out.Chunked()
	}
	return nil
}

func contains(list []string, name string) bool {
	for _, c := range list {
		if c == name {
			return true
		}
	}
	return false
}

// capabilities are those of netconfd as the lab starts it.
func (d *Device) capabilities() []string {
	var out []string
	for c := range strings.FieldsSeq(`
urn:ietf:params:netconf:base:1.0
urn:ietf:params:netconf:base:1.1
urn:ietf:params:netconf:capability:candidate:1.0
urn:ietf:params:netconf:capability:confirmed-commit:1.0
urn:ietf:params:netconf:capability:confirmed-commit:1.1
urn:ietf:params:netconf:capability:rollback-on-error:1.0
urn:ietf:params:netconf:capability:validate:1.0
urn:ietf:params:netconf:capability:validate:1.1
urn:ietf:params:netconf:capability:startup:1.0
urn:ietf:params:netconf:capability:url:1.0?scheme=file
urn:ietf:params:xml:ns:yang:ietf-interfaces?module=ietf-interfaces&revision=2014-05-08&features=arbitrary-names,pre-provisioning
urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring?module=ietf-netconf-monitoring&revision=2010-10-04
urn:ietf:params:xml:ns:yang:ietf-system?module=ietf-system&revision=2014-08-06
http://yuma123.org/ns/yuma123-system?module=yuma123-system&revision=2017-03-26`) {
		name, _, _ := strings.Cut(c, "?")
		if !contains(d.opts.Without, name) {
			out = append(out, c)
		}
	}
	return out
}

// answer answers one message; false ends the session.
func (s *session) answer(msg []byte) bool {
	call := request(msg)
	if call == nil {
		return false // netconfd drops a session that sends what is not XML
	}
	op := call.Kids[0]
	fault := s.d.fault(op)
	switch fault {
	case Hang:
		return true
	case DropBefore:
		return false
	}
	content := "<ok/>"
	if fault != Nothing {
		var alive bool
		if content, alive = s.carryOut(op); !alive {
			return false
		}
	}
	if fault == DropAfter {
		return false
	}
	reply := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<rpc-reply message-id="%s" xmlns:nc="%s"
  xmlns="%s">%s</rpc-reply>`, rpc.Escape(call.Attr("", "message-id")), rpc.BaseNS, rpc.BaseNS, content)
	return s.out.Write([]byte(reply)) == nil && !s.closed
}

// request is the rpc element of a message with its one operation; nil if it is
// something else.
func request(msg []byte) *xmltree.Node {
	nodes, err := xmltree.Parse(msg)
	if err != nil || len(nodes) != 1 || nodes[0].Local != "rpc" || len(nodes[0].Kids) != 1 {
		return nil
	}
	return nodes[0]
}

// fault is what goes wrong with an operation.
func (d *Device) fault(op *xmltree.Node) Fault {
	if d.opts.Faults == nil {
		return None
	}
	return d.opts.Faults(op.Local)
}

// carryOut carries out an operation and gives the content of the reply; false if
// the session has ended while the message was read.
func (s *session) carryOut(op *xmltree.Node) (string, bool) {
	s.d.mu.Lock()
	if s.d.sessions[s.id] != s {
		s.d.mu.Unlock()
		return "", false
	}
	s.d.asked = time.Now()
	content, failures := s.do(op)
	s.d.mu.Unlock()
	if len(failures) > 0 {
		content = ""
		for _, f := range failures {
			content += f.xml()
		}
	}
	return content, true
}

// do carries out an operation; d.mu is held.
func (s *session) do(op *xmltree.Node) (string, []failure) {
	var err *failure
	switch op.Local {
	case "get-config", "get", "get-schema":
		return s.get(op)
	case "edit-config":
		return "<ok/>", s.editConfig(op)
	case "copy-config":
		return "<ok/>", s.copyConfig(op)
	case "lock":
		err = s.lock(target(op))
	case "unlock":
		err = s.unlock(target(op))
	case "discard-changes":
		if err = s.locked(rpc.Candidate); err == nil {
			s.d.clean()
		}
	case "validate":
		s.d.validated = s.d.dirty
	case "commit":
		err = s.commit(op)
	case "cancel-commit":
		err = s.cancel(op)
	case "kill-session":
		err = s.kill(op)
	case "close-session":
		s.closed = true
	default:
		err = &failure{kind: "rpc", tag: "unknown-element", app: "data-incomplete", text: "definition not found", element: "nc:" + op.Local}
	}
	if err != nil {
		return "", []failure{*err}
	}
	return "<ok/>", nil
}

// get carries out an operation that only reads.
func (s *session) get(op *xmltree.Node) (string, []failure) {
	switch op.Local {
	case "get-config":
		return s.getConfig(op)
	case "get-schema":
		return s.d.getSchema(op)
	}
	return "<data>" + s.d.state() + "</data>", nil
}

// target is the datastore that an operation is about.
func target(op *xmltree.Node) rpc.Datastore { return store(op.Child("target")) }

func store(n *xmltree.Node) rpc.Datastore {
	if n == nil || len(n.Kids) == 0 {
		return ""
	}
	return rpc.Datastore(n.Kids[0].Local)
}

func (s *session) getConfig(op *xmltree.Node) (string, []failure) {
	nodes := map[rpc.Datastore][]*xmltree.Node{rpc.Running: s.d.running, rpc.Candidate: s.d.candidate, rpc.Startup: s.d.startup}
	from := store(op.Child("source"))
	list, ok := nodes[from]
	if !ok {
		return "", []failure{{tag: "invalid-value", app: "data-invalid", text: "config not found"}}
	}
	if from != rpc.Startup { // made by the device at every start
		list = append(list[:len(list):len(list)], &xmltree.Node{Space: nacmNS, Local: "nacm"})
	}
	return "<data>\n" + show(list) + "\n</data>", nil
}

// state is what <get> gives: who is there, and what the system is.
func (d *Device) state() string {
	var b strings.Builder
	b.WriteString(`<netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><sessions>`)
	for _, s := range d.sessions {
		fmt.Fprintf(&b, "<session><session-id>%d</session-id><username>%s</username><source-host>127.0.0.1</source-host><login-time>%s</login-time></session>",
			s.id, rpc.Escape(s.user), s.login.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(&b, `</sessions>`+schemas()+`</netconf-state><system-state xmlns="%s"><yuma xmlns="http://yuma123.org/ns/yuma123-system">`+
		`<sysBootDateTime>%s</sysBootDateTime><sysNetconfServerId>netconfd 2.13-1 (simulated)</sysNetconfServerId>`+
		`<uname><machine>%s</machine><nodename>%s</nodename></uname></yuma></system-state>`,
		systemNS, d.boot.UTC().Format(time.RFC3339), "simulated", rpc.Escape(d.opts.Name))
	return b.String()
}

// failure is an rpc-error.
type failure struct {
	kind                      string // empty: protocol
	tag, app, path, text      string
	element, ns, value, holds string // of error-info; holds is a session id
	number                    int
}

func (f failure) xml() string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "<%s>%s</%s>", name, rpc.Escape(value), name)
		}
	}
	b.WriteString("<rpc-error>")
	field("error-type", cmp.Or(f.kind, "protocol"))
	field("error-tag", f.tag)
	field("error-severity", "error")
	field("error-app-tag", f.app)
	field("error-path", f.path)
	field("error-message", f.text)
	b.WriteString("<error-info>")
	field("session-id", f.holds)
	field("bad-element", f.element)
	field("bad-namespace", f.ns)
	field("bad-value", f.value)
	fmt.Fprintf(&b, `<error-number xmlns="http://netconfcentral.org/ns/yuma-ncx">%d</error-number></error-info></rpc-error>`, f.number)
	return b.String()
}
