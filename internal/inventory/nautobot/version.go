package nautobot

import (
	"fmt"
	"strconv"
	"strings"
)

// What differs between the versions, and how it is met:
//
//	3.0  a device may be in several clusters, before in one: version.cluster;
//	     the first by name is taken
//
// All have GraphQL with limit, offset, the filters that are used and
// _custom_field_data, and tell the version in the header API-Version (looked up
// in 2.4.44, run on 3.2.7).
type version struct{ major, minor int }

// The versions that are known.
const (
	oldestMajor, oldestMinor = 2, 4
	newestMajor, newestMinor = 3, 2
)

// parseVersion reads "3.2", "3.2.7" or "3.3.0b1".
func parseVersion(text string) (version, error) {
	var v version
	parts := strings.SplitN(text, ".", 3)
	if len(parts) < 2 {
		return v, fmt.Errorf("%q is not a version of Nautobot", text)
	}
	var err1, err2 error
	v.major, err1 = strconv.Atoi(parts[0])
	digits := len(parts[1]) - len(strings.TrimLeft(parts[1], "0123456789"))
	v.minor, err2 = strconv.Atoi(parts[1][:digits])
	if err1 != nil || err2 != nil {
		return v, fmt.Errorf("%q is not a version of Nautobot", text)
	}
	if !v.atLeast(oldestMajor, oldestMinor) {
		return v, fmt.Errorf("version %s of Nautobot is too old: %d.%d or later is needed", text, oldestMajor, oldestMinor)
	}
	return v, nil
}

// atLeast tells that this is the version or a later one.
func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// unknown tells that the version is newer than any that is known.
func (v version) unknown() bool { return v.atLeast(newestMajor, newestMinor+1) }

// cluster is the field of a device's cluster in GraphQL.
func (v version) cluster() string {
	if v.atLeast(3, 0) {
		return "clusters"
	}
	return "cluster"
}
