package netconf

import (
	"fmt"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Capabilities of RFC 6241 section 8.
const (
	capPrefix      = "urn:ietf:params:netconf:capability:"
	capCandidate   = capPrefix + "candidate:1.0"
	capConfirmed10 = capPrefix + "confirmed-commit:1.0"
	capConfirmed11 = capPrefix + "confirmed-commit:1.1"
	capStartup     = capPrefix + "startup:1.0"
	capRollback    = capPrefix + "rollback-on-error:1.0"
	capValidate10  = capPrefix + "validate:1.0"
	capValidate11  = capPrefix + "validate:1.1"
)

// monitoring is the model that tells who has a session (RFC 6022).
const monitoring = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"

// features are what the server says it can do.
type features struct {
	confirmed, startup, rollback, validate, monitoring bool
	notes                                              []string
}

// newFeatures reads the server's capabilities. Without a candidate nothing can
// be tried before it is done, and the driver does not work.
func newFeatures(nc *rpc.Session) (features, error) {
	if !nc.Has(capCandidate) {
		return features{}, fmt.Errorf("the device has no candidate configuration (capability %s), which this driver needs", capCandidate)
	}
	f := features{
		confirmed: nc.Has(capConfirmed11), startup: nc.Has(capStartup), rollback: nc.Has(capRollback),
		validate: nc.Has(capValidate10) || nc.Has(capValidate11), monitoring: nc.Has(monitoring),
	}
	switch {
	case f.confirmed:
	case nc.Has(capConfirmed10):
		f.notes = append(f.notes, "the device has confirmed commits of version 1.0 only: they end with the session that made them "+
			"and cannot be confirmed from another, so they are not used and a commit is not taken back by the device")
	default:
		f.notes = append(f.notes, "the device has no confirmed commit: it does not take back a commit by itself")
	}
	return f, nil
}

func (f features) capabilities() provision.Capabilities {
	return provision.Capabilities{Lock: true, ConfirmedCommit: f.confirmed, Startup: f.startup, Notes: f.notes}
}

// modules lists the data models that the hello names, and the vendor's own
// among them.
func modules(caps []string) (all, vendor int) {
	for _, c := range caps {
		uri, params, _ := strings.Cut(c, "?")
		if !strings.Contains(params, "module=") {
			continue
		}
		all++
		if !strings.HasPrefix(uri, "urn:ietf:") {
			vendor++
		}
	}
	return all, vendor
}
