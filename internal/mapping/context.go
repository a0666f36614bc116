package mapping

// contextRule is the name of the rule that an object brings along.
const contextRule = "config context"

// ownRule is what the object's config context says at its key zabbix: templates,
// host_groups, proxy or proxy_group. The source of truth has chosen it for this
// object, so it has no dimensions and lies over all other rules. Nil for none.
func (o Object) ownRule() (*Rule, error) {
	context, _ := o.Values["config_context"].(map[string]any)
	v, ok := context["zabbix"]
	if !ok || v == nil {
		return nil, nil
	}
	d := &decoder{}
	at := place{}.key("config_context").key("zabbix")
	f := d.object(at, v, []string{"templates", "host_groups", "proxy", "proxy_group"})
	r := Rule{
		Name:      contextRule,
		Templates: d.texts(f, "templates"), HostGroups: d.texts(f, "host_groups"),
		Proxy: d.text(f, "proxy"), ProxyGroup: d.text(f, "proxy_group"),
	}
	if len(d.errs) == 0 {
		d.checkGifts(at, r, true)
	}
	if len(d.errs) > 0 {
		return nil, d.errs
	}
	return &r, nil
}

// HasRule tells that an object brings a rule along, so that it can be matched
// without any others.
func (o Object) HasRule() bool {
	r, err := o.ownRule()
	return r != nil || err != nil
}
