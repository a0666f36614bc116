package frr

import (
	"regexp"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// secretLines are the commands of FRR that carry a secret; the group is the
// secret. They hold for whole lines, for lines in a diff and within messages.
func secretLines() []*regexp.Regexp {
	// Up to the end of the line: a secret may contain blanks.
	texts := []string{
		`(?m)\b(?:enable )?password (?:8 )?(\S.*)$`, // password, enable password, neighbor X password, isis password
		`(?m)\b(?:area|domain)-password (?:clear|md5) (\S.*)$`,
		`(?m)\bisis password (?:clear|md5) (\S.*)$`,
		`(?m)\bmessage-digest-key \d+ md5 (\S.*)$`, // ip ospf, area X virtual-link
		`(?m)\bauthentication-key (\S.*)$`,
		`(?m)\bkey-string (\S.*)$`,
		`(?m)\bhash-algo \S+ key (\S.*)$`, // ipv6 ospf6 authentication
		`(?m)\btcp-md5-auth (\S.*)$`,      // segment-routing traffic-eng pcep
		`(?m)\b(?:ip rip|ip eigrp) authentication string (\S.*)$`,
		`(?m)\b(?:snmp-server )?community (?:string )?(\S+) (?:ro|rw|RO|RW)\b`,
		`(?m)\bsnmp-server community (\S+)`,
		`(?m)\busername \S+ password (?:8 )?(\S.*)$`,
		`(?m)\bcache \S+ \d+ (?:\S+ )?(\S+) \S+ preference`, // rpki: private key
		`(?m)\bauthentication (?:md5|text|string) (\S.*)$`,
		`(?m)\bip nhrp authentication (\S.*)$`,
		`(?m)\bnhs? .* authentication (\S+)`,
		`(?m)\bsecret (?:\d )?(\S.*)$`,
	}
	list := make([]*regexp.Regexp, len(texts))
	for i, t := range texts {
		list[i] = regexp.MustCompile(t)
	}
	return list
}

// redactor masks FRR's secrets, the user's patterns and what we log in with.
func redactor(d device.Device) *secret.Redactor {
	return d.Redact.With(secretLines()...).WithWords(d.SSH.Password, d.SSH.Passphrase, d.EnablePassword)
}
