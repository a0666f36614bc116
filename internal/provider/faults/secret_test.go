//go:build lab

package faults_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// contents are those of a file; of a plan file, those of all its parts.
func contents(t testing.TB, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		return read(t, path)
	}
	defer z.Close()
	var b strings.Builder
	for _, f := range z.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&b, part); err != nil {
			t.Fatal(err)
		}
		_ = part.Close()
	}
	return b.String()
}

// holds fails if a text has one of these secrets.
func holds(t testing.TB, place, text string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		if i := strings.Index(text, s); i >= 0 {
			t.Errorf("%s holds the secret %q: ...%q...", place, s, text[max(0, i-200):min(len(text), i+200)])
		}
	}
}

const (
	plantedBGP         = "Planted-Neighbor-7f3a"
	plantedCommunity   = "Planted-Community-20d8"
	plantedDescription = "Planted-Description-4c1d"
)

// secretive is the provider and the resource with every secret from an
// ephemeral variable: what stands in main.tf is also in the plan file, which is
// Terraform's doing.
func secretive(r *rig, lines ...string) {
	r.t.Helper()
	n := r.node()
	r.Config("variable \"s\" {\n  type = map(string)\n  ephemeral = true\n}\n", r.provider(map[string]string{
		"credentials": fmt.Sprintf("{ default = { username = %q, password = var.s.password, private_key = var.s.key, "+
			"passphrase = var.s.passphrase, host_key = %q } }", n.User, n.HostKey),
		"redact": `["Planted-Description-[0-9a-f]+"]`,
	}), r.resource(lines...))
}

// labKey is the lab's key under another passphrase.
func labKey(t testing.TB, lab acctest.Lab, passphrase string) string {
	t.Helper()
	key, err := gossh.ParseRawPrivateKey([]byte(read(t, filepath.Join(lab.Dir, "id_ed25519"))))
	if err != nil {
		t.Fatal(err)
	}
	return sealKey(t, key, passphrase)
}

// TestNoSecretGetsOut plants secrets and looks for them in the output, the
// state, the plan, the log at its loudest, the events and the difference, after
// runs that succeed and runs that fail at different steps.
func TestNoSecretGetsOut(t *testing.T) {
	lab, binary := bench(t)
	key := labKey(t, lab, plantedPassphrase)
	variables := func(password string) []string {
		raw, err := json.Marshal(map[string]string{
			"password": password, "key": key, "passphrase": plantedPassphrase, "bgp": plantedBGP, "community": plantedCommunity, "description": plantedDescription,
		})
		if err != nil {
			t.Fatal(err)
		}
		return []string{"TF_VAR_s=" + string(raw), "TF_LOG=TRACE", "TF_LOG_PATH=trace.log"}
	}
	for _, c := range []struct {
		name   string
		box    func(acctest.Lab) box
		config string // a template: config = "..."
		plan   int    // its exit code
		apply  int
		says   string
	}{
		{"frr, success", onFRR, `"router bgp 64512\n neighbor 10.1.0.6 password ${var.s.bgp}\nexit\n"`, 2, 0, "password <redacted>"},
		{"frr, refused at plan", onFRR, `"hostname r1\nsnmp-server community ${var.s.community} RO\n"`, 1, 1, "line 2"},
		{"frr, refused at commit", onFRR, `"router bgp 64512\n neighbor 192.0.2.77 password ${var.s.bgp}\nexit\n"`, 2, 1, "commit failed"},
		{"netconf, success", onNetconf, `"<interfaces xmlns=\"` + interfaces + `\"><interface><name>eth5</name><description>${var.s.description}</description>` +
			`<type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type></interface></interfaces>"`, 2, 0, "<redacted>"},
		{"netconf, refused", onNetconf, `"<interfaces xmlns=\"` + interfaces + `\"><snmp><community>${var.s.community}</community></snmp></interfaces>"`, 1, 1, "stage failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			routers(t, lab)
			if strings.HasPrefix(c.name, "netconf") {
				devices(t, lab)
			}
			r := newRig(t, lab, binary, c.box(lab))
			secretive(r, "config = "+c.config)
			r.Env = variables(r.node().Password)
			out := r.Must(c.plan, "plan", "-detailed-exitcode", "-out=saved.plan")
			if c.plan == 2 {
				out += r.Must(0, "show", "-json", "saved.plan")
				out += r.Must(c.apply, "apply", "saved.plan")
			}
			_, again := r.Terraform("plan", "-detailed-exitcode")
			out += again
			t.Log(out)
			says(t, "Terraform", out, c.says)
			r.silent(out, r.node().Password, plantedPassphrase, plantedBGP, plantedCommunity, plantedDescription, strings.Split(key, "\n")[1])
			// What was looked at must be what it is taken for.
			says(t, "the log", r.Read("trace.log"), "provision_device", "step of a run")
			says(t, "the events", r.Read("events.jsonl"), `"step":"stage"`)
			if c.plan == 2 {
				says(t, "the plan file", contents(t, filepath.Join(r.Dir, "saved.plan")), "change_id", "<redacted>")
			}
			if c.apply == 0 {
				says(t, "the state", r.Read("terraform.tfstate"), "running_hash")
			}
		})
	}
}
