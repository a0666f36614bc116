package zabbix_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// spy is a client that keeps what is sent.
type spy struct {
	*client
	sent []string
}

func (s *spy) keep(method string, params map[string]any) {
	text, err := json.Marshal(params)
	if err != nil {
		panic(err)
	}
	s.sent = append(s.sent, method+" "+string(text))
}

func (s *spy) Create(ctx context.Context, n zabbix.NewHost) (*zabbix.Host, error) {
	s.keep("host.create", n.Params)
	return s.client.Create(ctx, n)
}

func (s *spy) Update(ctx context.Context, id string, calls []zabbix.Call) (*zabbix.Host, error) {
	for _, c := range calls {
		s.keep(c.Method, c.Params)
	}
	return s.client.Update(ctx, id, calls)
}

// send applies an intent without a plan, and gives what was sent.
func send(t *testing.T, w *world, in zabbix.Intent) ([]string, error) {
	t.Helper()
	s := &spy{client: &client{w: w}}
	target := zabbix.NewTarget(s, nil, zabbix.Ref{Name: in.Name, ID: in.ID})
	_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
	return s.sent, err
}

// barred is a client that is let in no more from a call on.
type barred struct {
	*client
	at  string
	err error
}

func (b *barred) FreshByID(ctx context.Context, id string) (*zabbix.Host, error) {
	if b.at == "read" {
		return nil, b.err
	}
	return b.client.FreshByID(ctx, id)
}

func (b *barred) Update(ctx context.Context, id string, calls []zabbix.Call) (*zabbix.Host, error) {
	var partial *zabbix.PartialError
	if errors.As(b.err, &partial) && partial.Done > 0 {
		b.at = "read"
		_, err := b.client.Update(ctx, id, calls[:partial.Done])
		return nil, errors.Join(err, b.err)
	}
	return nil, b.err
}

func (b *barred) Delete(context.Context, string) error { return b.err }

func (b *barred) Create(context.Context, zabbix.NewHost) (*zabbix.Host, error) { return nil, b.err }

// A commit of which nothing arrived says so at once; one that stopped half way,
// when nobody may look any more, that it is not known.
func TestACommitThatIsNotLetIn(t *testing.T) {
	update := zabbix.Intent{
		Name: "core1", Run: "run-1", Description: ptr("x"), Agent: &zabbix.Interface{IP: "192.0.2.8", Port: "10050", Use: zabbix.UseIP},
	}
	for name, c := range map[string]struct {
		in     zabbix.Intent
		exists bool
		at     string
		err    error
		begun  bool
	}{
		"compare, unreachable": {update, true, "read", provision.ErrUnreachable, false},
		"compare, lost":        {update, true, "read", provision.ErrConnectionLost, false},
		"update":               {update, true, "", provision.ErrAuth, false},
		"first call":           {update, true, "", &zabbix.PartialError{Err: provision.ErrUnreachable}, false},
		"second call":          {update, true, "", &zabbix.PartialError{Done: 1, Err: provision.ErrAuth}, true},
		"create":               {full(), false, "", provision.ErrAuth, false},
		"delete":               {zabbix.Intent{Name: "core1", Destroy: zabbix.DestroyDelete}, true, "", provision.ErrAuth, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				if c.exists {
					c.in.ID = existing(w).ID
				}
				began := time.Now()
				target := zabbix.NewTarget(&barred{&client{w: w}, c.at, c.err}, nil, zabbix.Ref{Name: c.in.Name, ID: c.in.ID})
				res, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &c.in, Commit: true})
				want := provision.OutcomeNotApplied
				if c.begun {
					want = provision.OutcomeUnknown
				}
				if errors.Is(err, provision.ErrNotBegun) == c.begun || res.Outcome != want || time.Since(began) > time.Second {
					t.Errorf("after %s: %s, %v", time.Since(began), res.Outcome, err)
				}
			})
		})
	}
}

// Only what changes is sent; of lists the whole, and others' parts by their ids.
func TestWhatIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *zabbix.Host, in *zabbix.Intent)
		want   []string
	}{
		"the description": {func(_ *zabbix.Host, in *zabbix.Intent) { in.Description = ptr("x") }, []string{
			`host.update {"description":"x","hostid":"10001"}`,
		}},
		"the technical name keeps the visible one": {func(_ *zabbix.Host, in *zabbix.Intent) { in.Name = "core2" }, []string{
			`host.update {"host":"core2","hostid":"10001","name":"Core 1"}`,
		}},
		"a visible name that nobody set follows": {func(h *zabbix.Host, in *zabbix.Intent) { in.Name, h.VisibleName = "core2", "core1" }, []string{
			`host.update {"host":"core2","hostid":"10001","name":"core2"}`,
		}},
		"our interface alone": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.Agent = &zabbix.Interface{DNS: "c", Port: "10051", Use: zabbix.UseDNS}
		}, []string{
			`hostinterface.update {"dns":"c","interfaceid":"10007","ip":"","port":"10051","useip":0}`,
		}},
		"our interface where there is none": {func(h *zabbix.Host, in *zabbix.Intent) {
			h.Agent, in.Agent = nil, &zabbix.Interface{IP: "::1", Port: "1", Use: zabbix.UseIP}
		}, []string{
			`host.update {"hostid":"10001","interfaces":[{"interfaceid":"10008"},{"dns":"","ip":"::1","main":1,"port":"1","type":1,"useip":1}]}`,
		}},
		"one macro": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.Macros = ptr([]zabbix.Macro{{Name: "{$OLD}", Value: "2", Description: "d"}})
		}, []string{
			`host.update {"hostid":"10001","macros":[{"description":"d","hostmacroid":"10003","macro":"{$OLD}","type":0,"value":"2"},` +
				`{"hostmacroid":"10002"},{"hostmacroid":"10004"},{"hostmacroid":"10006"},{"hostmacroid":"10005"}]}`,
		}},
		"a template that goes with its items": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.Templates, in.Ours, in.Clear = ptr([]string{}), &zabbix.Ours{Templates: []string{"Plain"}}, true
		}, []string{
			`host.update {"hostid":"10001","templates":[{"templateid":"503"}],"templates_clear":[{"templateid":"507"}]}`,
		}},
		"inventory keys": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.Inventory, in.Ours = ptr(map[string]string{"os": "new"}), &zabbix.Ours{Inventory: []string{"tag"}}
		}, []string{
			`host.update {"hostid":"10001","inventory":{"os":"new","tag":""}}`,
		}},
		"no inventory": {func(_ *zabbix.Host, in *zabbix.Intent) { in.InventoryMode = ptr(zabbix.InventoryDisabled) }, []string{
			`host.update {"hostid":"10001","inventory_mode":-1}`,
		}},
		"the server itself": {func(h *zabbix.Host, in *zabbix.Intent) { h.Proxy, in.Proxy = "proxy-1", &zabbix.Proxy{} }, []string{
			`host.update {"hostid":"10001","monitored_by":0}`,
		}},
		"no encryption": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.TLS = &zabbix.TLS{Connect: 1, Accept: []zabbix.Encryption{1}}
		}, []string{
			`host.update {"hostid":"10001","tls_accept":1,"tls_connect":1}`,
		}},
		"the key that Zabbix has": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.TLS = &zabbix.TLS{Connect: 2, Accept: []zabbix.Encryption{2, 1}, PSKIdentity: "id-0"}
			in.PSK = ptr(plantedPSK)
		}, []string{
			`host.update {"hostid":"10001","tls_accept":3,"tls_connect":2,"tls_psk_identity":"id-0"}`,
		}},
		"tags": {func(_ *zabbix.Host, in *zabbix.Intent) { in.Tags = ptr([]zabbix.Tag{{Name: "n", Value: "v"}}) }, []string{
			`host.update {"hostid":"10001","tags":[{"tag":"old","value":"1"},{"tag":"theirs","value":"1"},{"tag":"automatic","value":"1"},` +
				`{"tag":"n","value":"v"},{"tag":"provision.run","value":"run-0"}]}`,
		}},
		"a secret, with the mark that tells that it arrived": {func(_ *zabbix.Host, in *zabbix.Intent) {
			in.Secrets = ptr([]zabbix.Secret{{Name: "{$N}", Value: "v"}})
		}, []string{
			`host.update {"hostid":"10001","macros":[{"description":"","macro":"{$N}","type":1,"value":"v"},{"hostmacroid":"10003"},{"hostmacroid":"10002"},` +
				`{"hostmacroid":"10004"},{"hostmacroid":"10006"},{"hostmacroid":"10005"}],` +
				`"tags":[{"tag":"old","value":"1"},{"tag":"theirs","value":"1"},{"tag":"automatic","value":"1"},{"tag":"provision.run","value":"run-1"}]}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			h := existing(w)
			in := zabbix.Intent{ID: h.ID, Name: "core1", Run: "run-1"}
			c.change(h, &in)
			sent, err := send(t, w, in)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(sent, "\n"), strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestASecretIsMarkedEvenWhenTheRunIsTheSame(t *testing.T) {
	w := newWorld()
	h := existing(w)
	in := zabbix.Intent{ID: h.ID, Name: "core1", Run: "run-0", Secrets: ptr([]zabbix.Secret{{Name: "{$S}", Value: "v", Renew: true}})}
	if sent, err := send(t, w, in); err != nil || !strings.Contains(strings.Join(sent, ""), `"run-0/2"`) {
		t.Errorf("%v %v", sent, err)
	}
}

// Somebody is faster: nothing is sent, and that is what is said.
func TestAHostThatChangedInTheMeantime(t *testing.T) {
	w := newWorld()
	h := existing(w)
	in := zabbix.Intent{ID: h.ID, Name: "core1", Run: "run-1", Description: ptr("x")}
	w.faults[1] = meddle // at the look right before sending
	target := zabbix.NewTarget(&client{w: w, counted: true}, nil, zabbix.Ref{Name: "core1", ID: h.ID})
	_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
	var e *provision.Error
	if !errors.As(err, &e) || !errors.Is(err, provision.ErrStale) || e.Outcome != provision.OutcomeNotApplied || w.writes != 0 {
		t.Errorf("%d writes, %v", w.writes, err)
	}
}

// racer has somebody make the host right before we do.
type racer struct {
	*client
	host zabbix.Host
}

func (r *racer) Create(ctx context.Context, n zabbix.NewHost) (*zabbix.Host, error) {
	r.w.add(r.host)
	return r.client.Create(ctx, n)
}

func TestAHostThatSomebodyMadeInTheMeantime(t *testing.T) {
	w := newWorld()
	in := minimal()
	r := &racer{&client{w: w}, zabbix.Host{Name: "core1", Enabled: true, Groups: []string{"Linux servers"}}}
	_, err := provision.Run(t.Context(), provision.Request{Target: zabbix.NewTarget(r, nil, zabbix.Ref{Name: "core1"}), Intent: &in, Commit: true})
	var e *provision.Error
	var rejected *provision.RejectedError
	if !errors.As(err, &e) || !errors.As(err, &rejected) || e.Outcome != provision.OutcomeNotApplied {
		t.Errorf("got %v", err)
	}
}

// thief has a host of the name made by another job of the same run, and the answer
// to ours lost.
type thief struct{ *client }

func (h thief) Create(context.Context, zabbix.NewHost) (*zabbix.Host, error) {
	h.w.add(zabbix.Host{Name: "core1", Groups: []string{"Routers"}, Mark: zabbix.Mark{Run: "run-1#THEIRS"}})
	return nil, errLost
}

// Jobs of a pipeline may share a run id: what another one has made under the same name
// is not taken back.
func TestAHostThatAnotherJobOfTheRunMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		in := minimal()
		in.Run = "run-1"
		target := zabbix.NewTarget(thief{&client{w: w}}, nil, zabbix.Ref{Name: "core1"})
		_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
		if err == nil || w.byName("core1") == nil {
			t.Errorf("the other job's host is gone: %v", err)
		}
	})
}

// hidden is a Zabbix whose user does not see the host that has the name.
type hidden struct{ *client }

func (h hidden) Create(context.Context, zabbix.NewHost) (*zabbix.Host, error) {
	return nil, says("Host with the same name already exists.")
}

func TestANameThatAnInvisibleHostHas(t *testing.T) {
	in := minimal()
	target := zabbix.NewTarget(hidden{&client{w: newWorld()}}, nil, zabbix.Ref{Name: "core1"})
	_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
	if err == nil || !strings.Contains(err.Error(), "a permission may be missing") {
		t.Errorf("got %v", err)
	}
}

// What a refused change did before is taken back by the commit itself; when
// that fails as well, it is said.
func TestARefusalHalfWay(t *testing.T) {
	for _, alsoUndo := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			h := existing(w)
			in := full()
			in.ID, in.Ours, in.CreateGroups, in.Groups = h.ID, ours(), false, ptr([]string{"Routers"})
			c := &client{w: w, counted: true}
			target := zabbix.NewTarget(&halfway{c, alsoUndo, 0}, nil, zabbix.Ref{Name: "core1", ID: h.ID})
			_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
			var e *provision.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			now := w.hosts[h.ID]
			switch {
			case !alsoUndo && (now.Agent.IP != "192.0.2.9" || e.Outcome != provision.OutcomeNotApplied):
				t.Errorf("the interface is %s; %v", now.Agent.IP, err)
			case alsoUndo && (e.Outcome != provision.OutcomeUnknown || !strings.Contains(err.Error(), "could not be taken back")):
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), plantedPSK) || strings.Contains(err.Error(), plantedMacro) {
				t.Errorf("P6: %v", err)
			}
		})
	}
}

// halfway refuses the second call of an update, and perhaps what takes back the
// first.
type halfway struct {
	*client
	always bool
	n      int
}

func (h *halfway) Update(ctx context.Context, id string, calls []zabbix.Call) (*zabbix.Host, error) {
	h.n++
	if h.n > 1 && h.always {
		return nil, errSimulated
	}
	h.w.half = true
	defer func() { h.w.half = false }()
	return h.client.Update(ctx, id, calls)
}

// The error of the API becomes a refusal, after which the core says what to do.
func TestARefusal(t *testing.T) {
	w := newWorld()
	in := full()
	in.ID, in.Ours, in.Agent = existing(w).ID, ours(), nil
	in.Groups, in.CreateGroups = ptr([]string{"Routers"}), false
	c := &client{w: w}
	target := zabbix.NewTarget(refusing{c}, nil, zabbix.Ref{Name: "core1", ID: in.ID})
	_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
	var rejected *provision.RejectedError
	if !errors.As(err, &rejected) || strings.Contains(err.Error(), plantedMacro) || !strings.Contains(err.Error(), "<redacted>") {
		t.Errorf("got %v", err)
	}
}

// Host groups that were made for a host that Zabbix then refuses are named: they stay.
func TestARefusalAfterAGroupWasMade(t *testing.T) {
	w := newWorld()
	in := full()
	in.ID, in.Ours = existing(w).ID, ours()
	target := zabbix.NewTarget(refusing{&client{w: w}}, nil, zabbix.Ref{Name: "core1", ID: in.ID})
	_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: &in, Commit: true})
	if err == nil || !strings.Contains(err.Error(), `(made before that, and left in Zabbix: the host groups ["New group"])`) || !strings.Contains(err.Error(), "State: not applied") {
		t.Errorf("got %v", err)
	}
	if _, made := w.groups["New group"]; !made {
		t.Error("the group was not made")
	}
}

type refusing struct{ *client }

func (refusing) Update(context.Context, string, []zabbix.Call) (*zabbix.Host, error) {
	return nil, errSimulated
}

func TestTheIntentMustBeAHost(t *testing.T) {
	target := zabbix.NewTarget(&client{w: newWorld()}, nil, zabbix.Ref{Name: "core1"})
	_, err := provision.Run(t.Context(), provision.Request{Target: target, Intent: foreign{}, DryRun: true})
	if err == nil || !strings.Contains(err.Error(), "foreign is no host") {
		t.Errorf("got %v", err)
	}
	if target.Name() != "core1" || target.Driver() != "zabbix" {
		t.Errorf("%s %s", target.Name(), target.Driver())
	}
}

type foreign struct{}

func (foreign) Digest() string { return "" }

// after lets something happen to a host right after it was updated.
type after struct {
	*client
	happens func(w *world, id string)
	err     error // an answer that is none; only the first call took effect
}

func (a after) Update(ctx context.Context, id string, calls []zabbix.Call) (*zabbix.Host, error) {
	a.w.half = a.err != nil
	_, err := a.client.Update(ctx, id, calls)
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	a.happens(a.w, id)
	if a.err != nil {
		return nil, a.err
	}
	return read(a.w.hosts[id]), err
}

// What others had there and is gone is no success.
func TestWhatIsLostByTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		in := zabbix.Intent{ID: existing(w).ID, Name: "core1", Run: "run-1", Description: ptr("x")}
		hosts := after{&client{w: w}, func(w *world, id string) { w.hosts[id].Tags = nil }, nil}
		_, err := provision.Run(t.Context(), provision.Request{
			Target: zabbix.NewTarget(hosts, nil, zabbix.Ref{Name: "core1"}), Intent: &in, Commit: true,
		})
		if err == nil || !strings.Contains(err.Error(), "+ theirs: 1 (was there, and is gone)") {
			t.Errorf("got %v", err)
		}
	})
}

// Without its marks a host in the graveyard is never found again.
func TestABurialWithoutMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		in := minimal()
		in.ID, in.Destroy = existing(w).ID, zabbix.DestroyBury
		hosts := after{&client{w: w}, func(w *world, id string) { w.hosts[id].Mark = zabbix.Mark{} }, nil}
		_, err := provision.Run(t.Context(), provision.Request{
			Target: zabbix.NewTarget(hosts, nil, zabbix.Ref{Name: "core1"}), Intent: &in, Commit: true,
		})
		if err == nil {
			t.Error("a burial without marks is said to be done")
		}
	})
}

// A connection that broke half way leaves the taking back to what can be seen:
// when somebody else was at work as well, it stays as it is, and is said so.
func TestNothingIsTakenBackOnTopOfSomebodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		in := zabbix.Intent{ID: existing(w).ID, Name: "core1", Run: "run-1", Description: ptr("x")}
		in.Agent = &zabbix.Interface{IP: "::1", Port: "1", Use: zabbix.UseIP}
		hosts := after{&client{w: w}, func(w *world, id string) { w.hosts[id].Description = "theirs" }, errLost}
		_, err := provision.Run(t.Context(), provision.Request{
			Target: zabbix.NewTarget(hosts, nil, zabbix.Ref{Name: "core1"}), Intent: &in, Commit: true,
		})
		var e *provision.Error
		if !errors.As(err, &e) || e.Outcome != provision.OutcomeUnknown || w.writes != 1 {
			t.Errorf("%d writes, %v", w.writes, err)
		}
	})
}

// behind is a read-ahead that was made before the host was.
type behind struct{ *client }

func (behind) ByID(context.Context, string) (*zabbix.Host, error) { return nil, nil }

func TestAReadAheadDoesNotTellThatAHostIsDeleted(t *testing.T) {
	w := newWorld()
	h, err := zabbix.Look(t.Context(), behind{&client{w: w}}, zabbix.Ref{ID: existing(w).ID})
	if err != nil || h == nil {
		t.Errorf("P8: got %v, %v", h, err)
	}
}
