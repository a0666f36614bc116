package zabbix

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// absent is the state of a host that is not there.
func absent() provision.Snapshot {
	return provision.Snapshot{Digest: sum("absent"), Raw: []byte("null\n")}
}

// snapshot is the state of a host, nil being none. Raw is everything that
// Zabbix tells of it, which are no secrets: it never returns any.
func snapshot(h *Host) provision.Snapshot {
	if h == nil {
		return absent()
	}
	raw, err := json.MarshalIndent(h, "", "  ")
	if err != nil { // the type has nothing that cannot be encoded
		panic(fmt.Sprintf("zabbix: encode a host: %v", err))
	}
	return provision.Snapshot{Digest: h.digest(), Raw: append(raw, '\n')}
}

// digest is the fingerprint of what a host is set to, whatever the order of its
// parts. What Zabbix finds out by itself (availability, maintenance, what
// discovery made, the values of an automatic inventory) does not count.
func (h *Host) digest() string {
	others := slices.Clone(h.Others)
	for i := range others {
		others[i].Available, others[i].Error = 0, ""
	}
	slices.SortFunc(others, func(a, b Interface) int { return cmp.Compare(a.ID, b.ID) })
	parts := []any{"host", h.ID, h.Name, h.VisibleName, h.Description, h.Mark, others}
	for _, s := range describe(h) {
		if s.header == string(FieldInventory) && h.InventoryMode == InventoryAutomatic {
			continue // items fill it in
		}
		texts := []string{}
		for _, l := range s.lines {
			texts = append(texts, l.text)
		}
		parts = append(parts, s.header, texts)
	}
	return sum(parts...)
}

// Digest implements provision.Intent. Values of secret macros and pre-shared
// keys do not count, only whether they shall be written: nothing of them can be
// guessed from it, and they may differ from plan to apply.
func (in *Intent) Digest() string {
	secrets := slices.Clone(deref(in.Secrets))
	for i := range secrets {
		secrets[i].Value = ""
	}
	slices.SortFunc(secrets, func(a, b Secret) int { return cmp.Compare(a.Name, b.Name) })
	macros := slices.Clone(deref(in.Macros))
	slices.SortFunc(macros, func(a, b Macro) int { return cmp.Compare(a.Name, b.Name) })
	ours := deref(in.Ours)
	return sum("intent", in.ID, in.Name, in.Object, in.VisibleName, in.Description, in.Enabled, in.Agent,
		in.Templates != nil, sorted(deref(in.Templates)), in.Groups != nil, sorted(deref(in.Groups)),
		in.Tags != nil, sortedTags(deref(in.Tags)), in.Macros != nil, macros, in.Secrets != nil, secrets,
		in.Inventory, in.InventoryMode, in.Proxy, in.TLS, in.PSK != nil, in.RenewPSK,
		sorted(ours.Templates), sorted(ours.Groups), sortedTags(ours.Tags), sorted(ours.Macros), sorted(ours.Secrets), sorted(ours.Inventory),
		in.Exclusive, in.Adopt, in.Clear, in.CreateGroups, in.Graveyard, in.NoRevival, in.Destroy)
}

// sum is the hex SHA-256 of the parts in JSON, which tells where each ends.
func sum(parts ...any) string {
	text, err := json.Marshal(parts)
	if err != nil { // all are plain data
		panic(fmt.Sprintf("zabbix: encode: %v", err))
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:])
}

// sorted is a sorted copy without duplicates.
func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// sortedTags is a sorted copy without duplicates.
func sortedTags(tags []Tag) []Tag {
	tags = slices.Clone(tags)
	slices.SortFunc(tags, compareTags)
	return slices.Compact(tags)
}

// compareTags orders tags by name and value.
func compareTags(a, b Tag) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
}
