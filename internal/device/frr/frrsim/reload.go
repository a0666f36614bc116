package frrsim

import (
	"slices"
	"strings"
)

// plan is what frr-reload.py would do: commands with their contexts.
type plan struct {
	del, add []placed
}

// compare is frr-reload.py's comparison of a text with what runs.
func (m *model) compare(text string) plan {
	want, order := &model{}, []string{}
	target, _ := walk(text)
	note := func(path string) {
		if want.get(path) == nil {
			order = append(order, path)
			want.make(path)
		}
	}
	note("")
	for _, p := range target {
		note(p.path)
		if _, opens := fits(p.path, p.line); opens {
			note(inner(p.path, p.line))
			continue
		}
		b := want.get(p.path)
		b.lines = append(b.lines, p.line) // as it stands, also twice
	}
	var out plan
	m.deletions(want, &out)
	for _, path := range order {
		have := m.get(path)
		if have == nil {
			have = &block{}
			out.add = append(out.add, placed{path: outer(path), line: path[strings.LastIndex(path, "\n")+1:]})
		}
		for _, l := range want.get(path).lines {
			if !slices.Contains(have.lines, l) {
				out.add = append(out.add, placed{path: path, line: l})
			}
		}
	}
	return out
}

// deletions are the lines that run and are not wanted. Some are never taken
// away, some are by a "no" among the additions.
func (m *model) deletions(want *model, out *plan) {
	for _, b := range m.blocks {
		w := want.get(b.path)
		switch {
		case w != nil:
			out.deleteLines(b, w.lines)
		case out.within(b.path):
		case strings.HasPrefix(b.path, "interface "):
			out.deleteLines(b, nil)
		default:
			out.del = append(out.del, placed{path: outer(b.path), line: "no " + b.path[strings.LastIndex(b.path, "\n")+1:]})
		}
	}
}

// deleteLines takes the lines of a context away that are not wanted.
func (p *plan) deleteLines(b *block, wanted []string) {
	for _, l := range b.lines {
		switch {
		case slices.Contains(wanted, l) || b.path == "" && kept(l):
		case strings.HasPrefix(l, "ip route ") || strings.HasPrefix(l, "ip prefix-list "):
			p.add = append(p.add, placed{path: b.path, line: "no " + l})
		default:
			p.del = append(p.del, placed{path: b.path, line: no(l)})
		}
	}
}

// within tells that a context around this one goes as a whole.
func (p *plan) within(path string) bool {
	return slices.ContainsFunc(p.del, func(d placed) bool {
		line, ok := strings.CutPrefix(d.line, "no ")
		return ok && strings.HasPrefix(path, inner(d.path, line)+"\n")
	})
}

// kept are the lines that frr-reload.py never takes away.
func kept(line string) bool {
	for _, p := range []string{"agentx", "frr version", "frr defaults", "username", "password", "service integrated-vtysh-config"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}

func no(line string) string {
	if u, ok := strings.CutPrefix(line, "no "); ok {
		return u
	}
	return "no " + line
}

// String is what --test prints.
func (p plan) String() string {
	var b strings.Builder
	write := func(title string, list []placed) {
		if len(list) == 0 {
			return
		}
		b.WriteString("\n" + title + "\n" + strings.Repeat("=", len(title)) + "\n")
		for _, c := range list {
			pad := ""
			if c.path != "" {
				for _, ctx := range strings.Split(c.path, "\n") {
					b.WriteString(pad + ctx + "\n")
					pad += " "
				}
			}
			b.WriteString(pad + c.line + "\n")
		}
	}
	write("Lines To Delete", p.del)
	write("Lines To Add", p.add)
	return b.String()
}

// reload is "frr-reload.py --reload" without its saving.
func (m *model) reload(text string) []error {
	p := m.compare(text)
	var errs []error
	for _, c := range append(p.del, p.add...) {
		if c.path != "" {
			m.make(c.path)
		}
		if err := m.execute(c); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}
