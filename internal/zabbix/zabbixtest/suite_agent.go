package zabbixtest

import (
	"strconv"
	"testing"
	"time"
)

// Agents are the agents of a subject for [SuiteAgents].
type Agents struct {
	// Port is where an agent on 127.0.0.1 answers, without encryption and with the
	// key PSK of PSKIdentity.
	Port, PSKIdentity, PSK string
	// Set tells a fake how the agent of a host behaves; nil with real ones.
	Set func(host string, state AgentState)
	// Pass lets time pass between two questions.
	Pass func()
}

// patience is how often SuiteAgents asks.
const patience = 300

// SuiteAgents looks at how data arrives and how an agent that does not work
// shows. It takes a minute and more on a real Zabbix.
func SuiteAgents(t *testing.T, subject Subject, agents Agents) {
	b := newBench(t, subject)
	b.template("t", nil, "agent.ping:0")
	psk := `,"tls_connect":2,"tls_accept":2,"tls_psk_identity":"` + agents.PSKIdentity + `","tls_psk":"` + agents.PSK + `"`
	states := map[string]AgentState{"plain": Answering, "psk": Answering, "refused": Refusing, "identity": WrongPSK}
	port := func(p string) string {
		return `,"interfaces":[` + agentInterface(`,"ip":"127.0.0.1","port":"`+p+`"`) + `]`
	}
	b.make("plain", "host.create", newHost("plain", linked("t"), port(agents.Port)))
	b.make("psk", "host.create", newHost("psk", linked("t"), port(agents.Port)+psk))
	b.make("refused", "host.create", newHost("refused", linked("t"), port("1")))
	// The server knows one key for an identity, whatever its hosts say: a wrong key
	// beside the right one is no test.
	b.make("identity", "host.create", newHost("identity", linked("t"), port(agents.Port)+
		`,"tls_connect":2,"tls_psk_identity":"@{nobody}","tls_psk":"`+agents.PSK+`"`))
	if agents.Set != nil {
		for name, state := range states {
			agents.Set(b.expand("@{"+name+"}"), state)
		}
	}
	start := time.Now()
	for _, name := range []string{"plain", "psk"} {
		b.arrives(name, agents)
	}
	b.Logf("the first values came after %s", time.Since(start).Round(time.Second))
	for _, name := range []string{"identity", "refused"} {
		b.fails(name, states[name], agents)
	}
	b.Logf("the last interface was down after %s", time.Since(start).Round(time.Second))
}

// face is the interface of a host.
func (b *bench) face(name string) object {
	b.Helper()
	return b.one("hostinterface.get", `{"hostids":"#{`+name+`}","output":["available","error","errors_from","disable_until"]}`)
}

// arrives asks for a value until it is there, and the interface up.
func (b *bench) arrives(name string, agents Agents) {
	b.Helper()
	b.ids["item"] = text(b.one("item.get", `{"hostids":"#{`+name+`}","output":["itemid"]}`)["itemid"])
	for range patience {
		b.ok("task.create", `[{"type":6,"request":{"itemid":"#{item}"}}]`)
		agents.Pass()
		o := b.one("item.get", `{"itemids":"#{item}","output":["lastclock","lastvalue","state","error"]}`)
		if o["lastclock"] == "0" {
			continue
		}
		if o["lastvalue"] != "1" || o["state"] != "0" || o["error"] != "" {
			b.Errorf("%s: %v", name, o)
		}
		b.becomes(name, "1", "", agents)
		return
	}
	b.Errorf("%s: no value came", name)
}

// fails waits until the interface is down and compares its error.
func (b *bench) fails(name string, state AgentState, agents Agents) {
	b.Helper()
	b.becomes(name, "2", iface{ip: "127.0.0.1", useip: 1, port: b.portOf(name)}.failure(dialect{paths: !b.old()}, state), agents)
	o := b.face(name)
	from, _ := strconv.ParseInt(text(o["errors_from"]), 10, 64)
	until, _ := strconv.ParseInt(text(o["disable_until"]), 10, 64)
	if from == 0 || until <= from {
		b.Errorf("%s: %v", name, o)
	}
	if i := b.one("item.get", `{"hostids":"#{`+name+`}","output":["lastclock","state","error"]}`); i["lastclock"] != "0" || i["state"] != "0" || i["error"] != "" {
		b.Errorf("%s: the item shows %v", name, i)
	}
}

func (b *bench) portOf(name string) string {
	b.Helper()
	return text(b.one("hostinterface.get", `{"hostids":"#{`+name+`}","output":["port"]}`)["port"])
}

// becomes waits until an interface has a state. Until then it is unknown and
// shows no error.
func (b *bench) becomes(name, available, failure string, agents Agents) {
	b.Helper()
	for range patience {
		o := b.face(name)
		if o["available"] == available {
			if o["error"] != failure {
				b.Errorf("%s: the interface says %q, not %q", name, o["error"], failure)
			}
			return
		}
		if o["available"] != "0" || o["error"] != "" {
			b.Errorf("%s: %v", name, o)
			return
		}
		agents.Pass()
	}
	b.Errorf("%s: the interface did not become %s", name, available)
}
