package netbox

import (
	"fmt"
	"strconv"
	"strings"
)

// What differs between the versions, and how it is met. Where an answer itself
// shows which one it is, nobody asks for the version:
//
//	3.7  role beside device_role, which goes with 4.0: role is asked for
//	4.2  a cluster has a scope in place of a site: a virtual machine has its own
//	     site in all versions, the cluster's if it was given none
//	4.5  rendering needs the permission render_config, before it only a token
//	     that may write: version.renderPermission
//	4.6  addresses that are part of an object have no dns_name up to 4.6.3:
//	     address.DNSName is nil, and it is asked for
//	4.7  config contexts are left out by fields alone, before also by exclude,
//	     which 4.7 ignores: both are sent
//	4.7  choices in custom fields are {value, label} in place of the value:
//	     plainField takes the value of both
type version struct{ major, minor int }

// The versions that are known.
const (
	oldestMajor, oldestMinor = 3, 7
	newestMajor, newestMinor = 4, 7
)

// parseVersion reads "4.7", "4.7.3" or "4.7.3-Docker-3.2.1".
func parseVersion(text string) (version, error) {
	parts := strings.SplitN(text, ".", 3)
	var v version
	var err1, err2 error
	if len(parts) > 1 {
		v.major, err1 = strconv.Atoi(parts[0])
		digits := len(parts[1]) - len(strings.TrimLeft(parts[1], "0123456789"))
		v.minor, err2 = strconv.Atoi(parts[1][:digits])
	}
	if len(parts) < 2 || err1 != nil || err2 != nil {
		return v, fmt.Errorf("%q is not a version of NetBox", text)
	}
	if !v.atLeast(oldestMajor, oldestMinor) {
		return v, fmt.Errorf("version %s of NetBox is too old: %d.%d or later is needed", text, oldestMajor, oldestMinor)
	}
	return v, nil
}

// atLeast tells that this is the version or a later one.
func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// unknown tells that the version is newer than any that is known.
func (v version) unknown() bool { return v.atLeast(newestMajor, newestMinor+1) }

// renderPermission is what rendering needs.
func (v version) renderPermission(model string) string {
	if v.atLeast(4, 5) {
		return "view and render_config on " + model
	}
	return "view on " + model
}

// String is the version as people write it.
func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }
