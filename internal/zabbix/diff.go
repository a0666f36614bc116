package zabbix

import (
	"cmp"
	"maps"
	"slices"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// newSecret stands for a value that nobody gets to see.
const newSecret = " (a new secret value)"

// edit is one line of a difference.
type edit struct {
	key  string
	sign string
	text string
}

// difference is what has to change for before, nil being no host, to become the
// goal. Gone is what there is to say about templates that go, by name. Nothing is
// said of host groups that do not exist yet: another run may make one between plan
// and apply, and what was agreed to is done all the same.
func difference(before *Host, g *goal, gone map[string]string) provision.Diff {
	d := provision.Diff{By: provision.ByClient, Unmanaged: g.others}
	have := map[string][]line{}
	for _, s := range describe(before) {
		have[s.header] = s.lines
	}
	for _, s := range describe(&g.Host) {
		edits := compare(have[s.header], s.lines)
		switch s.header {
		case string(FieldMacros):
			edits = g.veil(edits)
		case string(FieldTemplates):
			for i, e := range edits {
				if e.sign == "- " {
					edits[i].text += gone[e.key]
				}
			}
		case fieldTLS:
			if g.psk {
				edits = append(edits, edit{"psk", "+ ", "psk" + newSecret},
					edit{"psk_identity", "+ ", "psk_identity: " + plain(g.TLS.PSKIdentity)})
			}
		}
		if h := hunk(s.header, edits); h != nil {
			d.Hunks = append(d.Hunks, *h)
		}
	}
	return d
}

// compare gives the lines that go and those that come.
func compare(have, want []line) []edit {
	var edits []edit
	for _, l := range have {
		if !slices.Contains(want, l) {
			edits = append(edits, edit{l.key, "- ", l.text})
		}
	}
	for _, l := range want {
		if !slices.Contains(have, l) {
			edits = append(edits, edit{l.key, "+ ", l.text})
		}
	}
	return edits
}

// veil takes the values of macros that are secret, on either side, out of a
// difference, and shows which secrets are written.
func (g *goal) veil(edits []edit) []edit {
	secret := map[string]bool{}
	for _, m := range g.Macros {
		if m.Kind == MacroSecret {
			secret[macroKey(m.Name)] = true
		}
	}
	var veiled []edit
	for _, e := range edits {
		_, written := g.secrets[e.key]
		switch {
		case e.sign == "+ " && written:
		case e.sign == "- " && secret[e.key]:
			veiled = append(veiled, edit{e.key, e.sign, e.key + " (as it was)"})
		default:
			veiled = append(veiled, e)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(g.secrets)) {
		about := ""
		if d := g.secrets[key].Description; d != "" {
			about = " (" + plain(d) + ")"
		}
		veiled = append(veiled, edit{key, "+ ", key + newSecret + about})
	}
	return veiled
}

// hunk is a field's part of a difference; nil when nothing changes.
func hunk(header string, edits []edit) *provision.Hunk {
	if len(edits) == 0 {
		return nil
	}
	slices.SortStableFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.key, b.key), -cmp.Compare(a.sign, b.sign)) // "-" sorts after "+"
	})
	h := &provision.Hunk{Header: header}
	for _, e := range edits {
		h.Lines = append(h.Lines, e.sign+e.text)
	}
	return h
}

// touches tells whether a difference has a part about a field.
func touches(d provision.Diff, header string) bool {
	return slices.ContainsFunc(d.Hunks, func(h provision.Hunk) bool { return h.Header == header })
}

// withoutSecrets is a difference without the lines that only write a secret.
func withoutSecrets(before *Host, g *goal) provision.Diff {
	bare := *g
	bare.secrets, bare.psk = nil, false
	return difference(before, &bare, nil)
}

// removals is what each field loses, by name.
func removals(before *Host, g *goal) map[Field][]string {
	lost := map[Field][]string{}
	if before == nil {
		return lost
	}
	have, want := map[string][]line{}, map[string][]line{}
	for _, s := range describe(before) {
		have[s.header] = s.lines
	}
	for _, s := range describe(&g.Host) {
		want[s.header] = s.lines
	}
	for _, f := range ownedFields() {
		for _, l := range have[string(f)] {
			if !slices.ContainsFunc(want[string(f)], func(w line) bool { return w.key == l.key }) {
				lost[f] = append(lost[f], l.key)
			}
		}
	}
	return lost
}

// ownedFields are the fields in which ownership matters.
func ownedFields() []Field {
	return []Field{FieldTemplates, FieldGroups, FieldTags, FieldMacros, FieldInventory}
}
