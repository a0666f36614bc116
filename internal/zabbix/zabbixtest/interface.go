package zabbixtest

import (
	"net"
	"regexp"
	"slices"
	"strconv"
)

// ifaceOf is an interface with its host.
type ifaceOf struct {
	host *host
	face iface
}

func (c *caller) interfaceKind() kind[ifaceOf] {
	return kind[ifaceOf]{
		name: "interface", pk: "interfaceid", sortable: []string{"interfaceid", "dns", "ip"},
		fields: []string{
			"interfaceid", "hostid", "main", "type", "useip", "ip", "dns", "port",
			"available", "error", "errors_from", "disable_until", "details",
		},
		get: c.interfaceField,
	}
}

func (c *caller) interfaceField(i ifaceOf, field string) any {
	switch field {
	case "interfaceid":
		return strconv.Itoa(i.face.id)
	case "hostid":
		return strconv.Itoa(i.host.id)
	case "main":
		return strconv.Itoa(i.face.main)
	case "type":
		return strconv.Itoa(i.face.kind)
	case "useip":
		return strconv.Itoa(i.face.useip)
	case "ip":
		return i.face.ip
	case "dns":
		return i.face.dns
	case "port":
		return i.face.port
	case "details":
		if i.face.kind != 2 {
			return []any{}
		}
		return i.face.details
	}
	return c.availability(i, field)
}

func (c *caller) interfaceGet(params any) (any, error) {
	a := newArgs("hostinterface.get", params)
	q := a.query()
	hosts, ids := a.ids("hostids"), a.ids("interfaceids")
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []ifaceOf
	for _, id := range c.st.order {
		h := c.st.real(id)
		if h == nil || !among(hosts, id) || !c.sees(h.groups, q.editable) {
			continue
		}
		for _, f := range h.ifaces {
			if among(ids, f.id) {
				rows = append(rows, ifaceOf{h, f})
			}
		}
	}
	slices.SortFunc(rows, func(a, b ifaceOf) int { return a.face.id - b.face.id })
	return answer(c.interfaceKind(), q, rows)
}

var interfaceFields = []string{"hostid", "interfaceid", "type", "ip", "dns", "port", "useip", "main", "details"}

var errArguments = Error{codeParams, "Invalid params.", "Incorrect arguments passed to function."}

// wrongArguments is what Zabbix says of what is missing in an interface.
func wrongArguments() error { e := errArguments; return &e }

// checkInterfaceFields checks which fields an interface has.
func (c *caller) checkInterfaceFields(o object, isNew bool) error {
	for _, name := range sortedKeys(o) {
		if !slices.Contains(interfaceFields, name) && c.st.dialect.paths {
			return wrongArguments()
		}
	}
	for _, f := range []string{"ip", "dns", "useip", "port", "main", "type"} {
		if isNew && o[f] == nil {
			return wrongArguments()
		}
	}
	return nil
}

// mergeInterface gives the interface that an object makes of another.
func (c *caller) mergeInterface(old iface, o object) (iface, error) {
	if err := c.checkInterfaceFields(o, old.id == 0); err != nil {
		return old, err
	}
	setText := func(field string, target *string) {
		if v, ok := o[field]; ok {
			*target = text(v)
		}
	}
	setInt := func(field string, target *int) {
		if v, ok := o[field]; ok {
			*target, _ = number(v)
		}
	}
	setText("ip", &old.ip)
	setText("dns", &old.dns)
	setText("port", &old.port)
	setInt("type", &old.kind)
	setInt("main", &old.main)
	setInt("useip", &old.useip)
	if d, ok := o["details"].(object); ok {
		old.details = d
	}
	return old, nil
}

var (
	dnsName   = regexp.MustCompile(`^[0-9A-Za-z_\-.{}$:#"/ ]+$`)
	portValue = regexp.MustCompile(`^[0-9]+$`)
	userMacro = regexp.MustCompile(`^\{\$[A-Z0-9_.]+(:[^{}]*)?\}$`)
)

// checkInterface checks one interface of a host.
func (c *caller) checkInterface(h *host, f iface) error {
	if err := checkAddress(h, f); err != nil {
		return err
	}
	switch {
	case f.port == "":
		return refused("Port cannot be empty for host interface.")
	case !isPort(f.port):
		return refused("Incorrect interface port %q provided.", f.port)
	case f.kind < 1 || f.kind > 4:
		return unimplemented("an interface of type %d, which Zabbix takes", f.kind)
	case f.kind == 2 && f.details["version"] == nil:
		return wrongArguments()
	}
	return nil
}

// isPort tells whether Zabbix takes a text for a port.
func isPort(port string) bool {
	n, _ := strconv.Atoi(port)
	return userMacro.MatchString(port) || portValue.MatchString(port) && n <= 65535
}

// checkAddress checks address and name of an interface.
func checkAddress(h *host, f iface) error {
	if err := checkHasAddress(h, f); err != nil {
		return err
	}
	switch {
	case f.dns != "" && !dnsName.MatchString(f.dns):
		return refused("Incorrect interface DNS parameter %q provided.", f.dns)
	case f.ip != "" && net.ParseIP(f.ip) == nil && !userMacro.MatchString(f.ip):
		return refused("Invalid IP address %q.", f.ip)
	}
	return nil
}

// checkHasAddress makes sure that an interface has the address that it uses.
func checkHasAddress(h *host, f iface) error {
	switch {
	case f.ip == "" && f.dns == "":
		return refused("IP and DNS cannot be empty for host interface.")
	case f.useip == 1 && f.ip == "":
		return refused("Interface with DNS %q cannot have empty IP address.", f.dns)
	case f.useip == 0 && f.dns == "":
		return refused("Interface with IP %q cannot have empty DNS name while having \"Use DNS\" property on %q.", f.ip, h.host)
	}
	return nil
}

var interfaceNames = map[int]string{1: "agent", 2: "SNMP", 3: "IPMI", 4: "JMX"}

// checkMain holds one main interface to each type.
func (c *caller) checkMain(h *host, faces []iface) error {
	for _, kind := range []int{1, 2, 3, 4} {
		main, others := 0, 0
		for _, f := range faces {
			if f.kind != kind {
				continue
			}
			if f.main == 1 {
				main++
			} else {
				others++
			}
		}
		if others > 0 && main == 0 {
			return refused("No default interface for %q type on %q.", interfaceNames[kind], h.name)
		}
		if main > 1 {
			return refused("Host cannot have more than one default interface of the same type.")
		}
	}
	return nil
}

// addInterfaces gives a host more interfaces, if what it then has passes a check.
func (c *caller) addInterfaces(h *host, objects []any, check func(*host, []iface) error) ([]int, error) {
	faces := slices.Clone(h.ifaces)
	ids := []int{}
	for _, v := range objects {
		o, ok := v.(object)
		if !ok {
			return nil, wrongArguments()
		}
		f, err := c.mergeInterface(iface{}, o)
		if err != nil {
			return nil, err
		}
		if err := c.checkInterface(h, f); err != nil {
			return nil, err
		}
		f.id, f.since = c.st.own(h), c.st.now
		f.details = c.snmpDetails(f)
		faces = append(faces, f)
		ids = append(ids, f.id)
	}
	if check != nil {
		if err := check(h, faces); err != nil {
			return nil, err
		}
	}
	h.ifaces = faces
	return ids, nil
}

// snmpDetails fills up the details of an SNMP interface.
func (c *caller) snmpDetails(f iface) object {
	if f.kind != 2 {
		return nil
	}
	out := object{"version": text(f.details["version"]), "bulk": orElse(text(f.details["bulk"]), "1")}
	if c.st.dialect.paths && out["version"] != "1" {
		out["max_repetitions"] = orElse(text(f.details["max_repetitions"]), "10")
	}
	if out["version"] != "3" {
		out["community"] = text(f.details["community"])
		return out
	}
	for _, field := range []string{
		"securityname", "securitylevel", "authpassphrase", "privpassphrase", "authprotocol", "privprotocol", "contextname",
	} {
		out[field] = text(f.details[field])
	}
	return out
}

// changeInterfaces changes interfaces of a host by their ids, if what it then has
// passes a check.
func (c *caller) changeInterfaces(h *host, objects []object, check func(*host, []iface) error) error {
	faces := slices.Clone(h.ifaces)
	for _, o := range objects {
		id, _ := number(o["interfaceid"])
		i := slices.IndexFunc(faces, func(f iface) bool { return f.id == id })
		if i < 0 {
			return refused(noObject)
		}
		f, err := c.mergeInterface(faces[i], o)
		if err != nil {
			return err
		}
		if err := c.checkInterface(h, f); err != nil {
			return err
		}
		f.since = c.st.now
		faces[i] = f
	}
	if check != nil {
		if err := check(h, faces); err != nil {
			return err
		}
	}
	h.ifaces, h.changed = faces, c.st.now
	return nil
}

// removeInterfaces takes interfaces away that no item uses.
func (c *caller) removeInterfaces(h *host, ids []int) error {
	for _, i := range h.items {
		if i.iface != 0 && slices.Contains(ids, i.iface) {
			return refused("Interface is linked to item %q on %q.", i.name, h.name)
		}
	}
	faces := keep(h.ifaces, func(f iface) bool { return !slices.Contains(ids, f.id) })
	if err := c.checkMain(h, faces); err != nil {
		return err
	}
	h.ifaces = faces
	return nil
}

// fillInterfaces replaces a host's interfaces by those of an element: what has
// an id is changed, what has none is added, the rest is removed.
func (c *caller) fillInterfaces(h *host, e draft) error {
	v, ok := e.o["interfaces"]
	if !ok || v == nil {
		return nil
	}
	added, changed, err := sortOut(h, list(v), e.host == nil)
	if err != nil {
		return err
	}
	named := []int{}
	for _, o := range changed {
		id, _ := number(o["interfaceid"])
		named = append(named, id)
	}
	superfluous := gone(ifaceIDs(h), named)
	if err := c.changeInterfaces(h, changed, nil); err != nil {
		return err
	}
	if _, err := c.addInterfaces(h, added, nil); err != nil {
		return err
	}
	// Only what the call names is held to one main interface for each type.
	if err := c.checkMain(h, keep(h.ifaces, func(f iface) bool { return !slices.Contains(superfluous, f.id) })); err != nil {
		return err
	}
	return c.removeInterfaces(h, superfluous)
}

// sortOut tells new interfaces from those that a host has.
func sortOut(h *host, objects []any, isNew bool) (added []any, changed []object, err error) {
	for _, v := range objects {
		o, isObject := v.(object)
		if !isObject {
			return nil, nil, wrongArguments()
		}
		if o["interfaceid"] == nil || isNew {
			added = append(added, o)
			continue
		}
		if id, _ := number(o["interfaceid"]); slices.Contains(ifaceIDs(h), id) {
			changed = append(changed, o)
		}
	}
	return added, changed, nil
}

// editable gives a host to be changed.
func (c *caller) editable(id int) (*host, error) {
	h := c.st.real(id)
	if h == nil || !c.sees(h.groups, true) {
		return nil, refused(noObject)
	}
	return c.st.edit(id), nil
}

func (c *caller) interfaceCreate(params any) (any, error) {
	ids := []int{}
	for _, v := range list(params) {
		o, _ := v.(object)
		id, _ := number(o["hostid"])
		h, err := c.editable(id)
		if err != nil {
			return nil, err
		}
		made, err := c.addInterfaces(h, []any{o}, c.checkMain)
		if err != nil {
			return nil, err
		}
		ids = append(ids, made...)
	}
	return object{"interfaceids": idTexts(ids)}, nil
}

func (c *caller) interfaceUpdate(params any) (any, error) {
	ids := []int{}
	for _, v := range list(params) {
		o, _ := v.(object)
		id, ok := number(o["interfaceid"])
		if !ok {
			return nil, wrongArguments()
		}
		h, err := c.editable(c.st.owner[id])
		if err != nil {
			return nil, err
		}
		if err := c.changeInterfaces(h, []object{o}, c.checkMain); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return object{"interfaceids": idTexts(ids)}, nil
}

func (c *caller) interfaceDelete(params any) (any, error) {
	ids := numbers(params)
	if len(ids) == 0 {
		return nil, refused("Empty input parameter.")
	}
	for _, id := range ids {
		h, err := c.editable(c.st.owner[id])
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ifaceIDs(h), id) {
			return nil, refused(noObject)
		}
		if err := c.removeInterfaces(h, []int{id}); err != nil {
			return nil, err
		}
	}
	return object{"interfaceids": idTexts(ids)}, nil
}
