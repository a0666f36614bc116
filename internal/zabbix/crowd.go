package zabbix

import (
	"sync"
	"time"
)

// crowd knows how many ask at once. Terraform has a fixed number of resources in
// work, and brings the next one only when one has its answer: when as many ask
// as did before, nobody else is to be waited for; while some are missing, it is
// worth to wait longer. The nil crowd knows nothing.
type crowd struct {
	mu     sync.Mutex
	asking int           // who has no answer yet
	size   int           // how many asked at once lately
	all    chan struct{} // closed while all ask; nil before somebody waits for it
	closed bool
}

// How many times as long is waited for those who are missing, as many times as
// are missing but within these bounds: between two resources of a large state
// Terraform writes all of it, a tenth of a second and more at 1,000 hosts.
const (
	patience     = 16
	mostPatience = 48
)

// come notes that one more asks.
func (c *crowd) come() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking++
	if c.asking > c.size { // so many at least: there may be more
		c.size = c.asking
		return
	}
	c.tell()
}

// leave notes that so many have their answers.
func (c *crowd) leave(n int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking -= n
	if c.closed && c.asking < c.size {
		c.all, c.closed = nil, false
	}
}

// missed notes that those who were waited for did not come.
func (c *crowd) missed() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size = max(c.asking, c.size/2)
}

// complete is closed while all ask.
func (c *crowd) complete() <-chan struct{} {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = make(chan struct{})
	}
	return c.all
}

// tell wakes those who wait when all ask; the crowd is locked.
func (c *crowd) tell() {
	if c.asking < c.size || c.closed {
		return
	}
	if c.all == nil {
		c.all = make(chan struct{})
	}
	close(c.all)
	c.closed = true
}

// pause is how long is waited for the next one: longer while some are missing.
func (c *crowd) pause(window time.Duration) time.Duration {
	if c == nil {
		return window
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if missing := c.size - c.asking; missing > 0 {
		return time.Duration(min(max(missing, patience), mostPatience)) * window
	}
	return window
}
