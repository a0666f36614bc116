package lifecycle_test

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// page is the guide that the test writes.
const page = "../../../templates/guides/lifecycle.md"

// TestMain knows the flag -update: write the page instead of comparing with it.
func TestMain(m *testing.M) {
	flag.Bool("update", false, "write "+page)
	flag.Parse()
	os.Exit(m.Run())
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// TestLifecycle runs the matrix. What was measured must be what the page says.
func TestLifecycle(t *testing.T) {
	s, bin := newDevices(t), build(t)
	written := read(t)
	s.Reset(t, t.TempDir())
	if holds := s.Look(t).Holds; holds != "" {
		t.Fatalf("before any case there is %s: something else left it there", holds)
	}
	var lines []line
	complete := true
	for _, c := range cases() {
		if c.slow && simulated {
			complete = false
			continue
		}
		ok := t.Run(c.name, func(t *testing.T) {
			mine := run(t, s, bin, c)
			lines = append(lines, mine...)
			if !updating() && !strings.Contains(written, table(mine)) {
				t.Errorf("%s does not have these lines (see its head):\n%s", page, table(mine))
			}
		})
		complete = complete && ok
	}
	if complete && flag.Lookup("test.run").Value.String() == "" {
		finish(t, written, lines)
	}
}

// finish writes the page or compares it with what was measured as a whole.
func finish(t *testing.T, written string, lines []line) {
	t.Helper()
	now := render(lines)
	if updating() {
		if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if now != written {
		t.Errorf("%s is not what was measured (see its head for how to write it):\n%s", page, now)
	}
}

func read(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil && !updating() {
		t.Fatal(err)
	}
	return string(data)
}
