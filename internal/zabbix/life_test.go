package zabbix_test

import (
	"context"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// object is an object of Zabbix's API.
type object = map[string]any

// life is hosts in a Zabbix, faked or real, that are run through the core as the
// resource does: a plan, then the apply of what it showed.
type life struct {
	t     *testing.T
	api   *api.Client // of somebody else
	store *zabbix.Store
	keys  *zabbix.Keys
	host  *zabbix.Host // as the last run left it
	told  zabbix.Summary
}

// newLife has hosts of names with that prefix, and takes them away afterwards.
func newLife(t *testing.T, c *api.Client, prefix string) *life {
	t.Helper()
	l := &life{t: t, api: c, store: zabbix.NewStore(c, zabbix.StoreOptions{}), keys: zabbix.NewKeys()}
	l.sweep(prefix)
	t.Cleanup(func() { l.sweep(prefix) })
	return l
}

// sweep deletes the hosts of names with a prefix.
func (l *life) sweep(prefix string) {
	l.t.Helper()
	var there []struct{ HostID string }
	ask(l.t, l.api, "host.get", object{"search": object{"host": prefix}, "startSearch": true, "output": []string{"hostid"}}, &there)
	var ids []string
	for _, h := range there {
		ids = append(ids, h.HostID)
	}
	if len(ids) > 0 {
		do(l.t, l.api, "host.delete", ids)
	}
}

// ask makes a call that succeeds, and reads its result.
func ask(t *testing.T, c *api.Client, method string, params, to any) {
	t.Helper()
	answers, err := c.Write(context.WithoutCancel(t.Context()), api.Call{Method: method, Params: params})
	if err == nil {
		err = answers[0].Into(to)
	}
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
}

// do makes a call that succeeds, and gives the ids that it answers.
func do(t *testing.T, c *api.Client, method string, params any) map[string][]string {
	t.Helper()
	var ids map[string][]string
	ask(t, c, method, params, &ids)
	return ids
}

// target is the host of an intent.
func (l *life) target(in *zabbix.Intent) provision.Target {
	return zabbix.NewTarget(l.store, l.keys, zabbix.Ref{Name: in.Name, ID: in.ID})
}

// plan makes a dry run.
func (l *life) plan(in *zabbix.Intent) (provision.Result, error) {
	l.t.Helper()
	in.Told = func(s zabbix.Summary) { l.told = s }
	in.Saw = func(h *zabbix.Host) { l.host = h }
	if in.Run == "" {
		in.Run = "run-1"
	}
	return provision.Run(l.t.Context(), provision.Request{Target: l.target(in), Intent: in, DryRun: true, Commit: true})
}

// apply applies what a plan showed.
func (l *life) apply(in *zabbix.Intent, plan provision.Result) error {
	l.t.Helper()
	res, err := provision.Run(l.t.Context(), provision.Request{
		Target: l.target(in), Intent: in, Commit: true,
		Approved: &provision.Approval{Diff: plan.Diff.String(), ChangeID: plan.ChangeID},
	})
	if len(plan.Warnings)+len(res.Warnings) > 0 {
		l.t.Errorf("warnings: %q %q", plan.Warnings, res.Warnings)
	}
	return err
}

// run plans and applies; it returns what the plan found.
func (l *life) run(in *zabbix.Intent) provision.Result {
	l.t.Helper()
	plan, err := l.plan(in)
	if err == nil {
		err = l.apply(in, plan)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return plan
}

// settles runs, after which another plan must find nothing to do. It returns what
// the first one told.
func (l *life) settles(in *zabbix.Intent) zabbix.Summary {
	l.t.Helper()
	l.run(in)
	told := l.told
	var err error
	if l.host, err = l.store.FreshByName(l.t.Context(), in.Name); err != nil || l.host == nil {
		l.t.Fatalf("%s: %v, %v", in.Name, l.host, err)
	}
	again := *in
	again.ID = l.host.ID
	l.nothing(&again)
	return told
}

// nothing plans what is there already.
func (l *life) nothing(in *zabbix.Intent) {
	l.t.Helper()
	if res, err := l.plan(in); err != nil || !res.Diff.Empty() {
		l.t.Errorf("a plan of what is there shows %v\n%s", err, res.Diff)
	}
}

// is compares in words.
func (l *life) is(what, got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// refused tells that a plan refuses an attribute.
func refused(err error, field string) bool {
	for _, f := range zabbix.FieldErrors(err) {
		if f.Field == field {
			return true
		}
	}
	return false
}

// tries makes calls by hand and gives the error of each.
func (l *life) tries(calls ...api.Call) []error {
	l.t.Helper()
	answers, err := l.api.Write(l.t.Context(), calls...)
	if err != nil {
		l.t.Fatal(err)
	}
	errs := make([]error, len(answers))
	for i, a := range answers {
		errs[i] = a.Err
	}
	return errs
}
