package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// The remote commands. FILE stands for a name of one run.
const (
	cmdShow   = "vtysh -c 'show running-config'"
	cmdUpload = "cat >FILE && vtysh -C -f FILE"
	cmdTest   = "cat >FILE && trap 'rm -f FILE' EXIT && vtysh -C -f FILE && /usr/lib/frr/frr-reload.py --test --log-level error FILE"
	cmdMerge  = "vtysh -f FILE"
	cmdReload = "mkdir FILE.d && echo service integrated-vtysh-config >FILE.d/vtysh.conf && " +
		"/usr/lib/frr/frr-reload.py --reload --log-level error --stdout --confdir FILE.d --rundir FILE.d FILE"
	cmdSave   = "vtysh -c 'write memory'"
	cmdVerify = "/usr/lib/frr/frr-reload.py --test --log-level error FILE; rm -rf FILE FILE.d"
	cmdRemove = "rm -f FILE"
	// What makes a commit safe: a copy and a timer on the router that puts it
	// back, and its end.
	cmdArm = "vtysh -c 'show running-config' >FILE.old && echo pid && " +
		"{ setsid sh -c 'sleep 120; /usr/lib/frr/frr-reload.py --reload FILE.old' </dev/null >/dev/null 2>&1 & echo $! >FILE.pid; }"
	cmdDisarm = "kill -- -$(cat FILE.pid) && rm -f FILE.old FILE.pid"
)

// router is a connection to a router.
type router struct {
	*ssh.Client
	file string
}

// dial logs in to a router.
func dial(n *node, file string) (*router, error) {
	c, err := ssh.Dial("tcp", n.addr, n.login)
	if err != nil {
		return nil, err
	}
	return &router{c, file}, nil
}

// newFile is a name on the router that nobody else has.
func newFile() string { return "/tmp/bare." + rand.Text() }

// do runs one remote command.
func (r *router) do(command string, stdin []byte) (string, error) {
	s, err := r.NewSession()
	if err != nil {
		return "", err
	}
	defer s.Close()
	command = strings.ReplaceAll(command, "FILE", r.file)
	if stdin != nil {
		s.Stdin = bytes.NewReader(stdin)
	}
	out, err := s.CombinedOutput(command)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return string(out), nil
}

// steps runs commands one after the other.
func (r *router) steps(commands ...string) error {
	for _, c := range commands {
		if _, err := r.do(c, nil); err != nil {
			return err
		}
	}
	return nil
}

// read is one login and one command.
func read(n *node) error {
	r, err := dial(n, "")
	if err != nil {
		return err
	}
	defer r.Close()
	out, err := r.do(cmdShow, nil)
	if err == nil && !strings.Contains(out, "\nend") {
		err = errors.New("the running configuration has no end")
	}
	return err
}

// test uploads, checks and has the router compare, in one command.
func test(n *node) error {
	r, err := dial(n, newFile())
	if err != nil {
		return err
	}
	defer r.Close()
	out, err := r.do(cmdTest, n.config)
	if err == nil && !strings.Contains(out, "Lines To Add") {
		err = errors.New("the router saw no difference")
	}
	return err
}

// begin uploads, checks and backs up.
func (r *router) begin(n *node) error {
	if _, err := r.do(cmdUpload, n.config); err != nil {
		return err
	}
	before, err := r.do(cmdShow, nil)
	if err != nil {
		return err
	}
	return os.WriteFile(n.backup, []byte(before), 0o600)
}

// merge checks, backs up, merges, saves and verifies.
func merge(n *node) error {
	r, err := dial(n, newFile())
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.begin(n); err != nil {
		return err
	}
	if err := r.steps(cmdMerge, cmdSave); err != nil {
		return err
	}
	return r.verify(n, cmdShow+"; "+cmdRemove)
}

// verify reads the router and looks for every line.
func (r *router) verify(n *node, command string) error {
	out, err := r.do(command, nil)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for line := range strings.Lines(out) {
		have[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(string(n.config)) {
		if line = strings.TrimSpace(line); line != "" && line != "!" && !have[line] {
			return fmt.Errorf("not running after the merge: %q", line)
		}
	}
	return nil
}

// replace checks, backs up, replaces, saves and verifies.
func replace(n *node) error {
	r, err := dial(n, newFile())
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.begin(n); err != nil {
		return err
	}
	if err := r.steps(cmdReload, cmdSave); err != nil {
		return err
	}
	return r.same()
}

// same has the router compare; nothing may be left.
func (r *router) same() error {
	out, err := r.do(cmdVerify, nil)
	if err == nil && (strings.Contains(out, "Lines To Add\n============\n\n") || strings.Contains(out, "Lines To Delete")) &&
		len(strings.TrimSpace(out)) > 60 {
		err = fmt.Errorf("not the same after the replacement: %s", out)
	}
	return err
}

// safeMerge is merge as a careful person does it: the router's own difference
// before, a timer on the router, a new login before the timer is ended.
func safeMerge(n *node) error {
	return safely(n, cmdMerge, func(r *router) error { return r.verify(n, cmdShow+"; "+cmdRemove) })
}

// safeReplace is replace with the same care.
func safeReplace(n *node) error {
	return safely(n, cmdReload, func(r *router) error { return r.same() })
}

func safely(n *node, commit string, verify func(*router) error) error {
	first, err := dial(n, newFile())
	if err != nil {
		return err
	}
	defer first.Close()
	if err := first.begin(n); err != nil {
		return err
	}
	if err := first.steps("/usr/lib/frr/frr-reload.py --test --log-level error FILE", cmdArm, commit); err != nil {
		return err
	}
	second, err := dial(n, first.file)
	if err != nil {
		return err
	}
	defer second.Close()
	if err := second.steps(cmdShow, cmdDisarm, cmdSave); err != nil {
		return err
	}
	return verify(second)
}
