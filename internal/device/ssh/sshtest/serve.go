package sshtest

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"

	"golang.org/x/crypto/ssh"
)

// session is one logged-in connection.
type session struct {
	server *Server
	conn   *gatedConn
	user   string
	number int
	ctx    context.Context // ends with the connection
}

// serve speaks SSH on a connection until it ends.
func (s *Server) serve(c *gatedConn) {
	conn, channels, requests, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.counts.Logins++
	number := s.counts.Logins
	s.mu.Unlock()

	ctx, cancel := context.WithCancel(s.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { ssh.DiscardRequests(requests) })
	se := &session{server: s, conn: c, user: conn.User(), number: number, ctx: ctx}
	for ch := range channels {
		wg.Go(func() { se.channel(ch) })
	}
}

// channel serves one channel.
func (se *session) channel(ch ssh.NewChannel) {
	switch {
	case ch.ChannelType() == "session":
		stream, requests, err := ch.Accept()
		if err == nil {
			se.requests(stream, requests)
		}
	case ch.ChannelType() == "direct-tcpip" && se.server.opts.Forward:
		se.forward(ch)
	default:
		_ = ch.Reject(ssh.Prohibited, "not allowed")
	}
}

// requests serves the requests of a session channel until it is closed.
func (se *session) requests(stream ssh.Channel, requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancel(se.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	busy := false
	for r := range requests {
		run := se.start(ctx, r, stream)
		ok := (run != nil && !busy) || r.Type == "signal"
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if r.Type == "signal" {
			cancel()
		}
		if run != nil && !busy {
			busy = true
			wg.Go(run)
		}
	}
}

// start returns what a request runs, nil if it runs nothing.
func (se *session) start(ctx context.Context, r *ssh.Request, stream ssh.Channel) func() {
	var payload struct{ Text string }
	if r.Type != "exec" && r.Type != "subsystem" || ssh.Unmarshal(r.Payload, &payload) != nil {
		return nil
	}
	req := Request{User: se.user, Command: payload.Text, Conn: se.number, Drop: func() { _ = se.conn.Close() }}
	if r.Type == "exec" {
		if se.server.opts.Exec == nil {
			return nil
		}
		return func() { se.exec(ctx, req, stream) }
	}
	serve := se.server.opts.Subsystems[payload.Text]
	if serve == nil {
		return nil
	}
	return func() {
		se.server.note(req)
		serve(ctx, req, stream)
		_ = stream.Close()
	}
}

// note writes a request down.
func (s *Server) note(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Requests++
	s.requests = append(s.requests, r)
}

// exec runs a command and tells how it ended.
func (se *session) exec(ctx context.Context, r Request, stream ssh.Channel) {
	se.server.note(r)
	code := se.server.opts.Exec(ctx, r, stream, stream, stream.Stderr())
	switch code {
	case NoExitStatus:
	case Killed:
		_, _ = stream.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal     string
			CoreDumped bool
			Message    string
			Language   string
		}{Signal: "KILL"}))
	default:
		_, _ = stream.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(code)}))
	}
	_ = stream.Close()
}

// forward carries a direct-tcpip channel (RFC 4254, 7.2).
func (se *session) forward(ch ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(ch.ExtraData(), &to); err != nil {
		_ = ch.Reject(ssh.ConnectionFailed, "bad request")
		return
	}
	var d net.Dialer
	conn, err := d.DialContext(se.ctx, "tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = ch.Reject(ssh.ConnectionFailed, "Connection refused")
		return
	}
	stop := context.AfterFunc(se.ctx, func() { _ = conn.Close() })
	defer stop()
	stream, requests, err := ch.Accept()
	if err != nil {
		_ = conn.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { ssh.DiscardRequests(requests) })
	wg.Go(func() {
		_, _ = io.Copy(stream, conn)
		_ = stream.Close()
	})
	_, _ = io.Copy(conn, stream)
	_ = conn.Close()
	wg.Wait()
}
