//go:build lab

package faults_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
)

// TestZabbixWrongKeyAtCreate: a host with a key that its agent does not have is
// made all the same, with a warning, and not tainted; with the right key it is the
// same host.
func TestZabbixWrongKeyAtCreate(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel() // it mostly waits
		e := newEstate(t, s, binaryOf(), "key", 0)
		e.Env = []string{"PROVISION_ZABBIX_CONFIG_REFRESH=1s"} // as the lab's servers have it
		item := "Linux by Zabbix agent"
		config := func(identity, key string) {
			e.Config(e.provider(), e.host("r1", fmt.Sprintf("interface = { ip = \"127.0.0.1\", port = %q }", s.env["ZABBIX_AGENT_PORT"]),
				fmt.Sprintf("templates = [%q]", item), `wait_for_agent = "110s"`,
				fmt.Sprintf("tls = { connect = \"psk\", psk_identity = %q }", identity), fmt.Sprintf("tls_psk = %q", key)))
		}
		config("key-wrong", strings.Repeat("c", 64))
		says(t, "the apply", e.Must(0, "apply", "-auto-approve"), "Warning: key-r1: no data from its agent within 1m50s: ",
			"cannot establish TLS to [[127.0.0.1]:"+s.env["ZABBIX_AGENT_PORT"]+"]", "The host itself is as it should be")
		says(t, "the state", e.Read("terraform.tfstate"), `"agent_state": "unavailable"`)
		ids := e.recorded() // an error if it is tainted
		made := e.hosts("key")["key-r1"]
		if made == nil || ids[""] != made.ID {
			t.Fatalf("the state has %v, Zabbix %+v", ids, made)
		}
		says(t, "the plan", e.Must(2, "plan", "-detailed-exitcode"), "key-r1: no data from the agent yet", "0 to add, 1 to change, 0 to destroy")
		config(s.env["ZABBIX_PSK_IDENTITY"], s.env["ZABBIX_PSK"])
		out := e.Must(0, "apply", "-auto-approve")
		if strings.Contains(out, "Warning: key-r1: no data") {
			t.Errorf("the right key gives no data:\n%s", out)
		}
		says(t, "the state", e.Read("terraform.tfstate"), `"agent_state": "available"`)
		if again := e.hosts("key")["key-r1"]; again == nil || again.ID != made.ID || e.recorded()[""] != made.ID {
			t.Errorf("it was hostid %s and is %+v", made.ID, again)
		}
		e.Must(0, "plan", "-detailed-exitcode")
	})
}

// TestZabbixMaintenances: a maintenance may not become empty, also when it is over
// or has not begun: a plan that would delete its last hosts is an error.
func TestZabbixMaintenances(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		e := newEstate(t, s, binaryOf(), "kept", 0)
		e.Config(e.provider(), e.host("a", `on_destroy = "delete"`), e.host("b", `on_destroy = "delete"`))
		e.Must(0, "apply", "-auto-approve")
		there := e.hosts("kept")
		maintenance := func(name string, from time.Duration, hosts ...string) string {
			since := time.Now().Add(from)
			var list []object
			for _, h := range hosts {
				list = append(list, object{"hostid": there[h].ID})
			}
			return s.made("maintenance.create", "maintenanceids", object{
				"name": name, "active_since": since.Unix(), "active_till": since.Add(time.Hour).Unix(), "hosts": list,
				"timeperiods": []object{{"timeperiod_type": 0, "start_date": since.Unix(), "period": 3600}},
			})
		}
		for _, m := range []struct {
			name  string
			from  time.Duration
			hosts []string
			last  string
		}{
			{"kept past", -48 * time.Hour, []string{"kept-a"}, "kept-a"},
			{"kept planned", 48 * time.Hour, []string{"kept-b"}, "kept-b"},
			{"kept of two", -48 * time.Hour, []string{"kept-a", "kept-b"}, "kept-"},
		} {
			id := maintenance(m.name, m.from, m.hosts...)
			says(t, "the plan", e.Must(1, "plan", "-destroy"), `the host "`+m.last, `is the last one in the maintenance "`+m.name+`"`, "delete the maintenance")
			s.call("maintenance.delete", []string{id}, nil)
		}
		if len(e.hosts("kept")) != 2 {
			t.Error("a plan has deleted hosts")
		}
		// One that is also about something else loses a host without ado.
		id := maintenance("kept by another", -48*time.Hour, "kept-a", "kept-b")
		e.Config(e.provider(), e.host("b", `on_destroy = "delete"`))
		e.Must(0, "apply", "-auto-approve")
		s.call("maintenance.delete", []string{id}, nil)
		e.Must(0, "destroy", "-auto-approve")
		if left := e.hosts("kept"); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// TestZabbixActiveMaintenance: while somebody is at work on hosts they are changed, and
// neither buried nor deleted.
func TestZabbixActiveMaintenance(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		e := newEstate(t, s, binaryOf(), "atwork", 0)
		config := func(description string) {
			d := fmt.Sprintf("description = %q", description)
			e.Config(e.provider(), e.host("a", d), e.host("b", d, `on_destroy = "delete"`), e.host("c", d, `on_destroy = "disable"`))
		}
		config("one")
		e.Must(0, "apply", "-auto-approve")
		var list []object
		for _, h := range e.hosts("atwork") {
			list = append(list, object{"hostid": h.ID})
		}
		since := time.Now().Add(-time.Hour)
		id := s.made("maintenance.create", "maintenanceids", object{
			"name": "at work", "active_since": since.Unix(), "active_till": since.Add(24 * time.Hour).Unix(), "hosts": list,
			"timeperiods": []object{{"timeperiod_type": 0, "start_date": since.Unix(), "period": 24 * 3600}},
		})
		t.Cleanup(func() { s.call("maintenance.delete", []string{id}, nil) })
		// The server looks once a minute.
		if !devicetest.Eventually(t, 5*time.Minute, func() bool {
			var at []object
			s.call("host.get", object{"output": []string{"hostid"}, "filter": object{"maintenance_status": 1, "maintenanceid": id}}, &at)
			return len(at) == len(list)
		}) {
			t.Fatal("the maintenance does not begin")
		}
		config("two")
		e.Must(0, "apply", "-auto-approve")
		out := e.Must(1, "plan", "-destroy")
		for host, doing := range map[string]string{"atwork-a": "burying", "atwork-b": "deleting"} {
			says(t, "the plan", out, fmt.Sprintf("the host %q is in the active maintenance %q", host, "at work"), "before "+doing+" the host")
		}
		if strings.Contains(out, `the host "atwork-c" is in`) {
			t.Error("a host is not disabled while somebody is at work on it")
		}
		if there := e.hosts("atwork"); len(there) != 3 {
			t.Errorf("a plan has changed hosts: %v", there)
		}
	})
}

// secretiveHosts is a host whose every secret comes from an ephemeral variable.
func (e *estate) secretiveHosts(login string, lines ...string) {
	e.bed.t.Helper()
	e.login = login
	e.Config("variable \"s\" {\n  type = map(string)\n  ephemeral = true\n}\n",
		e.provider(), e.host("r1", append([]string{
			`secret_macros = { "{$PLANTED}" = var.s.macro }`, `tls = { connect = "psk", psk_identity = "secret-r1" }`, `tls_psk = var.s.psk`,
		}, lines...)...))
}

// token makes an API token of the super admin, which goes with the test.
func (s *server) token(name string, more object) (id, token string) {
	s.t.Helper()
	var users []struct {
		ID string `json:"userid"`
	}
	s.call("user.get", object{"filter": object{"username": s.env["ZABBIX_USER"]}, "output": []string{"userid"}}, &users)
	what := object{"name": name, "userid": users[0].ID}
	maps.Copy(what, more)
	id = s.made("token.create", "tokenids", what)
	s.t.Cleanup(func() { s.call("token.delete", []string{id}, nil) })
	var made []struct{ Token string }
	s.call("token.generate", []string{id}, &made)
	return id, made[0].Token
}

// passworded makes a super admin with a password that is a secret of this test,
// and gives its name.
func (s *server) passworded(password string) string {
	s.t.Helper()
	var groups []struct {
		ID string `json:"usrgrpid"`
	}
	s.call("usergroup.get", object{"filter": object{"name": "Zabbix administrators"}, "output": []string{"usrgrpid"}}, &groups)
	const name = "faults-secret"
	id := s.made("user.create", "userids", object{
		"username": name, "passwd": password, "roleid": "3", "usrgrps": []object{{"usrgrpid": groups[0].ID}},
	})
	s.t.Cleanup(func() { s.call("user.delete", []string{id}, nil) })
	return name
}

// TestNoSecretOfAHostGetsOut plants secrets of a host and of the login and looks
// for them as [TestNoSecretGetsOut] does.
func TestNoSecretOfAHostGetsOut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		const password = "Planted-Zabbix-5e2b!"
		psk, macro, user := strings.Repeat("7e11ca", 12)[:64], "Planted-Macro-9d41", s.passworded(password)
		_, token := s.token("faults secret", nil)
		byToken, byPassword := "token = var.s.token", fmt.Sprintf("username = %q, password = var.s.password", user)
		for _, c := range []struct {
			name, login, psk, password string
			lines                      []string
			inBetween                  func(e *estate) // after the plan
			plan, apply                int
			says                       string
		}{
			{"token", byToken, psk, password, nil, nil, 2, 0, "(a new secret value)"},
			{"password", byPassword, psk, password, nil, nil, 2, 0, "(a new secret value)"},
			{"refused at plan", byToken, psk[1:], password, nil, nil, 1, 1, "an odd number"},
			{"refused login", byPassword, psk, password + "-wrong", nil, nil, 1, 1, "login refused"},
			{"refused at apply", byToken, psk, password, nil, func(e *estate) {
				e.call("host.create", object{"host": "secret-r1", "groups": []object{{"groupid": e.group("Linux servers")}}}, nil)
			}, 2, 1, "the host exists already"},
		} {
			t.Run(c.name, func(t *testing.T) {
				e := newEstate(t, s, binaryOf(), "secret", 0)
				e.secretiveHosts(c.login, c.lines...)
				e.Env = []string{
					fmt.Sprintf(`TF_VAR_s={"macro":%q,"psk":%q,"token":%q,"password":%q}`, macro, c.psk, token, c.password), "TF_LOG=TRACE", "TF_LOG_PATH=trace.log",
				}
				out := e.Must(c.plan, "plan", "-detailed-exitcode", "-out=saved.plan")
				if c.inBetween != nil {
					c.inBetween(e)
				}
				if c.plan == 2 {
					out += e.Must(0, "show", "-json", "saved.plan")
					out += e.Must(c.apply, "apply", "saved.plan")
				}
				_, again := e.Terraform("plan", "-detailed-exitcode")
				out += again
				says(t, "Terraform", out, c.says)
				e.silent(out, c.psk, macro, token, c.password)
				// What was looked at must be what it is taken for.
				says(t, "the log", e.Read("trace.log"), "zabbix_agent_host")
				if c.plan == 2 {
					says(t, "the events", e.Read("events.jsonl"), `"step":"stage"`)
				}
				if c.apply == 0 {
					says(t, "the state", e.Read("terraform.tfstate"), "tls_psk_hash")
				}
			})
		}
	})
}
