package netbox

import "github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"

// newest is the newest version that is known. What differs between the versions,
// and how it is met (where an answer itself shows which one it is, nobody asks for
// the version):
//
//	3.7  role beside device_role, which goes with 4.0: role is asked for
//	4.2  a cluster has a scope in place of a site: a virtual machine has its own
//	     site in all versions, the cluster's if it was given none
//	4.5  rendering needs the permission render_config, before it only a token
//	     that may write: renderPermission
//	4.6  addresses that are part of an object have no dns_name up to 4.6.3:
//	     address.DNSName is nil, and it is asked for
//	4.7  config contexts are left out by fields alone, before also by exclude,
//	     which 4.7 ignores: both are sent
//	4.7  choices in custom fields are {value, label} in place of the value:
//	     plainField takes the value of both
func newest() webapi.Version { return webapi.Version{Major: 4, Minor: 7} }

// oldest is the oldest version that is known.
func oldest() webapi.Version { return webapi.Version{Major: 3, Minor: 7} }

// renderPermission is what rendering needs.
func renderPermission(v webapi.Version, model string) string {
	if v.AtLeast(4, 5) {
		return "view and render_config on " + model
	}
	return "view on " + model
}
