package netconf

import (
	"context"
	"strconv"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
)

// ietfSystem is the model that tells what a system is (RFC 7317).
const ietfSystem = "urn:ietf:params:xml:ns:yang:ietf-system"

// Facts implements device.Session. From the hello: "session_id", "base",
// "capabilities", "modules", "vendor_modules". From ietf-system, and what
// yuma123-system adds to it, as far as the device has them: "hostname",
// "version", "model". A device that refuses the question has only the former.
func (s *session) Facts(ctx context.Context) (map[string]string, error) {
	caps := s.nc.Capabilities()
	all, vendor := modules(caps)
	facts := map[string]string{
		"session_id": s.nc.ID(), "base": "1.0", "capabilities": strconv.Itoa(len(caps)),
		"modules": strconv.Itoa(all), "vendor_modules": strconv.Itoa(vendor),
	}
	if s.nc.Has(rpc.Base11) {
		facts["base"] = "1.1"
	}
	if !s.nc.Has(ietfSystem) {
		return facts, nil
	}
	raw, err := s.nc.Get(ctx, `<system xmlns="`+ietfSystem+`"><hostname/></system><system-state xmlns="`+ietfSystem+`"/>`)
	if err != nil {
		return nil, s.failed(err)
	}
	nodes, err := xmltree.Parse(raw)
	if err != nil {
		return nil, err
	}
	for fact, names := range map[string][]string{
		"hostname": {"hostname", "nodename", "sysName"},
		"version":  {"os-version", "os-release", "sysNetconfServerId"},
		"model":    {"machine"},
	} {
		if v := firstText(nodes, names); v != "" {
			facts[fact] = v
		}
	}
	return facts, nil
}

// firstText is the text of the first of these elements that is there.
func firstText(nodes []*xmltree.Node, names []string) string {
	for _, name := range names {
		for _, n := range find(nodes, name) {
			if n.Text != "" {
				return n.Text
			}
		}
	}
	return ""
}
