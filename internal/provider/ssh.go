package provider

import (
	"maps"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

const jumpHostsPrefix = "PROVISION_JUMP_HOSTS"

// jumpHostSuffixes are the ends of the variables of an entry.
func jumpHostSuffixes() []string { return []string{"HOST", "PORT", "CREDENTIALS", "JUMP_HOST"} }

// ssh is what all logins have in common.
func (b *builder) ssh(v types.Object) client.SSH {
	at := path.Root("ssh")
	if b.isUnknown(at, v) {
		return client.SSH{}
	}
	var m sshModel
	if !v.IsNull() {
		b.diags.Append(v.As(b.ctx, &m, basetypes.ObjectAsOptions{})...)
	}
	known := at.AtName("known_hosts")
	return client.SSH{
		KnownHosts:     b.knownHosts(known, b.list(known, m.KnownHosts, "PROVISION_KNOWN_HOSTS", string(os.PathListSeparator))),
		JumpHosts:      b.jumpHosts(at.AtName("jump_hosts"), m.JumpHosts),
		Agent:          b.truth(at.AtName("agent"), m.Agent, "PROVISION_SSH_AGENT"),
		ConnectTimeout: b.duration(at.AtName("connect_timeout"), m.ConnectTimeout, "PROVISION_SSH_CONNECT_TIMEOUT"),
		CommandTimeout: b.duration(at.AtName("command_timeout"), m.CommandTimeout, "PROVISION_SSH_COMMAND_TIMEOUT"),
		Keepalive:      b.duration(at.AtName("keepalive"), m.Keepalive, "PROVISION_SSH_KEEPALIVE"),
	}
}

// jumpHosts are the jump hosts of the block and of the environment; nil when
// they are unknown.
func (b *builder) jumpHosts(at path.Path, v types.Map) map[string]client.JumpHost {
	if b.isUnknown(at, v) {
		return nil
	}
	hosts := map[string]client.JumpHost{}
	elements := b.elements(at, v, jumpHostsPrefix, jumpHostSuffixes())
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		hosts[name] = b.jumpHost(at.AtMapKey(name), name, elements[name])
	}
	for name, h := range hosts {
		if _, ok := hosts[h.JumpHost]; h.JumpHost != "" && !ok {
			b.errorf(at.AtMapKey(name).AtName("jump_host"), "There is no jump host %q in ssh.jump_hosts.", h.JumpHost)
		}
	}
	return hosts
}

func (b *builder) jumpHost(at path.Path, name string, v attr.Value) client.JumpHost {
	if v != nil && b.isUnknown(at, v) {
		return client.JumpHost{}
	}
	var m jumpHostModel
	if obj, ok := v.(types.Object); ok {
		b.diags.Append(obj.As(b.ctx, &m, basetypes.ObjectAsOptions{})...)
	}
	prefix := jumpHostsPrefix + "_" + envName(name) + "_"
	h := client.JumpHost{
		Host:        b.text(at.AtName("host"), m.Host, prefix+"HOST"),
		Port:        b.port(at.AtName("port"), m.Port, prefix+"PORT"),
		Credentials: b.text(at.AtName("credentials"), m.Credentials, prefix+"CREDENTIALS"),
		JumpHost:    b.text(at.AtName("jump_host"), m.JumpHost, prefix+"JUMP_HOST"),
	}
	if h.Host == "" && !m.Host.IsUnknown() {
		b.errorf(at.AtName("host"), "A jump host needs an address: set host, or %sHOST.", prefix)
	}
	return h
}
