package provider

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// driver is a driver that is only a name.
type driver struct {
	device.Driver
	name string
}

func (d driver) Name() string { return d.name }

// block is a provider block; unknown is a value that is known only at apply.
type (
	block   = map[string]any
	unknown struct{}
)

// value turns plain Go into a value of a type; what is left out is null.
func value(t *testing.T, typ tftypes.Type, v any) tftypes.Value {
	t.Helper()
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(typ, nil)
	case unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case tftypes.Value:
		return v
	case int:
		return tftypes.NewValue(typ, int64(v))
	case block:
		return table(t, typ, v)
	case []any:
		elements := []tftypes.Value{}
		for _, e := range v {
			elements = append(elements, value(t, typ.(tftypes.List).ElementType, e))
		}
		return tftypes.NewValue(typ, elements)
	}
	return tftypes.NewValue(typ, v)
}

func table(t *testing.T, typ tftypes.Type, v block) tftypes.Value {
	t.Helper()
	fields := map[string]tftypes.Value{}
	if m, ok := typ.(tftypes.Map); ok {
		for k, e := range v {
			fields[k] = value(t, m.ElementType, e)
		}
		return tftypes.NewValue(typ, fields)
	}
	object := typ.(tftypes.Object)
	for k := range v {
		if _, ok := object.AttributeTypes[k]; !ok {
			t.Fatalf("there is no attribute %s", k)
		}
	}
	for k, e := range object.AttributeTypes {
		fields[k] = value(t, e, v[k])
	}
	return tftypes.NewValue(typ, fields)
}

// build builds the client's configuration of a block and an environment.
func build(t *testing.T, b block, env ...string) (client.Config, diag.Diagnostics) {
	t.Helper()
	s := providerSchema()
	raw := tfsdk.Config{Schema: s, Raw: value(t, s.Type().TerraformType(t.Context()), b)}
	var m model
	if diags := raw.Get(t.Context(), &m); diags.HasError() {
		t.Fatal(diags)
	}
	drivers := []device.Driver{driver{name: "netconf"}, driver{name: "frr"}}
	p := New("test", drivers, func() []string { return env })
	return p.build(t.Context(), m, true)
}

// fine is build for what must be accepted.
func fine(t *testing.T, b block, env ...string) client.Config {
	t.Helper()
	cfg, diags := build(t, b, env...)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return cfg
}

// keys are a private key without and with a passphrase, and a line of the
// public one.
func keys(t *testing.T) (plain, protected, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	open, err1 := ssh.MarshalPrivateKey(key, "")
	locked, err2 := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("phrase22"))
	sshPub, err3 := ssh.NewPublicKey(pub)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return string(pem.EncodeToMemory(open)), string(pem.EncodeToMemory(locked)), string(ssh.MarshalAuthorizedKey(sshPub))
}

func writeTemp(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnEmptyBlockIsFine(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	cfg := fine(t, block{})
	if cfg.MaxFailures != 1 || cfg.MaxSessions != 20 || cfg.BackupRetention != 10 || cfg.OnUnreachable != "error" {
		t.Errorf("defaults %+v", cfg)
	}
	if len(cfg.Credentials) != 0 || len(cfg.SSH.KnownHosts) != 0 || cfg.SSH.Agent || cfg.Inventory != nil || cfg.BackupDir != "" {
		t.Errorf("something is assumed: %+v", cfg)
	}
	if cfg.Run.ID == "" || cfg.Run.Actor == "" || cfg.Run.Trigger != "demand" || len(cfg.Unknown) > 0 {
		t.Errorf("run %+v, unknown %v", cfg.Run, cfg.Unknown)
	}
}

func TestTheBlock(t *testing.T) {
	plain, protected, public := keys(t)
	inv := writeTemp(t, "inventory.yaml", "devices:\n  r1: {host: a}\n")
	known := writeTemp(t, "known_hosts", "")
	cfg := fine(t, block{
		"credentials": block{
			"default": block{"username": "u", "password": "hunter22", "enable_password": "enable22", "port": 2201, "jump_host": "near"},
			"key":     block{"private_key": plain, "host_key": public, "options": block{"a": "b"}},
			"locked":  block{"private_key": protected, "passphrase": "phrase22", "host_key": "SHA256:" + strings.Repeat("A", 43)},
		},
		"ssh": block{
			"known_hosts": []any{known}, "agent": true, "connect_timeout": "3s", "command_timeout": "1m", "keepalive": "10s",
			"jump_hosts": block{"near": block{"host": "h", "port": 23, "credentials": "key", "jump_host": "far"}, "far": block{"host": "f"}},
		},
		"inventory_file": inv, "statuses": []any{"live"}, "drivers": block{"linux": "frr"},
		"on_unreachable": "skip", "max_failures": 0, "max_sessions": 3, "redact": []any{`community (\S+)`},
		"events_file": "events.jsonl", "backup_dir": "backups", "backup_retention": 0,
	})
	unlocked := cfg.Credentials["locked"].PrivateKey
	if key, err := ssh.ParsePrivateKey([]byte(unlocked)); err != nil || string(ssh.MarshalAuthorizedKey(key.PublicKey())) != public {
		t.Errorf("the key is not unlocked once for all devices: %v", err)
	}
	compare(t, cfg, client.Config{
		Credentials: map[string]client.Credential{
			"default": {Username: "u", Password: "hunter22", EnablePassword: "enable22", Port: 2201, JumpHost: "near"},
			"key":     {PrivateKey: plain, HostKey: public, Options: map[string]string{"a": "b"}},
			"locked":  {PrivateKey: unlocked, Passphrase: "phrase22", HostKey: "SHA256:" + strings.Repeat("A", 43)},
		},
		SSH: client.SSH{
			KnownHosts: []string{known}, Agent: true, ConnectTimeout: 3 * time.Second, CommandTimeout: time.Minute, Keepalive: 10 * time.Second,
			JumpHosts: map[string]client.JumpHost{"near": {Host: "h", Port: 23, Credentials: "key", JumpHost: "far"}, "far": {Host: "f"}},
		},
		Statuses: []string{"live"}, Platforms: map[string]string{"linux": "frr"}, OnUnreachable: "skip",
		MaxSessions: 3, BackupDir: "backups", BackupRetention: -1, Run: cfg.Run,
	})
	if got := cfg.Redact.String("community public, hunter22, phrase22"); got != "community <redacted> <redacted>, <redacted>" {
		t.Errorf("redacted: %q", got)
	}
}

func TestTheEnvironment(t *testing.T) {
	plain, _, public := keys(t)
	inv := writeTemp(t, "inventory.yaml", "devices: {}\n")
	known := writeTemp(t, "known_hosts", "")
	cfg := fine(t, block{"credentials": block{"core-rtr": block{"username": "block"}}},
		"PROVISION_CREDENTIALS_CORE_RTR_USERNAME=env", "PROVISION_CREDENTIALS_CORE_RTR_PASSWORD=hunter22",
		"PROVISION_CREDENTIALS_DEFAULT_USERNAME=u", "PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY="+plain,
		"PROVISION_CREDENTIALS_DEFAULT_ENABLE_PASSWORD=enable22", "PROVISION_CREDENTIALS_DEFAULT_HOST_KEY="+public,
		"PROVISION_CREDENTIALS_DEFAULT_JUMP_HOST=near", "PROVISION_CREDENTIALS_DEFAULT_PORT=2201",
		"PROVISION_CREDENTIALS_DEFAULT_OPTIONS=a=b, c=d",
		"PROVISION_JUMP_HOSTS_NEAR_HOST=h", "PROVISION_JUMP_HOSTS_NEAR_PORT=23",
		"PROVISION_KNOWN_HOSTS="+known, "PROVISION_SSH_AGENT=true", "PROVISION_SSH_CONNECT_TIMEOUT=3s",
		"PROVISION_SSH_COMMAND_TIMEOUT=4s", "PROVISION_SSH_KEEPALIVE=5s",
		"PROVISION_INVENTORY_FILE="+inv, "PROVISION_STATUSES=a, b", "PROVISION_DRIVERS=linux=frr,box=netconf",
		"PROVISION_ON_UNREACHABLE=skip", "PROVISION_MAX_FAILURES=2", "PROVISION_MAX_SESSIONS=4",
		"PROVISION_REDACT=a{1,2}\nb+", "PROVISION_EVENTS_FILE=e", "PROVISION_BACKUP_DIR=b", "PROVISION_BACKUP_RETENTION=5",
		"PROVISION_RUN_ID=ci-7", "PROVISION_ACTOR=ann", "PROVISION_TRIGGER=hook", "PROVISION_LAB=other", "UNRELATED=x", "PROVISION_CREDENTIALS_DEFAULT_PASSPHRASE=",
	)
	compare(t, cfg, client.Config{
		Credentials: map[string]client.Credential{
			"core-rtr": {Username: "block", Password: "hunter22"}, // the block wins, the environment adds
			"default": {
				Username: "u", PrivateKey: plain, EnablePassword: "enable22", HostKey: public, JumpHost: "near", Port: 2201,
				Options: map[string]string{"a": "b", "c": "d"},
			},
		},
		SSH: client.SSH{
			KnownHosts: []string{known}, Agent: true, ConnectTimeout: 3 * time.Second, CommandTimeout: 4 * time.Second, Keepalive: 5 * time.Second,
			JumpHosts: map[string]client.JumpHost{"near": {Host: "h", Port: 23}},
		},
		Statuses: []string{"a", "b"}, Platforms: map[string]string{"linux": "frr", "box": "netconf"}, OnUnreachable: "skip",
		MaxFailures: 2, MaxSessions: 4, BackupDir: "b", BackupRetention: 5,
		Run: eventlog.Run{ID: "ci-7", Actor: "ann", Trigger: "hook"},
	})
	if got := cfg.Redact.String("aabb"); got != "<redacted><redacted>" {
		t.Errorf("redacted: %q", got)
	}
}

// compare checks a configuration with an inventory and an events file, but for
// what cannot be compared.
func compare(t *testing.T, got, want client.Config) {
	t.Helper()
	if got.Inventory == nil || len(got.Events) != 2 || len(got.Drivers) != 2 {
		t.Errorf("inventory %v, %d sinks, %d drivers", got.Inventory, len(got.Events), len(got.Drivers))
	}
	got.Inventory, got.Events, got.Drivers, got.Redact, got.Notes = nil, nil, nil, nil, nil
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

func TestTheUsualKnownHosts(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	usual := filepath.Join(home, ".ssh", "known_hosts")
	if err := os.Mkdir(filepath.Dir(usual), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(usual, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg := fine(t, block{}); !slices.Equal(cfg.SSH.KnownHosts, []string{usual}) {
		t.Errorf("%q", cfg.SSH.KnownHosts)
	}
}

func TestMistakesStandAtTheAttribute(t *testing.T) {
	plain, protected, _ := keys(t)
	for _, c := range []struct {
		name  string
		block block
		env   string
		at    string
		says  string
	}{
		{"a path for a key", entry("private_key", "~/.ssh/id"), "", `credentials["x"].private_key`, `file("...")`},
		{"a broken key", entry("private_key", strings.Replace(plain, "AAAA", "hunter22", 1)), "", `credentials["x"].private_key`, "cannot be used"},
		{"no passphrase", entry("private_key", protected), "", `credentials["x"].private_key`, "set its passphrase"},
		{"a wrong passphrase", block{"credentials": block{"x": block{"private_key": protected, "passphrase": "hunter22"}}}, "", `credentials["x"].private_key`, "the passphrase does not open"},
		{"a key of the environment", block{}, "PROVISION_CREDENTIALS_X_PRIVATE_KEY=hunter22", `credentials["x"].private_key`, "cannot be used"},
		{"a host key", entry("host_key", "ssh-ed25519 nonsense"), "", `credentials["x"].host_key`, ".pub"},
		{"a fingerprint", entry("host_key", "SHA256:short"), "", `credentials["x"].host_key`, "ssh-keygen -l"},
		{"a port", entry("port", 0), "", `credentials["x"].port`, "1 to 65535"},
		{"a large port", entry("port", 65536), "", `credentials["x"].port`, "1 to 65535"},
		{"a port of the environment", block{}, "PROVISION_CREDENTIALS_X_PORT=65536", `credentials["x"].port`, "PROVISION_CREDENTIALS_X_PORT"},
		{"options of the environment", block{}, "PROVISION_CREDENTIALS_X_OPTIONS=a", `credentials["x"].options`, "key=value"},
		{"a jump host that is not there", entry("jump_host", "near"), "", `credentials["x"].jump_host`, `"near"`},
		{"one variable for two entries", block{"credentials": block{"a-b": block{}, "a_b": block{}}}, "PROVISION_CREDENTIALS_A_B_PASSWORD=hunter22", `credentials["a_b"]`, "rename one"},
		{"known hosts that are not there", common("known_hosts", []any{"/nonexistent/hosts"}), "", "ssh.known_hosts[0]", "/nonexistent/hosts"},
		{"a folder of known hosts", common("known_hosts", []any{"/"}), "", "ssh.known_hosts[0]", "not a file"},
		{"known hosts of the environment", block{}, "PROVISION_KNOWN_HOSTS=/nonexistent/hosts", "ssh.known_hosts[0]", "/nonexistent/hosts"},
		{"a duration", common("connect_timeout", "soon"), "", "ssh.connect_timeout", `"soon"`},
		{"a negative duration", common("command_timeout", "-1s"), "", "ssh.command_timeout", "above zero"},
		{"a duration of the environment", block{}, "PROVISION_SSH_KEEPALIVE=0s", "ssh.keepalive", "above zero"},
		{"agent of the environment", block{}, "PROVISION_SSH_AGENT=perhaps", "ssh.agent", "PROVISION_SSH_AGENT"},
		{"a jump host without host", common("jump_hosts", block{"a": block{"port": 22}}), "", `ssh.jump_hosts["a"].host`, "PROVISION_JUMP_HOSTS_A_HOST"},
		{"a jump host behind nothing", common("jump_hosts", block{"a": block{"host": "h", "jump_host": "b"}}), "", `ssh.jump_hosts["a"].jump_host`, `"b"`},
		{"an inventory that is not there", block{"inventory_file": "/nonexistent/inv"}, "", "inventory_file", "/nonexistent/inv"},
		{"a driver that is not there", block{"drivers": block{"box": "junos"}}, "", `drivers["box"]`, "frr, netconf"},
		{"drivers of the environment", block{}, "PROVISION_DRIVERS=frr", "drivers", "key=value"},
		{"a pattern", block{"redact": []any{"a", "("}}, "", "redact[1]", `"("`},
		{"an empty pattern", block{"redact": []any{""}}, "", "redact[0]", "leave it out"},
		{"on_unreachable", block{"on_unreachable": "ignore"}, "", "on_unreachable", `"ignore"`},
		{"a negative number", block{"max_failures": -1}, "", "max_failures", "-1"},
		{"a negative number of the environment", block{}, "PROVISION_MAX_SESSIONS=-1", "max_sessions", "-1"},
		{"no number", block{}, "PROVISION_BACKUP_RETENTION=ten", "backup_retention", "PROVISION_BACKUP_RETENTION"},
		{"a trigger", block{}, "PROVISION_TRIGGER=cron", "", "demand, button, hook, schedule"},
		{"a run id", block{}, "PROVISION_RUN_ID=$(reboot)", "", "PROVISION_RUN_ID"},
		{"an actor", block{}, "PROVISION_ACTOR=a\nb", "", "PROVISION_ACTOR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, diags := build(t, c.block, c.env)
			if len(diags) != 1 || !diags.HasError() {
				t.Fatalf("not one error: %v", diags)
			}
			at, ok := diags[0].(diag.DiagnosticWithPath)
			if !ok || at.Path().String() != c.at {
				t.Errorf("%v is not at %s", diags[0], c.at)
			}
			if !strings.Contains(diags[0].Detail(), c.says) {
				t.Errorf("%q does not say %q", diags[0].Detail(), c.says)
			}
			if strings.Contains(diags[0].Detail(), "hunter22") {
				t.Errorf("%q holds a secret", diags[0].Detail())
			}
		})
	}
}

// entry is a block with one value in the credentials entry x.
func entry(attribute string, v any) block {
	return block{"credentials": block{"x": block{attribute: v}}}
}

// common is a block with one value in ssh.
func common(attribute string, v any) block { return block{"ssh": block{attribute: v}} }

func TestUnknownValuesStayWhereTheyAre(t *testing.T) {
	cfg := fine(t, block{
		"credentials": block{
			"a": block{"username": "u", "password": unknown{}, "port": unknown{}},
			"b": unknown{},
			"c": block{"username": "u"},
			"d": block{"options": block{"k": unknown{}}},
		},
		"inventory_file": unknown{},
	})
	if got := cfg.Credentials["a"].Unknown; !slices.Equal(got, []string{"password", "port"}) {
		t.Errorf("a: %q", got)
	}
	if len(cfg.Credentials["b"].Unknown) == 0 || len(cfg.Credentials["c"].Unknown) > 0 || len(cfg.Credentials["d"].Unknown) == 0 {
		t.Errorf("%+v", cfg.Credentials)
	}
	if cfg.InventoryUnknown == "" || len(cfg.Unknown) > 0 {
		t.Errorf("inventory %v, %v", cfg.InventoryUnknown, cfg.Unknown)
	}
}

func TestUnknownValuesOfAllDevices(t *testing.T) {
	for at, b := range map[string]block{
		"credentials":              {"credentials": unknown{}},
		"ssh":                      {"ssh": unknown{}},
		"ssh.known_hosts[0]":       common("known_hosts", []any{unknown{}}),
		"ssh.agent":                common("agent", unknown{}),
		"ssh.connect_timeout":      common("connect_timeout", unknown{}),
		"ssh.jump_hosts":           common("jump_hosts", unknown{}),
		`ssh.jump_hosts["a"].host`: common("jump_hosts", block{"a": block{"host": unknown{}}}),
		`ssh.jump_hosts["a"]`:      common("jump_hosts", block{"a": unknown{}}),
		"redact[0]":                {"redact": []any{unknown{}}},
		"statuses":                 {"statuses": unknown{}},
		`drivers["box"]`:           {"drivers": block{"box": unknown{}}},
		"max_failures":             {"max_failures": unknown{}},
		"on_unreachable":           {"on_unreachable": unknown{}},
		"events_file":              {"events_file": unknown{}},
	} {
		if cfg := fine(t, b); !slices.Equal(cfg.Unknown, []string{at}) {
			t.Errorf("%s: %q", at, cfg.Unknown)
		}
	}
}

func TestAKeyWhosePassphraseIsUnknown(t *testing.T) {
	_, protected, _ := keys(t)
	fine(t, block{"credentials": block{"x": block{"private_key": protected, "passphrase": unknown{}}}})
}

func TestValidationLooksAtNoFile(t *testing.T) {
	s := providerSchema()
	raw := tfsdk.Config{Schema: s, Raw: value(t, s.Type().TerraformType(t.Context()), block{
		"inventory_file": "/nonexistent/inv", "ssh": block{"known_hosts": []any{"/nonexistent/hosts"}},
	})}
	var m model
	raw.Get(t.Context(), &m)
	p := New("test", nil, func() []string { return nil })
	if _, diags := p.build(t.Context(), m, false); len(diags) > 0 {
		t.Error(diags)
	}
}

func TestEngine(t *testing.T) {
	for version, ok := range map[string]bool{
		"1.10.5": false, "0.15.0": false, "1.5.7": false, "1.11.0": true, "1.11.0-beta1": true, "1.12.6": true, "2.0.0": true, "": true, "dev": true,
	} {
		if d := checkEngine(version); (d == nil) != ok {
			t.Errorf("%q: %v", version, d)
		}
	}
	if d := checkEngine("1.10.5"); !strings.Contains(d.Summary(), "1.10.5") || !strings.Contains(d.Detail(), "1.11") {
		t.Errorf("%v", d)
	}
}

func TestEnvironEntries(t *testing.T) {
	e := newEnviron([]string{
		"PROVISION_X_A_PASSWORD=1", "PROVISION_X_A_ENABLE_PASSWORD=2", "PROVISION_X_PASSWORD=3", "PROVISION_X_B_C_PORT=4",
		"PROVISION_X_A_OTHER=5", "PROVISION_XX_A_PORT=6", "PROVISION_X_D_PORT=", "X_A_PORT=7",
	})
	want := map[string]map[string]string{"A": {"PASSWORD": "1", "ENABLE_PASSWORD": "2"}, "B_C": {"PORT": "4"}}
	if d := cmp.Diff(want, e.entries("PROVISION_X", []string{"PASSWORD", "ENABLE_PASSWORD", "PORT"})); d != "" {
		t.Error(d)
	}
	if got := envName("Core-rtr.1\u00e9"); got != "CORE_RTR_1_" {
		t.Errorf("envName: %q", got)
	}
}

func TestRunIDsDiffer(t *testing.T) {
	if a, b := newRunID(), newRunID(); a == b {
		t.Errorf("%s twice", a)
	}
}

func TestLogSink(t *testing.T) {
	d := provision.Diff{}
	for _, err := range []error{nil, provision.ErrStale} {
		if got := logSink(fine(t, block{}).Run)(t.Context(), provision.Event{Name: "r1", Message: "m", Diff: &d, Err: err}); got != nil {
			t.Error(got)
		}
	}
}

// TestMisspeltVariables: what looks like a variable of ours and is none is told,
// without its value; what is another's is left alone.
func TestMisspeltVariables(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for variable, want := range map[string]string{
		"PROVISION_EVENT_FILE":                   "is PROVISION_EVENTS_FILE meant?",
		"PROVISION_INVENTORY":                    "is PROVISION_INVENTORY_FILE meant?",
		"PROVISION_CREDENTIALS_DEFAULT_PASWORD":  "PROVISION_CREDENTIALS_<NAME>_ and one of USERNAME, PASSWORD",
		"PROVISION_CREDENTIAL_DEFAULT_PASSWORD":  "PROVISION_CREDENTIALS_<NAME>_ and one of",
		"PROVISION_JUMP_HOST_A_HOST":             "PROVISION_JUMP_HOSTS_<NAME>_ and one of HOST",
		"PROVISION_LAB":                          "",
		"PROVISION_CREDENTIALS_DEFAULT_PASSWORD": "",
		"PROVISION_JUMP_HOSTS_A_JUMP_HOST":       "",
	} {
		_, diags := build(t, block{}, variable+"=v4lue")
		var warnings []string
		for _, d := range diags.Warnings() {
			warnings = append(warnings, d.Detail())
		}
		said := strings.Join(warnings, "\n")
		if (want == "") != (said == "") || !strings.Contains(said, want) || strings.Contains(said, "v4lue") {
			t.Errorf("%s: %q", variable, said)
		}
	}
}

// descriptions are those of attributes and of what is nested in them.
func descriptions(attributes map[string]schema.Attribute) []string {
	var texts []string
	for _, a := range attributes {
		texts = append(texts, a.GetMarkdownDescription())
		if nested, ok := a.(schema.SingleNestedAttribute); ok {
			texts = append(texts, descriptions(nested.Attributes)...)
		}
	}
	return texts
}

// TestVariablesAreThoseOfTheDocs: each variable that the schema names is known.
func TestVariablesAreThoseOfTheDocs(t *testing.T) {
	s := providerSchema()
	texts := append([]string{s.MarkdownDescription}, descriptions(s.Attributes)...)
	named := regexp.MustCompile("`(PROVISION_[A-Z_]+)`").FindAllStringSubmatch(strings.Join(texts, "\n"), -1)
	found := map[string]bool{}
	for _, m := range named {
		found[m[1]] = true
		if entries := (environ{m[1]: "x"}).entries(credentialsPrefix, credentialSuffixes()); len(entries) == 0 && !slices.Contains(variables(), m[1]) {
			t.Errorf("%s is in the docs and not in variables()", m[1])
		}
	}
	for _, v := range variables() {
		if !found[v] {
			t.Errorf("%s is not in the docs", v)
		}
	}
}
