package faults_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy carries connections to a device until it is told to break them.
type proxy struct {
	port int
	to   string

	mu    sync.Mutex
	shut  bool // new connections are closed at once
	conns map[net.Conn]struct{}
}

// newProxy listens on loopback for a device; it ends with the test.
func newProxy(t testing.TB, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{port: ln.Addr().(*net.TCPAddr).Port, to: to, conns: map[net.Conn]struct{}{}}
	t.Cleanup(func() { _ = ln.Close(); p.drop() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

// serve carries one connection.
func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	p.mu.Lock()
	shut := p.shut
	p.mu.Unlock()
	if shut {
		return
	}
	d, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer d.Close()
	if !p.keep(c, d) {
		return
	}
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{c, d}, {d, c}} {
		go func() { _, _ = io.Copy(way[0], way[1]); done <- struct{}{} }()
	}
	<-done
	p.forget(c, d)
}

// keep notes connections for drop; false if the proxy was shut meanwhile.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return !p.shut
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// drop breaks every connection; new ones are welcome.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// close breaks every connection and takes no new one until open.
func (p *proxy) close() {
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	p.drop()
}

// open takes connections again.
func (p *proxy) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = false
}
