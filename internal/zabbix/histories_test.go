package zabbix_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// scenario is one apply, in which things go wrong, and what must come of it in
// the end.
type scenario struct {
	name string
	// world makes the world before, and the intent of the first apply.
	world func() (*world, zabbix.Intent)
	// done tells what is not as it should be.
	done func(w *world, in zabbix.Intent) []string
	// created is how many hosts may be made in all.
	created int
}

func ptr[T any](v T) *T { return &v }

// full is an intent with everything.
func full() zabbix.Intent {
	return zabbix.Intent{
		Name: "core1", Object: "device:1", Run: "run-1",
		VisibleName: ptr("Core 1"), Description: ptr("first\nsecond"), Enabled: ptr(true),
		Agent:     &zabbix.Interface{IP: "192.0.2.1", DNS: "core1.example", Port: "10050", Use: zabbix.UseIP},
		Templates: ptr([]string{"Linux"}), Groups: ptr([]string{"New group", "Linux servers"}), CreateGroups: true,
		Tags:      ptr([]zabbix.Tag{{Name: "site", Value: "a"}, {Name: "site", Value: "b"}}),
		Macros:    ptr([]zabbix.Macro{{Name: "{$PORT:ssh}", Value: "22"}, {Name: "{$V}", Value: "secret/x:y", Kind: zabbix.MacroVault}}),
		Secrets:   ptr([]zabbix.Secret{{Name: "{$S}", Value: plantedMacro, Renew: true}}),
		Inventory: ptr(map[string]string{"os": "Debian", "alias": "c1"}), InventoryMode: ptr(zabbix.InventoryManual),
		Proxy: &zabbix.Proxy{Name: "proxy-1"},
		TLS:   &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK, zabbix.NoEncryption}, PSKIdentity: "id-1"},
		PSK:   ptr(plantedPSK), RenewPSK: true,
		Graveyard: zabbix.Graveyard{Group: "graveyard", Suffix: "_archived"},
	}
}

// existing puts a host that an earlier apply made, and that others added to.
func existing(w *world) *zabbix.Host {
	h := w.add(zabbix.Host{
		Name: "core1", VisibleName: "Core 1", Enabled: true, Mark: zabbix.Mark{Run: "run-0"},
		Agent:     &zabbix.Interface{Type: zabbix.TypeAgent, Main: true, IP: "192.0.2.9", Port: "10050", Use: zabbix.UseIP},
		Others:    []zabbix.Interface{{Type: zabbix.TypeSNMP, Main: true, IP: "192.0.2.9", Port: "161", Use: zabbix.UseIP}},
		Templates: []string{"Others' template", "Plain"}, Groups: []string{"Others' group", "Routers"},
		Tags: []zabbix.Tag{{Name: "old", Value: "1"}, {Name: "theirs", Value: "1"}, {Name: "automatic", Value: "1", Automatic: true}},
		Macros: []zabbix.Macro{
			{Name: `{$PORT:"ssh"}`, Value: "2222"},
			{Name: "{$OLD}", Value: "1"},
			{Name: "{$S}", Kind: zabbix.MacroSecret},
			{Name: "{$THEIRS}", Value: "1"},
			{Name: "{$THEIRSECRET}", Kind: zabbix.MacroSecret},
		},
		InventoryMode: zabbix.InventoryManual, Inventory: map[string]string{"os": "old", "contact": "theirs", "tag": "ours"},
		TLS: zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "id-0"},
	})
	w.secrets[h.ID+" {$S}"], w.secrets[h.ID+" {$THEIRSECRET}"], w.secrets[h.ID+" psk"] = "old", "theirs", strings.Repeat("0", 32)
	return h
}

// ours is what the earlier apply put there.
func ours() *zabbix.Ours {
	return &zabbix.Ours{
		Templates: []string{"Plain"}, Groups: []string{"Routers"}, Tags: []zabbix.Tag{{Name: "old", Value: "1"}},
		Macros: []string{"{$PORT:ssh}", "{$OLD}"}, Secrets: []string{"{$S}"}, Inventory: []string{"os", "tag"},
	}
}

// scenarios are the applies that are looked at.
func scenarios() []scenario {
	return []scenario{
		{"create", func() (*world, zabbix.Intent) { return newWorld(), full() }, isFull, 1},
		{"update", func() (*world, zabbix.Intent) {
			w := newWorld()
			in := full()
			in.ID, in.Ours = existing(w).ID, ours()
			return w, in
		}, isUpdated, 0},
		{"rename", func() (*world, zabbix.Intent) {
			w := newWorld()
			in := zabbix.Intent{ID: existing(w).ID, Name: "core2", Run: "run-1"}
			return w, in
		}, func(w *world, _ zabbix.Intent) (bad []string) {
			if h := w.byName("core2"); h == nil || h.VisibleName != "Core 1" || w.byName("core1") != nil {
				bad = append(bad, "not renamed")
			}
			return bad
		}, 0},
		{"secrets", func() (*world, zabbix.Intent) {
			w := newWorld()
			h := existing(w)
			h.TLS.PSKIdentity = "id-1"
			in := zabbix.Intent{
				ID: h.ID, Name: "core1", Run: "run-1", Secrets: full().Secrets, TLS: &h.TLS,
				PSK: ptr(plantedPSK), RenewPSK: true, Ours: ours(),
			}
			in.Ours.Macros = []string{"{$S}"}
			return w, in
		}, func(w *world, in zabbix.Intent) (bad []string) {
			if w.secrets[in.ID+" {$S}"] != plantedMacro || w.secrets[in.ID+" psk"] != plantedPSK {
				bad = append(bad, "old secrets")
			}
			return append(bad, keepsOthers(w)...)
		}, 0},
		{"revive", func() (*world, zabbix.Intent) {
			w := newWorld()
			bury(w, existing(w))
			return w, full()
		}, isRevived, 0},
		{"bury", func() (*world, zabbix.Intent) {
			w := newWorld()
			in := full()
			in.ID, in.Destroy = existing(w).ID, zabbix.DestroyBury
			return w, in
		}, isBuried, 0},
		{"delete", func() (*world, zabbix.Intent) {
			w := newWorld()
			in := full()
			in.ID, in.Destroy = existing(w).ID, zabbix.DestroyDelete
			return w, in
		}, func(w *world, in zabbix.Intent) (bad []string) {
			if w.hosts[in.ID] != nil {
				bad = append(bad, "not deleted")
			}
			return bad
		}, 0},
	}
}

// bury puts a host into the graveyard.
func bury(w *world, h *zabbix.Host) {
	w.groups["graveyard"] = "9"
	h.Name, h.VisibleName, h.Groups, h.Enabled = "core1_archived", "core1_archived", []string{"graveyard"}, false
	h.Mark = zabbix.Mark{Run: "run-0", BuriedName: "core1", BuriedObject: "device:1"}
}

// isFull tells how the host differs from the intent with everything.
func isFull(w *world, in zabbix.Intent) (bad []string) {
	h := w.byName("core1")
	if h == nil {
		return []string{"no host"}
	}
	miss := func(what string, is, shall any) {
		if !reflect.DeepEqual(is, shall) {
			bad = append(bad, fmt.Sprintf("%s is %v, not %v", what, is, shall))
		}
	}
	miss("visible name", h.VisibleName, "Core 1")
	miss("description", h.Description, "first\nsecond")
	miss("enabled", h.Enabled, true)
	miss("address", h.Agent.IP+" "+h.Agent.DNS, "192.0.2.1 core1.example")
	miss("proxy", h.Proxy, "proxy-1")
	miss("secret", w.secrets[h.ID+" {$S}"], plantedMacro)
	miss("key", w.secrets[h.ID+" psk"], plantedPSK)
	miss("identity", h.TLS.PSKIdentity, "id-1")
	has := fmt.Sprint(h.Templates, h.Groups, h.Tags, h.Inventory)
	for _, s := range []string{"Linux", "New group", "site: a", "site: b", "os:Debian", "alias:c1"} {
		if !strings.Contains(has, s) {
			bad = append(bad, "no "+s)
		}
	}
	port, vault := false, false
	for _, m := range h.Macros {
		port = port || strings.HasPrefix(m.Name, "{$PORT:") && m.Value == "22"
		vault = vault || m.Name == "{$V}" && m.Kind == zabbix.MacroVault
	}
	miss("macros", port && vault, true)
	if h.Mark.BuriedName != "" || !strings.HasPrefix(h.Mark.Run, "run-") {
		bad = append(bad, fmt.Sprintf("mark %v", h.Mark))
	}
	return bad
}

// isUpdated tells in addition what of others is gone, and what of ours is not.
func isUpdated(w *world, in zabbix.Intent) []string {
	bad := append(isFull(w, in), keepsOthers(w)...)
	has := everything(w.byName("core1"))
	for _, s := range []string{`"Plain"`, `"Routers"`, `"old"`, `"{$OLD}"`, `"tag":"ours"`} {
		if strings.Contains(has, s) {
			bad = append(bad, "still "+s)
		}
	}
	return bad
}

// everything is a host as text.
func everything(h *zabbix.Host) string {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// keepsOthers tells what of others is gone from the host.
func keepsOthers(w *world) (bad []string) {
	h := w.byName("core1")
	if h == nil {
		return []string{"no host"}
	}
	has := everything(h)
	for _, s := range []string{"Others' template", "theirs", "automatic", "{$THEIRS}", "{$THEIRSECRET}", `"contact":"theirs"`} {
		if !strings.Contains(has, s) {
			bad = append(bad, "lost "+s)
		}
	}
	if len(h.Others) != 1 || h.Others[0].Port != "161" || w.secrets[h.ID+" {$THEIRSECRET}"] != "theirs" {
		bad = append(bad, "another's interface or secret is not what it was")
	}
	return bad
}

func isRevived(w *world, in zabbix.Intent) []string {
	bad := append(isFull(w, in), keepsOthers(w)...)
	if len(w.hosts) != 1 {
		bad = append(bad, fmt.Sprintf("%d hosts", len(w.hosts)))
	}
	if h := w.byName("core1"); h != nil && strings.Contains(fmt.Sprint(h.Groups), "graveyard") {
		bad = append(bad, "still in the graveyard")
	}
	return bad
}

func isBuried(w *world, in zabbix.Intent) (bad []string) {
	h := w.hosts[in.ID]
	switch {
	case h == nil:
		return []string{"gone"}
	case h.Name != "core1_archived", h.VisibleName != h.Name, h.Enabled, fmt.Sprint(h.Groups) != "[graveyard]":
		bad = append(bad, "not buried: "+everything(h))
	case h.Mark.BuriedName != "core1" || h.Mark.BuriedObject != "device:1":
		bad = append(bad, "not marked")
	case !strings.Contains(everything(h), "theirs"):
		bad = append(bad, "tags are lost")
	}
	return bad
}

// history is one scenario with faults, and what is seen of it.
type history struct {
	t      *testing.T
	w      *world
	told   strings.Builder // everything that anybody gets to see
	saw    *zabbix.Host
	killed bool
}

// run makes a plan or an apply as a process of its own.
func (h *history) run(in zabbix.Intent, c *client, req provision.Request) (provision.Result, error) {
	in.Told = func(s zabbix.Summary) {
		fmt.Fprintln(&h.told, s.Warnings(), s.Removes, s.Conflicts)
		h.saw = s.Host
	}
	in.Saw = func(x *zabbix.Host) { h.saw = x }
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	c.cancel = cancel
	req.Target = zabbix.NewTarget(c, zabbix.NewKeys(), zabbix.Ref{Name: "core1", ID: in.ID})
	req.Intent, req.Commit, req.Save, req.Holder = &in, true, true, in.Run
	req.Emit = func(e provision.Event) { fmt.Fprintln(&h.told, e.Step, e.Outcome, e.Message, e.Err, e.Diff) }
	res, err := provision.Run(ctx, req)
	fmt.Fprintln(&h.told, res.Diff.String(), res.ChangeID, res.Warnings, err)
	h.killed = c.dead
	return res, err
}

// planAndApply does both, each as a process of its own; faults are injected into
// the apply.
func (h *history) planAndApply(in zabbix.Intent, counted bool) (provision.Result, error) {
	plan, err := h.run(in, &client{w: h.w}, provision.Request{DryRun: true})
	if err != nil {
		return plan, fmt.Errorf("plan: %w", err)
	}
	req := provision.Request{Approved: &provision.Approval{Diff: plan.Diff.String(), ChangeID: plan.ChangeID}}
	return h.run(in, &client{w: h.w, counted: counted}, req)
}

// state is the world as text, without the ids that it gives by the way.
func (h *history) state() string {
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	text, err := json.Marshal(h.w.hosts)
	if err != nil {
		panic(err)
	}
	secrets, err := json.Marshal(h.w.secrets)
	if err != nil {
		panic(err)
	}
	return string(text) + string(secrets)
}

// play runs a scenario with faults, then a fresh plan and apply, and tells which
// promises were broken. It gives the calls of the first apply.
func play(t *testing.T, s scenario, faults map[int]fault) (ops, broken []string) {
	synctest.Test(t, func(t *testing.T) {
		w, in := s.world()
		w.faults = maps.Clone(faults)
		h := &history{t: t, w: w}
		before := h.state()
		_, err := h.planAndApply(in, true)
		ops = w.ops
		broken = append(broken, h.honest(s, in, before, err)...)
		wait(t, 10*time.Second)
		w.mu.Lock()
		w.tick()
		w.mu.Unlock()
		broken = append(broken, h.recover(s, in, err)...)
		for _, planted := range secretsOf(in) {
			if strings.Contains(h.told.String(), planted) {
				broken = append(broken, "P6: a secret was told: "+h.told.String())
			}
		}
	})
	return ops, broken
}

// wait lets time go by; in a bubble it takes none.
func wait(t *testing.T, d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// honest tells whether what was said is true.
func (h *history) honest(s scenario, in zabbix.Intent, before string, err error) (broken []string) {
	if h.killed || h.w.meddled {
		return nil
	}
	if err == nil {
		for _, b := range s.done(h.w, in) {
			broken = append(broken, "P2: said to be applied: "+b)
		}
		return broken
	}
	var e *provision.Error
	if !errors.As(err, &e) {
		return []string{fmt.Sprintf("an error of type %T", err)}
	}
	switch e.Outcome {
	case provision.OutcomeUnknown:
		if !h.w.stuckHalfWay() {
			broken = append(broken, "P3: not found out: "+err.Error())
		}
	case provision.OutcomeNotApplied, provision.OutcomeReverted:
		if now := h.state(); now != before {
			broken = append(broken, fmt.Sprintf("P3: said to be %s: %v\nbefore %s\nnow    %s", e.Outcome, err, before, now))
		}
	case provision.OutcomeApplied:
		for _, b := range s.done(h.w, in) {
			broken = append(broken, "P3: said to be applied: "+b)
		}
	}
	return broken
}

// stuckHalfWay tells that an update stopped half way, and that one which should
// mend it had no effect: the host is neither as it was nor as it was approved.
func (w *world) stuckHalfWay() bool {
	half := false
	for n, op := range w.ops {
		switch f := w.faults[n]; {
		case op != "update":
		case f == halfFail, f == halfLost:
			half = true
		case half && (f == failBefore || f == lostBefore || f == hangBefore || f == lostLate):
			return true
		}
	}
	return false
}

// recover plans and applies anew, from the state that Terraform has after err.
func (h *history) recover(s scenario, in zabbix.Intent, err error) (broken []string) {
	in.Run = "run-2"
	if err == nil && !h.killed {
		in = h.recorded(in)
	}
	if in.Destroy != "" && h.w.hosts[in.ID] == nil {
		return nil
	}
	if _, err := h.planAndApply(in, false); err != nil {
		return []string{"P5: a fresh apply fails: " + err.Error()}
	}
	for _, b := range s.done(h.w, in) {
		broken = append(broken, "P5: after a fresh apply: "+b)
	}
	if h.w.created != s.created {
		broken = append(broken, fmt.Sprintf("%d hosts were made", h.w.created))
	}
	in = h.recorded(in)
	writes := h.w.writes
	res, err := h.planAndApply(in, false)
	if err != nil || !res.Diff.Empty() || h.w.writes != writes {
		broken = append(broken, fmt.Sprintf("P9: a further apply: %v, %d writes\n%s", err, h.w.writes-writes, res.Diff))
	}
	return broken
}

// recorded is the intent as it follows from the state after an apply.
func (h *history) recorded(in zabbix.Intent) zabbix.Intent {
	if in.Destroy != "" {
		return in
	}
	if h.saw != nil {
		in.ID = h.saw.ID
	}
	in.RenewPSK = false
	if in.Secrets != nil {
		in.Secrets = ptr([]zabbix.Secret{{Name: "{$S}", Value: plantedMacro}})
	}
	in.Ours = &zabbix.Ours{}
	if in.Templates != nil {
		in.Ours = &zabbix.Ours{
			Templates: *in.Templates, Groups: *in.Groups, Tags: *in.Tags,
			Macros: []string{"{$PORT:ssh}", "{$V}"}, Secrets: []string{"{$S}"}, Inventory: slices.Sorted(maps.Keys(*in.Inventory)),
		}
	}
	return in
}

// every calls f with every single fault of a scenario.
func every(t *testing.T, s scenario, first map[int]fault, from int, f func(map[int]fault, []string)) {
	ops, _ := play(t, s, first)
	for i := from; i < len(ops); i++ {
		if i > from+1 && ops[i] == ops[i-1] && ops[i] == ops[i-2] {
			continue // one look among many, at a host that comes to rest
		}
		for _, kind := range faultsAt(ops[i]) {
			faults := maps.Clone(first)
			if faults == nil {
				faults = map[int]fault{}
			}
			faults[i] = kind
			more, broken := play(t, s, faults)
			if len(broken) > 0 {
				t.Fatalf("%s, %v of %v:\n%s", s.name, faults, more, strings.Join(broken, "\n"))
			}
			if f != nil {
				f(faults, more)
			}
		}
	}
}

// Nothing goes wrong.
func TestHistoriesWithoutFaults(t *testing.T) {
	for _, s := range scenarios() {
		if ops, broken := play(t, s, nil); len(broken) > 0 {
			t.Errorf("%s: %s\n%v", s.name, strings.Join(broken, "\n"), ops)
		} else if last := ops[len(ops)-1]; last != "create" && last != "update" && s.name != "delete" {
			t.Errorf("%s: what came back with the write is read once more: %v", s.name, ops)
		}
	}
}

func TestEveryFault(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			n := 0
			every(t, s, nil, 0, func(map[int]fault, []string) { n++ })
			t.Logf("%d histories", n)
		})
	}
}

func TestEveryPairOfFaultsOfAnUpdate(t *testing.T) {
	s := scenarios()[1]
	n := 0
	every(t, s, nil, 0, func(first map[int]fault, _ []string) {
		for i := range first {
			every(t, s, first, i+1, func(map[int]fault, []string) { n++ })
		}
	})
	t.Logf("%d histories", n)
}

// secretsOf are the secrets that an intent holds.
func secretsOf(in zabbix.Intent) []string {
	if in.PSK == nil {
		return nil
	}
	return []string{plantedMacro, plantedPSK}
}
