// Command farm is a lab of many simulated FRR routers with large configurations,
// behind real SSH servers in one process: for what does not depend on how fast a
// router is, as the memory of the provider. Real routers take minutes to compare
// a megabyte fifty times on a few cores.
//
//	farm DIR ROUTERS LINES    until it is told to end; DIR/ready tells that it is up
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "farm:", err)
		os.Exit(1)
	}
}

// run serves the routers until the context ends.
func run(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: farm DIR ROUTERS LINES")
	}
	routers, err1 := strconv.Atoi(args[1])
	lines, err2 := strconv.Atoi(args[2])
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	f := &farm{dir: args[0]}
	defer f.close()
	if err := f.start(routers, lines); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// farm is the routers and the files that say how to get in.
type farm struct {
	dir           string
	routers       []*frrsim.Router
	known, listed strings.Builder
}

// start boots the routers and writes the files of tools/lab/lab.sh that the
// benchmark reads.
func (f *farm) start(routers, lines int) error {
	user, err := f.key()
	if err != nil {
		return err
	}
	for i := range routers {
		name := fmt.Sprintf("r%d", i+1)
		if err := f.boot(name, config(name, i, lines), user); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, text := range map[string]string{"known_hosts": f.known.String(), "inventory.tsv": f.listed.String()} {
		if err := f.write(name, text); err != nil {
			return err
		}
	}
	return f.write("ready", "") // last: it says that the others are there
}

// key makes the key that everybody logs in with.
func (f *farm) key() (sshtest.User, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return sshtest.User{}, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return sshtest.User{}, err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return sshtest.User{}, err
	}
	return sshtest.User{Keys: []ssh.PublicKey{key}}, f.write("id_ed25519", string(pem.EncodeToMemory(block)))
}

// boot starts one router.
func (f *farm) boot(name, config string, user sshtest.User) error {
	r, err := frrsim.New(frrsim.Options{Startup: config, Users: map[string]sshtest.User{"netops": user}})
	if err != nil {
		return err
	}
	f.routers = append(f.routers, r)
	f.known.WriteString(r.Server().KnownHostsLine() + "\n")
	fmt.Fprintf(&f.listed, "%s\trouter\t%s\t%d\tnetops\t-\t22\n", name, r.Server().Host(), r.Server().Port())
	return f.write(filepath.Join(name, "data", "frr.conf"), r.Startup())
}

// write puts a file into the directory.
func (f *farm) write(name, text string) error {
	file := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// close ends the routers.
func (f *farm) close() {
	for _, r := range f.routers {
		_ = r.Close()
	}
}

// perMap is how many lines a route-map has.
const perMap = 90

// config is a router's configuration of about so many lines, 55 bytes each.
func config(name string, number, lines int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "frr version 8.4.4\nhostname %s\nservice integrated-vtysh-config\n!\n", name)
	fmt.Fprintf(&b, "interface mgmt0\n description management\n ip address 198.18.%d.%d/16\nexit\n!\n", number/250+1, number%250+1)
	for i := 0; i < lines; i += perMap {
		fmt.Fprintf(&b, "route-map CUSTOMERS-%05d permit 10\n", i)
		for k := range min(perMap, lines-i) {
			fmt.Fprintf(&b, " match ip address prefix-list CUSTOMER-%05d-ROUTES-IN\n", i+k)
		}
		b.WriteString("exit\n!\n")
	}
	return b.String()
}
