//go:build lab

package provider_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// truthGate stands between the provider and a source of truth. Its fault may answer
// in the server's place.
type truthGate struct {
	*httptest.Server

	mu    sync.Mutex
	fault func(n int, w http.ResponseWriter, r *http.Request) bool // of the n-th request since it was set
	n     int
}

func newTruthGate(t *testing.T, to string) *truthGate {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	server := httputil.NewSingleHostReverseProxy(u)
	server.Transport = &http.Transport{DisableKeepAlives: true} // the server may be about to end one that was kept
	g := &truthGate{}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.n++
		n, fault := g.n, g.fault
		g.mu.Unlock()
		if fault == nil || !fault(n, w, r) {
			server.ServeHTTP(w, r)
		}
	}))
	g.Config.SetKeepAlivesEnabled(false) // who is turned away shall have no connection left
	g.Start()
	t.Cleanup(g.Close)
	return g
}

// restarts has the gate refuse connections for so long, from its n-th request on,
// as a server does that is started again. What it gives waits until that is over,
// and tells whether it was.
func (g *truthGate) restarts(at int, down time.Duration) (over func() bool) {
	up := make(chan error, 1)
	var began atomic.Bool
	g.set(func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n != at {
			return false
		}
		address := g.Listener.Addr().String()
		g.Listener.Close()
		began.Store(true)
		time.AfterFunc(down, func() {
			l, err := net.Listen("tcp", address)
			if err == nil {
				g.Listener = l
				go func() { _ = g.Config.Serve(l) }()
			}
			up <- err
		})
		return gone(n, w, r)
	})
	return func() bool { return began.Load() && <-up == nil }
}

// set sets the fault; nil for none.
func (g *truthGate) set(f func(n int, w http.ResponseWriter, r *http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault, g.n = f, 0
}

// gone ends a connection as a server that is down does.
func gone(int, http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// silent answers nothing until the client has gone, which the server notices once
// it has read the question.
func silent(_ int, _ http.ResponseWriter, r *http.Request) bool {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	return true
}

// first has only the first requests meet a fault.
func first(count int, f func(int, http.ResponseWriter, *http.Request) bool) func(int, http.ResponseWriter, *http.Request) bool {
	return func(n int, w http.ResponseWriter, r *http.Request) bool { return n <= count && f(n, w, r) }
}

// truthBed is a workspace of r1, a simulated router, with a source of truth behind a
// gate. Everything that it prints or writes is kept, to look for secrets in.
type truthBed struct {
	*acctest.Workspace
	t       *testing.T
	name    string // of the attribute
	gate    *truthGate
	sim     acctest.Simulated
	token   string
	printed strings.Builder
}

// The header that each request carries.
const plantedHeader = "planted-Header-77f1"

func newTruthBed(t *testing.T, name, address, token string, sim acctest.Simulated) *truthBed {
	t.Helper()
	b := &truthBed{Workspace: acctest.NewWorkspace(t, acctest.Binary(t)), t: t, name: name, gate: newTruthGate(t, address), sim: sim, token: token}
	b.Env = []string{"TF_LOG=TRACE", "TF_LOG_PATH=trace.log"}
	b.configure(token, patient)
	return b
}

// Times for one request: one for a server on a busy machine, and one that is over
// soon.
const (
	patient   = "60s"
	impatient = "1s"
)

// configure writes the configuration with a token and a time for one request.
func (b *truthBed) configure(token, timeout string) {
	b.t.Helper()
	n := b.sim.Node(b.t, "r1")
	b.Config(acctest.Provider(map[string]string{
		b.name: fmt.Sprintf("{ url = %q, token = %q, timeout = %q, headers = { X-Gate = %q }, write_back = { journal = true } }",
			b.gate.URL, token, timeout, plantedHeader),
		"credentials": fmt.Sprintf("{ default = { username = %q, password = %q } }", n.User, n.Password),
		"ssh":         fmt.Sprintf("{ known_hosts = [%s] }", acctest.Quote(filepath.Join(b.sim.Dir, "known_hosts"))),
		"events_file": `"events.jsonl"`,
	}), fmt.Sprintf("resource \"provision_device\" \"r1\" {\n  name = \"r1\"\n  port = %d\n}\n", n.Port))
}

// run runs Terraform, and says what is wrong with the outcome.
func (b *truthBed) run(what string, code int, says []string, args ...string) {
	b.t.Helper()
	got, out := b.Terraform(args...)
	b.printed.WriteString(out)
	if got != code {
		b.t.Errorf("%s: terraform %q: exit code %d, want %d:\n%s", what, args, got, code, out)
	}
	line := acctest.Unwrap(out)
	for _, s := range says {
		if !strings.Contains(line, s) {
			b.t.Errorf("%s: it does not say %q:\n%s", what, s, out)
		}
	}
}

// silent looks for the token and the header in all that was printed or written.
// main.tf, which the test wrote itself, and the plan file, which holds the
// configuration, have them.
func (b *truthBed) silent() {
	b.t.Helper()
	texts := map[string]string{"what was printed": b.printed.String()}
	for _, file := range []string{"trace.log", "events.jsonl", "terraform.tfstate"} {
		text, err := os.ReadFile(filepath.Join(b.Dir, file))
		if err != nil || len(text) == 0 {
			b.t.Errorf("%s: %v, %d bytes", file, err, len(text))
		}
		texts[file] = string(text)
	}
	for where, text := range texts {
		for _, secret := range []string{b.token, plantedHeader} {
			if i := strings.Index(text, secret); i >= 0 {
				b.t.Errorf("%s holds %q: ...%q...", where, secret, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}

// TestLabNetBoxFaults: a real NetBox that fails in every way on the way to a device.
func TestLabNetBoxFaults(t *testing.T) {
	env := serverEnv(t, "PROVISION_NETBOX")
	truthFaults(t, "netbox", "NetBox", env["NETBOX_URL"], env["NETBOX_TOKEN"], netboxCase)
}

// TestLabNautobotFaults does the same with a real Nautobot.
func TestLabNautobotFaults(t *testing.T) {
	env := serverEnv(t, "PROVISION_NAUTOBOT")
	truthFaults(t, "nautobot", "Nautobot", env["NAUTOBOT_URL"], env["NAUTOBOT_TOKEN"], nautobotCase)
}

// restart is how long a server of the test is down: NetBox is for 12 s, Nautobot
// for 8 s.
const restart = 10 * time.Second

func truthFaults(t *testing.T, name, product, address, token string, holding func(*testing.T, acctest.Node) truthCase) {
	sim := acctest.Simulate(t, map[string]string{
		"r1": "frr version 8.4.4\nfrr defaults traditional\nhostname r1\nservice integrated-vtysh-config\n!\ninterface lo\n ip address 10.0.0.1/32\nexit\n!\nend\n",
	}, nil)
	truth := holding(t, acctest.Node{Name: "r1", MgmtHost: sim.Node(t, "r1").Host})
	b := newTruthBed(t, name, address, token, sim)
	truth.intend("interface lo\n description one\nexit\n")
	b.run("a good day", 0, nil, "apply", "-auto-approve")
	truth.intend("interface lo\n description two\nexit\n")

	plan := func(what string, code int, says ...string) {
		b.run(what, code, says, "plan", "-detailed-exitcode")
		b.gate.set(nil)
	}
	b.gate.set(gone)
	plan("down", 1, "r1: looking it up in the source of truth", "no answer", "is "+product+" up, and url right?")
	b.gate.set(silent)
	b.configure(token, impatient)
	plan("slow", 1, "r1: looking it up in the source of truth", "no answer")
	b.configure(token, patient)
	b.gate.set(first(2, gone))
	plan("restarts", 2, "description two")
	began := time.Now()
	over := b.gate.restarts(2, restart)
	plan("restarts in the middle", 2, "description two", "1 to change")
	if took := time.Since(began); took < restart {
		t.Errorf("the server was down for %s; the plan took %s", restart, took)
	}
	if !over() {
		t.Fatal("the server did not restart")
	}
	b.gate.set(first(1, func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}))
	began = time.Now()
	plan("too many requests", 2, "description two")
	if took := time.Since(began); took < time.Second {
		t.Errorf("the server asked to wait for a second; the plan took %s", took)
	}
	b.gate.set(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><title>Sign in</title>"))
		return true
	})
	plan("a page to sign in", 1, "r1: looking it up in the source of truth", "not JSON", "Sign in")
	b.configure("abcabcabcabcabcabcabcabcabcabcabcabcabca", patient)
	plan("another token", 1, "does not take the token")
	b.configure(token, patient)
	b.between(truth)
	b.silent()
}

// between changes the source of truth between a plan and its apply.
func (b *truthBed) between(truth truthCase) {
	b.t.Helper()
	host := b.sim.Node(b.t, "r1").Host
	running := b.sim.Routers["r1"].Running()
	unchanged := func(what string) {
		b.t.Helper()
		if b.sim.Routers["r1"].Running() != running {
			b.t.Errorf("%s: the router was changed all the same", what)
		}
	}
	b.run("a plan", 0, nil, "plan", "-out=saved.plan")
	const elsewhere = "127.0.0.253"
	truth.move(elsewhere)
	// The apply asks again where the router is, and nobody is there.
	b.run("the address changed", 1, []string{
		"Error: r1: open failed", fmt.Sprintf("ssh to %s:%d: connect: the port is closed: connection refused", elsewhere, b.sim.Node(b.t, "r1").Port),
	}, "apply", "saved.plan")
	unchanged("the address changed")
	truth.move(host)
	b.run("a plan", 0, nil, "plan", "-out=saved.plan") // the apply that failed has made the other stale
	truth.intend("interface lo\n description three\nexit\n")
	b.run("the intent changed", 1, []string{
		"Error: Provider produced inconsistent final plan", ".change_id: was", "if this differs at apply, something changed after the plan: plan again",
	}, "apply", "saved.plan")
	unchanged("the intent changed")
	b.run("a plan", 0, nil, "plan", "-out=saved.plan")
	truth.drop()
	b.run("the device is deleted there", 1, []string{`"r1"`, "not in the inventory"}, "apply", "saved.plan")
	unchanged("the device is deleted there")
	b.gate.set(gone)
	b.run("destroy without the source of truth", 0, []string{"1 destroyed"}, "destroy", "-auto-approve", "-refresh=false")
	unchanged("destroy")
	b.gate.set(nil)
}
