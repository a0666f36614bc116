package frr

import (
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// edit is one line that comes or goes.
type edit struct {
	entry
	add bool
}

// tested is what "frr-reload.py --test" would do, in its words: commands.
type tested struct {
	del, add []entry
}

// parseTest reads the output of --test. Each command begins without
// indentation; contexts stand before it, one blank deeper each.
func parseTest(out string) tested {
	var t tested
	var into *[]entry
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "Lines To Delete":
			into = &t.del
		case line == "Lines To Add":
			into = &t.add
		case into == nil || strings.TrimSpace(line) == "" || strings.Trim(line, "=") == "":
		default:
			words := strings.Join(strings.Fields(line), " ")
			if line[0] == ' ' && len(*into) > 0 {
				last := &(*into)[len(*into)-1]
				last.path, last.line = last.inside(), words
			} else {
				*into = append(*into, entry{line: words})
			}
		}
	}
	return t
}

// unNo is a command without its "no ".
func unNo(e entry) (entry, bool) {
	line, ok := strings.CutPrefix(e.line, "no ")
	return entry{e.path, line}, ok
}

// withNo is the command that takes e back.
func withNo(e entry) entry {
	if u, ok := unNo(e); ok {
		return u
	}
	return entry{e.path, "no " + e.line}
}

// replaceEdits makes the router's commands lines that come and go. A context
// that goes is shown with what is in it; commands that frr-reload.py adds to
// take lines away ("no ip route") are shown as what they are.
func replaceEdits(t tested, running []entry) []edit {
	have, within := setOf(running), map[string][]entry{}
	for _, r := range running {
		within[r.path] = append(within[r.path], r)
	}
	var list []edit
	for _, e := range t.del {
		list = append(list, gone(withNo(e), within)...)
	}
	for _, e := range t.add {
		if u, ok := unNo(e); ok && have[u] {
			list = append(list, edit{entry: u})
			continue
		}
		if !have[e] {
			list = append(list, edit{entry: e, add: true})
		}
	}
	return unique(list)
}

// gone is e and, if e opens a context, the running lines within.
func gone(e entry, within map[string][]entry) []edit {
	list := []edit{{entry: e}}
	for _, r := range within[e.inside()] {
		list = append(list, gone(r, within)...)
	}
	return list
}

// staysBehind is the password of the terminals, if it runs and is not wanted:
// frr-reload.py takes it for something that cannot be removed and says nothing.
func staysBehind(wanted, running []entry) []edit {
	isPassword := func(e entry) bool { return e.path == "" && strings.HasPrefix(e.line, "password ") }
	if slices.ContainsFunc(wanted, isPassword) {
		return nil
	}
	var list []edit
	for _, e := range running {
		if isPassword(e) {
			list = append(list, edit{entry: e})
		}
	}
	return list
}

// unique drops repetitions.
func unique(list []edit) []edit {
	seen := map[edit]bool{}
	out := list[:0:0]
	for _, e := range list {
		if !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	return out
}

// hunks groups edits by place, in the order in which places first occur;
// lines that go stand before lines that come. Secrets are masked.
func hunks(edits []edit, redact *secret.Redactor) []provision.Hunk {
	var order []string
	at := map[string][]edit{}
	for _, e := range edits {
		if _, ok := at[e.path]; !ok {
			order = append(order, e.path)
		}
		at[e.path] = append(at[e.path], e)
	}
	var list []provision.Hunk
	for _, path := range order {
		h := provision.Hunk{Header: redact.String(path)}
		for _, add := range []bool{false, true} {
			for _, e := range at[path] {
				if e.add == add {
					h.Lines = append(h.Lines, sign(add)+redact.String(e.line))
				}
			}
		}
		list = append(list, h)
	}
	return list
}

func sign(add bool) string {
	if add {
		return "+ "
	}
	return "- "
}

// withoutFixed leaves out what frr-reload.py never changes.
func withoutFixed(list []entry) []entry {
	out := make([]entry, 0, len(list))
	for _, e := range list {
		if !fixed(e) {
			out = append(out, e)
		}
	}
	return out
}
