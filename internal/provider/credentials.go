package provider

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"golang.org/x/crypto/ssh"

	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

const credentialsPrefix = "PROVISION_CREDENTIALS"

// credentialSuffixes are the ends of the variables of an entry.
func credentialSuffixes() []string {
	return []string{
		"USERNAME", "PASSWORD", "PRIVATE_KEY", "PASSPHRASE", "ENABLE_PASSWORD",
		"JUMP_HOST", "PORT", "HOST_KEY", "OPTIONS",
	}
}

// credentials are the entries of the block and of the environment.
func (b *builder) credentials(v types.Map, common client.SSH) map[string]client.Credential {
	at := path.Root("credentials")
	if b.isUnknown(at, v) {
		return nil
	}
	entries := map[string]client.Credential{}
	elements := b.elements(at, v, credentialsPrefix, credentialSuffixes())
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		entries[name] = b.credential(at.AtMapKey(name), name, elements[name], common)
	}
	return entries
}

// elements are the entries of a map of objects by name; those that are only in
// the environment are nil.
func (b *builder) elements(at path.Path, v types.Map, prefix string, suffixes []string) map[string]attr.Value {
	elements := v.Elements()
	if elements == nil {
		elements = map[string]attr.Value{}
	}
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		if other, ok := owner[envName(name)]; ok && len(b.env.entries(prefix, suffixes)[envName(name)]) > 0 {
			b.errorf(at.AtMapKey(name), "The variables %s_%s_... could mean %q or %q: rename one.", prefix, envName(name), other, name)
		}
		owner[envName(name)] = name
	}
	for name := range b.env.entries(prefix, suffixes) {
		if _, ok := owner[name]; !ok {
			elements[strings.ToLower(name)] = nil
		}
	}
	return elements
}

// credential is one entry. What is unknown in it stays with it: only devices
// that use the entry are affected.
func (b *builder) credential(at path.Path, name string, v attr.Value, common client.SSH) client.Credential {
	if v != nil && v.IsUnknown() {
		return client.Credential{Unknown: []string{"everything"}}
	}
	var m credentialModel
	if obj, ok := v.(types.Object); ok {
		b.diags.Append(obj.As(b.ctx, &m, basetypes.ObjectAsOptions{})...)
	}
	own := *b
	own.unknown, own.diags = nil, nil
	variable := func(suffix string) string { return credentialsPrefix + "_" + envName(name) + "_" + suffix }
	c := client.Credential{
		Username:       own.text(at.AtName("username"), m.Username, variable("USERNAME")),
		Password:       own.text(at.AtName("password"), m.Password, variable("PASSWORD")),
		PrivateKey:     own.text(at.AtName("private_key"), m.PrivateKey, variable("PRIVATE_KEY")),
		Passphrase:     own.text(at.AtName("passphrase"), m.Passphrase, variable("PASSPHRASE")),
		EnablePassword: own.text(at.AtName("enable_password"), m.EnablePassword, variable("ENABLE_PASSWORD")),
		JumpHost:       own.text(at.AtName("jump_host"), m.JumpHost, variable("JUMP_HOST")),
		Port:           own.port(at.AtName("port"), m.Port, variable("PORT")),
		HostKey:        own.text(at.AtName("host_key"), m.HostKey, variable("HOST_KEY")),
		Options:        own.table(at.AtName("options"), m.Options, variable("OPTIONS")),
	}
	for _, u := range own.unknown {
		c.Unknown = append(c.Unknown, strings.TrimPrefix(u, at.String()+"."))
	}
	own.checkCredential(at, &c, m, common)
	b.diags.Append(own.diags...)
	return c
}

// checkCredential finds what can be seen to be wrong without a device. It
// unlocks the private key, once for all devices: that takes a while by design.
func (b *builder) checkCredential(at path.Path, c *client.Credential, m credentialModel, common client.SSH) {
	if c.PrivateKey != "" && !m.Passphrase.IsUnknown() {
		key, err := unlock(c.PrivateKey, c.Passphrase)
		if err != nil {
			b.errorf(at.AtName("private_key"), "The private key cannot be used: %v.", err)
		}
		c.PrivateKey = key
	}
	if c.HostKey != "" {
		if err := checkHostKey(c.HostKey); err != nil {
			b.errorf(at.AtName("host_key"), "The host key cannot be used: %v.", err)
		}
	}
	if _, ok := common.JumpHosts[c.JumpHost]; c.JumpHost != "" && !ok && common.JumpHosts != nil {
		b.errorf(at.AtName("jump_host"), "There is no jump host %q in ssh.jump_hosts.", c.JumpHost)
	}
}

// unlock returns a private key without its passphrase; the error quotes none of
// it.
func unlock(text, passphrase string) (string, error) {
	if !strings.Contains(text, "-----BEGIN") {
		return "", errors.New("it is not the text of a key in PEM or OpenSSH form (of a path, give file(\"...\"))")
	}
	return devssh.UnlockKey(text, passphrase)
}

// checkHostKey tells why a pinned host key cannot be used.
func checkHostKey(text string) error {
	if sum, ok := strings.CutPrefix(text, "SHA256:"); ok {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(sum, "="))
		if err != nil || len(raw) != 32 {
			return errors.New("it is not a fingerprint as ssh-keygen -l prints it (SHA256: and 43 characters)")
		}
		return nil
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text)); err != nil {
		return errors.New("it is neither a line as in a .pub file (ssh-ed25519 AAAA...) nor a fingerprint (SHA256:...)")
	}
	return nil
}
