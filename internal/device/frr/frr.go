// Package frr drives routers of FRRouting (8.4 and its like): vtysh and
// frr-reload.py over SSH, as a user with a shell.
//
// FRR has no candidate, no commit that undoes itself and no lock. The driver
// emulates them on the router, all of it in fixed shell scripts (box.sh,
// undo.sh): a dry run uploads, asks and removes in one remote command; a
// restore timer is armed on the router before a commit; a lock lives as long as
// the connection that took it.
package frr

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
)

// maxConfig is the longest intended configuration, in bytes. FRR 8.4.4 checks
// and compares 5 MB (97,000 lines) in 3 s of one core and a busy router in 15 s;
// much more would run into command timeouts, of 60 s by default.
const maxConfig = 8 << 20

// Driver speaks to FRR. The zero value is ready for use.
type Driver struct{}

var _ device.Driver = Driver{}

// New returns the driver.
func New() Driver { return Driver{} }

// Name implements device.Driver.
func (Driver) Name() string { return "frr" }

// DefaultPort implements device.Driver.
func (Driver) DefaultPort() int { return 22 }

// CheckConfig implements device.Driver. An intended configuration is text as
// vtysh takes it; CRLF and a missing last newline are no mistakes.
func (Driver) CheckConfig(config []byte) error {
	if len(config) > maxConfig {
		return fmt.Errorf("the configuration has %d bytes; at most %d can be compared in time", len(config), maxConfig)
	}
	number, some := 0, false
	for line := range bytes.Lines(config) {
		number++
		if err := checkLine(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		some = some || len(parse(string(line))) > 0
	}
	if !some {
		return errors.New("the configuration is empty: it holds nothing but comments and blank lines")
	}
	return nil
}

// checkLine tells why a line cannot be a command. vtysh reads at most 4096
// bytes of a line and takes the rest for another one.
func checkLine(line []byte) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8 text")
	}
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("control character %U: not text", c)
		}
	}
	if len(line) >= 4000 {
		return fmt.Errorf("%d bytes long: FRR reads lines of less than 4000", len(line))
	}
	return nil
}

// Digest implements device.Driver. The order of lines counts: in a merge
// "no x" before "x" is not "x" before "no x".
func (Driver) Digest(config []byte) string {
	h := sha256.New()
	w := bufio.NewWriter(h)
	for _, e := range each(string(config)) {
		_, _ = w.WriteString(e.path + "\x00" + e.line + "\n")
	}
	_ = w.Flush()
	return hex.EncodeToString(h.Sum(nil))
}

// Open implements device.Driver. It logs in and asks the router what it is and
// what it runs.
func (Driver) Open(ctx context.Context, d device.Device) (device.Session, error) {
	c := d.SSH
	c.Host, c.Port = d.Host, d.Port
	if c.Port == 0 {
		c.Port = Driver{}.DefaultPort()
	}
	client, err := ssh.Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &session{client: client, redact: redactor(d)}
	if _, err := s.observe(ctx, forNobody); err != nil {
		return nil, errors.Join(fmt.Errorf("log in to %s: %w", d.Name, err), client.Close())
	}
	return s, nil
}

// normal is an intended configuration as it is uploaded: line ends of FRR, and
// one newline at its end. It is the text itself where that is so already.
func normal(config []byte) []byte {
	config = bytes.TrimPrefix(config, []byte("\ufeff"))
	if bytes.Contains(config, []byte("\r\n")) {
		config = bytes.ReplaceAll(config, []byte("\r\n"), []byte("\n"))
	}
	lines := len(bytes.TrimRight(config, "\n"))
	if lines < len(config) {
		return config[: lines+1 : lines+1]
	}
	return append(slices.Clip(config), '\n')
}
