package zabbixtest

import (
	"regexp"
	"slices"
)

// checkShape checks the lists of an element.
func (c *caller) checkShape(e draft) error {
	return each([]draft{e}, c.checkConnection, c.checkGroupList, c.checkTemplateLists, c.checkTags, c.checkMacros)()
}

// checkConnection checks how a host is monitored, unless discovery owns it. In 6.0
// encryption comes last; see checkRest.
func (c *caller) checkConnection(e draft) error {
	if !c.st.dialect.paths || e.host != nil && e.host.flags == 4 {
		return nil
	}
	return each([]draft{e}, c.checkMonitoring, c.checkTLS)()
}

func (c *caller) checkGroupList(e draft) error {
	if !c.st.dialect.paths {
		return checkGroupListOld(e)
	}
	v, has := e.o["groups"]
	if !has && e.host == nil {
		return invalid(e.path(), "the parameter %q is missing", "groups")
	}
	if has && len(list(v)) == 0 {
		return invalid(e.path("groups"), "cannot be empty")
	}
	return c.checkList(e, "groups", "groupid")
}

// checkGroupListOld does the checks of 6.0.
func checkGroupListOld(e draft) error {
	v, has := e.o["groups"]
	if len(list(v)) == 0 && (has || e.host == nil) {
		name := text(e.o["host"])
		if e.host != nil {
			name = e.host.host
		}
		return refused("Host %q cannot be without host group.", name)
	}
	for _, g := range list(v) {
		if o, ok := g.(object); !ok || o["groupid"] == nil {
			return refused("Incorrect value for field %q: the parameter %q is missing.", "groups", "groupid")
		}
	}
	return nil
}

func (c *caller) checkTemplateLists(e draft) error {
	for _, field := range []string{"templates", "templates_clear"} {
		if err := c.checkList(e, field, "templateid"); err != nil {
			return err
		}
	}
	return nil
}

// checkList checks a list of objects that hold an id.
func (c *caller) checkList(e draft, field, id string) error {
	if !c.st.dialect.paths {
		return nil
	}
	var seen []int
	for i, v := range list(e.o[field]) {
		o, ok := v.(object)
		path := e.path(field) + at(i)
		if !ok {
			return invalid(path, "an array is expected")
		}
		if err := onlyFields(o, path, id); err != nil {
			return err
		}
		if o[id] == nil {
			return invalid(path, "the parameter %q is missing", id)
		}
		n, ok := number(o[id])
		if !ok {
			return invalid(path+"/"+id, "a number is expected")
		}
		if slices.Contains(seen, n) {
			return invalid(path, "value (%s)=(%d) already exists", id, n)
		}
		seen = append(seen, n)
	}
	return nil
}

// listPath is where an element's list is: 6.0 leaves out which element it was
// for tags.
func (c *caller) listPath(e draft, field string) string {
	if !c.st.dialect.paths && field == "tags" {
		return "/tags"
	}
	return e.path(field)
}

// checkNotNull refuses null where a list is expected.
func (c *caller) checkNotNull(e draft, field string) error {
	if v, has := e.o[field]; has && v == nil {
		return invalid(c.listPath(e, field), "an array is expected")
	}
	return nil
}

func (c *caller) checkTags(e draft) error {
	if err := c.checkNotNull(e, "tags"); err != nil {
		return err
	}
	var seen []tag
	for i, v := range list(e.o["tags"]) {
		o, ok := v.(object)
		path := c.listPath(e, "tags") + at(i)
		if !ok {
			return invalid(path, "an array is expected")
		}
		t, err := checkTag(o, path)
		if err != nil {
			return err
		}
		if slices.Contains(seen, t) {
			return invalid(path, "value (tag, value)=(%s, %s) already exists", t.name, t.value)
		}
		seen = append(seen, t)
	}
	return nil
}

// checkTag checks one tag and gives it.
func checkTag(o object, path string) (tag, error) {
	t := tag{name: text(o["tag"]), value: text(o["value"])}
	if err := onlyFields(o, path, "tag", "value"); err != nil {
		return t, err
	}
	if o["tag"] == nil {
		return t, invalid(path, "the parameter %q is missing", "tag")
	}
	if t.name == "" {
		return t, invalid(path+"/tag", "cannot be empty")
	}
	if _, isText := o["value"].(string); !isText && o["value"] != nil {
		return t, invalid(path+"/value", "a character string is expected")
	}
	if len([]rune(t.name)) > 255 {
		return t, invalid(path+"/tag", "value is too long")
	}
	if len([]rune(t.value)) > 255 {
		return t, invalid(path+"/value", "value is too long")
	}
	return t, nil
}

// checkMonitoring pairs monitored_by with proxyid and proxy_groupid.
func (c *caller) checkMonitoring(e draft) error {
	by, err := e.monitoredBy()
	if err != nil {
		return err
	}
	for field, who := range map[string]int{"proxyid": 1, "proxy_groupid": 2} {
		_, has := e.o[field]
		switch {
		case !has && by == who && e.host == nil:
			return invalid(e.path(), "the parameter %q is missing", field)
		case by != who && e.refers(field):
			return invalid(e.path(field), "value must be 0")
		}
	}
	return nil
}

// refers tells whether an element names another object; 0 is none.
func (e draft) refers(field string) bool {
	v, has := e.o[field]
	return has && text(v) != "0"
}

// monitoredBy is what an element leads to be monitored by.
func (e draft) monitoredBy() (int, error) {
	v, ok := e.o["monitored_by"]
	switch {
	case !ok && e.host == nil:
		return 0, nil
	case !ok:
		return e.host.monitoredBy, nil
	}
	by, isNumber := number(v)
	if !isNumber {
		return 0, invalid(e.path("monitored_by"), "an integer is expected")
	}
	if by < 0 || by > 2 {
		return 0, invalid(e.path("monitored_by"), "value must be one of 0, 1, 2")
	}
	return by, nil
}

// uses tells whether an encryption is used in one of the directions.
func uses(connect, accept, kind int) bool { return connect == kind || accept&kind != 0 }

// tlsState is the encryption that an element leads to.
type tlsState struct {
	connect, accept                int
	identity, psk, issuer, subject string
	hadPSK, clean                  bool
}

func (e draft) tls() tlsState {
	t := tlsState{connect: 1, accept: 1}
	if e.host != nil {
		t.connect, t.accept = e.host.tlsConnect, e.host.tlsAccept
		t.identity, t.psk = e.host.pskIdentity, e.host.psk
		t.issuer, t.subject = e.host.tlsIssuer, e.host.tlsSubject
		t.hadPSK = uses(t.connect, t.accept, 2)
	}
	if v, ok := e.o["tls_connect"]; ok {
		t.connect, _ = number(v)
		t.clean = true
	}
	if v, ok := e.o["tls_accept"]; ok {
		t.accept, _ = number(v)
		t.clean = true
	}
	return t
}

func (c *caller) checkTLS(e draft) error {
	t := e.tls()
	if c.st.dialect.paths {
		return t.check(e)
	}
	return t.checkOld(e)
}

// check does the checks of 7.0.
func (t tlsState) check(e draft) error {
	if !slices.Contains([]int{1, 2, 4}, t.connect) {
		return invalid(e.path("tls_connect"), "value must be one of 1, 2, 4")
	}
	if t.accept < 1 || t.accept > 7 {
		return invalid(e.path("tls_accept"), "value must be one of 1-7")
	}
	for _, field := range []string{"tls_psk_identity", "tls_psk"} {
		if err := t.checkPSKField(e, field); err != nil {
			return err
		}
	}
	for _, field := range []string{"tls_issuer", "tls_subject"} {
		if text(e.o[field]) != "" && !uses(t.connect, t.accept, 4) {
			return invalid(e.path(field), "value must be empty")
		}
	}
	return nil
}

func (t tlsState) checkPSKField(e draft, field string) error {
	v, has := e.o[field]
	value := text(v)
	if !uses(t.connect, t.accept, 2) {
		if value != "" {
			return invalid(e.path(field), "value must be empty")
		}
		return nil
	}
	if !has {
		return t.checkKeptPSK(e, field)
	}
	if value == "" {
		return invalid(e.path(field), "cannot be empty")
	}
	if field == "tls_psk" {
		if why := wrongKey(value); why != "" {
			return invalid(e.path(field), "%s", why)
		}
	}
	return nil
}

// checkKeptPSK checks that what an element does not name is there already.
func (t tlsState) checkKeptPSK(e draft, field string) error {
	if e.host == nil {
		return invalid(e.path(), "the parameter %q is missing", field)
	}
	if !t.hadPSK {
		return invalid(e.path(field), "cannot be empty")
	}
	return nil
}

var hexadecimal = regexp.MustCompile(`^([0-9a-fA-F]{2})+$`)

// wrongKey says what is wrong with a PSK.
func wrongKey(psk string) string {
	switch {
	case len(psk) < 32:
		return "minimum length is 32 characters"
	case !hexadecimal.MatchString(psk):
		return "an even number of hexadecimal characters is expected"
	case len(psk) > 512:
		return "value is too long"
	}
	return ""
}

// checkOld does the checks of 6.0.
func (t tlsState) checkOld(e draft) error {
	wrong := func(field, why string) error { return refused("Incorrect value for field %q: %s.", field, why) }
	psk, certificate := uses(t.connect, t.accept, 2), uses(t.connect, t.accept, 4)
	switch {
	case !slices.Contains([]int{1, 2, 4}, t.connect):
		return wrong("tls_connect", `unexpected value "`+text(e.o["tls_connect"])+`"`)
	case t.accept < 1 || t.accept > 7:
		return wrong("tls_accept", `unexpected value "`+text(e.o["tls_accept"])+`"`)
	}
	if t.clean {
		t = t.cleaned(psk, certificate)
	}
	for _, f := range []struct {
		name   string
		value  string
		wanted bool // there must be one; otherwise there must be none
		may    bool // there may be one
	}{
		{"tls_psk_identity", t.identity, psk, psk},
		{"tls_psk", t.psk, psk, psk},
		{"tls_issuer", t.issuer, false, certificate},
		{"tls_subject", t.subject, false, certificate},
	} {
		if v, ok := e.o[f.name]; ok {
			f.value = text(v)
		}
		if why := wrongOld(f.name, f.value, f.wanted, f.may); why != "" {
			return wrong(f.name, why)
		}
	}
	return nil
}

// cleaned leaves out what is not used.
func (t tlsState) cleaned(psk, certificate bool) tlsState {
	if !psk {
		t.identity, t.psk = "", ""
	}
	if !certificate {
		t.issuer, t.subject = "", ""
	}
	return t
}

// wrongOld says what is wrong with a field of encryption in 6.0.
func wrongOld(name, value string, wanted, may bool) string {
	switch {
	case wanted && value == "":
		return "cannot be empty"
	case !may && value != "":
		return "should be empty"
	case wanted && name == "tls_psk":
		return wrongKeyOld(value)
	}
	return ""
}

// wrongKeyOld says what is wrong with a PSK in 6.0, which looks in another order
// and leaves the length to the database.
func wrongKeyOld(psk string) string {
	switch {
	case !hexadecimal.MatchString(psk):
		return "an even number of hexadecimal characters is expected"
	case len(psk) < 32:
		return "minimum length is 32 characters"
	}
	return ""
}

// checkPSKPairs holds one key to one identity, among the elements and with the
// other hosts.
func (c *caller) checkPSKPairs(drafts []draft) error {
	keys := map[string]string{}
	const taken = "another tls_psk value is already associated with given tls_psk_identity"
	inCall := map[*host]bool{}
	for _, e := range drafts {
		inCall[e.host] = true
	}
	for _, e := range drafts {
		identity, key, ok := e.newPSK()
		if !ok {
			continue
		}
		if other, ok := keys[identity]; ok && other != key {
			return invalid(e.path("tls_psk"), taken)
		}
		keys[identity] = key
		if c.hasOtherPSK(identity, key, inCall) {
			return invalid(e.path("tls_psk"), taken)
		}
	}
	return nil
}

// hasOtherPSK tells whether a host that is not in the call has another key of an
// identity.
func (c *caller) hasOtherPSK(identity, key string, inCall map[*host]bool) bool {
	for _, h := range c.st.hosts {
		if h.pskIdentity == identity && h.psk != key && !inCall[h] {
			return true
		}
	}
	return false
}

// newPSK gives identity and key that an element leads to, if it sets one of them
// and they are used.
func (e draft) newPSK() (identity, key string, ok bool) {
	t := e.tls()
	_, byIdentity := e.o["tls_psk_identity"]
	_, byKey := e.o["tls_psk"]
	identity, key = t.identity, t.psk
	if byIdentity {
		identity = text(e.o["tls_psk_identity"])
	}
	if byKey {
		key = text(e.o["tls_psk"])
	}
	return identity, key, uses(t.connect, t.accept, 2) && (byIdentity || byKey)
}

// checkReferences looks whether proxies, groups and templates are there.
func (c *caller) checkReferences(drafts []draft) error {
	var checks []func() error
	if c.st.dialect.monitoredBy {
		checks = append(checks, each(drafts, c.checkProxies), all(drafts, c.checkPSKPairs))
	}
	checks = append(checks, each(drafts, c.checkGroups))
	if c.st.dialect.paths { // 6.0 looks at templates when it links them
		checks = append(checks, each(drafts, c.checkTemplates))
	}
	return inOrder(checks...)
}

const notThere = "object does not exist, or you have no permissions to it"

func missing(path string) error { return denied("Invalid parameter %q: %s.", path, notThere) }

func (c *caller) checkProxies(e draft) error {
	if id, _ := number(e.o["proxyid"]); e.refers("proxyid") && c.st.proxies[id] == nil {
		return missing(e.path("proxyid"))
	}
	if id, _ := number(e.o["proxy_groupid"]); e.refers("proxy_groupid") && c.st.proxyGroups[id] == nil {
		return missing(e.path("proxy_groupid"))
	}
	return checkChosenProxy(e)
}

// checkChosenProxy makes sure that what a host is to be monitored by is named.
func checkChosenProxy(e draft) error {
	by, _ := number(e.o["monitored_by"])
	for field, who := range map[string]int{"proxyid": 1, "proxy_groupid": 2} {
		changed := e.host == nil || e.host.monitoredBy != by
		if by == who && changed && (e.o[field] == nil || text(e.o[field]) == "0") {
			return missing(e.path(field))
		}
	}
	return nil
}

func (c *caller) checkGroups(e draft) error {
	var had []int
	if e.host != nil {
		had = e.host.groups
	}
	for i, id := range idsOf(e.o["groups"], "groupid") {
		g := c.st.groups[id]
		if slices.Contains(had, id) || g != nil && !g.template && c.sees([]int{id}, true) {
			continue
		}
		if c.st.dialect.paths {
			return missing(e.path("groups") + at(i))
		}
		return denied(noObject)
	}
	return nil
}

func (c *caller) checkTemplates(e draft) error {
	var had []int
	if e.host != nil {
		had = e.host.templates
	}
	clear := idsOf(e.o["templates_clear"], "templateid")
	link := idsOf(e.o["templates"], "templateid")
	if err := checkCleared(e, link, clear); err != nil {
		return err
	}
	for field, ids := range map[string][]int{"templates": link, "templates_clear": clear} {
		for i, id := range ids {
			t := c.st.tmpl(id)
			if slices.Contains(had, id) || t != nil && c.sees(t.groups, false) {
				continue
			}
			return missing(e.path(field) + at(i))
		}
	}
	return nil
}

// checkCleared keeps a template from being linked and cleared at once.
func checkCleared(e draft, link, clear []int) error {
	for i, id := range clear {
		if j := slices.Index(link, id); j >= 0 {
			return invalid(e.path("templates_clear")+at(i)+"/templateid",
				"cannot be specified the value of parameter %q", e.path("templates")+at(j)+"/templateid")
		}
	}
	return nil
}
