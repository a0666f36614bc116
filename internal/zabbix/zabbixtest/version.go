package zabbixtest

import "fmt"

// dialect is what differs between the versions; the rest of the package asks it
// and never the version.
type dialect struct {
	version string // as apiinfo.version tells it

	// bodyAuth and headerAuth are the places where a token may be: until 7.0 the
	// request's "auth", from 6.4 on the header. Another "auth" is an unknown
	// parameter of the request.
	bodyAuth, headerAuth bool
	// loginUser allows "user" beside "username" in user.login (until 6.2).
	loginUser bool

	// templateGroups are objects of their own from 6.2 on; before, templates are
	// in host groups.
	templateGroups bool
	// selectGroups is what shows a host's groups until 7.0 (deprecated from 6.2
	// on); selectHostGroups from 6.2 on. What there is not is ignored.
	selectGroups, selectHostGroups bool
	// automatic marks tags and macros that discovery made (6.4).
	automatic bool
	// activeAvailable is on hosts (6.2).
	activeAvailable bool
	// linkType is on a host's templates (6.2).
	linkType bool

	// monitoredBy and its proxyid and proxy_groupid stand where proxy_hostid was
	// until 6.4; proxies have "name" and not "host".
	monitoredBy bool
	// maintenanceIDs takes hostids and groupids in maintenance.create (until 7.0).
	maintenanceIDs bool
	// paths has errors name the parameter by its path ("/1/groups/1"), checks
	// that one PSK identity has one key, and refuses unknown fields of interfaces.
	paths bool
	// anyInterface has simple, external, SSH and TELNET checks want an interface
	// of some type (until 6.2).
	anyInterface bool
}

func dialectOf(version string) (dialect, error) {
	old := dialect{
		version: "6.0.14", bodyAuth: true, loginUser: true,
		selectGroups: true, maintenanceIDs: true, anyInterface: true,
	}
	lts := dialect{
		version: "7.0.9", bodyAuth: true, headerAuth: true,
		templateGroups: true, selectGroups: true, selectHostGroups: true, automatic: true,
		activeAvailable: true, linkType: true, monitoredBy: true, maintenanceIDs: true, paths: true,
	}
	switch version {
	case "6.0":
		return old, nil
	case "7.0":
		return lts, nil
	case "7.2", "7.4":
		lts.version = version + ".3"
		lts.bodyAuth, lts.selectGroups, lts.maintenanceIDs = false, false, false
		return lts, nil
	}
	return dialect{}, fmt.Errorf("the fake Zabbix can be 6.0, 7.0, 7.2 or 7.4, not %q", version)
}
