package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// markName tells that a directory is a lab, which down may remove.
	markName = ".lab"
	// user logs in to every node, as in the real lab.
	user = "netops"
)

// node is one simulated device, seen from its console.
type node interface {
	// Running and Startup are its configurations.
	Running() string
	Startup() string
	// ChangeByHand merges lines into the running configuration.
	ChangeByHand(lines string) error
	// Reboot loses everything but the startup configuration.
	Reboot()
	// Cut takes the management path away, Heal gives it back.
	Cut()
	Heal()
	// Addr is host:port, KnownHostsLine the line of its host key.
	Addr() string
	KnownHostsLine() string
	Close() error
}

// entry is a node as inventory.json tells it; the fields of tools/lab/lab.sh.
type entry struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Host string `json:"host"`
	Port int    `json:"port"`
	User string `json:"user"`

	node node
	cut  bool
}

// lab is all nodes. Its commands run one after the other.
type lab struct {
	mu      sync.Mutex
	entries []*entry
}

// login is how one gets in to every node.
type login struct {
	password string
	key      ssh.PublicKey
}

// start starts the nodes at the ports after base, or at free ones if base is 0,
// and writes into dir how to get in.
func start(dir string, base int) (*lab, error) {
	l := &lab{}
	if err := l.boot(dir, base); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// boot is start without the cleaning up.
func (l *lab) boot(dir string, base int) error {
	in, err := writeLogin(dir)
	if err != nil {
		return err
	}
	for i, name := range []string{"r1", "r2", "r3", "n1"} {
		e := &entry{Name: name, Kind: "router", Host: "127.0.0.1", User: user}
		if base > 0 {
			e.Port = base + 1 + i
		}
		boot := newRouter
		if strings.HasPrefix(name, "n") {
			e.Kind, boot = "netconf", newNetconf
		}
		if e.node, err = boot(e, in); err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		l.entries = append(l.entries, e)
		if e.Port, err = portOf(e.node.Addr()); err != nil {
			return err
		}
	}
	return l.writeFiles(dir)
}

// writeLogin makes the key and the password of the lab.
func writeLogin(dir string) (login, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return login{}, fmt.Errorf("make a key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "simlab")
	if err != nil {
		return login{}, fmt.Errorf("write the key: %w", err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return login{}, fmt.Errorf("make the public key: %w", err)
	}
	in := login{password: rand.Text(), key: key}
	return in, errors.Join(
		write(dir, markName, ""),
		write(dir, "id_ed25519", string(pem.EncodeToMemory(block))),
		write(dir, "id_ed25519.pub", string(ssh.MarshalAuthorizedKey(key))),
		write(dir, "password", in.password+"\n"),
	)
}

// writeFiles writes where the nodes are.
func (l *lab) writeFiles(dir string) error {
	var known, config strings.Builder
	for _, e := range l.entries {
		known.WriteString(e.node.KnownHostsLine() + "\n")
		fmt.Fprintf(&config, "Host %s\n HostName %s\n Port %d\n User %s\n", e.Name, e.Host, e.Port, e.User)
	}
	inventory, err := json.MarshalIndent(l.entries, "", "  ")
	if err != nil {
		return fmt.Errorf("write the inventory: %w", err)
	}
	return errors.Join(
		write(dir, "known_hosts", known.String()),
		write(dir, "ssh_config", config.String()),
		write(dir, "inventory.json", string(inventory)+"\n"),
	)
}

// write writes a file of the lab. All of them are for the owner only.
func write(dir, name, text string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the lab's directory: %w", err)
	}
	defer root.Close()
	return root.WriteFile(name, []byte(text), 0o600)
}

// close ends all nodes.
func (l *lab) close() error {
	var errs []error
	for _, e := range l.entries {
		errs = append(errs, e.node.Close())
	}
	return errors.Join(errs...)
}

// reach tells whether a node's SSH answers.
func reach(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("set the deadline: %w", err)
	}
	banner := make([]byte, len("SSH-2.0"))
	if _, err := conn.Read(banner); err != nil {
		return fmt.Errorf("wait for its banner: %w", err)
	}
	if string(banner) != "SSH-2.0" {
		return fmt.Errorf("it says %q", banner)
	}
	return nil
}
