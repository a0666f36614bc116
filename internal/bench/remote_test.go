package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatesAreKept(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := newStateStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var text strings.Builder
		if err := resp.Write(&text); err != nil {
			t.Fatal(err)
		}
		_, answer, _ := strings.Cut(text.String(), "\r\n\r\n")
		return resp.StatusCode, answer
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{http.MethodGet, "/a", "", 404, ""},
		{http.MethodPost, "/a", "one", 200, ""},
		{http.MethodPost, "/b", "two", 200, ""},
		{http.MethodGet, "/a", "", 200, "one"},
		{http.MethodDelete, "/a", "", 200, ""},
		{http.MethodGet, "/a", "", 404, ""},
		{http.MethodGet, "/b", "", 200, "two"},
		{"LOCK", "/b", "", 405, ""},
	} {
		if status, answer := ask(c.method, c.path, c.body); status != c.status || answer != c.answer {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, status, answer, c.status, c.answer)
		}
	}
}

// Terraform itself writes there, and finds what it wrote.
func TestTerraformUsesTheStore(t *testing.T) {
	bin := t.TempDir()
	noop := filepath.Join(bin, "noop", "terraform-provider-noop")
	if out, err := exec.Command("go", "build", "-o", noop, "./noop").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := &bench{options: options{work: t.TempDir(), bin: bin}, collected: newCollection()}
	w, err := b.newWorkspace("far", "noop", "resource \"noop_host\" \"this\" {\n  host = \"a\"\n  host_groups = [\"g\"]\n  interface = { ip = \"127.0.0.1\" }\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStateStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.remote(ctx, w, "noop", s); err != nil {
		t.Fatal(err)
	}
	if _, err := w.whole(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := w.plan(ctx, nothing); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "terraform.tfstate")); err == nil || !strings.Contains(string(s.states["/far"]), "noop_host") {
		t.Errorf("the state is not in the store: %s", s.states["/far"])
	}
}
