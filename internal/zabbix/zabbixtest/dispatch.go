package zabbixtest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// caller is one call with who makes it.
type caller struct {
	s       *Server
	st      *state
	user    *user
	session string // empty with a token
	method  string
}

// method is one of the API's. A method without who may call it needs no login.
type method struct {
	do    func(*caller, any) (any, error)
	least UserType
	// since is what the version must have.
	since func(dialect) bool
}

// methods are those that the fake knows.
func methods() map[string]method {
	proxyGroups := func(d dialect) bool { return d.monitoredBy }
	templateGroups := func(d dialect) bool { return d.templateGroups }
	return map[string]method{
		"apiinfo.version":          {do: func(c *caller, _ any) (any, error) { return c.st.dialect.version, nil }},
		"user.login":               {do: (*caller).login},
		"user.checkauthentication": {do: (*caller).checkAuthentication},
		"user.logout":              {do: (*caller).logout, least: TypeUser},
		"user.get":                 {do: (*caller).userGet, least: TypeUser},
		"user.create":              {do: (*caller).userCreate, least: TypeSuperAdmin},
		"user.delete":              {do: (*caller).userDelete, least: TypeSuperAdmin},
		"usergroup.create":         {do: (*caller).userGroupCreate, least: TypeSuperAdmin},
		"usergroup.delete":         {do: (*caller).userGroupDelete, least: TypeSuperAdmin},
		"token.create":             {do: (*caller).tokenCreate, least: TypeUser},
		"token.generate":           {do: (*caller).tokenGenerate, least: TypeUser},
		"token.delete":             {do: (*caller).tokenDelete, least: TypeUser},
		"host.get":                 {do: (*caller).hostGet, least: TypeUser},
		"host.create":              {do: (*caller).hostCreate, least: TypeAdmin},
		"host.update":              {do: (*caller).hostUpdate, least: TypeAdmin},
		"host.delete":              {do: (*caller).hostDelete, least: TypeAdmin},
		"host.massadd":             {do: (*caller).hostMassAdd, least: TypeAdmin},
		"host.massremove":          {do: (*caller).hostMassRemove, least: TypeAdmin},
		"hostinterface.get":        {do: (*caller).interfaceGet, least: TypeUser},
		"hostinterface.create":     {do: (*caller).interfaceCreate, least: TypeAdmin},
		"hostinterface.update":     {do: (*caller).interfaceUpdate, least: TypeAdmin},
		"hostinterface.delete":     {do: (*caller).interfaceDelete, least: TypeAdmin},
		"hostgroup.get":            {do: (*caller).hostGroupGet, least: TypeUser},
		"hostgroup.create":         {do: (*caller).hostGroupCreate, least: TypeSuperAdmin},
		"hostgroup.delete":         {do: (*caller).hostGroupDelete, least: TypeAdmin},
		"templategroup.get":        {do: (*caller).templateGroupGet, least: TypeUser, since: templateGroups},
		"templategroup.create":     {do: (*caller).templateGroupCreate, least: TypeSuperAdmin, since: templateGroups},
		"templategroup.delete":     {do: (*caller).hostGroupDelete, least: TypeAdmin, since: templateGroups},
		"template.get":             {do: (*caller).templateGet, least: TypeUser},
		"template.create":          {do: (*caller).templateCreate, least: TypeAdmin},
		"template.delete":          {do: (*caller).templateDelete, least: TypeAdmin},
		"item.get":                 {do: (*caller).itemGet, least: TypeUser},
		"item.create":              {do: (*caller).itemCreate, least: TypeAdmin},
		"trigger.get":              {do: (*caller).triggerGet, least: TypeUser},
		"trigger.create":           {do: (*caller).triggerCreate, least: TypeAdmin},
		"usermacro.get":            {do: (*caller).macroGet, least: TypeUser},
		"proxy.get":                {do: (*caller).proxyGet, least: TypeUser},
		"proxy.create":             {do: (*caller).proxyCreate, least: TypeSuperAdmin},
		"proxy.delete":             {do: (*caller).proxyDelete, least: TypeSuperAdmin},
		"proxygroup.get":           {do: (*caller).proxyGroupGet, least: TypeUser, since: proxyGroups},
		"proxygroup.create":        {do: (*caller).proxyGroupCreate, least: TypeSuperAdmin, since: proxyGroups},
		"proxygroup.delete":        {do: (*caller).proxyGroupDelete, least: TypeSuperAdmin, since: proxyGroups},
		"maintenance.get":          {do: (*caller).maintenanceGet, least: TypeUser},
		"maintenance.create":       {do: (*caller).maintenanceCreate, least: TypeAdmin},
		"maintenance.delete":       {do: (*caller).maintenanceDelete, least: TypeAdmin},
		"task.create":              {do: (*caller).taskCreate, least: TypeSuperAdmin},
		"authentication.get":       {do: (*caller).authenticationGet, least: TypeSuperAdmin},
		"discoveryrule.get":        {do: (*caller).discoveryGet, least: TypeUser},
		"itemprototype.get":        {do: (*caller).discoveryGet, least: TypeUser},
	}
}

// dispatch finds the method of a call and does it in a transaction.
func (s *Server) dispatch(r request, token *string, header bool) (any, error) {
	s.state.now = s.now()
	c := &caller{s: s, st: s.state, method: r.Method}
	m, ok := methods()[strings.ToLower(r.Method)]
	if ok && !m.in(s.dialect) {
		api, _, _ := strings.Cut(r.Method, ".")
		return nil, &Error{codeMethod, "Method not found.", "Incorrect API \"" + api + "\"."}
	}
	if ok && m.least == 0 && token != nil {
		return nil, withoutToken(r.Method, header)
	}
	if !ok {
		return nil, unimplemented("method %s", r.Method)
	}
	if err := c.authorize(m.least, token); err != nil {
		return nil, err
	}
	var result any
	err := s.state.transact(func() (err error) {
		result, err = m.do(c, decode(r.Params))
		return err
	})
	return result, err
}

// in tells whether a version has a method.
func (m method) in(d dialect) bool { return m.since == nil || m.since(d) }

// withoutToken is what is said of a token where none belongs.
func withoutToken(method string, header bool) error {
	where := `the "auth" parameter`
	if header {
		where = "authorization header"
	}
	return refused("The %q method must be called without %s.", method, where)
}

// authorize finds who calls, and whether it may. A method for which least is 0
// needs nobody.
func (c *caller) authorize(least UserType, token *string) error {
	if least == 0 {
		return nil
	}
	var err error
	if c.user, c.session, err = c.st.authenticate(token); err != nil {
		return err
	}
	if c.kind() >= least {
		return nil
	}
	if c.st.dialect.paths {
		return denied("No permissions to call %q.", c.method)
	}
	return refused("No permissions to call %q.", c.method)
}

// at is the path of the element with an index from 0.
func at(i int) string { return "/" + strconv.Itoa(i+1) }

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// onlyKnown refuses parameters that the fake does not know, where Zabbix would
// do something with them.
func onlyKnown(method string, o object, known ...string) error {
	for _, name := range sortedKeys(o) {
		if !slices.Contains(known, name) {
			return unimplemented("parameter %s of %s", name, method)
		}
	}
	return nil
}
