package sshtest

import (
	"net"
	"sync"
)

// gate lets bytes pass, or holds them up like a cut cable.
type gate struct {
	mu      sync.Mutex
	passing chan struct{} // closed while bytes pass
}

// newGate makes an open gate.
func newGate() *gate {
	g := &gate{passing: make(chan struct{})}
	close(g.passing)
	return g
}

// shut holds everything up.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.passing:
		g.passing = make(chan struct{})
	default:
	}
}

// open lets everything pass.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.passing:
	default:
		close(g.passing)
	}
}

// wait returns when the gate is open, or with false when closed ends first.
func (g *gate) wait(closed <-chan struct{}) bool {
	g.mu.Lock()
	passing := g.passing
	g.mu.Unlock()
	select {
	case <-closed:
		return false
	default:
	}
	select {
	case <-passing:
		return true
	case <-closed:
		return false
	}
}

// gatedConn is a connection behind a gate.
type gatedConn struct {
	net.Conn
	gate   *gate
	once   sync.Once
	closed chan struct{}
}

// Read implements net.Conn.
func (c *gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.gate.wait(c.closed) {
		return 0, net.ErrClosed
	}
	return n, err
}

// Write implements net.Conn.
func (c *gatedConn) Write(p []byte) (int, error) {
	if !c.gate.wait(c.closed) {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *gatedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
