package zabbixtest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	plainMacro = regexp.MustCompile(`^\{\$[A-Z0-9_.]+\}$`)
	// quotedContext is one in quotes: a quote within follows a backslash.
	quotedContext = regexp.MustCompile(`(?s)^"((?:(?:\\"|[^"])*[^"\\])?)" *$`)
)

// macroOf is a macro with its host.
type macroOf struct {
	host  *host
	macro macro
}

func (c *caller) macroKind() kind[macroOf] {
	k := kind[macroOf]{
		name: "macro", pk: "hostmacroid", sortable: []string{"macro"},
		fields: []string{"hostmacroid", "hostid", "macro", "value", "description", "type"}, foreign: []string{"automatic"},
		get: func(m macroOf, field string) any {
			switch field {
			case "hostmacroid":
				return strconv.Itoa(m.macro.id)
			case "hostid":
				return strconv.Itoa(m.host.id)
			case "macro":
				return m.macro.macro
			case "value":
				return m.macro.value
			case "description":
				return m.macro.descriptor
			case "type":
				return strconv.Itoa(m.macro.kind)
			}
			return strconv.Itoa(m.macro.automatic)
		},
	}
	if c.st.dialect.automatic {
		k.fields, k.foreign = append(k.fields, "automatic"), nil
	}
	return k
}

// macroObject gives a macro; a secret one has no value at all.
func (c *caller) macroObject(k kind[macroOf], h *host, m macro, f *fields) (object, error) {
	o, err := f.pick(k.name, k.fields, k.foreign, nil, func(n string) any { return k.get(macroOf{h, m}, n) })
	if err == nil && m.kind == 1 {
		delete(o, "value")
	}
	return o, err
}

func (c *caller) macroGet(params any) (any, error) {
	a := newArgs("usermacro.get", params)
	q := a.query()
	hosts, ids := a.ids("hostids"), a.ids("hostmacroids")
	if a.flag("globalmacro") {
		return nil, unimplemented("parameter globalmacro of usermacro.get")
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []macroOf
	for _, id := range c.st.order {
		h := c.st.hosts[id]
		if !among(hosts, id) || !c.sees(h.groups, q.editable) {
			continue
		}
		for _, m := range keep(h.macros, func(m macro) bool { return among(ids, m.id) }) {
			rows = append(rows, macroOf{h, m})
		}
	}
	k := c.macroKind()
	k.related = func(m macroOf, o object) error {
		if m.macro.kind == 1 {
			delete(o, "value")
		}
		return nil
	}
	return answer(k, q, rows)
}

// checkMacros checks the list of macros of an element.
func (c *caller) checkMacros(e draft) error {
	if err := c.checkNotNull(e, "macros"); err != nil {
		return err
	}
	var names []string
	for i, v := range list(e.o["macros"]) {
		path := c.listPath(e, "macros") + at(i)
		o, ok := v.(object)
		if !ok {
			return invalid(path, "an array is expected")
		}
		if err := onlyFields(o, path, c.macroFields(e)...); err != nil {
			return err
		}
		if err := c.checkMacroObject(o, path); err != nil {
			return err
		}
		name, _ := macroKey(text(o["macro"]))
		if name != "" && slices.Contains(names, name) {
			return invalid(path, "value (macro)=(%s) already exists", text(o["macro"]))
		}
		names = append(names, name)
	}
	return nil
}

// macroFields are the fields that a macro of an element may have.
func (c *caller) macroFields(e draft) []string {
	allowed := []string{"macro", "value", "type", "description"}
	if e.host == nil {
		return allowed
	}
	allowed = append(allowed, "hostmacroid")
	if c.st.dialect.automatic {
		allowed = append(allowed, "automatic")
	}
	return allowed
}

// checkMacroObject checks a macro and that a new one has a name and a value.
func (c *caller) checkMacroObject(o object, path string) error {
	isNew := o["hostmacroid"] == nil
	if isNew && o["macro"] == nil {
		return invalid(path, "the parameter %q is missing", "macro")
	}
	if err := c.checkMacro(o, path); err != nil {
		return err
	}
	if isNew && o["value"] == nil {
		return invalid(path, "the parameter %q is missing", "value")
	}
	return nil
}

// checkMacro checks name, type and value of a macro.
func (c *caller) checkMacro(o object, path string) error {
	if name, ok := o["macro"]; ok {
		if _, ok := macroKey(text(name)); !ok {
			return invalid(path+"/macro", "%s", wrongMacro(text(name)))
		}
		if utf8.RuneCountInString(text(name)) > 255 {
			return invalid(path+"/macro", "value is too long")
		}
	}
	kind, ok := o["type"]
	if ok && !slices.Contains([]string{"0", "1", "2"}, text(kind)) {
		return invalid(path+"/type", "value must be one of 0, 1, 2")
	}
	if text(kind) == "2" && o["value"] != nil {
		if why := c.wrongVault(text(o["value"])); why != "" {
			return invalid(path+"/value", "%s", why)
		}
	}
	return nil
}

// macroKey is a macro's name as Zabbix compares it, without the quotes of a context
// and the blanks before it; false for what is no macro.
func macroKey(name string) (string, bool) {
	base, context, has := strings.Cut(name, ":")
	if !has {
		return name, plainMacro.MatchString(name)
	}
	context, closed := strings.CutSuffix(context, "}")
	if !closed || !plainMacro.MatchString(base+"}") {
		return "", false
	}
	context, regex := strings.TrimLeft(context, " "), ""
	if rest, ok := strings.CutPrefix(context, "regex:"); ok {
		context, regex = strings.TrimLeft(rest, " "), "regex:"
	}
	switch quoted := quotedContext.FindStringSubmatch(context); {
	case quoted != nil:
		context = strings.ReplaceAll(quoted[1], `\"`, `"`)
	case strings.HasPrefix(context, `"`) || strings.Contains(context, "}"):
		return "", false
	}
	return base + ":" + regex + strconv.Quote(context), true
}

// wrongMacro says what is wrong with a macro's name, as Zabbix' parser does.
func wrongMacro(name string) string {
	if name == "" {
		return "cannot be empty"
	}
	good := 0
	for good < len(name) {
		if !macroStart(name[:good+1]) {
			break
		}
		good++
	}
	if good == len(name) {
		return "unexpected end of macro"
	}
	return "incorrect syntax near " + strconv.Quote(name[good:])
}

// macroStart tells whether a text can be the beginning of a macro.
func macroStart(s string) bool {
	if len(s) <= 2 {
		return strings.HasPrefix("{$", s)
	}
	if strings.Contains(s, ":") || strings.HasSuffix(s, "}") {
		return true
	}
	return strings.HasPrefix(s, "{$") && strings.Trim(s[2:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == ""
}

// wrongVault says what is wrong with a path:key of a vault.
func (c *caller) wrongVault(value string) string {
	secret, key, ok := strings.Cut(value, ":")
	switch {
	case value == "":
		return "cannot be empty"
	case secret != "" && key != "" && (c.st.dialect.paths || strings.Contains(value, "/")): // 6.0 wants a namespace
		return ""
	case !c.st.dialect.paths:
		return "incorrect syntax near " + strconv.Quote(value[strings.LastIndex(value, "/")+1:])
	case ok:
		return "incorrect syntax near " + strconv.Quote(value[len(secret):])
	}
	return "incorrect syntax near " + strconv.Quote(value)
}

// checkMacroIDs looks whether the macros that an element names are the host's.
func (c *caller) checkMacroIDs(e draft) error {
	for _, v := range list(e.o["macros"]) {
		o, _ := v.(object)
		if o["hostmacroid"] == nil {
			continue
		}
		id, _ := number(o["hostmacroid"])
		i := slices.IndexFunc(e.host.macros, func(m macro) bool { return m.id == id })
		if i < 0 {
			return denied(noObject)
		}
		if m := e.host.macros[i]; m.automatic == 1 && changesMacro(m, o) && text(o["automatic"]) != "0" {
			return denied("Not allowed to modify automatic user macro %q.", m.macro)
		}
	}
	return nil
}

func changesMacro(m macro, o object) bool {
	n := changedMacro(m, o)
	n.automatic = m.automatic
	return n != m
}

// changedMacro gives a macro with what an object sets.
func changedMacro(m macro, o object) macro {
	if v, ok := o["macro"]; ok {
		m.macro = text(v)
	}
	if v, ok := o["description"]; ok {
		m.descriptor = text(v)
	}
	if v, ok := o["automatic"]; ok {
		m.automatic, _ = number(v)
	}
	if v, ok := o["type"]; ok {
		kind, _ := number(v)
		// A secret does not become readable by changing its type.
		if m.kind == 1 && kind != 1 {
			m.value = ""
		}
		m.kind = kind
	}
	if v, ok := o["value"]; ok {
		m.value = text(v)
	}
	return m
}

// fillMacros replaces a host's macros: one with an id is changed and keeps what
// is not given, one without is new, the rest is deleted.
func (c *caller) fillMacros(h *host, e draft) error {
	v, ok := e.o["macros"]
	if !ok {
		return nil
	}
	macros := []macro{}
	for _, v := range list(v) {
		o, _ := v.(object)
		m := macro{}
		if id, has := number(o["hostmacroid"]); has {
			i := slices.IndexFunc(h.macros, func(m macro) bool { return m.id == id })
			m = h.macros[i]
		} else {
			m.id = c.st.own(h)
		}
		macros = append(macros, changedMacro(m, o))
	}
	slices.SortStableFunc(macros, func(a, b macro) int { return a.id - b.id })
	h.macros = macros
	return nil
}
