package ssh_test

import (
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
)

func TestRunEchoes(t *testing.T) {
	s := server(t)
	c, err := ssh.Dial(t.Context(), config(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	res, err := c.Run(t.Context(), "cat", strings.NewReader("hello"))
	if err != nil || string(res.Stdout) != "hello" || res.ExitCode != 0 {
		t.Errorf("Run = %+v, %v; want hello", res, err)
	}
}
