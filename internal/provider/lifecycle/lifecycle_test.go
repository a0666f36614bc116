package lifecycle_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
)

// guides is the folder of the guides that the tests write.
const guides = "../../../templates/guides/"

// TestMain knows the flag -update: write the pages instead of comparing with
// them.
func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the pages")
	flag.Parse()
	os.Exit(m.Run())
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func TestDevice(t *testing.T) { matrix(t, build(t), newDevices(t)) }

func TestHost(t *testing.T) {
	bin := build(t)
	for _, version := range hostVersions() {
		t.Run(version, func(t *testing.T) { matrix(t, bin, newHosts(t, version)) })
	}
}

// matrix runs the matrix with the provider in a folder. What was measured must be
// what the page says.
func matrix(t *testing.T, bin string, s subject) {
	t.Helper()
	written := read(t, s.Page().path)
	s.Reset(t, t.TempDir())
	if holds := s.Look(t).Holds; holds != "" {
		t.Fatalf("before any case there is %s: something else left it there", holds)
	}
	var lines []line
	all, done := s.Cases(t), 0
	for _, c := range all {
		if c.slow && simulated || !s.Runs(c) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			mine := run(t, s, bin, c)
			lines = append(lines, mine...)
			if !updating() && !strings.Contains(written, table(mine)) {
				t.Errorf("%s does not have these lines (see its head):\n%s", s.Page().path, table(mine))
			}
			done++
		})
	}
	if done == len(all) {
		finish(t, s.Page(), written, lines)
	}
}

// finish writes the page or compares it with what was measured as a whole.
func finish(t *testing.T, p page, written string, lines []line) {
	t.Helper()
	now := p.render(lines)
	if updating() {
		if err := os.WriteFile(p.path, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if now != written {
		t.Errorf("%s is not what was measured (see its head for how to write it):\n%s", p.path, now)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !(updating() && errors.Is(err, os.ErrNotExist)) {
		t.Fatal(err)
	}
	return string(data)
}
