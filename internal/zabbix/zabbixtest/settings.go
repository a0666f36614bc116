package zabbixtest

// authenticationGet is authentication.get, which only super admins may call (seen
// on 6.0 and 7.0).
func (c *caller) authenticationGet(params any) (any, error) {
	o, _ := params.(object)
	return object{"authentication_type": "0"}, onlyKnown("authentication.get", o, "output")
}

// discoveryGet is discoveryrule.get and itemprototype.get: templates here have no
// low-level discovery rules.
func (c *caller) discoveryGet(params any) (any, error) {
	o, _ := params.(object)
	return []any{}, onlyKnown(c.method, o, "output", "templateids", "hostids")
}
