package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// peak watches how much memory the provider's processes below a process take.
type peak struct {
	ended chan struct{}
	most  chan float64
}

// often is how often it looks; the kernel keeps the peak in between.
const often = 20 * time.Millisecond

// watch begins to watch. On a system without /proc it sees nothing.
func watch(pid int) *peak {
	p := &peak{ended: make(chan struct{}), most: make(chan float64, 1)}
	go func() {
		tick := time.NewTicker(often)
		defer tick.Stop()
		var most float64
		for {
			select {
			case <-p.ended:
				p.most <- most
				return
			case <-tick.C:
				most = max(most, below(pid))
			}
		}
	}()
	return p
}

// stop gives the peak of the largest provider process, in MB (10^6 bytes); 0 if
// none was seen.
func (p *peak) stop() float64 {
	close(p.ended)
	return <-p.most
}

// below is the largest peak of the provider processes that a process started.
func below(pid int) float64 {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var most float64
	for _, f := range files {
		text, _ := os.ReadFile(f)
		for _, child := range strings.Fields(string(text)) {
			status, _ := os.ReadFile("/proc/" + child + "/status")
			most = max(most, peakOf(string(status)))
		}
	}
	return most
}

// peakOf reads the peak of a provider process from its /proc/PID/status
// (proc(5): VmHWM, in KiB); 0 for another process.
func peakOf(status string) float64 {
	if !strings.HasPrefix(status, "Name:\tterraform-provi") {
		return 0
	}
	_, rest, _ := strings.Cut(status, "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib * 1024 / 1e6
}
