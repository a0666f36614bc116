package zabbix

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Lengths in characters (Zabbix 6.0 to 7.4, include/schema.inc.php).
const (
	maxName        = 128
	maxText        = 65535
	maxTag         = 255
	maxMacroName   = 255
	maxMacroValue  = 2048
	maxDNS         = 255
	maxIdentity    = 128
	maxCertificate = 1024
	minPSK, maxPSK = 32, 512 // hexadecimal digits
)

var (
	// hostForm is what technical names may be made of.
	hostForm = regexp.MustCompile(`^[0-9A-Za-z_. -]+$`)
	// dnsForm is what DNS names may be made of, user macros included.
	dnsForm = regexp.MustCompile(`^([0-9A-Za-z_.-]|\{\$[^}]+\}|\{HOST\.[A-Z]+\})+$`)
	pskForm = regexp.MustCompile(`^[0-9A-Fa-f]*$`)
)

// check tells all that is wrong with an intent and can be seen without asking
// Zabbix.
func (in *Intent) check() error {
	var p problems
	in.checkNames(&p)
	in.checkInterface(&p)
	in.checkTags(&p)
	in.checkMacros(&p)
	in.checkInventory(&p)
	in.checkTLS(&p)
	if in.Proxy != nil && in.Proxy.Name != "" && in.Proxy.Group != "" {
		p.add(fieldProxy, "proxy %q and proxy group %q are both given: a host has one of them", in.Proxy.Name, in.Proxy.Group)
	}
	for f, names := range map[Field][]string{FieldTemplates: deref(in.Templates), FieldGroups: deref(in.Groups)} {
		if slices.Contains(names, "") {
			p.add(string(f), "an empty name among them")
		}
	}
	return p.err()
}

// tooLong tells that a text has more characters than Zabbix keeps.
func (p *problems) tooLong(field, what, text string, limit int) {
	if n := utf8.RuneCountInString(text); n > limit {
		p.add(field, "%s has %d characters; Zabbix keeps %d", what, n, limit)
	}
}

// blanks are what Zabbix' trim, which is PHP's, takes off.
const blanks = " \t\n\r\x00\v"

func (in *Intent) checkNames(p *problems) {
	switch {
	case in.Name == "":
		p.add(fieldHost, "the technical name is empty")
	case in.Name != strings.TrimSpace(in.Name) || !hostForm.MatchString(in.Name):
		p.add(fieldHost, "%q is no technical name: letters from A to Z, digits, blanks inside, dots, dashes and underscores are allowed; "+
			"other characters can stand in visible_name", in.Name)
	}
	p.tooLong(fieldHost, "the technical name", in.Name, maxName)
	if in.VisibleName != nil {
		if *in.VisibleName != "" && strings.Trim(*in.VisibleName, blanks) == "" {
			p.add(fieldVisible, "a visible name of nothing but blanks is none to Zabbix: leave it out, or set it to \"\"")
		}
		p.tooLong(fieldVisible, "the visible name", *in.VisibleName, maxName)
	}
	if in.Description != nil {
		p.tooLong(fieldDescription, "the description", *in.Description, maxText)
	}
}

func (in *Intent) checkInterface(p *problems) {
	i := in.Agent
	if i == nil {
		return
	}
	if i.IP != "" && !isIP(i.IP) {
		p.add(fieldInterface, "%q is no IP address", i.IP)
	}
	if i.DNS != "" && !dnsForm.MatchString(i.DNS) {
		p.add(fieldInterface, "%q is no DNS name", i.DNS)
	}
	p.tooLong(fieldInterface, "the DNS name", i.DNS, maxDNS)
	if !isPort(i.Port) {
		p.add(fieldInterface, "%q is no port: a number from 1 to 65535 or a user macro", i.Port)
	}
	i.checkUse(p)
}

// checkUse tells what is wrong with how an interface is reached.
func (i *Interface) checkUse(p *problems) {
	switch {
	case i.Use == UseIP && i.IP == "":
		p.add(fieldInterface, "it shall be reached by its IP address, and has none")
	case i.Use == UseDNS && i.DNS == "":
		p.add(fieldInterface, "it shall be reached by its DNS name, and has none")
	case i.Use != UseIP && i.Use != UseDNS:
		p.add(fieldInterface, "use is %q: ip or dns", string(i.Use))
	}
}

// isIP tells that a text is an address without a zone, or a macro for one.
func isIP(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Zone() == "" || macroName(text) || strings.HasPrefix(text, "{HOST.") && strings.HasSuffix(text, "}")
}

// isPort tells that a text is a port or a macro for one.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0 || macroName(text)
}

func (in *Intent) checkTags(p *problems) {
	for _, t := range deref(in.Tags) {
		if t.Name == "" {
			p.add(string(FieldTags), "a tag without a name")
		}
		if t.Name == TagRun || t.Name == TagName || t.Name == TagObject {
			p.add(string(FieldTags), "the tag %q is this provider's own", t.Name)
		}
		p.tooLong(string(FieldTags), "the name of the tag "+strconv.Quote(t.Name), t.Name, maxTag)
		p.tooLong(string(FieldTags), "the value of the tag "+strconv.Quote(t.Name), t.Value, maxTag)
	}
}

func (in *Intent) checkMacros(p *problems) {
	seen := map[string]bool{}
	each := func(field, name, value, description string) {
		if !macroName(name) {
			p.add(field, "%q is no macro: {$NAME} or {$NAME:context}, the name of capitals, digits, dots and underscores", name)
		}
		if key := macroKey(name); seen[key] {
			p.add(field, "%s is given twice", key)
		} else {
			seen[key] = true
		}
		p.tooLong(field, "the name of a macro", name, maxMacroName)
		p.tooLong(field, "the value of "+name, value, maxMacroValue)
		p.tooLong(field, "the description of "+name, description, maxText)
	}
	for _, m := range deref(in.Macros) {
		each(string(FieldMacros), m.Name, m.Value, m.Description)
		if m.Kind == MacroVault && !vaultPath(m.Value) {
			p.add(string(FieldMacros), "the value of %s is no path and key of a vault: path/to/secret:key, or Parameter=value&AppID=value:key for CyberArk", m.Name)
		}
	}
	for _, s := range deref(in.Secrets) {
		each(fieldSecrets, s.Name, s.Value, s.Description)
	}
}

// vaultPath tells that a text is a path with a key: the least that the parsers of
// all versions and of both kinds of vault ask for (CVaultSecretParser).
func vaultPath(text string) bool {
	path, key, _ := strings.Cut(text, ":")
	if path == "" || key == "" {
		return false
	}
	return strings.Contains(path, "AppID=") ||
		!strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/") && !strings.Contains(path, "//")
}

func (in *Intent) checkInventory(p *problems) {
	for _, k := range slices.Sorted(maps.Keys(deref(in.Inventory))) {
		limit := inventoryLimit(k)
		if limit == 0 {
			p.add(string(FieldInventory), "%q is no inventory key", k)
			continue
		}
		p.tooLong(string(FieldInventory), k, (*in.Inventory)[k], limit)
	}
	if in.InventoryMode != nil && *in.InventoryMode == InventoryDisabled && len(deref(in.Inventory)) > 0 {
		p.add(fieldInventoryMode, "the mode is disabled, and a host without an inventory holds no inventory keys")
	}
}

func (in *Intent) checkTLS(p *problems) {
	if in.PSK != nil {
		in.checkPSK(p)
	}
	if in.TLS == nil {
		return
	}
	t := *in.TLS
	if !slices.Contains([]Encryption{NoEncryption, PSK, Certificate}, t.Connect) || len(t.Accept) == 0 {
		p.add(fieldTLS, "connect and accept are both needed: unencrypted, psk or certificate")
	}
	switch {
	case t.uses(PSK) && t.PSKIdentity == "":
		p.add(fieldTLS, "a pre-shared key needs an identity (psk_identity)")
	case !t.uses(PSK) && in.PSK != nil:
		p.add(fieldPSK, "there is a pre-shared key, and neither connect nor accept uses it")
	}
	p.tooLong(fieldTLS, "the identity", t.PSKIdentity, maxIdentity)
	p.tooLong(fieldTLS, "the issuer", t.Issuer, maxCertificate)
	p.tooLong(fieldTLS, "the subject", t.Subject, maxCertificate)
}

func (in *Intent) checkPSK(p *problems) {
	switch n := len(*in.PSK); {
	case !pskForm.MatchString(*in.PSK):
		p.add(fieldPSK, "the pre-shared key is not made of hexadecimal digits")
	case n%2 != 0:
		p.add(fieldPSK, "the pre-shared key has %d digits, an odd number", n)
	case n < minPSK || n > maxPSK:
		p.add(fieldPSK, "the pre-shared key has %d hexadecimal digits; from %d to %d are allowed", n, minPSK, maxPSK)
	}
}

// inventoryLimit is how many characters an inventory key holds; 0 for what is
// no key.
func inventoryLimit(key string) int {
	for limit, keys := range inventoryKeys {
		if slices.Contains(strings.Fields(keys), key) {
			return limit
		}
	}
	return 0
}

// inventoryKeys are the keys by the characters that they hold. How many the urls
// hold depends on the version.
var inventoryKeys = map[int]string{
	16: "location_lat location_lon",
	32: "hw_arch",
	39: "host_netmask host_router oob_ip oob_netmask oob_router",
	64: "type type_full serialno_a serialno_b tag asset_tag macaddress_a macaddress_b " +
		"software_app_a software_app_b software_app_c software_app_d software_app_e chassis model vendor " +
		"contract_number installer_name deployment_status date_hw_purchase date_hw_install date_hw_expiry date_hw_decomm " +
		"site_state site_country site_zip poc_1_phone_a poc_1_phone_b poc_1_cell poc_1_screen " +
		"poc_2_phone_a poc_2_phone_b poc_2_cell poc_2_screen",
	128: "name alias os os_short site_address_a site_address_b site_address_c site_city site_rack " +
		"poc_1_name poc_1_email poc_2_name poc_2_email",
	255:     "os_full hardware software",
	2048:    "url_a url_b url_c",
	maxText: "hardware_full software_full contact location notes host_networks site_notes poc_1_notes poc_2_notes",
}
