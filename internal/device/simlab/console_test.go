package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// fake is a node without a device.
type fake struct {
	running, startup string
	path             bool
}

func (f *fake) Running() string { return f.running }
func (f *fake) Startup() string { return f.startup }
func (f *fake) ChangeByHand(lines string) error {
	if strings.Contains(lines, "bad") {
		return errors.New("line 1: bad")
	}
	f.running += lines + "\n"
	return nil
}
func (f *fake) Reboot()                { f.running = f.startup }
func (f *fake) Cut()                   { f.path = false }
func (f *fake) Heal()                  { f.path = true }
func (f *fake) Addr() string           { return "127.0.0.1:1" }
func (f *fake) KnownHostsLine() string { return "" }
func (f *fake) Close() error           { return nil }

// twoRouters is a lab of the demo's r1 and r2 without devices.
func twoRouters(t *testing.T) (*lab, *fake) {
	t.Helper()
	l := &lab{}
	var first *fake
	for i, name := range []string{"r1", "r2"} {
		text, err := os.ReadFile("../../../tools/demo/network/configs/" + name + ".conf")
		if err != nil {
			t.Fatal(err)
		}
		f := &fake{running: string(text), startup: "saved\n", path: true}
		l.entries = append(l.entries, &entry{Name: name, Kind: "router", Host: "127.0.0.1", Port: 1 + i, node: f})
		if first == nil {
			first = f
		}
	}
	return l, first
}

func TestConsole(t *testing.T) {
	tests := map[string]struct {
		args  []string
		out   string // part of the output
		error string // part of the error
		code  int
	}{
		"running":      {[]string{"running", "r1"}, "router bgp 65001", "", 0},
		"startup":      {[]string{"startup", "r1"}, "saved\n", "", 0},
		"show running": {[]string{"exec", "r1", "vtysh", "-c", "show running-config"}, "router bgp 65001", "", 0},
		"show bgp":     {[]string{"exec", "r1", "vtysh", "-c", "show bgp summary"}, "simulated", "", 0},
		"other show":   {[]string{"exec", "r1", "vtysh", "-c", "show version"}, "% Unknown command", "", exitFailed},
		"other exec":   {[]string{"exec", "r1", "reboot"}, "", "a simulated router knows", exitUsage},
		"bad line":     {[]string{"drift", "r1", "bad"}, "", "drift r1: line 1: bad", exitFailed},
		"no node":      {[]string{"running"}, "", "needs a node", exitUsage},
		"unknown node": {[]string{"running", "r9"}, "", "no node r9", exitFailed},
		"unknown verb": {[]string{"dance", "r1"}, "", "no command dance", exitUsage},
		"nothing":      {nil, "", "which command?", exitUsage},
		"no answer":    {[]string{"reach", "r1"}, "", "reach r1: connect", exitFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, _ := twoRouters(t)
			got := l.command(tt.args)
			if !strings.Contains(got.Stdout, tt.out) || !strings.Contains(got.Error, tt.error) || got.Code != tt.code {
				t.Errorf("got %+v, want %+v", got, tt)
			}
		})
	}
}

func TestConsoleChangesTheNode(t *testing.T) {
	l, f := twoRouters(t)
	l.command([]string{"drift", "r1", "interface lo", " description x"})
	if !strings.HasSuffix(f.running, "interface lo\n description x\n") {
		t.Errorf("drift: %q", f.running)
	}
	l.command([]string{"reboot", "r1"})
	if f.running != "saved\n" {
		t.Errorf("reboot: %q", f.running)
	}
	l.command([]string{"cut", "r1"})
	if status := l.command([]string{"status"}).Stdout; f.path || !strings.Contains(status, "up cut") {
		t.Errorf("cut: path %t, status %q", f.path, status)
	}
	l.command([]string{"heal", "r1"})
	if status := l.command([]string{"status"}).Stdout; !f.path || strings.Contains(status, "cut") {
		t.Errorf("heal: path %t, status %q", f.path, status)
	}
}

func TestSocket(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := ask(ctx, []string{"status"}); err == nil {
		t.Error("a lab that is not up has answered")
	}
	// A killed lab leaves its socket.
	if err := os.WriteFile(socketName, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(serving, l, func(args []string) answer {
			return answer{Stdout: strings.Join(args, ","), Error: "e", Code: 3}
		})
	}()
	got, err := ask(ctx, []string{"a", "b c"})
	if want := (answer{Stdout: "a,b c", Error: "e", Code: 3}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	stop()
	<-done
}
