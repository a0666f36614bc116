package client

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
)

// login turns an entry into what the transport needs, the way through the jump
// hosts included. seen are the jump hosts that led here, to find circles.
func (c *Client) login(name string, entry Credential, seen []string) (ssh.Config, error) {
	if err := c.complete(entry); err != nil {
		return ssh.Config{}, fmt.Errorf("the provider's credentials entry %q %w", name, err)
	}
	login := ssh.Config{
		Username: entry.Username, Password: entry.Password,
		PrivateKey: entry.PrivateKey, Passphrase: entry.Passphrase, Agent: c.cfg.SSH.Agent,
		HostKey: entry.HostKey, KnownHosts: slices.Clone(c.cfg.SSH.KnownHosts), Files: &c.known,
		ConnectTimeout: c.cfg.SSH.ConnectTimeout, CommandTimeout: c.cfg.SSH.CommandTimeout, Keepalive: c.cfg.SSH.Keepalive,
	}
	if entry.JumpHost == "" || len(seen) > 0 {
		return login, nil
	}
	var err error
	login.Jump, err = c.jumps(entry.JumpHost, nil)
	return login, err
}

// complete tells what an entry lacks: nothing is assumed (promise P7).
func (c *Client) complete(entry Credential) error {
	switch {
	case entry.Username == "":
		return errors.New("has no username")
	case entry.Password == "" && entry.PrivateKey == "" && !c.cfg.SSH.Agent:
		return errors.New("has neither private_key nor password, and ssh.agent is not set")
	case entry.HostKey == "" && len(c.cfg.SSH.KnownHosts) == 0:
		return errors.New("has no host_key, and there is no known_hosts file: unknown host keys are never accepted, " +
			"so set host_key, or ssh.known_hosts (ssh-keyscan makes the lines; compare them with the device's console)")
	}
	return nil
}

// jumps is the way through a jump host, in order from us to the device.
func (c *Client) jumps(name string, seen []string) ([]ssh.Config, error) {
	if slices.Contains(seen, name) {
		return nil, fmt.Errorf("ssh.jump_hosts lead in a circle: %s", strings.Join(append(seen, name), " -> "))
	}
	seen = append(seen, name)
	hop, ok := c.cfg.SSH.JumpHosts[name]
	if !ok {
		return nil, fmt.Errorf("there is no jump host %q; the provider's ssh.jump_hosts are %s", name, names(c.cfg.SSH.JumpHosts))
	}
	entryName := cmp.Or(hop.Credentials, DefaultCredentials)
	entry, ok := c.cfg.Credentials[entryName]
	if !ok {
		return nil, fmt.Errorf("jump host %q: the provider's credentials have no entry %q", name, entryName)
	}
	if len(entry.Unknown) > 0 {
		return nil, fmt.Errorf("jump host %q: %s of credentials entry %q is %w", name, strings.Join(entry.Unknown, ", "), entryName, ErrUnknown)
	}
	login, err := c.login(entryName, entry, seen)
	if err != nil {
		return nil, fmt.Errorf("jump host %q: %w", name, err)
	}
	login.Host, login.Port = hop.Host, cmp.Or(hop.Port, entry.Port, 22)
	if hop.JumpHost == "" {
		return []ssh.Config{login}, nil
	}
	before, err := c.jumps(hop.JumpHost, seen)
	return append(before, login), err
}
