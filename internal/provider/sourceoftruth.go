package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/file"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/nautobot"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// The beginnings of the variables of the netbox and nautobot blocks.
const (
	netboxPrefix   = "PROVISION_NETBOX_"
	nautobotPrefix = "PROVISION_NAUTOBOT_"
)

// apiVariables are the ends of the names of the variables that both blocks have.
func apiVariables() []string {
	return []string{
		"URL", "TOKEN", "CA_FILE", "CERT_FILE", "KEY_FILE", "HEADERS", "TIMEOUT",
		"WRITE_BACK_JOURNAL", "WRITE_BACK_ZABBIX_HOST_ID",
	}
}

// sourceVariables are all variables of the sources of truth behind an API.
func sourceVariables() []string {
	names := []string{netboxPrefix + "MAX_RENDERS", nautobotPrefix + "LOCATION_TYPE"}
	for _, end := range apiVariables() {
		names = append(names, netboxPrefix+end, nautobotPrefix+end)
	}
	return names
}

// truth is the source of truth that the block names.
type truth struct {
	source    inventory.Source // nil for none
	unknown   string           // what of it is known only at apply
	secrets   []string
	writeBack client.WriteBack
}

// sourceOfTruth opens the one source of truth. It connects to nothing.
func (b *builder) sourceOfTruth(m model, notes *client.Notes) truth {
	chosen := b.chosen(m)
	if len(chosen) > 1 {
		b.errorf(path.Root(chosen[1]), "There is one source of truth: %s are all set (here, or by the environment). Leave one.", strings.Join(chosen, ", "))
		return truth{}
	}
	if len(chosen) == 0 {
		return truth{}
	}
	own := *b
	own.unknown, own.diags = nil, nil
	var t truth
	switch chosen[0] {
	case "netbox":
		t = own.netbox(path.Root("netbox"), m.NetBox, notes)
	case "nautobot":
		t = own.nautobot(path.Root("nautobot"), m.Nautobot, notes)
	default:
		t = own.inventoryFile(m)
	}
	t.unknown = strings.Join(own.unknown, ", ")
	b.diags.Append(own.diags...)
	return t
}

// chosen are the attributes that name a source of truth.
func (b *builder) chosen(m model) []string {
	var names []string
	if !m.NetBox.IsNull() || b.env[netboxPrefix+"URL"] != "" {
		names = append(names, "netbox")
	}
	if !m.Nautobot.IsNull() || b.env[nautobotPrefix+"URL"] != "" {
		names = append(names, "nautobot")
	}
	if m.InventoryFile.IsUnknown() || m.InventoryFile.ValueString() != "" || b.env["PROVISION_INVENTORY_FILE"] != "" {
		names = append(names, "inventory_file")
	}
	return names
}

// inventoryFile reads the inventory file.
func (b *builder) inventoryFile(m model) truth {
	at := path.Root("inventory_file")
	name := b.text(at, m.InventoryFile, "PROVISION_INVENTORY_FILE")
	if name == "" || !b.files {
		return truth{}
	}
	source, err := file.Open(name)
	if err != nil {
		b.errorf(at, "%v", err)
		return truth{}
	}
	return truth{source: source}
}

// apiModel is what the netbox and nautobot blocks have in common.
type apiModel struct {
	URL       types.String `tfsdk:"url"`
	Token     types.String `tfsdk:"token"`
	CAFile    types.String `tfsdk:"ca_file"`
	CertFile  types.String `tfsdk:"cert_file"`
	KeyFile   types.String `tfsdk:"key_file"`
	Headers   types.Map    `tfsdk:"headers"`
	Timeout   types.String `tfsdk:"timeout"`
	WriteBack types.Object `tfsdk:"write_back"`
}

// writeBackModel is write_back of both.
type writeBackModel struct {
	Journal      types.Bool   `tfsdk:"journal"`
	ZabbixHostID types.String `tfsdk:"zabbix_host_id"`
}

// netboxModel is the netbox block.
type netboxModel struct {
	apiModel
	MaxRenders types.Int64 `tfsdk:"max_renders"`
}

// nautobotModel is the nautobot block.
type nautobotModel struct {
	apiModel
	LocationType types.String `tfsdk:"location_type"`
}

// defaultMaxRenders is how many configurations NetBox renders at once.
const defaultMaxRenders = 8

// netbox opens NetBox.
func (b *builder) netbox(at path.Path, v types.Object, notes *client.Notes) truth {
	var m netboxModel
	if b.object(v, at, &m); v.IsUnknown() {
		return truth{}
	}
	login := b.login(at, netboxPrefix, m.apiModel)
	renders := b.number(at.AtName("max_renders"), m.MaxRenders, netboxPrefix+"MAX_RENDERS", defaultMaxRenders)
	return b.open(at, login, func() (inventory.Source, error) {
		return netbox.New(netbox.Config{URL: login.url, Token: login.token, HTTP: login.http, MaxRenders: renders, Warn: notes.Add})
	})
}

// nautobot opens Nautobot.
func (b *builder) nautobot(at path.Path, v types.Object, notes *client.Notes) truth {
	var m nautobotModel
	if b.object(v, at, &m); v.IsUnknown() {
		return truth{}
	}
	login := b.login(at, nautobotPrefix, m.apiModel)
	kind := b.text(at.AtName("location_type"), m.LocationType, nautobotPrefix+"LOCATION_TYPE")
	return b.open(at, login, func() (inventory.Source, error) {
		return nautobot.New(nautobot.Config{URL: login.url, Token: login.token, HTTP: login.http, LocationType: kind, Warn: notes.Add})
	})
}

// open opens a source whose login is known and right.
func (b *builder) open(at path.Path, login apiLogin, open func() (inventory.Source, error)) truth {
	t := truth{secrets: login.secrets(), writeBack: login.writeBack}
	if len(b.unknown) > 0 || b.diags.HasError() || !b.files {
		return t
	}
	source, err := open()
	if err != nil {
		b.errorf(at, "%v.", err)
		return t
	}
	t.source = source
	return t
}

// apiLogin is how an API is reached.
type apiLogin struct {
	url, token string
	http       httpclient.Config
	writeBack  client.WriteBack
}

// secrets are the words that no text may show.
func (l apiLogin) secrets() []string {
	return append([]string{l.token}, secret.HeaderWords(l.http.Headers)...)
}

// login is how an API is reached, wherever the values come from.
func (b *builder) login(at path.Path, prefix string, m apiModel) apiLogin {
	text := func(name, variable string, v types.String) string { return b.text(at.AtName(name), v, prefix+variable) }
	l := apiLogin{url: text("url", "URL", m.URL), token: text("token", "TOKEN", m.Token), writeBack: b.writeBack(at.AtName("write_back"), prefix, m.WriteBack)}
	l.http = httpclient.Config{
		CAFile: text("ca_file", "CA_FILE", m.CAFile), CertFile: text("cert_file", "CERT_FILE", m.CertFile), KeyFile: text("key_file", "KEY_FILE", m.KeyFile),
		Headers: b.table(at.AtName("headers"), m.Headers, prefix+"HEADERS"), Timeout: b.duration(at.AtName("timeout"), m.Timeout, prefix+"TIMEOUT"),
		UserAgent: userAgent,
	}
	if !m.URL.IsUnknown() {
		b.checkURL(at.AtName("url"), l.url, prefix+"URL")
	}
	if l.token == "" && !m.Token.IsUnknown() {
		b.errorf(at.AtName("token"), "A token is needed: set token, or %sTOKEN.", prefix)
	}
	if (l.http.CertFile == "") != (l.http.KeyFile == "") && !m.CertFile.IsUnknown() && !m.KeyFile.IsUnknown() {
		b.errorf(at.AtName("cert_file"), "A client certificate needs both cert_file and key_file.")
	}
	return l
}

// userAgent is what servers see of us.
const userAgent = "terraform-provider-provision"

// writeBack is what is written back; nothing unless it is asked for.
func (b *builder) writeBack(at path.Path, prefix string, v types.Object) client.WriteBack {
	var m writeBackModel
	b.object(v, at, &m)
	return client.WriteBack{
		Journal:      b.truth(at.AtName("journal"), m.Journal, prefix+"WRITE_BACK_JOURNAL"),
		ZabbixHostID: b.text(at.AtName("zabbix_host_id"), m.ZabbixHostID, prefix+"WRITE_BACK_ZABBIX_HOST_ID"),
	}
}
