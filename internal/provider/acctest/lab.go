package acctest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// LabVariable names the environment variable that leads to the lab of real
// devices: a folder made by tools/lab/lab.sh.
const LabVariable = "PROVISION_LAB"

// Node is a device of the lab.
type Node struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // router, netconf, bird, jump
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"`
	MgmtHost string `json:"mgmt_host"` // as the jump host sees it
	MgmtPort int    `json:"mgmt_port"`
	HostKey  string `json:"host_key"` // a line of authorized_keys form
}

// Driver is the driver that serves the node; empty if none does.
func (n Node) Driver() string {
	switch n.Kind {
	case "router":
		return "frr"
	case "netconf":
		return "netconf"
	}
	return ""
}

// Device is the node as it stands in an inventory file.
func (n Node) Device() Device {
	return Device{Host: n.Host, Port: n.Port, Driver: n.Driver()}
}

// Lab is the lab of real devices.
type Lab struct {
	Dir   string
	Nodes map[string]Node
}

// ReadLab reads the lab that LabVariable leads to. Without one the test fails:
// a test that asks for real devices must not pass without them.
func ReadLab(t testing.TB) Lab {
	t.Helper()
	dir := os.Getenv(LabVariable)
	if dir == "" {
		t.Fatalf("%s is not set: start a lab with tools/lab/lab.sh up DIR and set it to DIR", LabVariable)
	}
	lab, err := readLab(dir)
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

func readLab(dir string) (Lab, error) {
	data, err := os.ReadFile(filepath.Join(dir, "inventory.json"))
	if err != nil {
		return Lab{}, fmt.Errorf("reading the lab: %w", err)
	}
	var nodes []Node
	if err := json.Unmarshal(data, &nodes); err != nil {
		return Lab{}, fmt.Errorf("reading the lab in %s: %w", dir, err)
	}
	lab := Lab{Dir: dir, Nodes: map[string]Node{}}
	for _, n := range nodes {
		lab.Nodes[n.Name] = n
	}
	return lab, nil
}

// Node returns a node; the test fails if the lab has none of that name.
func (l Lab) Node(t testing.TB, name string) Node {
	t.Helper()
	n, ok := l.Nodes[name]
	if !ok {
		t.Fatalf("the lab in %s has no %s", l.Dir, name)
	}
	return n
}

// Script runs a command of tools/lab/lab.sh on the lab ("drift", "cut",
// "exec", ...) and returns its output.
func (l Lab) Script(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the test binary does not know where its sources are")
	}
	script := filepath.Join(filepath.Dir(here), "..", "..", "..", "tools", "lab", "lab.sh")
	cmd := exec.Command("bash", append([]string{script}, args...)...)
	cmd.Env, cmd.Stdin = append(os.Environ(), "LAB_DIR="+l.Dir), strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lab.sh %q: %v: %s", args, err, out)
	}
	return string(out)
}

// KeepRouter puts a router back, at the end of the test, to the configurations
// that it has now.
func (l Lab) KeepRouter(t testing.TB, name string) {
	t.Helper()
	startup := l.Script(t, "", "exec", name, "cat", "/etc/frr/frr.conf")
	t.Cleanup(func() {
		l.Script(t, startup, "exec", name, "sh", "-c", `cat >/etc/frr/frr.conf && chown frr:frr /etc/frr/frr.conf && chmod 640 /etc/frr/frr.conf &&
			/usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf >/dev/null`)
	})
}

// Provider is a provider block for the lab: its users by key, its known hosts,
// an inventory of all its routers and NETCONF servers, and what else is given
// (which wins).
func (l Lab) Provider(t testing.TB, more map[string]string) string {
	t.Helper()
	devices := map[string]Device{}
	for name, n := range l.Nodes {
		if n.Driver() != "" {
			devices[name] = n.Device()
		}
	}
	attributes := map[string]string{
		"credentials": fmt.Sprintf("{\n    default = { username = \"netops\", private_key = file(%s) }\n  }",
			Quote(filepath.Join(l.Dir, "id_ed25519"))),
		"ssh":            fmt.Sprintf("{ known_hosts = [%s] }", Quote(filepath.Join(l.Dir, "known_hosts"))),
		"inventory_file": Quote(Inventory(t, devices)),
	}
	for name, expression := range more {
		attributes[name] = expression
	}
	return Provider(attributes)
}

// NewEngine is a Terraform that knows actions and queries (1.14 or later), as make
// test builds it. One that is not there is a failure.
func NewEngine(t testing.TB) string {
	t.Helper()
	path := os.Getenv("PROVISION_NEW_TERRAFORM")
	if path == "" {
		t.Fatal("PROVISION_NEW_TERRAFORM is not set: this test runs Terraform 1.14 (tools/tool.sh terraform; make test sets it)")
	}
	return path
}
