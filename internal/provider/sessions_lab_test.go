//go:build lab

package provider_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// TestLabSessionLimit counts the connections to the routers and NETCONF devices of
// the lab while a plan asks all of them at once.
func TestLabSessionLimit(t *testing.T) {
	lab := acctest.ReadLab(t)
	names := []string{"r1", "r2", "r3", "n1", "n2"}
	ports := map[int]bool{}
	for _, name := range names {
		ports[lab.Node(t, name).Port] = true
	}
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	for _, limit := range []int{1, 2, 0} {
		w.Config(lab.Provider(t, map[string]string{"max_sessions": strconv.Itoa(limit)}),
			"data \"provision_device\" \"x\" {\n  for_each = toset([\""+strings.Join(names, `", "`)+"\"])\n  name = each.key\n}\n"+
				"output \"names\" {\n  value = join(\" \", [for d in data.provision_device.x : d.name])\n}\n")
		stop := make(chan struct{})
		most := watchConnections(ports, stop)
		out := w.Must(0, "plan", "-no-color")
		close(stop)
		got := <-most
		says(t, out, "n1 n2 r1 r2 r3")
		t.Logf("max_sessions = %d: %d connections at once", limit, got)
		if limit > 0 && got != limit || limit == 0 && got < 3 {
			t.Errorf("max_sessions = %d: %d connections at once", limit, got)
		}
	}
}

// watchConnections gives the largest number of connections to these ports of
// loopback that were open at once until it is told to stop; -1 if it could not look.
// The kernel's list is read piece by piece, in which time one connection may end and
// another begin: those that two readings in a row have were open at once, between them.
func watchConnections(ports map[int]bool, stop <-chan struct{}) <-chan int {
	result := make(chan int, 1)
	go func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		most, before := 0, map[string]bool{}
		for {
			select {
			case <-stop:
				result <- most
				return
			case <-tick.C:
			}
			now, err := connections(ports)
			if err != nil {
				result <- -1
				return
			}
			both := 0
			for c := range now {
				if before[c] {
					both++
				}
			}
			most, before = max(most, both), now
		}
	}()
	return result
}

// connections has the established connections to these ports of loopback, as their
// client end has them: both ends' addresses and the socket's number.
func connections(ports map[int]bool) (map[string]bool, error) {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	const established = "01"
	open := map[string]bool{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[3] != established {
			continue
		}
		_, hex, err := net.SplitHostPort(f[2])
		if err != nil {
			continue
		}
		port, err := strconv.ParseInt(hex, 16, 32)
		if err != nil {
			return nil, fmt.Errorf("/proc/net/tcp: %w", err)
		}
		if ports[int(port)] {
			open[f[1]+" "+f[2]+" "+f[9]] = true
		}
	}
	return open, lines.Err()
}
