package provision

import "strings"

// Diff is a redacted difference between what is and what should be.
type Diff struct {
	Hunks []Hunk
	// By tells who computed it: [ByDevice] or [ByClient].
	By string
	// Unmanaged counts the lines (or entries) of the running state that the
	// intent does not name and a merge leaves alone; 0 in replace mode.
	Unmanaged int
}

// Who computed a difference.
const (
	// ByDevice: the target computed the difference itself.
	ByDevice = "device"
	// ByClient: we computed it from texts that the target gave.
	ByClient = "client"
)

// Hunk is a run of changed lines in one place.
type Hunk struct {
	// Header names the place: a configuration context, an XML path, a field.
	Header string
	// Lines begin with "+ ", "- " or, unchanged, two spaces.
	Lines []string
}

// Empty tells that there is no difference.
func (d Diff) Empty() bool { return len(d.Hunks) == 0 }

// String is the difference as text, one line a change, hunks headed by "@@".
// Equal differences give equal texts.
func (d Diff) String() string {
	var b strings.Builder
	for _, h := range d.Hunks {
		if h.Header != "" {
			b.WriteString("@@ " + h.Header + "\n")
		}
		for _, l := range h.Lines {
			b.WriteString(l + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Counts returns how many lines are added and removed.
func (d Diff) Counts() (added, removed int) {
	for _, h := range d.Hunks {
		for _, l := range h.Lines {
			switch {
			case strings.HasPrefix(l, "+"):
				added++
			case strings.HasPrefix(l, "-"):
				removed++
			}
		}
	}
	return added, removed
}
