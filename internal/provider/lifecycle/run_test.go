package lifecycle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// runner runs one case in a working directory of its own, with Terraform and
// the provider as processes.
type runner struct {
	subject
	bin  string // folder of the provider's binary
	work string
	last *look // what the things were after the last step; nil when it may be another
}

// build builds the provider once for all cases and returns its folder.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "terraform-provider-provision"), "../../..").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

// run does the steps of a case and returns a line of the table for each that
// is measured.
func run(t *testing.T, s subject, bin string, c lifecase) []line {
	t.Helper()
	r := &runner{subject: s, bin: bin, work: t.TempDir()}
	r.write(t, "terraform.rc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"netprovision/provision\" = %q\n  }\n  direct {}\n}\n", bin))
	s.Reset(t, r.work)
	for _, given := range c.given {
		r.prepare(t, given)
		if out, code := r.terraform(t, given.run); code != 0 {
			t.Fatalf("given %q: exit code %d:\n%s", given.run, code, out)
		}
	}
	var lines []line
	for i, st := range c.steps {
		lines = append(lines, r.measure(t, c.name, st))
		if t.Failed() {
			t.Fatalf("step %d (%s) is not as it must be", i+1, st.run)
		}
	}
	return lines
}

// prepare does what goes before a step's command.
func (r *runner) prepare(t *testing.T, st step) {
	t.Helper()
	if st.config != "" {
		const need = "terraform {\n  required_providers {\n    provision = { source = \"netprovision/provision\" }\n  }\n}\n"
		r.write(t, "main.tf", need+r.Provider(t, r.work)+r.words(t, st.config))
	}
	if st.hand != nil {
		st.hand(r.subject, t)
		r.last = nil
	}
}

// words puts the subject's words into a text.
func (r *runner) words(t *testing.T, text string) string {
	t.Helper()
	known := r.Words()
	var pairs []string
	for _, w := range words() {
		if _, ok := known[w]; !ok {
			t.Fatalf("the subject has no word %q", w)
		}
		pairs = append(pairs, "<"+w+">", known[w])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// measure does a step, looks at everything that it may have changed and holds
// it against what is wanted.
func (r *runner) measure(t *testing.T, name string, st step) line {
	t.Helper()
	r.prepare(t, st)
	if r.last == nil {
		now := r.Look(t)
		r.last = &now
	}
	before, counted := *r.last, r.Counts(t)
	out, code := r.terraform(t, st.run)
	left := r.settled(t)
	after := r.Look(t)
	r.last = &after
	n, wanted := r.Counts(t).since(counted), st.wanted()
	got := want{
		exit: code, contacts: n.contacts, changes: n.changes,
		state: r.inState(t), holds: after.Holds, undone: wanted.undone, says: wanted.says,
	}
	if wanted.exit == either && (code == 0 || code == 2) {
		got.exit = either
	}
	if wanted.contacts == some {
		got.contacts = some
	}
	if strings.HasPrefix(st.run, "plan") {
		got.plan = "error"
		if code != 1 {
			got.plan = r.summary(t, strings.Contains(st.run, "-refresh-only"))
		}
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", wanted) {
		t.Errorf("%s:\ngot  %+v\nwant %+v\n%s", st.run, got, wanted, out)
	}
	for _, s := range wanted.says {
		if !strings.Contains(out, s) {
			t.Errorf("%s does not say %q:\n%s", st.run, s, out)
		}
	}
	if left != nil {
		t.Errorf("%s leaves behind: %q", st.run, left)
	}
	changed(t, got, before, after)
	return line{name: name, command: "`" + r.shown(st.run) + "`", want: st.want, note: st.note}
}

// wanted is what must come out on the engine that runs.
func (st step) wanted() want {
	if st.tofu != nil && acctest.OpenTofu() {
		return *st.tofu
	}
	return st.want
}

// changed holds the number of changes that were counted against what the things
// themselves show.
func changed(t *testing.T, got want, before, after look) {
	t.Helper()
	made := got.changes > 0 && !got.undone
	switch {
	case !made && before.Now != after.Now:
		t.Errorf("%d changes, but it was\n%s\nand is\n%s", got.changes, before.Now, after.Now)
	case made && before.Now == after.Now:
		t.Errorf("%d changes that changed nothing", got.changes)
	case made && after.Saved != after.Now:
		t.Errorf("what was changed is not saved: it is\n%s\nafter a restart it would be\n%s", after.Now, after.Saved)
	case !made && before.Saved != after.Saved:
		t.Errorf("no change, but what is saved changed from\n%s\nto\n%s", before.Saved, after.Saved)
	}
}

// leftoverTime is how long the things may take to notice that a session is
// over: it is generous, because machines are slow.
const leftoverTime = time.Minute

// settled waits until nothing is left on the things and returns what stays.
func (r *runner) settled(t *testing.T) []string {
	t.Helper()
	deadline := time.After(leftoverTime)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := r.Leftovers(t)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-deadline:
			return left
		case <-tick.C:
		}
	}
}

// shown is a command as the table shows it.
func (r *runner) shown(command string) string {
	return strings.NewReplacer("<type>", r.Type(), "<id>", r.Words()[wordID]).Replace(command)
}

// terraform runs a command; it returns all that was printed, without line
// breaks and frames, and the exit code.
func (r *runner) terraform(t *testing.T, command string) (string, int) {
	t.Helper()
	raw, code := r.raw(t, r.arguments(t, command)...)
	return regexp.MustCompile(`[\s│]+`).ReplaceAllString(raw, " "), code
}

func (r *runner) arguments(t *testing.T, command string) []string {
	args := strings.Fields(r.words(t, command))
	switch args[0] {
	case "plan":
		args = slices.Insert(args, 1, "-no-color", "-detailed-exitcode", "-out=saved.plan")
	case "apply":
		args = slices.Insert(args, 1, "-no-color", "-auto-approve")
	case "import":
		args = slices.Insert(args, 1, "-no-color")
	}
	return args
}

func (r *runner) raw(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(acctest.Engine(), args...)
	cmd.Dir, cmd.Env = r.work, r.environment()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// environment is the caller's, without settings of Terraform and the provider.
func (r *runner) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "TF_") || strings.HasPrefix(v, "PROVISION_")
	})
	return append(env, "TF_CLI_CONFIG_FILE="+filepath.Join(r.work, "terraform.rc"), "CHECKPOINT_DISABLE=1", "HOME="+r.work)
}

func (r *runner) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.work, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// change is a resource in "terraform show -json" of a plan.
type change struct {
	Name     string `json:"name"`
	Previous string `json:"previous_address"`
	Change   struct {
		Actions   []string        `json:"actions"`
		Importing json.RawMessage `json:"importing"`
	} `json:"change"`
}

// summary says shortly what the saved plan does: "update", or with the labels
// of other resources than it, "create, later: create".
func (r *runner) summary(t *testing.T, refreshOnly bool) string {
	t.Helper()
	raw, code := r.raw(t, "show", "-json", "saved.plan")
	var plan struct {
		Changes []change `json:"resource_changes"`
		Drift   []change `json:"resource_drift"`
	}
	if err := json.Unmarshal([]byte(raw), &plan); err != nil || code != 0 {
		t.Fatalf("terraform show: exit code %d, %v: %s", code, err, raw)
	}
	text := join(plan.Changes)
	if refreshOnly && len(plan.Drift) > 0 {
		text += "; refreshed: " + join(plan.Drift)
	}
	return text
}

// join lists changes; "no-op" is none.
func join(changes []change) string {
	var all []string
	for _, c := range changes {
		if what := c.String(); what != "no-op" && c.Name == "it" {
			all = append(all, what)
		} else if what != "no-op" {
			all = append(all, c.Name+": "+what)
		}
	}
	if all == nil {
		return "no-op"
	}
	return strings.Join(all, ", ")
}

// String is what happens to one resource.
func (c change) String() string {
	var parts []string
	if len(c.Change.Importing) > 0 && string(c.Change.Importing) != "null" {
		parts = append(parts, "import")
	}
	if c.Previous != "" {
		parts = append(parts, "moved")
	}
	what := strings.Join(c.Change.Actions, ", ")
	if len(c.Change.Actions) > 1 {
		what = "replace (" + what + ")"
	}
	if what != "no-op" || parts == nil {
		parts = append(parts, what)
	}
	return strings.Join(parts, ", ")
}

// inState lists the resources in the state by their labels.
func (r *runner) inState(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.work, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Name      string `json:"name"`
			Instances []struct {
				Status  string `json:"status"`
				Deposed string `json:"deposed"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, res := range state.Resources {
		for _, i := range res.Instances {
			name := res.Name
			if i.Status != "" {
				name += " (" + i.Status + ")"
			}
			if i.Deposed != "" {
				name += " (deposed)"
			}
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
