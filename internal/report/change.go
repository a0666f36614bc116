package report

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// The types of the provider.
const (
	typeDevice = "provision_device"
	typeHost   = "zabbix_agent_host"
)

// Kinds of what a plan changes.
const (
	KindDevice = "device"
	KindHost   = "Zabbix host"
	KindOther  = "other"
)

// Action is what a plan does with a thing.
type Action string

// The actions, in the order in which they are shown.
const (
	ActionReplace Action = "replace"
	ActionDelete  Action = "delete"
	ActionForget  Action = "forget"
	ActionUpdate  Action = "update"
	ActionCreate  Action = "create"
	ActionImport  Action = "import"
	ActionRead    Action = "read"
	ActionNone    Action = "unchanged"
)

// Actions lists them in their order.
func Actions() []Action {
	return []Action{ActionReplace, ActionDelete, ActionForget, ActionUpdate, ActionCreate, ActionImport, ActionRead, ActionNone}
}

// Change is what a plan does with one thing.
type Change struct {
	ID      string // of its place in the page
	Address string
	Kind    string
	Type    string
	Name    string
	Site    string
	Action  Action
	Reason  string // why, in Terraform's words

	URL       string // the host in Zabbix
	DeviceURL string

	Diff     Diff  // of a device
	HeldBack bool  // commit_changes is false: the difference is only shown
	Rows     []Row // what changes, as a table
	Settings []Row // what changes only in Terraform
	Facts    []Row // Attribute and After: where and how
	Lost     []string
	Notices  []*Notice
	Drifted  bool
	Skipped  bool // not checked

	Unmanaged int // lines of the device that its configuration does not name
}

// Pending tells that an apply does something with it.
func (c *Change) Pending() bool { return c.Action != ActionNone }

// destroys tells that what there was is destroyed.
func (c *Change) destroys() bool { return c.Action == ActionDelete || c.Action == ActionReplace }

// Shown tells that it has a place of its own among the changes.
func (c *Change) Shown() bool { return c.Pending() || c.HeldBack }

// actionOf names Terraform's actions. What is destroyed but stays where it is, is
// forgotten.
func actionOf(c *tfjson.Change) Action {
	a := c.Actions
	switch {
	case a.Replace():
		return ActionReplace
	case a.Delete():
		return ActionDelete
	case a.Forget():
		return ActionForget
	case a.Create():
		return ActionCreate
	case a.Update():
		return ActionUpdate
	case a.Read():
		return ActionRead
	case c.Importing != nil:
		return ActionImport
	}
	return ActionNone
}

// instance finds the key of a module's instance.
var instance = regexp.MustCompile(`\["((?:[^"\\]|\\.)*)"\]`)

// siteOf is where a thing is: its attribute, else the key of the module that it is
// in, else what everything without one belongs to.
func siteOf(rc *tfjson.ResourceChange, s side, other string) string {
	if site, ok := s.text("site"); ok && site != "" {
		return oneLine(site)
	}
	if m := instance.FindStringSubmatch(rc.ModuleAddress); m != nil {
		if key, err := strconv.Unquote(`"` + m[1] + `"`); err == nil {
			return oneLine(key)
		}
	}
	return other
}

// newChange reads what a plan says of one thing.
func (p *Plan) newChange(rc *tfjson.ResourceChange) *Change {
	if rc.Change == nil {
		rc.Change = &tfjson.Change{}
	}
	a, b := before(rc.Change), after(rc.Change)
	now := b // what it is called and where it is
	if b.value == nil {
		now = a
	}
	c := &Change{
		Address: cut(oneLine(rc.Address), maxLine), Type: oneLine(rc.Type), Kind: KindOther,
		Action: actionOf(rc.Change), Site: siteOf(rc, now, p.Meta.Site),
	}
	c.Name = c.Address
	c.history(rc)
	if c.Action == ActionForget { // by a removed block
		c.Lost = append(c.Lost, "is forgotten; it stays as it is")
	}
	switch rc.Type {
	case typeDevice:
		p.device(c, a, b, now)
	case typeHost:
		p.host(c, a, b, now)
	default:
		c.other(a, b)
	}
	if c.Action == ActionReplace {
		c.Lost = append([]string{"is replaced: " + replaced(rc.Change)}, c.Lost...)
	}
	c.Rows, c.Settings = p.room.rows(&c.Diff, c.Rows), p.room.rows(&c.Diff, c.Settings)
	return c
}

// other reads what is not of this provider.
func (c *Change) other(a, b side) {
	if c.Pending() {
		c.Rows = compare(a, b, nil)
	}
	if c.destroys() {
		c.Lost = append(c.Lost, "is destroyed")
		c.Rows = nil
	}
}

// history says where a thing comes from.
func (c *Change) history(rc *tfjson.ResourceChange) {
	if rc.PreviousAddress != "" && rc.PreviousAddress != rc.Address {
		c.Facts = append(c.Facts, Row{Attribute: "moved from", After: cut(oneLine(rc.PreviousAddress), maxLine)})
	}
	if i := rc.Change.Importing; i != nil {
		c.Facts = append(c.Facts, Row{Attribute: "imported as", After: cut(oneLine(i.ID), maxLine)})
	}
	if rc.DeposedKey != "" {
		c.Facts = append(c.Facts, Row{Attribute: "deposed", After: oneLine(rc.DeposedKey)})
	}
}

// replaced names the attributes that make it a replacement.
func replaced(c *tfjson.Change) string {
	var paths []string
	for _, p := range c.ReplacePaths {
		list, _ := p.([]any)
		var parts []string
		for _, part := range list {
			parts = append(parts, oneLine(side{value: part}.print()))
		}
		paths = append(paths, strings.Join(parts, "."))
	}
	if len(paths) == 0 {
		return "the old one goes, a new one comes"
	}
	return "another " + strings.Join(paths, ", ")
}

// named gives a thing the name that people know it by.
func (c *Change) named(kind string, s side, attributes ...string) {
	c.Kind = kind
	for _, attribute := range attributes {
		if name, ok := s.text(attribute); ok && name != "" {
			c.Name = cut(oneLine(name), maxLine)
			return
		}
	}
}

// fact adds where or how, if it is known.
func (c *Change) fact(name string, s side, attribute string) {
	if v := s.at(attribute); v.value != nil {
		c.Facts = append(c.Facts, Row{Attribute: name, After: oneLine(v.print())})
	}
}

// device reads a provision_device.
func (p *Plan) device(c *Change, a, b, now side) {
	c.named(KindDevice, now, "name")
	c.DeviceURL = p.Meta.deviceLink(c.Name, c.Site)
	c.fact("driver", now, "driver")
	c.fact("address", now, "host")
	c.fact("port", now, "port")
	c.Unmanaged, _ = b.number("unmanaged_lines")
	if c.Action == ActionDelete { // on_destroy has only one value
		c.Action = ActionForget
		c.Lost = append(c.Lost, "is forgotten; the device stays as it is")
		return
	}
	if c.Action == ActionReplace {
		c.Lost = append(c.Lost, "the old device is forgotten; it stays as it is")
	}
	c.Diff = p.room.of(b, "diff", c.Pending())
	if held := p.room.of(b, "uncommitted_diff", true); !held.Empty() && held.Instead != textUnknown {
		c.Diff, c.HeldBack = held, true
	}
	c.fact("difference by", b, "diff_by")
	if c.Pending() && c.Action != ActionCreate {
		c.Settings = compare(a, b, func(name string) bool {
			return slices.Contains([]string{
				"diff", "diff_by", "change_id", "uncommitted_diff", "unmanaged_lines", "intended_hash", "running_hash",
			}, name)
		})
	}
}

// of is the difference in an attribute. unknown tells whether one that is not
// known yet is worth a word.
func (r *room) of(s side, attribute string, unknown bool) Diff {
	v := s.at(attribute)
	switch {
	case marked(v.sensitive) && v.value != nil:
		return Diff{Instead: textSensitive}
	case marked(v.unknown) && unknown:
		return Diff{Instead: textUnknown}
	}
	text, _ := v.value.(string)
	return r.parse(text)
}

// host reads a zabbix_agent_host.
func (p *Plan) host(c *Change, a, b, now side) {
	c.named(KindHost, now, "host", "device", "virtual_machine")
	p.linkHost(c, now)
	c.fact("object", now, "object")
	if c.destroys() {
		c.destroyed(a)
	}
	if c.Action == ActionDelete || c.Action == ActionForget {
		return
	}
	c.removes(b)
	d := p.room.of(b, "diff", c.Pending())
	c.Rows, c.Diff.Left = d.rows(), d.Left
	if d.Instead != "" {
		c.Rows = compare(side{}, b, shownByDiff)
		c.Diff.Instead = d.Instead
		return
	}
	if c.Pending() && c.Action != ActionCreate {
		c.Settings = compare(a, b, func(name string) bool { return shownByDiff(name) || inZabbix(name) && len(c.Rows) > 0 })
	}
}

// linkHost links a host to Zabbix, and to what it monitors.
func (p *Plan) linkHost(c *Change, now side) {
	if address, ok := now.text("url"); ok {
		c.URL = link(address)
	}
	for _, object := range []string{"device", "virtual_machine"} {
		if name, ok := now.text(object); ok && name != "" {
			c.DeviceURL = p.Meta.deviceLink(name, c.Site)
		}
	}
}

// shownByDiff are the attributes that only tell of a change.
func shownByDiff(name string) bool {
	return slices.Contains([]string{
		"id", "diff", "change_id", "removes", "agent_state", "url", "object", "matched_rules", "secret_macros_hash", "tls_psk_hash",
	}, name)
}

// inZabbix are the attributes that the difference has field by field.
func inZabbix(name string) bool {
	return slices.Contains([]string{
		"host", "visible_name", "description", "enabled", "interface", "templates", "host_groups", "tags", "macros",
		"secret_macros", "inventory", "inventory_mode", "proxy", "proxy_group", "tls", "tls_psk",
	}, name)
}

// destroyed says what the end of a host means.
func (c *Change) destroyed(a side) {
	how, _ := a.text("on_destroy")
	switch how {
	case "delete":
		c.Lost = append(c.Lost, "is deleted in Zabbix, with its items and their history")
	case "graveyard":
		c.Lost = append(c.Lost, "is disabled and moved to the graveyard; its history stays")
	case "disable":
		c.Lost = append(c.Lost, "is disabled and stays in Zabbix")
	case "keep":
		c.Lost = append(c.Lost, "is forgotten; the host stays in Zabbix as it is")
		if c.Action == ActionDelete {
			c.Action = ActionForget
		}
	default:
		c.Lost = append(c.Lost, "is destroyed")
	}
}

// removes says what the fields of a host lose.
func (c *Change) removes(b side) {
	lost := b.at("removes")
	for _, field := range names(lost) {
		list, ok := lost.at(field).value.([]any)
		if !ok {
			c.Lost = append(c.Lost, oneLine(field)+": "+oneLine(lost.at(field).print()))
			continue
		}
		var entries []string
		for i := range list {
			entries = append(entries, oneLine(lost.at(field).at(i).print()))
		}
		c.Lost = append(c.Lost, "loses "+oneLine(field)+": "+cut(strings.Join(entries, ", "), maxLine))
	}
}
