package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// peer is a server that a test plays by hand.
type peer struct {
	*testing.T
	conn net.Conn
	in   *Reader
	out  *Writer
}

func newPeer(t *testing.T) (*peer, net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close(); _ = theirs.Close() })
	return &peer{t, theirs, NewReader(theirs, 0), NewWriter(theirs)}, ours
}

// greet plays the server's hello and returns the client's.
func (p *peer) greet(caps ...string) string {
	h := `<hello xmlns="` + BaseNS + `"><capabilities>`
	for _, c := range caps {
		h += "<capability> " + c + "\n</capability>"
	}
	sent := make(chan error, 1)
	go func() { sent <- p.out.Write([]byte(h + `</capabilities><session-id>7</session-id></hello>`)) }()
	msg, err := p.in.Next()
	if err := errors.Join(err, <-sent); err != nil {
		p.Error(err)
	}
	return string(msg)
}

// open gives a session whose requests serve answers: it gets the request and
// its message-id, and what it returns is sent unless it is empty.
func open(t *testing.T, opts Options, base string, serve func(req, id string) string) *Session {
	t.Helper()
	p, conn := newPeer(t)
	opts.Pause = -1
	go func() {
		p.greet(Base10, base)
		if base == Base11 {
			p.in.Chunked()
			p.out.Chunked()
		}
		for {
			req, err := p.in.Next()
			if err != nil {
				return
			}
			_, rest, _ := strings.Cut(string(req), `message-id="`)
			id, _, _ := strings.Cut(rest, `"`)
			if answer := serve(string(req), id); answer != "" {
				_ = p.out.Write([]byte(answer))
			}
		}
	}()
	s, err := Open(t.Context(), conn, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.end(errClosed) })
	return s
}

func reply(id, content string) string {
	return fmt.Sprintf(`<rpc-reply xmlns="%s" message-id="%s">%s</rpc-reply>`, BaseNS, id, content)
}

func TestHello(t *testing.T) {
	p, conn := newPeer(t)
	sent := make(chan string, 1)
	go func() { sent <- p.greet(Base11, "urn:x:cap:url:1.0?scheme=file") }()
	s, err := Open(t.Context(), conn, Options{Pause: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{Base10, Base11, "<hello xmlns=\"" + BaseNS + "\""} {
		if got := <-sent; !strings.Contains(got, want) {
			t.Errorf("our hello lacks %s: %s", want, got)
		} else {
			sent <- got
		}
	}
	if s.ID() != "7" || !s.Has("urn:x:cap:url:1.0") || s.Has("urn:x:cap") || len(s.Capabilities()) != 2 {
		t.Errorf("session %q with %q", s.ID(), s.Capabilities())
	}
}

func TestBadHello(t *testing.T) {
	for name, hello := range map[string]string{
		"no base":    `<hello xmlns="` + BaseNS + `"><capabilities><capability>urn:x</capability></capabilities><session-id>1</session-id></hello>]]>]]>`,
		"no session": `<hello xmlns="` + BaseNS + `"><capabilities><capability>` + Base10 + `</capability></capabilities></hello>]]>]]>`,
		"session 0":  `<hello xmlns="` + BaseNS + `"><session-id>0</session-id></hello>]]>]]>`,
		"namespace":  `<hello><session-id>1</session-id></hello>]]>]]>`,
		"not XML":    `Welcome!]]>]]>`,
		"closed":     ``,
	} {
		t.Run(name, func(t *testing.T) {
			p, conn := newPeer(t)
			go func() {
				_, _ = p.conn.Write([]byte(hello))
				if hello == "" {
					_ = p.conn.Close()
				}
				_, _ = p.in.Next()
			}()
			if _, err := Open(t.Context(), conn, Options{Pause: -1}); !errors.Is(err, provision.ErrConnectionLost) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSilentServer(t *testing.T) {
	_, conn := newPeer(t)
	_, err := Open(t.Context(), conn, Options{Timeout: 20 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
}

func TestPauseBeforeFirstRPC(t *testing.T) {
	p, conn := newPeer(t)
	go p.greet(Base10)
	const wait = 30 * time.Millisecond
	started := time.Now()
	if _, err := Open(t.Context(), conn, Options{Pause: wait}); err != nil || time.Since(started) < wait {
		t.Errorf("open after %v: %v", time.Since(started), err)
	}
}

func TestBothFramings(t *testing.T) {
	for _, base := range []string{Base10, Base11} {
		var got string
		s := open(t, Options{}, base, func(req, id string) string { got = req; return reply(id, "<ok/>") })
		for i := range 3 {
			if err := s.CommitConfirmed(t.Context(), `a<b>&"c"`, 1500*time.Millisecond); err != nil {
				t.Fatalf("%s, message %d: %v", base, i, err)
			}
		}
		for _, want := range []string{
			`message-id="3"`, "<confirm-timeout>2</confirm-timeout>", "<persist>a&lt;b&gt;&amp;&#34;c&#34;</persist>",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: sent %s, which lacks %s", base, got, want)
			}
		}
	}
}

func TestErrorFields(t *testing.T) {
	s := open(t, Options{}, Base11, func(_, id string) string {
		return reply(id, `<rpc-error><error-type>protocol</error-type><error-tag>lock-denied</error-tag>
			<error-severity>error</error-severity><error-app-tag>no-access</error-app-tag><error-path>/x</error-path>
			<error-message xml:lang="en"> lock
			 denied </error-message><error-info><session-id>4</session-id><bad-element>e</bad-element><bad-attribute>a</bad-attribute>
			<bad-namespace>n</bad-namespace><bad-value>hunter2</bad-value><error-number xmlns="urn:y">268</error-number></error-info></rpc-error>
			<rpc-error><error-tag>in-use</error-tag><error-severity>error</error-severity></rpc-error>`)
	})
	err := s.Lock(t.Context(), Candidate)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v", err)
	}
	if e.Type != "protocol" || e.Tag != TagLockDenied || e.Severity != SeverityError || e.AppTag != "no-access" || e.Path != "/x" ||
		e.Info.SessionID != "4" || e.Info.BadElement != "e" || e.Info.BadAttribute != "a" || e.Info.BadNamespace != "n" ||
		e.Info.BadValue != "hunter2" || e.Info.Number != "268" || !strings.Contains(e.Info.XML, "urn:y") {
		t.Errorf("%+v", e)
	}
	for _, want := range []string{"lock candidate", "lock-denied: lock denied", "no-access", "/x", "element e", "session 4", "in-use"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%q tells a value", err)
	}
	var all Errors
	if !errors.As(err, &all) || len(all) != 2 || errors.Is(err, provision.ErrConnectionLost) || !s.Alive() {
		t.Errorf("%d errors, alive %t", len(all), s.Alive())
	}
}

func TestWarningIsNoFailure(t *testing.T) {
	s := open(t, Options{}, Base11, func(_, id string) string {
		return reply(id, `<rpc-error><error-tag>x</error-tag><error-severity>warning</error-severity><error-message>careful</error-message></rpc-error><ok/>`)
	})
	r, err := s.Do(t.Context(), []byte("<commit/>"))
	if err != nil || len(r.Warnings) != 1 || r.Warnings[0].Message != "careful" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDataKeepsPrefixes(t *testing.T) {
	for name, tc := range map[string]struct{ sent, want string }{
		"plain":      {`<data><a xmlns="urn:a">1</a></data>`, `<config xmlns="` + BaseNS + `"><a xmlns="urn:a">1</a></config>`},
		"empty":      {`<data/>`, `<config xmlns="` + BaseNS + `"></config>`},
		"prefix":     {`<data xmlns:p="urn:p"><p:a>1</p:a></data>`, `<config xmlns="` + BaseNS + `" xmlns:p="urn:p"><p:a>1</p:a></config>`},
		"of NETCONF": {`<nc:data xmlns:nc="` + BaseNS + `"><data xmlns="urn:d"/></nc:data>`, `<config xmlns="` + BaseNS + `" xmlns:nc="` + BaseNS + `"><data xmlns="urn:d"/></config>`},
	} {
		s := open(t, Options{}, Base11, func(_, id string) string { return reply(id, tc.sent) })
		if got, err := s.GetConfig(t.Context(), Running); err != nil || string(got) != tc.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, tc.want)
		}
	}
}

func TestNoDataIsAnError(t *testing.T) {
	s := open(t, Options{}, Base11, func(_, id string) string { return reply(id, "<ok/>") })
	if _, err := s.GetConfig(t.Context(), Running); err == nil {
		t.Error("an answer without <data> is a configuration")
	}
}

func TestNotificationsAreIgnored(t *testing.T) {
	p, conn := newPeer(t)
	go func() {
		p.greet(Base10)
		_, _ = p.in.Next()
		_ = p.out.Write([]byte(`<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><x/></notification>`))
		_ = p.out.Write([]byte(reply("1", "<ok/>")))
	}()
	s, err := Open(t.Context(), conn, Options{Pause: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DiscardChanges(t.Context()); err != nil {
		t.Error(err)
	}
}

// What makes the stream useless ends the session, and every later call says so.
func TestEndsTheSession(t *testing.T) {
	for name, answer := range map[string]func(id string) string{
		"not XML":      func(string) string { return "junk" },
		"cut":          func(id string) string { return `<rpc-reply message-id="` + id + `"><ok/>` },
		"other id":     func(string) string { return reply("99", "<ok/>") },
		"empty":        func(id string) string { return reply(id, "") },
		"endless data": func(id string) string { return `<rpc-reply message-id="` + id + `"><data><a>` },
		"hung":         func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			opts := Options{}
			if name == "hung" {
				opts.Timeout = time.Second
			}
			s := open(t, opts, Base11, func(_, id string) string { return answer(id) })
			for range 2 {
				if err := s.Commit(t.Context()); !errors.Is(err, provision.ErrConnectionLost) ||
					(name == "hung" && !errors.Is(err, context.DeadlineExceeded)) {
					t.Errorf("%v", err)
				}
				if s.Alive() {
					t.Error("still alive")
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCancelledBeforeItIsSent(t *testing.T) {
	s := open(t, Options{}, Base11, func(_, id string) string { return reply(id, "<ok/>") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Errorf("the session is of no more use: %v", err)
	}
}

func TestOneRPCAtATime(t *testing.T) {
	s := open(t, Options{}, Base11, func(_, id string) string { return reply(id, "<ok/>") })
	errs := make(chan error)
	for range 20 {
		go func() { errs <- s.Commit(t.Context()) }()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestClose(t *testing.T) {
	var asked []string
	s := open(t, Options{}, Base11, func(req, id string) string { asked = append(asked, req); return reply(id, "<ok/>") })
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(asked) != 1 || !strings.Contains(asked[0], "<close-session/>") || s.Alive() {
		t.Errorf("asked %q, alive %t", asked, s.Alive())
	}
	if err := s.Commit(t.Context()); !errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("after close: %v", err)
	}
}

func TestRest(t *testing.T) {
	s := open(t, Options{}, Base11, func(_, id string) string { return reply(id, "<ok/>") })
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := s.Rest(t.Context(), 30*time.Millisecond); err != nil || time.Since(started) < 20*time.Millisecond {
		t.Errorf("rested %v: %v", time.Since(started), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Rest(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestOperations(t *testing.T) {
	var got string
	s := open(t, Options{}, Base11, func(req, id string) string { got = req; return reply(id, "<data/>") })
	for want, f := range map[string]func(context.Context) error{
		"<edit-config><target><candidate/></target><error-option>rollback-on-error</error-option><config><a/></config></edit-config>": func(ctx context.Context) error { return s.EditConfig(ctx, []byte("<a/>"), true) },
		"<edit-config><target><candidate/></target><config><a/></config></edit-config>":                                               func(ctx context.Context) error { return s.EditConfig(ctx, []byte("<a/>"), false) },
		"<copy-config><target><candidate/></target><source><config><a/></config></source></copy-config>":                              func(ctx context.Context) error { return s.ReplaceCandidate(ctx, []byte("<a/>")) },
		"<copy-config><target><startup/></target><source><running/></source></copy-config>":                                           func(ctx context.Context) error { return s.CopyConfig(ctx, Running, Startup) },
		"<unlock><target><candidate/></target></unlock>":                                                                              func(ctx context.Context) error { return s.Unlock(ctx, Candidate) },
		"<validate><source><candidate/></source></validate>":                                                                          func(ctx context.Context) error { return s.Validate(ctx, Candidate) },
		"<commit><persist-id>x&amp;y</persist-id></commit>":                                                                           func(ctx context.Context) error { return s.Confirm(ctx, "x&y") },
		"<cancel-commit><persist-id>x&amp;y</persist-id></cancel-commit>":                                                             func(ctx context.Context) error { return s.CancelCommit(ctx, "x&y") },
		`<get><filter type="subtree"><a/></filter></get>`:                                                                             func(ctx context.Context) error { _, err := s.Get(ctx, "<a/>"); return err },
	} {
		if err := f(t.Context()); err != nil || !strings.Contains(got, want) {
			t.Errorf("sent %s, %v; want %s", got, err, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 1, time.Millisecond: 1, time.Second: 1, 1001 * time.Millisecond: 2, time.Minute: 60} {
		if got := Seconds(d); got != want {
			t.Errorf("%v: %d, want %d", d, got, want)
		}
	}
}

func TestLostSaysWhoEndedIt(t *testing.T) {
	for _, cause := range []error{io.EOF, io.ErrUnexpectedEOF} {
		err := lost(fmt.Errorf("read: %w", cause))
		if !errors.Is(err, provision.ErrConnectionLost) || !errors.Is(err, cause) || !strings.HasSuffix(err.Error(), "the device, or something on the way to it, ended it") {
			t.Errorf("%v", err)
		}
	}
}
