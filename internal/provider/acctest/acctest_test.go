package acctest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/file"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

func TestInventoryIsOneThatCanBeRead(t *testing.T) {
	text := "hostname r1\n! ${x}\n"
	path := acctest.Inventory(t, map[string]acctest.Device{
		"r1": {Host: "h", Port: 1, Driver: "frr", Platform: "p", Site: "s", Role: "r", Status: "staged", Tags: []string{"t"}, Credentials: "c", Config: &text},
		"r2": {},
	})
	s, err := file.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "r1"})
	if err != nil || d.Host != "h" || d.Port != 1 || d.Driver != "frr" || d.Status != "staged" || len(d.Tags) != 1 {
		t.Errorf("%+v %v", d, err)
	}
	if got, err := s.Config(t.Context(), d, inventory.Intent{}); err != nil || string(got) != text {
		t.Errorf("%q %v", got, err)
	}
	if got, err := s.Config(t.Context(), inventory.Object{Kind: inventory.Device, Name: "r2"}, inventory.Intent{}); err != nil || got != nil {
		t.Errorf("r2: %q %v", got, err)
	}
}

func TestProvider(t *testing.T) {
	got := acctest.Provider(map[string]string{"b": "1", "a": acctest.Quote("x\"${y}%{z}\n")})
	want := "provider \"provision\" {\n  a = \"x\\\"$${y}%%{z}\\n\"\n  b = 1\n}\n"
	if got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"it's \"x\" \\ ${y} %{z}\r\n\t": `"it's \"x\" \\ $${y} %%{z}\r\n\t"`,
		"\a\x00é\ufeff\U000e0001\xff":   `"\u0007\u0000é\ufeff\U000e0001` + "\ufffd" + `"`,
	} {
		if got := acctest.Quote(text); got != want {
			t.Errorf("%q: got %s want %s", text, got, want)
		}
	}
}

func TestReadLab(t *testing.T) {
	dir := t.TempDir()
	const inv = `[{"name":"r1","kind":"router","host":"127.0.0.1","port":25301,"user":"netops","password":"p","mgmt_host":"198.18.1.2","mgmt_port":22,"host_key":"ssh-ed25519 AAAA"},
{"name":"n1","kind":"netconf","host":"127.0.0.1","port":25304,"user":"netops"},{"name":"jump","kind":"jump","host":"127.0.0.1","port":25300,"user":"jump"}]`
	if err := os.WriteFile(filepath.Join(dir, "inventory.json"), []byte(inv), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(acctest.LabVariable, dir)
	lab := acctest.ReadLab(t)
	n := lab.Node(t, "r1")
	if n.Driver() != "frr" || n.MgmtPort != 22 || n.HostKey != "ssh-ed25519 AAAA" || lab.Node(t, "n1").Driver() != "netconf" || lab.Node(t, "jump").Driver() != "" {
		t.Errorf("%+v", lab)
	}
	block := lab.Provider(t, map[string]string{"max_sessions": "3", "ssh": "{}"})
	for _, s := range []string{"max_sessions = 3", "ssh = {}", `username = "netops"`, filepath.Join(dir, "id_ed25519"), "inventory_file = "} {
		if !strings.Contains(block, s) {
			t.Errorf("%s lacks %s", block, s)
		}
	}
}

func TestWorkspace(t *testing.T) {
	t.Setenv("TF_CLI_ARGS", "-caller")
	t.Setenv("PROVISION_INVENTORY_FILE", "of the caller")
	w := acctest.NewWorkspace(t, t.TempDir())
	w.Env = []string{"TF_VAR_x=ours"}
	w.Config("# block")
	if got := w.Read("main.tf"); !strings.Contains(got, "netprovision/provision") || !strings.HasSuffix(got, "# block") {
		t.Errorf("main.tf: %s", got)
	}
	if got := w.Read("terraform.tfstate"); got != "" {
		t.Errorf("a state from nowhere: %s", got)
	}
	cmd := w.Command("plan")
	env := strings.Join(cmd.Env, "\n")
	if cmd.Dir != w.Dir || strings.Contains(env, "caller") || !strings.Contains(env, "TF_VAR_x=ours") || !strings.Contains(env, "HOME="+w.Dir) {
		t.Errorf("%s in %s with\n%s", cmd, cmd.Dir, env)
	}
}

func TestUnwrap(t *testing.T) {
	if got := acctest.Unwrap("╷\n│ Error: r1:\n│   no route\n╵\n"); got != " Error: r1: no route " {
		t.Errorf("%q", got)
	}
}
