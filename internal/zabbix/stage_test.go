package zabbix_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// minimal is an intent with what every host needs.
func minimal() zabbix.Intent {
	return zabbix.Intent{
		Name: "core1", Object: "device:1", Run: "run-1", Groups: ptr([]string{"Linux servers"}),
		Graveyard: zabbix.Graveyard{Group: "graveyard", Suffix: "_archived"},
	}
}

// plan makes a dry run in the world.
func plan(t *testing.T, w *world, in zabbix.Intent) (provision.Result, zabbix.Summary, error) {
	t.Helper()
	return planWith(t, w, zabbix.NewKeys(), in)
}

func planWith(t *testing.T, w *world, keys *zabbix.Keys, in zabbix.Intent) (provision.Result, zabbix.Summary, error) {
	t.Helper()
	var told zabbix.Summary
	in.Told = func(s zabbix.Summary) { told = s }
	target := zabbix.NewTarget(&client{w: w}, keys, zabbix.Ref{Name: in.Name, ID: in.ID})
	res, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, DryRun: true, Commit: true})
	if w.writes != 0 {
		t.Error("P1: a dry run wrote")
	}
	return res, told, err
}

// refuses makes sure that a plan names the attributes, and says what is wrong.
func refuses(t *testing.T, err error, field, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one at %s with %q", field, text)
	}
	var rejected *provision.RejectedError
	for _, f := range zabbix.FieldErrors(err) {
		if f.Field == field && strings.Contains(f.Error(), text) {
			if !errors.As(f, &rejected) && !strings.Contains(text, "there is no") {
				t.Errorf("the core cannot advise on %v", f)
			}
			return
		}
	}
	t.Errorf("no error at %s with %q: %v", field, text, err)
}

func TestWhatAPlanRefuses(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	psk := func(key string) func(*zabbix.Intent) {
		return func(in *zabbix.Intent) {
			in.PSK, in.TLS = &key, &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "id"}
		}
	}
	agent := func(i zabbix.Interface) func(*zabbix.Intent) {
		return func(in *zabbix.Intent) { in.Agent = &i }
	}
	templates := func(names ...string) func(*zabbix.Intent) {
		return func(in *zabbix.Intent) {
			in.Templates, in.Agent = &names, &zabbix.Interface{IP: "192.0.2.1", Port: "10050", Use: zabbix.UseIP}
		}
	}
	macro := func(name, value string) func(*zabbix.Intent) {
		return func(in *zabbix.Intent) { in.Macros = ptr([]zabbix.Macro{{Name: name, Value: value}}) }
	}
	vault := func(value string) func(*zabbix.Intent) {
		return func(in *zabbix.Intent) {
			in.Macros = ptr([]zabbix.Macro{{Name: "{$V}", Value: value, Kind: zabbix.MacroVault}})
		}
	}
	for _, c := range []struct {
		field, text string
		change      func(*zabbix.Intent)
	}{
		{"host", "is empty", func(in *zabbix.Intent) { in.Name = "" }},
		{"host", "no technical name", func(in *zabbix.Intent) { in.Name = "core/1" }},
		{"host", "no technical name", func(in *zabbix.Intent) { in.Name = "cöre" }},
		{"host", "no technical name", func(in *zabbix.Intent) { in.Name = " core1" }},
		{"host", "129 characters", func(in *zabbix.Intent) { in.Name = long(129) }},
		{"visible_name", "129 characters", func(in *zabbix.Intent) { in.VisibleName = ptr(long(129)) }},
		{"visible_name", "nothing but blanks", func(in *zabbix.Intent) { in.VisibleName = ptr(" \n") }},
		{"description", "65536 characters", func(in *zabbix.Intent) { in.Description = ptr(long(65536)) }},
		{"host_groups", "at least one", func(in *zabbix.Intent) { in.Groups = nil }},
		{"host_groups", "at least one", func(in *zabbix.Intent) { in.Groups = ptr([]string{}) }},
		{"host_groups", "there is no", func(in *zabbix.Intent) { in.Groups = ptr([]string{"Nowhere"}) }},
		{"host_groups", "empty name", func(in *zabbix.Intent) { in.Groups = ptr([]string{""}) }},
		{"tags", "without a name", func(in *zabbix.Intent) { in.Tags = ptr([]zabbix.Tag{{Value: "x"}}) }},
		{"tags", "256 characters", func(in *zabbix.Intent) { in.Tags = ptr([]zabbix.Tag{{Name: long(256)}}) }},
		{"tags", "256 characters", func(in *zabbix.Intent) { in.Tags = ptr([]zabbix.Tag{{Name: "a", Value: long(256)}}) }},
		{"tags", "own", func(in *zabbix.Intent) { in.Tags = ptr([]zabbix.Tag{{Name: zabbix.TagRun}}) }},
		{"macros", "no macro", macro("{$lower}", "")},
		{"macros", "no macro", macro("$X", "")},
		{"macros", "no macro", macro(`{$X:"open}`, "")},
		{"macros", "no macro", macro(`{$X:a}b}`, "")},
		{"macros", "2049 characters", macro("{$X}", long(2049))},
		{"macros", "of a vault", vault("secret/x")},
		{"macros", "of a vault", vault("secret/x:")},
		{"macros", "of a vault", vault(":key")},
		{"macros", "of a vault", vault("")},
		{"macros", "of a vault", vault("/secret/x:key")},
		{"macros", "of a vault", vault("secret//x:key")},
		{"macros", "of a vault", vault("secret/:key")},
		{"secret_macros", "given twice", func(in *zabbix.Intent) {
			macro(`{$X:"a"}`, "")(in)
			in.Secrets = ptr([]zabbix.Secret{{Name: "{$X: a}"}})
		}},
		{"inventory", "no inventory key", func(in *zabbix.Intent) { in.Inventory = ptr(map[string]string{"colour": "red"}) }},
		{"inventory", "65 characters", func(in *zabbix.Intent) { in.Inventory = ptr(map[string]string{"tag": long(65)}) }},
		{"inventory_mode", "disabled", func(in *zabbix.Intent) {
			in.Inventory, in.InventoryMode = ptr(map[string]string{"tag": "x"}), ptr(zabbix.InventoryDisabled)
		}},
		{"interface", "no IP address", agent(zabbix.Interface{IP: "192.0.2", Port: "1", Use: zabbix.UseIP})},
		{"interface", "no IP address", agent(zabbix.Interface{IP: "fe80::1%eth0", Port: "1", Use: zabbix.UseIP})},
		{"interface", "no DNS name", agent(zabbix.Interface{DNS: "a b", Port: "1", Use: zabbix.UseDNS})},
		{"interface", "256 characters", agent(zabbix.Interface{DNS: long(256), Port: "1", Use: zabbix.UseDNS})},
		{"interface", "no port", agent(zabbix.Interface{IP: "::1", Port: "65536", Use: zabbix.UseIP})},
		{"interface", "no port", agent(zabbix.Interface{IP: "::1", Port: "0", Use: zabbix.UseIP})},
		{"interface", "IP address, and has none", agent(zabbix.Interface{DNS: "a", Port: "1", Use: zabbix.UseIP})},
		{"interface", "DNS name, and has none", agent(zabbix.Interface{IP: "::1", Port: "1", Use: zabbix.UseDNS})},
		{"interface", "ip or dns", agent(zabbix.Interface{IP: "::1", Port: "1"})},
		{"proxy", "both given", func(in *zabbix.Intent) { in.Proxy = &zabbix.Proxy{Name: "a", Group: "b"} }},
		{"proxy", "there is no", func(in *zabbix.Intent) { in.Proxy = &zabbix.Proxy{Name: "a"} }},
		{"tls_psk", "hexadecimal", psk(strings.Repeat("xy", 16))},
		{"tls_psk", "odd", psk(strings.Repeat("a", 33))},
		{"tls_psk", "from 32 to 512", psk(strings.Repeat("a", 30))},
		{"tls_psk", "from 32 to 512", psk(strings.Repeat("a", 514))},
		{"tls_psk", "has none", func(in *zabbix.Intent) { psk("")(in); in.PSK = nil }},
		{"tls", "needs an identity", func(in *zabbix.Intent) { psk(plantedPSK)(in); in.TLS.PSKIdentity = "" }},
		{"tls", "129 characters", func(in *zabbix.Intent) { psk(plantedPSK)(in); in.TLS.PSKIdentity = long(129) }},
		{"tls", "both needed", func(in *zabbix.Intent) { psk(plantedPSK)(in); in.TLS.Accept = nil }},
		{"tls", "set tls", func(in *zabbix.Intent) { in.PSK = ptr(plantedPSK) }},
		{"tls_psk", "neither connect nor accept", func(in *zabbix.Intent) {
			in.PSK, in.TLS = ptr(plantedPSK), &zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}}
		}},
		{"templates", "there is no", templates("linux")}, // names count to the letter
		{"templates", "linked directly and comes with", templates("Linux", "ICMP")},
		{"templates", `comes with "Also ICMP" and with "Linux"`, templates("Linux", "Also ICMP")},
		{"templates", "interface of type SNMP", templates("SNMP")},
		{"templates", "interface of type agent", func(in *zabbix.Intent) { templates("Linux")(in); in.Agent = nil }},
		{"templates", "depend on triggers", templates("Needs ICMP")},
		{"visible_name", "of the host other", func(in *zabbix.Intent) { in.VisibleName = ptr("Taken") }},
	} {
		in := minimal()
		c.change(&in)
		w := newWorld()
		w.add(zabbix.Host{Name: "other", VisibleName: "Taken", Enabled: true, Groups: []string{"Routers"}})
		_, _, err := plan(t, w, in)
		t.Run(c.field+" "+c.text, func(t *testing.T) { refuses(t, err, c.field, c.text) })
	}
}

// Every character that a technical name may not have, as of real ones.
func TestForbiddenCharacters(t *testing.T) {
	for c := rune(0); c < 0x180; c++ {
		in := minimal()
		in.Name = "core" + string(c) + "1"
		_, _, err := plan(t, newWorld(), in)
		allowed := c < 0x80 && strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_. -", c)
		if allowed != (err == nil) {
			t.Errorf("%q: %v", in.Name, err)
		}
		if !allowed {
			refuses(t, err, "host", "no technical name")
		}
	}
}

func TestWhatAPlanTakes(t *testing.T) {
	for name, change := range map[string]func(*zabbix.Intent){
		"a template with what it depends on":  func(in *zabbix.Intent) { in.Templates = ptr([]string{"Needs ICMP", "Also ICMP"}) },
		"macros for the address and the port": func(in *zabbix.Intent) { in.Agent = &zabbix.Interface{IP: "{$IP}", Port: "{$P}", Use: zabbix.UseIP} },
		"an IPv6 address":                     func(in *zabbix.Intent) { in.Agent = &zabbix.Interface{IP: "2001:db8::1", Port: "1", Use: zabbix.UseIP} },
		"contexts that differ": func(in *zabbix.Intent) {
			in.Macros = ptr([]zabbix.Macro{{Name: "{$X:a}"}, {Name: "{$X}"}, {Name: "{$X:regex:a}"}})
		},
		"a group that may be made":         func(in *zabbix.Intent) { in.Groups, in.CreateGroups = ptr([]string{"Nowhere"}), true },
		"a name of 128 characters":         func(in *zabbix.Intent) { in.Name = strings.Repeat("x", 128) },
		"a visible name of 128 wide ones":  func(in *zabbix.Intent) { in.VisibleName = ptr(strings.Repeat("ä", 128)) },
		"inventory without a mode: manual": func(in *zabbix.Intent) { in.Inventory = ptr(map[string]string{"url_a": strings.Repeat("x", 2048)}) },
		"one tag name with two values":     func(in *zabbix.Intent) { in.Tags = ptr([]zabbix.Tag{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}) },
		"no pre-shared key where none is used": func(in *zabbix.Intent) {
			in.TLS = &zabbix.TLS{Connect: 4, Accept: []zabbix.Encryption{4}, Issuer: "CN=a"}
		},
	} {
		in := minimal()
		change(&in)
		if res, _, err := plan(t, newWorld(), in); err != nil || res.Diff.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// All problems are told at once.
func TestAPlanTellsAllProblems(t *testing.T) {
	in := minimal()
	in.Name, in.Proxy, in.Agent = "a/b", &zabbix.Proxy{Name: "a", Group: "b"}, &zabbix.Interface{}
	_, _, err := plan(t, newWorld(), in)
	var fields []string
	for _, f := range zabbix.FieldErrors(err) {
		fields = append(fields, f.Field)
	}
	slices.Sort(fields)
	if got := fmt.Sprint(slices.Compact(fields)); got != "[host interface proxy]" {
		t.Errorf("got %s: %v", got, err)
	}
}

func TestTheDifference(t *testing.T) {
	w := newWorld()
	in := full()
	in.ID, in.Ours, in.Clear = existing(w).ID, ours(), true
	res, told, err := plan(t, w, in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `@@ description
+ "first\nsecond"
@@ interface
- ip 192.0.2.9, port 10050, use ip
+ ip 192.0.2.1, dns core1.example, port 10050, use ip
@@ templates
+ Linux
- Plain (cleared: its items go, with their history)
@@ host_groups
+ Linux servers
+ New group
- Routers
@@ tags
- old: 1
+ site: a
+ site: b
@@ macros
- {$OLD} = 1
- {$PORT:"ssh"} = 2222
+ {$PORT:"ssh"} = 22
+ {$S} (a new secret value)
+ {$V} = secret/x:y (in the vault)
@@ inventory
+ alias: c1
- os: old
+ os: Debian
- tag: ours
@@ proxy
+ proxy proxy-1
@@ tls
- accept: psk
+ accept: unencrypted, psk
+ psk (a new secret value)
+ psk_identity: id-1`
	if got := res.Diff.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if res.Diff.Unmanaged != 6 { // template, group, tag, two macros, inventory key
		t.Errorf("%d entries of others", res.Diff.Unmanaged)
	}
	if got, want := fmt.Sprint(told.Removes), "map[host_groups:[Routers] inventory:[tag] macros:[{$OLD}] tags:[old: 1] templates:[Plain]]"; got != want {
		t.Errorf("removes %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(told.Losses, told.NewGroups, told.Conflicts, told.Action), "[{Plain 2 1 true}] [New group] []update"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if w := strings.Join(told.Warnings(), "\n"); !strings.Contains(w, `template "Plain" goes; its 2 items and 1 triggers are removed`) {
		t.Errorf("warnings %s", w)
	}
}

func TestExclusiveFieldsLoseWhatOthersAdded(t *testing.T) {
	w := newWorld()
	in := full()
	in.ID, in.Ours = existing(w).ID, ours()
	in.Exclusive = map[zabbix.Field]bool{"templates": true, "host_groups": true, "tags": true, "macros": true, "inventory": true}
	res, told, err := plan(t, w, in)
	if err != nil {
		t.Fatal(err)
	}
	const want = "map[host_groups:[Others' group Routers] inventory:[contact tag] macros:[{$OLD} {$THEIRSECRET} {$THEIRS}] " +
		"tags:[old: 1 theirs: 1] templates:[Others' template Plain]]"
	if got := fmt.Sprint(told.Removes); got != want {
		t.Errorf("removes %s, want %s", got, want)
	}
	if res.Diff.Unmanaged != 0 || strings.Contains(res.Diff.String(), "automatic") {
		t.Errorf("%d entries of others\n%s", res.Diff.Unmanaged, res.Diff)
	}
	if !strings.Contains(res.Diff.String(), "- Plain (unlinked: its items stay)") {
		t.Errorf("the templates' items are not mentioned: %s", res.Diff)
	}
}

// What is not managed stays, whatever an earlier apply put there; but for secret
// macros.
func TestUnmanagedFieldsStay(t *testing.T) {
	w := newWorld()
	in := zabbix.Intent{ID: existing(w).ID, Name: "core1", Run: "run-1", Ours: ours()}
	in.Ours.Secrets = nil
	if res, told, err := plan(t, w, in); err != nil || !res.Diff.Empty() || told.Action != zabbix.ActionNone {
		t.Errorf("%v %s %v", res.Diff, told.Action, err)
	}
}

func TestConflicts(t *testing.T) {
	w := newWorld()
	in := minimal()
	in.ID = existing(w).ID
	in.Groups = ptr([]string{"Others' group"})
	in.Macros = ptr([]zabbix.Macro{{Name: "{$THEIRS}", Value: "2"}, {Name: "{$OLD}", Value: "1"}})
	in.Inventory = ptr(map[string]string{"contact": "us"})
	_, told, err := plan(t, w, in)
	if got := fmt.Sprint(told.Conflicts); err != nil || got != "[{inventory contact} {macros {$THEIRS}}]" {
		t.Errorf("conflicts %s, %v", got, err)
	}
	if !strings.Contains(strings.Join(told.Warnings(), "\n"), "{$THEIRS} has another value, which this resource did not set") {
		t.Errorf("warnings %q", told.Warnings())
	}
}

// Macros and secret macros have an attribute each: what becomes of those of an
// earlier apply depends on their own.
func TestMacrosThatNothingNames(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(in *zabbix.Intent)
		left string
	}{
		"neither is set":          {func(*zabbix.Intent) {}, "{$M} {$THEIRSECRET} {$THEIRS}"},
		"macros are set":          {func(in *zabbix.Intent) { in.Macros = ptr([]zabbix.Macro{}) }, "{$THEIRSECRET} {$THEIRS}"},
		"secret macros are set":   {func(in *zabbix.Intent) { in.Secrets = ptr([]zabbix.Secret{}) }, "{$M} {$THEIRSECRET} {$THEIRS}"},
		"the secret one is named": {func(in *zabbix.Intent) { in.Secrets = ptr([]zabbix.Secret{{Name: "{$S}"}}) }, "{$M} {$S} {$THEIRSECRET} {$THEIRS}"},
		"exclusive": {func(in *zabbix.Intent) {
			in.Secrets, in.Exclusive = ptr([]zabbix.Secret{}), map[zabbix.Field]bool{zabbix.FieldMacros: true}
		}, "{$M} {$THEIRS}"},
		"nothing is ours": {func(in *zabbix.Intent) { in.Ours = nil }, "{$M} {$S} {$THEIRSECRET} {$THEIRS}"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			in := minimal()
			in.ID = w.add(zabbix.Host{Name: "core1", Enabled: true, Groups: []string{"Linux servers"}, Macros: []zabbix.Macro{
				{Name: "{$M}", Value: "1"},
				{Name: "{$S}", Kind: zabbix.MacroSecret},
				{Name: "{$THEIRS}", Value: "1"},
				{Name: "{$THEIRSECRET}", Kind: zabbix.MacroSecret},
			}}).ID
			in.Ours = &zabbix.Ours{Macros: []string{"{$M}"}, Secrets: []string{"{$S}"}}
			c.set(&in)
			target := zabbix.NewTarget(&client{w: w}, nil, zabbix.Ref{Name: in.Name, ID: in.ID})
			if _, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true}); err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, m := range w.hosts[in.ID].Macros {
				left = append(left, m.Name)
			}
			slices.Sort(left)
			if got := strings.Join(left, " "); got != c.left {
				t.Errorf("left %s, want %s", got, c.left)
			}
		})
	}
}

// What depends on the version is checked where the version is known.
func TestWhatOnlySomeVersionsTake(t *testing.T) {
	in := minimal()
	in.Inventory = ptr(map[string]string{"url_b": strings.Repeat("x", 256)})
	in.Macros = ptr([]zabbix.Macro{{Name: "{$V}", Value: "secret:key", Kind: zabbix.MacroVault}})
	w := newWorld()
	if _, _, err := plan(t, w, in); err != nil {
		t.Errorf("7.0: %v", err)
	}
	w.version = api.Version{Major: 6, Text: "6.0.14"}
	_, _, err := plan(t, w, in)
	refuses(t, err, "inventory", "url_b has 256 characters; Zabbix keeps 255")
	refuses(t, err, "macros", "Zabbix 6.0.14 takes no vault path without a namespace")
}

// What a discovery rule owns of the host that it made differs by version.
func TestWhatIsReadOnlyOnADiscoveredHost(t *testing.T) {
	w := newWorld()
	in := minimal()
	in.ID = w.add(zabbix.Host{Name: "core1", Enabled: true, Groups: []string{"Linux servers"}, Discovered: true}).ID
	in.Tags, in.Description = ptr([]zabbix.Tag{{Name: "site", Value: "fra1"}}), ptr("ours")
	if _, _, err := plan(t, w, in); err != nil {
		t.Errorf("7.0: %v", err)
	}
	in.VisibleName, in.Proxy = ptr("One"), &zabbix.Proxy{Name: "proxy-1"}
	_, _, err := plan(t, w, in)
	refuses(t, err, "visible_name", "read-only")
	refuses(t, err, "proxy", "read-only")
	w.version = api.Version{Major: 6, Text: "6.0.14"}
	_, _, err = plan(t, w, in)
	refuses(t, err, "tags", "read-only in Zabbix 6.0.14")
}

// A change of how the agent is reached is told, since data may then be older
// than it.
func TestReaches(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(in *zabbix.Intent)
		want bool
	}{
		"nothing":     {func(*zabbix.Intent) {}, false},
		"description": {func(in *zabbix.Intent) { in.Description = ptr("x") }, false},
		"a macro":     {func(in *zabbix.Intent) { in.Macros = ptr([]zabbix.Macro{{Name: "{$PORT}", Value: "1"}}) }, true},
		"port":        {func(in *zabbix.Intent) { in.Agent.Port = "10051" }, true},
		"proxy":       {func(in *zabbix.Intent) { in.Proxy = &zabbix.Proxy{Name: "proxy-1"} }, true},
		"status":      {func(in *zabbix.Intent) { in.Enabled = ptr(false) }, true},
		"key": {func(in *zabbix.Intent) {
			in.TLS, in.PSK, in.RenewPSK = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "x"}, ptr(plantedPSK), true
		}, true},
		"a new host": {func(in *zabbix.Intent) { in.ID, in.Name = "", "core2" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			in := minimal()
			face := zabbix.Interface{Type: zabbix.TypeAgent, Main: true, IP: "192.0.2.1", Port: "{$PORT}", Use: zabbix.UseIP}
			in.ID = w.add(zabbix.Host{Name: "core1", Enabled: true, Groups: []string{"Linux servers"}, Agent: &face}).ID
			in.Agent = &zabbix.Interface{IP: "192.0.2.1", Port: "{$PORT}", Use: zabbix.UseIP}
			c.set(&in)
			if _, told, err := plan(t, w, in); err != nil || told.Reaches != c.want {
				t.Errorf("%t %v", told.Reaches, err)
			}
		})
	}
}

// The value of a text macro that becomes a secret may be that secret.
func TestATextMacroThatBecomesSecret(t *testing.T) {
	w := newWorld()
	in := minimal()
	in.ID = w.add(zabbix.Host{
		Name: "core1", Enabled: true, Groups: []string{"Linux servers"}, Macros: []zabbix.Macro{{Name: "{$S}", Value: plantedMacro}},
	}).ID
	in.Secrets = ptr([]zabbix.Secret{{Name: "{$S}", Value: plantedMacro}})
	res, _, err := plan(t, w, in)
	if want := "@@ macros\n- {$S} (as it was)\n+ {$S} (a new secret value)"; err != nil || res.Diff.String() != want {
		t.Errorf("got %s, %v", res.Diff, err)
	}
}

func TestAKnownHostThatIsNotVisible(t *testing.T) {
	w := newWorld()
	in := minimal()
	in.ID = "4711"
	_, _, err := plan(t, w, in)
	if !errors.Is(err, zabbix.ErrGone) || !strings.Contains(err.Error(), "was deleted outside") {
		t.Errorf("deleted: %v", err)
	}
	w.blind = true
	_, _, err = plan(t, w, in)
	if !errors.Is(err, zabbix.ErrGone) || !strings.Contains(err.Error(), "permission") {
		t.Errorf("perhaps not visible: %v", err)
	}
	in.Destroy = zabbix.DestroyDelete
	if _, _, err = plan(t, w, in); !errors.Is(err, zabbix.ErrGone) {
		t.Errorf("destroying: %v", err)
	}
	w.blind = false
	if res, _, err := plan(t, w, in); err != nil || !res.Diff.Empty() {
		t.Errorf("destroying what is deleted: %v %v", res.Diff, err)
	}
}

func TestObserve(t *testing.T) {
	w := newWorld()
	ref := zabbix.Ref{Name: "core1", ID: "4711"}
	see := func() (provision.Snapshot, error) {
		res, err := provision.Observe(t.Context(), zabbix.NewTarget(&client{w: w}, nil, ref), nil)
		return res.Running, err
	}
	none, err := see()
	if err != nil || none.Digest == "" {
		t.Fatalf("deleted: %v", err)
	}
	w.blind = true
	if _, err := see(); !errors.Is(err, zabbix.ErrGone) {
		t.Errorf("P8: an empty answer: %v", err)
	}
	h := existing(w)
	ref.ID = ""
	there, err := see()
	if err != nil || there.Digest == none.Digest || !strings.Contains(string(there.Raw), `"core1"`) {
		t.Errorf("by name: %v", err)
	}
	if again, err := zabbix.Look(t.Context(), &client{w: w}, zabbix.Ref{Name: "object", Host: "core1"}); err != nil || again == nil || again.ID != h.ID {
		t.Errorf("Look: %v, %v", again, err)
	}
}

func TestRenaming(t *testing.T) {
	w := newWorld()
	in := zabbix.Intent{ID: existing(w).ID, Name: "core2", Run: "run-1"}
	taken := w.add(zabbix.Host{Name: "core2", Groups: []string{"Routers"}})
	_, _, err := plan(t, w, in)
	refuses(t, err, "host", "hostid "+taken.ID)
}

func TestAHostThatExists(t *testing.T) {
	w := newWorld()
	h := existing(w)
	in := minimal()
	_, _, err := plan(t, w, in)
	if !errors.Is(err, zabbix.ErrExists) || !strings.Contains(err.Error(), `terraform import ADDRESS "core1"`) || !strings.Contains(err.Error(), h.ID) {
		t.Errorf("got %v", err)
	}
	in.Adopt = true
	res, told, err := plan(t, w, in)
	if err != nil || told.Action != zabbix.ActionAdopt || told.Host.ID != h.ID || res.Diff.String() != "@@ host_groups\n+ Linux servers" {
		t.Errorf("adopting: %s\n%s%v", told.Action, res.Diff, err)
	}
	if !strings.Contains(strings.Join(told.Warnings(), ""), "adopt is true") {
		t.Errorf("warnings %q", told.Warnings())
	}
}

// A run that was killed after it made the host leaves one that is just so.
func TestTakingOverWhatAKilledRunLeft(t *testing.T) {
	w := newWorld()
	h := w.add(zabbix.Host{Name: "core1", Enabled: true, Groups: []string{"Linux servers"}, Mark: zabbix.Mark{Run: "run-0"}})
	in := minimal()
	res, told, err := plan(t, w, in)
	if err != nil || !res.Diff.Empty() || told.Action != zabbix.ActionResume || told.Host.ID != h.ID {
		t.Errorf("%s %v %v", told.Action, res.Diff, err)
	}
	if !strings.Contains(strings.Join(told.Warnings(), ""), "run-0") {
		t.Errorf("it is not said: %q", told.Warnings())
	}
	in.Description = ptr("another")
	if _, _, err := plan(t, w, in); !errors.Is(err, zabbix.ErrExists) {
		t.Errorf("one that differs: %v", err)
	}
	h.Mark = zabbix.Mark{}
	in.Description = nil
	if _, _, err := plan(t, w, in); !errors.Is(err, zabbix.ErrExists) {
		t.Errorf("one without the mark: %v", err)
	}
}

func TestDiggingUp(t *testing.T) {
	w := newWorld()
	h := existing(w)
	bury(w, h)
	in := minimal()
	res, told, err := plan(t, w, in)
	if err != nil || told.Action != zabbix.ActionRevive || told.Host.ID != h.ID {
		t.Fatalf("%s %v", told.Action, err)
	}
	for _, want := range []string{"- core1_archived\n+ core1", "- false\n+ true", "+ Linux servers\n- graveyard"} {
		if !strings.Contains(res.Diff.String(), want) {
			t.Errorf("the difference lacks %q:\n%s", want, res.Diff)
		}
	}
	if w := strings.Join(told.Warnings(), "\n"); !strings.Contains(w, h.ID) || strings.Contains(w, "host_groups: graveyard") {
		t.Errorf("warnings %s", w)
	}
	in.Object = "device:2"
	if _, told, err := plan(t, w, in); err != nil || told.Action != zabbix.ActionCreate {
		t.Errorf("another object: %s %v", told.Action, err)
	}
	in.Object, in.NoRevival = "device:1", true
	if _, told, err := plan(t, w, in); err != nil || told.Action != zabbix.ActionCreate {
		t.Errorf("no revival: %s %v", told.Action, err)
	}
	in.NoRevival = false
	second := w.add(zabbix.Host{Name: "core1_archived-1", Groups: []string{"graveyard"}, Mark: h.Mark})
	_, _, err = plan(t, w, in)
	if !errors.Is(err, zabbix.ErrAmbiguous) || !strings.Contains(err.Error(), h.ID) || !strings.Contains(err.Error(), second.ID) {
		t.Errorf("several: %v", err)
	}
}

func TestDestroying(t *testing.T) {
	w := newWorld()
	h := existing(w)
	w.add(zabbix.Host{Name: "core1_archived", Groups: []string{"Routers"}})
	in := minimal()
	in.ID, in.Destroy = h.ID, zabbix.DestroyBury
	res, told, err := plan(t, w, in)
	const want = "@@ host\n- core1\n+ core1_archived-1\n@@ visible_name\n- Core 1\n@@ enabled\n- true\n+ false\n" +
		"@@ host_groups\n- Others' group\n- Routers\n+ graveyard"
	if err != nil || res.Diff.String() != want || told.BuriedAs != "core1_archived-1" || told.Action != zabbix.ActionBury {
		t.Errorf("%s as %s, %v\n%s", told.Action, told.BuriedAs, err, res.Diff)
	}
	in.Destroy = zabbix.DestroyDisable
	if res, told, err := plan(t, w, in); err != nil || told.Action != zabbix.ActionDisable || res.Diff.String() != "@@ enabled\n- true\n+ false" {
		t.Errorf("disable: %s %v\n%s", told.Action, err, res.Diff)
	}
	in.Destroy = zabbix.DestroyDelete
	if res, told, err := plan(t, w, in); err != nil || told.Action != zabbix.ActionDelete || !strings.Contains(res.Diff.String(), "- core1 (hostid") {
		t.Errorf("delete: %s %v\n%s", told.Action, err, res.Diff)
	}
	w.alone = map[string]string{h.ID: "past night"}
	_, _, err = plan(t, w, in)
	refuses(t, err, "on_destroy", `the last one in the maintenance "past night"`)
	h.Maintenance, w.alone = "night", nil
	_, _, err = plan(t, w, in)
	refuses(t, err, "on_destroy", `maintenance "night"`)
	in.Destroy = zabbix.DestroyBury
	_, _, err = plan(t, w, in)
	refuses(t, err, "on_destroy", `maintenance "night"`)
	in.Destroy = zabbix.DestroyDisable
	if _, _, err := plan(t, w, in); err != nil {
		t.Errorf("a maintenance keeps from disabling: %v", err)
	}
	in.Destroy, h.Discovered = zabbix.DestroyBury, true
	_, _, err = plan(t, w, in)
	refuses(t, err, "on_destroy", "discovery rule")
	in.Destroy = "burn"
	_, _, err = plan(t, w, in)
	refuses(t, err, "on_destroy", "burn")
	in.Destroy = zabbix.DestroyKeep
	c := &client{w: w}
	target := zabbix.NewTarget(c, nil, zabbix.Ref{Name: "core1"})
	if _, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, DryRun: true, Commit: true}); err != nil || len(c.asked) > 0 {
		t.Errorf("forgetting a host asks %v, %v", c.asked, err)
	}
}

// A destroy that was killed is not in the state, which takes the name of the
// grave for the host's: the next one finds it done, and an apply finds the host.
func TestDestroyingWhatIsBuriedAlready(t *testing.T) {
	w := newWorld()
	h := existing(w)
	bury(w, h)
	in := minimal()
	in.ID, in.Name, in.Object, in.Destroy = h.ID, h.Name, h.Mark.BuriedObject, zabbix.DestroyBury
	if res, told, err := plan(t, w, in); err != nil || !res.Diff.Empty() || told.Action != zabbix.ActionNone {
		t.Errorf("%s %v\n%s", told.Action, err, res.Diff)
	}
	in.Object = "device:other"
	if res, _, err := plan(t, w, in); err != nil || res.Diff.Empty() {
		t.Errorf("somebody else's grave: %v", err)
	}
}

// The suffix counts; the name is cut.
func TestBuryingALongName(t *testing.T) {
	w := newWorld()
	in := minimal()
	in.Name = strings.Repeat("x", 128)
	in.ID = w.add(zabbix.Host{Name: in.Name, Enabled: true, Groups: []string{"Routers"}}).ID
	in.Destroy = zabbix.DestroyBury
	if _, told, err := plan(t, w, in); err != nil || told.BuriedAs != strings.Repeat("x", 119)+"_archived" {
		t.Errorf("%q %v", told.BuriedAs, err)
	}
}

func TestDiscoveredHosts(t *testing.T) {
	w := newWorld()
	h := existing(w)
	h.Discovered = true
	in := minimal()
	in.ID, in.Groups = h.ID, ptr([]string{"Others' group"})
	in.Description = ptr("ours")
	if _, _, err := plan(t, w, in); err != nil {
		t.Errorf("what is not read-only: %v", err)
	}
	in.Groups = ptr([]string{"Linux servers"})
	in.Agent = &zabbix.Interface{IP: "::1", Port: "1", Use: zabbix.UseIP}
	in.Name = "core2"
	_, _, err := plan(t, w, in)
	refuses(t, err, "host_groups", "read-only")
	refuses(t, err, "interface", "read-only")
	refuses(t, err, "host", "cannot be renamed")
	h.Discovered, h.Agent.Discovered = false, true
	_, _, err = plan(t, w, in)
	refuses(t, err, "interface", "made the interface")
}

// Neither a key nor its identity can be read.
func TestAnotherIdentityNeedsTheKey(t *testing.T) {
	w := newWorld()
	in := zabbix.Intent{ID: existing(w).ID, Name: "core1", Run: "run-1", RenewPSK: true}
	in.TLS = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "id-9"}
	_, _, err := plan(t, w, in)
	refuses(t, err, "tls_psk", "the identity changes")
	in.PSK, in.TLS = ptr(plantedPSK), nil
	_, _, err = plan(t, w, in)
	refuses(t, err, "tls", "sent with its identity")
	in.TLS = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "id-9"}
	res, _, err := plan(t, w, in)
	if want := "@@ tls\n+ psk (a new secret value)\n+ psk_identity: id-9"; err != nil || res.Diff.String() != want {
		t.Errorf("%v\n%s", err, res.Diff)
	}
}

func TestOneKeyForAnIdentity(t *testing.T) {
	keys := zabbix.NewKeys()
	in := minimal()
	in.TLS = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "shared"}
	in.PSK = ptr(plantedPSK)
	if _, _, err := planWith(t, newWorld(), keys, in); err != nil {
		t.Fatal(err)
	}
	in.Name, in.PSK = "core2", ptr(strings.ToUpper(plantedPSK))
	if _, _, err := planWith(t, newWorld(), keys, in); err != nil {
		t.Errorf("the same key in capitals: %v", err)
	}
	in.Name, in.PSK = "core3", ptr(strings.Repeat("ab", 16))
	_, _, err := planWith(t, newWorld(), keys, in)
	refuses(t, err, "tls", `"shared" is used with another key by core1`)
	if strings.Contains(err.Error(), *in.PSK) || strings.Contains(err.Error(), plantedPSK) {
		t.Error("P6: the error tells a key")
	}
	in.TLS.PSKIdentity = "own"
	if _, _, err := planWith(t, newWorld(), keys, in); err != nil {
		t.Errorf("another identity: %v", err)
	}
}
