//go:build lab

package zabbix_test

import (
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

func TestTargetLife(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, env map[string]string) {
		l := newLife(t, c, "target-life")
		l.store = zabbix.NewStore(c, zabbix.StoreOptions{Prefetch: true})
		psk := env["ZABBIX_PSK"]
		want := func() *zabbix.Intent {
			return &zabbix.Intent{
				Name: "target-life", Object: "device:target-life", CreateGroups: true,
				Graveyard: zabbix.Graveyard{Group: "graveyard", Suffix: "_archived"},
				Agent:     &zabbix.Interface{IP: "127.0.0.1", Port: env["ZABBIX_AGENT_PORT"], Use: zabbix.UseIP},
				Templates: &[]string{"Linux by Zabbix agent"}, Groups: &[]string{"Target life"},
				Tags:    &[]zabbix.Tag{{Name: "site", Value: "ams"}},
				Macros:  &[]zabbix.Macro{{Name: "{$X}", Value: "1"}},
				Secrets: &[]zabbix.Secret{{Name: "{$S}", Value: "very-secret-value"}},
				TLS: &zabbix.TLS{
					Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: env["ZABBIX_PSK_IDENTITY"],
				},
				PSK: &psk,
			}
		}
		plan := l.run(want())
		if l.host == nil || l.host.Name != "target-life" || strings.Contains(plan.Diff.String(), "very-secret") || strings.Contains(plan.Diff.String(), psk) {
			t.Fatalf("%+v\n%s", l.host, plan.Diff)
		}
		id := l.host.ID
		known := func() *zabbix.Intent {
			in := want()
			in.ID = id
			return in
		}
		if again := l.run(known()); !again.Diff.Empty() {
			t.Errorf("a second plan shows\n%s", again.Diff)
		}
		more := known()
		*more.Templates, *more.Tags = []string{"ICMP Ping"}, []zabbix.Tag{{Name: "site", Value: "fra"}}
		more.Ours = &zabbix.Ours{Templates: []string{"Linux by Zabbix agent"}, Tags: []zabbix.Tag{{Name: "site", Value: "ams"}}}
		more.Agent.Port = "10051"
		l.run(more)
		if got := strings.Join(l.told.Removes[zabbix.FieldTemplates], ","); got != "Linux by Zabbix agent" || len(l.told.Losses) != 1 || l.told.Losses[0].Items < 10 {
			t.Errorf("%+v", l.told)
		}
		if l.host.Agent.Port != "10051" || len(l.host.Templates) != 1 {
			t.Errorf("%+v", l.host)
		}
		bury := known()
		bury.Destroy = zabbix.DestroyBury
		l.run(bury)
		if l.host.Name != "target-life_archived" || l.host.Enabled || l.host.Mark.BuriedName != "target-life" {
			t.Errorf("%+v", l.host)
		}
		l.run(want())
		if l.host.ID != id || l.told.Action != zabbix.ActionNone && l.host.Name != "target-life" {
			t.Errorf("dug up: %+v %s", l.host, l.told.Action)
		}
		gone := known()
		gone.Destroy = zabbix.DestroyDelete
		l.run(gone)
		if h, err := l.store.FreshByID(t.Context(), id); h != nil || err != nil {
			t.Errorf("%v, %v", h, err)
		}
	})
}

func TestTargetRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, _ map[string]string) {
		store := zabbix.NewStore(c, zabbix.StoreOptions{})
		in := &zabbix.Intent{
			Name: "target-refusals", Run: "run-1", Groups: &[]string{"Linux servrs"}, Templates: &[]string{"Linux by Zabbix agnt"},
			Agent: &zabbix.Interface{IP: "not an address", Port: "10050", Use: zabbix.UseIP},
		}
		refused := func(want map[string]string) {
			t.Helper()
			_, err := provision.Run(t.Context(), provision.Request{
				Target: zabbix.NewTarget(store, nil, zabbix.Ref{Name: in.Name}), Intent: in, DryRun: true, Commit: true,
			})
			t.Log(err)
			got := map[string]string{}
			for _, at := range zabbix.FieldErrors(err) {
				got[at.Field] += at.Error()
			}
			for field, text := range want {
				if !strings.Contains(got[field], text) {
					t.Errorf("at %s it is %q, not %q", field, got[field], text)
				}
			}
			if len(got) != len(want) {
				t.Errorf("refused at %q", got)
			}
		}
		// What can be told without Zabbix comes first, and then all that is not there.
		refused(map[string]string{"interface": `"not an address" is no IP address`})
		in.Agent.IP = "192.0.2.1"
		refused(map[string]string{"templates": `"Linux by Zabbix agent"`, "host_groups": `"Linux servers"`})
	})
}
