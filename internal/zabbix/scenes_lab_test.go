//go:build lab

package zabbix_test

import (
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// TestLabScenes is TestScenes on real ones.
func TestLabScenes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, _ map[string]string) {
		t.Parallel()
		playAll(t, c)
	})
}
