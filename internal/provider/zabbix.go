package provider

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// zabbixPrefix begins the variables of the zabbix block.
const zabbixPrefix = "PROVISION_ZABBIX_"

// zabbixVariables are the ends of the names of all variables of the block.
func zabbixVariables() []string {
	return []string{
		"URL", "TOKEN", "USERNAME", "PASSWORD", "CA_FILE", "HEADERS", "TIMEOUT", "MAPPINGS", "CREATE_HOST_GROUPS", "PREFETCH",
		"GRAVEYARD_GROUP", "GRAVEYARD_SUFFIX", "MAX_DESTROY", "CONFIG_REFRESH", "AGENT_PORT", "USE", "ADDRESS", "ENABLED", "INVENTORY_MODE",
		"ADOPT", "ON_DESTROY", "ON_DRIFT", "TEMPLATE_REMOVAL", "WAIT_FOR_AGENT", "MANAGE", "TLS_CONNECT", "TLS_ACCEPT", "TLS_PSK_IDENTITY", "TLS_ISSUER", "TLS_SUBJECT",
	}
}

// manageFields are the fields in which ownership matters.
func manageFields() []string {
	return []string{
		string(zabbix.FieldTemplates), string(zabbix.FieldGroups), string(zabbix.FieldTags),
		string(zabbix.FieldMacros), string(zabbix.FieldInventory),
	}
}

// zabbix builds what the client knows of Zabbix; nil when neither the block nor
// the environment has it. What is unknown in it stays with it: only resources
// that use Zabbix are affected.
func (b *builder) zabbix(v types.Object) *client.Zabbix {
	at := path.Root("zabbix")
	if v.IsUnknown() {
		return &client.Zabbix{Unknown: []string{at.String()}}
	}
	if v.IsNull() && b.env[zabbixPrefix+"URL"] == "" {
		return nil
	}
	var m zabbixModel
	if !v.IsNull() {
		b.diags.Append(v.As(b.ctx, &m, basetypes.ObjectAsOptions{})...)
	}
	own := *b
	own.unknown, own.diags = nil, nil
	z := own.zabbixBlock(at, m)
	z.Unknown = own.unknown
	b.diags.Append(own.diags...)
	return z
}

// zabbixBlock is the block, wherever its values come from.
func (b *builder) zabbixBlock(at path.Path, m zabbixModel) *client.Zabbix {
	var yard graveyardModel
	b.object(m.Graveyard, at.AtName("graveyard"), &yard)
	z := &client.Zabbix{
		CreateGroups:  b.truth(at.AtName("create_host_groups"), m.CreateHostGroups, zabbixPrefix+"CREATE_HOST_GROUPS"),
		MaxDestroy:    b.number(at.AtName("max_destroy"), m.MaxDestroy, zabbixPrefix+"MAX_DESTROY", client.DefaultMaxDestroy),
		ConfigRefresh: b.duration(at.AtName("config_refresh"), m.ConfigRefresh, zabbixPrefix+"CONFIG_REFRESH"),
		Mappings:      b.mappings(at.AtName("mappings"), m.Mappings),
		Defaults:      b.hostDefaults(at.AtName("defaults"), m.Defaults),
		Graveyard: zabbix.Graveyard{
			Group:  b.text(at.AtName("graveyard").AtName("group"), yard.Group, zabbixPrefix+"GRAVEYARD_GROUP"),
			Suffix: b.text(at.AtName("graveyard").AtName("suffix"), yard.Suffix, zabbixPrefix+"GRAVEYARD_SUFFIX"),
		},
	}
	login := b.zabbixLogin(at, m)
	z.URL, z.Secrets = login.URL, login.Secrets()
	if len(b.unknown) == 0 && !b.diags.HasError() && b.files {
		var err error
		if z.Server, err = client.OpenZabbix(login); err != nil {
			b.errorf(at, "%v.", err)
		}
	}
	return z
}

// object reads a nested object; unknown it stays as it is.
func (b *builder) object(v types.Object, at path.Path, into any) {
	if !b.isUnknown(at, v) && !v.IsNull() {
		b.diags.Append(v.As(b.ctx, into, basetypes.ObjectAsOptions{})...)
	}
}

// zabbixLogin is how the API is reached.
func (b *builder) zabbixLogin(at path.Path, m zabbixModel) client.ZabbixLogin {
	text := func(name, variable string, v types.String) string {
		return b.text(at.AtName(name), v, zabbixPrefix+variable)
	}
	l := client.ZabbixLogin{
		URL: text("url", "URL", m.URL), Token: text("token", "TOKEN", m.Token),
		Username: text("username", "USERNAME", m.Username), Password: text("password", "PASSWORD", m.Password),
		CAFile:   text("ca_file", "CA_FILE", m.CAFile),
		Headers:  b.table(at.AtName("headers"), m.Headers, zabbixPrefix+"HEADERS"),
		Timeout:  b.duration(at.AtName("timeout"), m.Timeout, zabbixPrefix+"TIMEOUT"),
		Prefetch: b.truthOr(at.AtName("prefetch"), m.Prefetch, zabbixPrefix+"PREFETCH", true),
	}
	if !m.URL.IsUnknown() {
		b.checkURL(at.AtName("url"), l.URL, zabbixPrefix+"URL")
	}
	if m.Token.IsUnknown() || m.Username.IsUnknown() || m.Password.IsUnknown() {
		return l
	}
	switch {
	case l.Token != "" && (l.Username != "" || l.Password != ""):
		b.errorf(at.AtName("token"), "Give either a token or a username with its password, not both.")
	case l.Token == "" && (l.Username == "" || l.Password == ""):
		b.errorf(at.AtName("token"), "Zabbix needs a login: set token, or username and password (or %sTOKEN and so on).", zabbixPrefix)
	}
	return l
}

// checkURL refuses what is no address of a server.
func (b *builder) checkURL(at path.Path, text, variable string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		b.errorf(at, "An address is needed: set url, or %s.", variable)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		b.errorf(at, "This is no address such as https://name.example.net.")
	case u.User != nil:
		b.errorf(at, "A login does not belong into the address: use the attributes for it.")
	}
}

// truthOr is truth with a default.
func (b *builder) truthOr(at path.Path, v types.Bool, variable string, otherwise bool) bool {
	if v.IsNull() && b.env[variable] == "" {
		return otherwise
	}
	return b.truth(at, v, variable)
}

// truthIfSaid is truth; nil when nothing says it.
func (b *builder) truthIfSaid(at path.Path, v types.Bool, variable string) *bool {
	if v.IsNull() && b.env[variable] == "" {
		return nil
	}
	yes := b.truth(at, v, variable)
	return &yes
}

// choice is one of some words; empty when there is none.
func (b *builder) choice(at path.Path, v types.String, variable string, words ...string) string {
	text := b.text(at, v, variable)
	if text != "" && !slices.Contains(words, text) {
		b.errorf(at, "%q is none of %s.", text, strings.Join(words, ", "))
		return ""
	}
	return text
}

// hostDefaults are what hosts are where nobody else says it.
func (b *builder) hostDefaults(at path.Path, v types.Object) client.HostDefaults {
	var m zabbixDefaultsModel
	b.object(v, at, &m)
	choice := func(name, variable string, v types.String, words ...string) string {
		return b.choice(at.AtName(name), v, zabbixPrefix+variable, words...)
	}
	return client.HostDefaults{
		AgentPort:       b.text(at.AtName("agent_port"), m.AgentPort, zabbixPrefix+"AGENT_PORT"),
		Use:             zabbix.Use(choice("use", "USE", m.Use, string(client.UseAuto), string(zabbix.UseIP), string(zabbix.UseDNS))),
		Address:         choice("address", "ADDRESS", m.Address, client.Addresses()...),
		Enabled:         b.truthIfSaid(at.AtName("enabled"), m.Enabled, zabbixPrefix+"ENABLED"),
		InventoryMode:   choice("inventory_mode", "INVENTORY_MODE", m.InventoryMode, client.InventoryModes()...),
		Adopt:           b.truth(at.AtName("adopt"), m.Adopt, zabbixPrefix+"ADOPT"),
		OnDestroy:       zabbix.Destroy(choice("on_destroy", "ON_DESTROY", m.OnDestroy, client.Destroys()...)),
		OnDrift:         choice("on_drift", "ON_DRIFT", m.OnDrift, client.DriftRevert, client.DriftFail),
		TemplateRemoval: choice("template_removal", "TEMPLATE_REMOVAL", m.TemplateRemoval, client.RemovalUnlink, client.RemovalClear),
		WaitForAgent:    b.duration(at.AtName("wait_for_agent"), m.WaitForAgent, zabbixPrefix+"WAIT_FOR_AGENT"),
		TLS:             b.defaultTLS(at.AtName("tls"), m.TLS),
		Manage:          b.manage(at.AtName("manage"), m.Manage),
	}
}

// defaultTLS is the encryption of hosts; nil when nothing says it.
func (b *builder) defaultTLS(at path.Path, v types.Object) *zabbix.TLS {
	var m zabbixTLSModel
	b.object(v, at, &m)
	kinds := client.Encryptions()
	connect := b.choice(at.AtName("connect"), m.Connect, zabbixPrefix+"TLS_CONNECT", kinds...)
	accept := b.list(at.AtName("accept"), m.Accept, zabbixPrefix+"TLS_ACCEPT", ",")
	t := zabbix.TLS{
		PSKIdentity: b.text(at.AtName("psk_identity"), m.PSKIdentity, zabbixPrefix+"TLS_PSK_IDENTITY"),
		Issuer:      b.text(at.AtName("issuer"), m.Issuer, zabbixPrefix+"TLS_ISSUER"),
		Subject:     b.text(at.AtName("subject"), m.Subject, zabbixPrefix+"TLS_SUBJECT"),
	}
	if connect == "" {
		if len(accept) > 0 || t.PSKIdentity != "" || t.Issuer != "" || t.Subject != "" {
			b.errorf(at.AtName("connect"), "Say how the server connects to the agents: %s.", strings.Join(kinds, ", "))
		}
		return nil
	}
	t.Connect = client.Encryption(connect)
	for i, name := range accept {
		if !slices.Contains(kinds, name) {
			b.errorf(at.AtName("accept").AtListIndex(i), "%q is none of %s.", name, strings.Join(kinds, ", "))
		}
		t.Accept = append(t.Accept, client.Encryption(name))
	}
	if len(t.Accept) == 0 {
		t.Accept = []zabbix.Encryption{t.Connect}
	}
	slices.Sort(t.Accept)
	return &t
}

// manage says whose the entries of fields are.
func (b *builder) manage(at path.Path, v types.Object) map[zabbix.Field]string {
	fields := map[zabbix.Field]string{}
	for name, how := range b.table(at, types.MapNull(types.StringType), zabbixPrefix+"MANAGE") {
		fields[zabbix.Field(name)] = how
	}
	if b.isUnknown(at, v) {
		return fields
	}
	for name, e := range v.Attributes() {
		if how, ok := e.(types.String); ok && !b.isUnknown(at.AtName(name), how) && how.ValueString() != "" {
			fields[zabbix.Field(name)] = how.ValueString()
		}
	}
	for f, how := range fields {
		if !slices.Contains(manageFields(), string(f)) {
			b.errorf(at, "%sMANAGE: %q is none of %s.", zabbixPrefix, f, strings.Join(manageFields(), ", "))
		}
		if how != client.Additive && how != client.Exclusive {
			b.errorf(at.AtName(string(f)), "%q is neither %q nor %q.", how, client.Additive, client.Exclusive)
		}
	}
	return fields
}

// mappings are the rules of the block, or of the file that the environment
// names; nil when there are none.
func (b *builder) mappings(at path.Path, v types.Dynamic) *mapping.Config {
	if b.isUnknown(at, v) || v.IsUnderlyingValueUnknown() {
		if !v.IsUnknown() {
			b.unknown = append(b.unknown, at.String())
		}
		return nil
	}
	plain, err := tftype.Plain(v)
	if v.IsNull() {
		plain, err = b.mappingsFile()
	}
	var unknown *tftype.UnknownError
	switch {
	case errors.As(err, &unknown):
		b.unknown = append(b.unknown, tftype.At(at, unknown.Steps).String())
		return nil
	case err != nil:
		b.errorf(at, "%v.", err)
		return nil
	case plain == nil:
		return nil
	}
	rules, err := mapping.Decode(plain)
	var mistakes mapping.Errors
	if errors.As(err, &mistakes) {
		for _, e := range mistakes {
			b.errorf(tftype.At(at, e.Path), "%s", ended(e.Message))
		}
	}
	return rules
}

// ended ends a sentence that is no question.
func ended(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// mappingsFile reads the file of mappings that the environment names; nil when
// there is none.
func (b *builder) mappingsFile() (any, error) {
	name := b.env[zabbixPrefix+"MAPPINGS"]
	if name == "" || !b.files {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, errors.New(name + ": " + err.Error())
	}
	var plain any
	err = json.Unmarshal(asJSON, &plain)
	return plain, err
}
