// Command zabbixsim is a simulated Zabbix 7.0 on a loopback address, for people
// without root or without Debian: the API with a state, and agents that answer
// at once. Nothing is monitored by it.
//
//	zabbixsim ADDRESS FILE    until it is told to end; FILE tells that it is up, and how to get in
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "zabbixsim:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: zabbixsim ADDRESS FILE")
	}
	if _, _, err := net.SplitHostPort(args[0]); err != nil {
		return err
	}
	agent := zabbixtest.Quick(zabbixtest.Answering)
	s, err := zabbixtest.Start(zabbixtest.Options{Address: args[0], Agent: &agent})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	env := fmt.Sprintf("ZABBIX_URL=%s\nZABBIX_USER=%s\nZABBIX_PASSWORD=%s\nZABBIX_AGENT_PORT=10050\nZABBIX_PSK_IDENTITY=simulated\nZABBIX_PSK=%064d\n",
		s.URL(), zabbixtest.AdminUser, zabbixtest.AdminPassword, 0)
	if err := os.WriteFile(args[1], []byte(env), 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
