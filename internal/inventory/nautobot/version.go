package nautobot

import "github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"

// newest is the newest version that is known. What differs between the versions,
// and how it is met:
//
//	3.0  a device may be in several clusters, before in one: cluster; the first by
//	     name is taken
//
// All have GraphQL with limit, offset, the filters that are used and
// _custom_field_data, and tell the version in the header API-Version (looked up
// in 2.4.44, run on 3.2.7).
func newest() webapi.Version { return webapi.Version{Major: 3, Minor: 2} }

// oldest is the oldest version that is known.
func oldest() webapi.Version { return webapi.Version{Major: 2, Minor: 4} }

// cluster is the field of a device's cluster in GraphQL.
func cluster(v webapi.Version) string {
	if v.AtLeast(3, 0) {
		return "clusters"
	}
	return "cluster"
}
