package provisiondevice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// at is the resource that the acceptance tests work on.
const at = "provision_device.r1"

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// accept runs steps through the real terraform against a fake core.
func accept(t *testing.T, f *fakeCore, steps ...resource.TestStep) {
	t.Helper()
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(f),
		Steps:                    steps,
	})
}

func factories(f *fakeCore) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"provision": server(f, unreachableError)}
}

// r1 is a resource block with these attributes, and name = "r1".
func r1(attributes ...string) string {
	return "resource \"provision_device\" \"r1\" {\n  name = \"r1\"\n  " + strings.Join(attributes, "\n  ") + "\n}\n"
}

// intended is the config attribute.
func intended(ls ...string) string { return fmt.Sprintf("config = %q", strings.Join(ls, "\n")) }

// applies is a step that must plan this action, and then nothing.
func applies(config string, action plancheck.ResourceActionType, checks ...resource.TestCheckFunc) resource.TestStep {
	return resource.TestStep{
		Config: config,
		ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(at, action)},
		},
		Check: resource.ComposeTestCheckFunc(checks...),
	}
}

// then changes the world before a step.
func then(step resource.TestStep, change func()) resource.TestStep {
	step.PreConfig = change
	return step
}

// refused is a step that must fail with all of these.
func refused(config string, patterns ...string) resource.TestStep {
	// Terraform wraps long lines: any white space stands for a blank.
	for i, p := range patterns {
		patterns[i] = strings.ReplaceAll(regexp.QuoteMeta(p), " ", `[\s│]+`)
	}
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile("(?s)" + strings.Join(patterns, ".*"))}
}

// running checks what runs on the device.
func running(f *fakeCore, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if got := f.devices["r1"].running; !slices.Equal(got, want) {
			return fmt.Errorf("running is %q, want %q", got, want)
		}
		return nil
	}
}

// counts checks how often the device committed and saved.
func counts(f *fakeCore, commits, saves int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if d := f.devices["r1"]; d.commits != commits || d.saves != saves {
			return fmt.Errorf("%d commits and %d saves, want %d and %d", d.commits, d.saves, commits, saves)
		}
		return nil
	}
}

var has1 = resource.TestCheckResourceAttr

func TestAccCreateNoOpUpdateForget(t *testing.T) {
	f := newFake()
	one := r1(intended("hostname r1", "ntp 192.0.2.9"))
	two := r1(intended("hostname r1", "ntp 192.0.2.10"))
	accept(
		t, f,
		applies(one, plancheck.ResourceActionCreate,
			running(f, "hostname r1", "mgmt up", "ntp 192.0.2.9"), counts(f, 1, 1),
			has1(at, "id", "r1"), has1(at, "host", "192.0.2.1"), has1(at, "port", "22"), has1(at, "driver", "fake"),
			has1(at, "unmanaged_lines", "1"), has1(at, "diff_by", "device"),
			resource.TestMatchResourceAttr(at, "intended_hash", regexp.MustCompile("^[0-9a-f]{64}$")),
			resource.TestMatchResourceAttr(at, "running_hash", regexp.MustCompile("^[0-9a-f]{64}$")),
			resource.TestCheckNoResourceAttr(at, "config")),
		applies(one, plancheck.ResourceActionNoop, counts(f, 1, 1)),
		applies(two, plancheck.ResourceActionUpdate,
			running(f, "hostname r1", "mgmt up", "ntp 192.0.2.9", "ntp 192.0.2.10"), counts(f, 2, 2)),
		applies("# nothing", plancheck.ResourceActionDestroy),
	)
	if got := f.devices["r1"]; got.commits != 2 || !slices.Contains(got.running, "ntp 192.0.2.10") {
		t.Error("forgetting a device must leave it as it is")
	}
}

func TestAccForgetDoesNotConnect(t *testing.T) {
	f := newFake()
	opens := 0
	accept(
		t, f,
		applies(r1(intended("hostname r1")), plancheck.ResourceActionCreate),
		resource.TestStep{
			// A removed block is one more refresh, which may fail to connect.
			PreConfig: func() { f.change("r1", func(d *fakeDevice) { d.down = true; opens = d.opens }) },
			Config:    "# nothing",
			Check: func(*terraform.State) error {
				if f.devices["r1"].opens != opens {
					return errors.New("the device was opened")
				}
				return nil
			},
		},
	)
}

func TestAccCreateOfWhatIsThereAlready(t *testing.T) {
	f := newFake()
	accept(t, f, applies(r1(intended("hostname r1")), plancheck.ResourceActionCreate, counts(f, 0, 0), has1(at, "unmanaged_lines", "1")))
}

func TestAccTaintCommitsNothingThatIsThere(t *testing.T) {
	f := newFake()
	config := r1(intended("hostname r1", "ntp 192.0.2.9"))
	tainted := applies(config, plancheck.ResourceActionDestroyBeforeCreate, counts(f, 1, 1))
	tainted.Taint = []string{at}
	accept(t, f, applies(config, plancheck.ResourceActionCreate, counts(f, 1, 1)), tainted)
}

func TestAccSourceOfTruthRenders(t *testing.T) {
	f := newFake()
	f.intended["r1"] = "hostname r1\nntp 192.0.2.9"
	accept(t, f, applies(r1(), plancheck.ResourceActionCreate, counts(f, 1, 1), running(f, "hostname r1", "mgmt up", "ntp 192.0.2.9")))
}

// Where the intended configuration comes from is handed on; another place that
// says the same is an update of the state alone, on one commit.
func TestAccIntendedFrom(t *testing.T) {
	f := newFake()
	f.intended["r1"] = "hostname r1\nntp 192.0.2.9"
	branch := r1("site = \"ams\"\ntenant = \"ops\"", `intended = { from = "rendered", branch = "next", variables = { x = "1" } }`)
	accept(
		t, f,
		applies(branch, plancheck.ResourceActionCreate, counts(f, 1, 1)),
		refused(r1(intended("hostname r1"), `intended = { from = "stored" }`), "cannot be specified when"),
		refused(r1(`intended = { from = "guessed" }`), "value must be one of"),
		applies(r1(`intended = { from = "stored" }`), plancheck.ResourceActionUpdate, counts(f, 1, 1)),
		applies(r1(), plancheck.ResourceActionUpdate, counts(f, 1, 1)),
	)
	want := inventory.Intent{From: "rendered", Branch: "next", Variables: map[string]any{"x": "1"}}
	if d := cmp.Diff(want, f.intents[0]); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
	if last := f.intents[len(f.intents)-1]; !cmp.Equal(last, inventory.Intent{}) {
		t.Errorf("got %+v", last)
	}
}

func TestAccNoIntendedConfiguration(t *testing.T) {
	accept(t, newFake(), refused(r1(), "there is no intended configuration"))
}

func TestAccDriftReverted(t *testing.T) {
	f := newFake()
	config := r1(intended("hostname r1", "mgmt up"), "replace_config = true")
	byHand := func() {
		f.change("r1", func(d *fakeDevice) { d.running = append(slices.Clone(d.running), "banner evil") })
	}
	step := then(applies(config, plancheck.ResourceActionUpdate, running(f, "hostname r1", "mgmt up"), counts(f, 1, 1)), byHand)
	step.ConfigPlanChecks.PreApply = append(step.ConfigPlanChecks.PreApply,
		plancheck.ExpectKnownValue(at, tfjsonpath.New("diff"), knownvalue.StringExact("- banner evil")))
	accept(t, f, applies(config, plancheck.ResourceActionCreate, counts(f, 0, 0)), step)
}

func TestAccDriftFails(t *testing.T) {
	f := newFake()
	config := r1(intended("hostname r1", "ntp 192.0.2.9"), `on_drift = "fail"`)
	accept(
		t, f,
		applies(config, plancheck.ResourceActionCreate),
		then(refused(config, "r1: changed outside Terraform since run run-1", "+ ntp 192.0.2.9"),
			func() { f.change("r1", func(d *fakeDevice) { d.running = []string{"hostname r1"} }) }),
		then(applies(config, plancheck.ResourceActionNoop, counts(f, 1, 1)),
			func() {
				f.change("r1", func(d *fakeDevice) { d.running = []string{"hostname r1", "ntp 192.0.2.9"}; d.startup = d.running })
			}),
	)
}

func TestAccMergeLeavesWhatItDoesNotName(t *testing.T) {
	f := newFake()
	config := r1(intended("hostname r1", "ntp 192.0.2.9"), `on_drift = "fail"`)
	accept(
		t, f,
		applies(config, plancheck.ResourceActionCreate, has1(at, "unmanaged_lines", "1")),
		then(applies(config, plancheck.ResourceActionNoop, counts(f, 1, 1)), func() {
			f.change("r1", func(d *fakeDevice) {
				d.running = append(slices.Clone(d.running), "banner hello")
				d.startup = d.running
			})
		}),
		applies(r1(intended("hostname r1", "ntp 192.0.2.10"), `on_drift = "revert"`), plancheck.ResourceActionUpdate,
			has1(at, "unmanaged_lines", "3"), running(f, "hostname r1", "mgmt up", "ntp 192.0.2.9", "banner hello", "ntp 192.0.2.10")),
	)
}

func TestAccReplaceConfig(t *testing.T) {
	f := newFake()
	accept(t, f, applies(r1(intended("hostname r1", "ntp 192.0.2.9"), "replace_config = true"), plancheck.ResourceActionCreate,
		running(f, "hostname r1", "ntp 192.0.2.9"), has1(at, "unmanaged_lines", "0")))
}

func TestAccCommitChangesFalse(t *testing.T) {
	f := newFake()
	off, on := "commit_changes = false", "commit_changes = true"
	one, two := intended("hostname r1", "ntp 192.0.2.9"), intended("hostname r1", "ntp 192.0.2.10")
	accept(
		t, f,
		applies(r1(one, off), plancheck.ResourceActionCreate, counts(f, 0, 0), has1(at, "uncommitted_diff", "+ ntp 192.0.2.9"),
			resource.TestCheckNoResourceAttr(at, "diff")),
		applies(r1(one, off), plancheck.ResourceActionNoop),
		applies(r1(two, off), plancheck.ResourceActionUpdate, counts(f, 0, 0), has1(at, "uncommitted_diff", "+ ntp 192.0.2.10"), has1(at, "diff_by", "device")),
		applies(r1(two, off), plancheck.ResourceActionNoop),
		applies(r1(two, on), plancheck.ResourceActionUpdate, counts(f, 1, 1), resource.TestCheckNoResourceAttr(at, "uncommitted_diff")),
	)
}

func TestAccUpdateOfBehaviourOpensNoCommit(t *testing.T) {
	f := newFake()
	config := intended("hostname r1", "ntp 192.0.2.9")
	same := counts(f, 1, 1)
	onlyDryRuns := func(*terraform.State) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, j := range f.jobs[2:] { // after the dry run and the run of the create
			if !j.DryRun && j.Approved != nil {
				return fmt.Errorf("a run that is no dry run: %+v", j)
			}
		}
		return nil
	}
	create := applies(r1(config), plancheck.ResourceActionCreate, same)
	create.Check = resource.ComposeTestCheckFunc(same, func(*terraform.State) error { f.jobs = f.jobs[:2]; return nil })
	accept(
		t, f, create,
		applies(r1(config, "save = false"), plancheck.ResourceActionUpdate, same, onlyDryRuns, has1(at, "save", "false")),
		applies(r1(config, `confirm_timeout = "90s"`, `on_destroy = "keep"`), plancheck.ResourceActionUpdate, same, onlyDryRuns),
		applies(r1(config, "timeouts {\n update = \"1h\"\n }"), plancheck.ResourceActionUpdate, same, onlyDryRuns, has1(at, "timeouts.update", "1h")),
		applies(r1(config, `on_unreachable = "skip"`, `on_drift = "fail"`, "allow_unreviewed = true"), plancheck.ResourceActionUpdate, same, onlyDryRuns),
	)
}

func TestAccSaveWhatIsNotSaved(t *testing.T) {
	f := newFake()
	config := intended("hostname r1", "ntp 192.0.2.9")
	accept(
		t, f,
		applies(r1(config, "save = false"), plancheck.ResourceActionCreate, counts(f, 1, 0)),
		applies(r1(config), plancheck.ResourceActionUpdate, counts(f, 2, 1)),
	)
}

func TestAccSkip(t *testing.T) {
	f := newFake()
	one := r1(intended("hostname r1"), `on_unreachable = "skip"`)
	two := r1(intended("hostname r1", "ntp 192.0.2.9"), `on_unreachable = "skip"`, "save = false")
	down := func(down bool) func() { return func() { f.change("r1", func(d *fakeDevice) { d.down = down }) } }
	accept(
		t, f,
		then(refused(one, "r1: open failed", "unreachable"), down(true)),
		then(applies(one, plancheck.ResourceActionCreate), down(false)),
		then(applies(two, plancheck.ResourceActionNoop, has1(at, "save", "true")), down(true)),
		then(refused(r1(intended("hostname r1"), `on_unreachable = "error"`), "r1: open failed", "unreachable"), down(true)),
		then(applies(two, plancheck.ResourceActionUpdate, counts(f, 1, 0)), down(false)),
	)
}

func TestAccSkipOfADeviceThatDiedAfterThePlan(t *testing.T) {
	f := newFake()
	skip := `on_unreachable = "skip"`
	accept(
		t, f,
		applies(r1(intended("hostname r1"), skip), plancheck.ResourceActionCreate),
		between(refused(r1(intended("hostname r1", "ntp 192.0.2.9"), skip), "inconsistent final plan"),
			func() { f.change("r1", func(d *fakeDevice) { d.down = true }) }),
	)
	if f.devices["r1"].commits != 0 {
		t.Error("nothing may be changed")
	}
}

func TestAccSwitchToSkipWhileTheDeviceIsDown(t *testing.T) {
	f := newFake()
	accept(
		t, f,
		applies(r1(intended("hostname r1")), plancheck.ResourceActionCreate),
		then(applies(r1(intended("hostname r1"), `on_unreachable = "skip"`, "timeouts {\n read = \"1m\"\n }"), plancheck.ResourceActionUpdate, has1(at, "on_unreachable", "skip")),
			func() { f.change("r1", func(d *fakeDevice) { d.down = true }) }),
	)
}

func TestAccAnotherAddress(t *testing.T) {
	f := newFake()
	config := r1(intended("hostname r1", "ntp 192.0.2.9"))
	accept(
		t, f,
		applies(config, plancheck.ResourceActionCreate),
		// The source of truth moves the device; nothing answers at the old
		// address: Read warns, the plan goes to the new one.
		then(applies(r1(intended("hostname r1", "ntp 192.0.2.9"), `host = "198.51.100.1"`), plancheck.ResourceActionUpdate, has1(at, "host", "198.51.100.1"), counts(f, 1, 1)), nil),
		refused(r1(intended("hostname r1"), `host = "192.0.2.66"`), "r1: open failed", "unreachable"),
	)
}

func TestAccImport(t *testing.T) {
	f := newFake()
	f.devices["r1"].running = []string{"hostname r1"}
	f.devices["r1"].startup = f.devices["r1"].running
	config := r1(intended("hostname r1"), `credentials = "lab"`)
	fresh := []string{"intended_hash", "running_hash", "unmanaged_lines", "diff", "diff_by", "change_id"}
	accept(
		t, f,
		applies(config, plancheck.ResourceActionCreate),
		resource.TestStep{
			ResourceName: at, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: fresh,
			ImportStateId: "r1,host=192.0.2.1,port=22,driver=fake,credentials=lab",
		},
		resource.TestStep{
			ResourceName: at, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: append(slices.Clone(fresh), "credentials"), ImportStateId: "r1",
		},
		resource.TestStep{ResourceName: at, ImportState: true, ImportStateId: "r1,hostname=x", ExpectError: regexp.MustCompile(`unknown key "hostname"`)},
		resource.TestStep{ResourceName: at, ImportState: true, ImportStateId: "r9", ExpectError: regexp.MustCompile(`r9: not in the inventory`)},
	)
}

func TestAccImportBlockPlansOneStateOnlyUpdate(t *testing.T) {
	f := newFake()
	block := "import {\n  to = provision_device.r1\n  id = \"r1\"\n}\n"
	config := block + r1(intended("hostname r1"))
	accept(
		t, f,
		applies(config, plancheck.ResourceActionUpdate, counts(f, 0, 0), has1(at, "unmanaged_lines", "1"),
			resource.TestMatchResourceAttr(at, "running_hash", regexp.MustCompile("^[0-9a-f]{64}$"))),
		applies(config, plancheck.ResourceActionNoop),
		applies(block+r1(intended("hostname r1", "ntp 192.0.2.9")), plancheck.ResourceActionUpdate, counts(f, 1, 1)),
	)
}

func TestAccDriftAfterAnImport(t *testing.T) {
	f := newFake()
	block := "import {\n  to = provision_device.r1\n  id = \"r1\"\n}\n"
	config := block + r1(intended("hostname r1"), `on_drift = "fail"`)
	accept(
		t, f,
		applies(config, plancheck.ResourceActionUpdate, counts(f, 0, 0)),
		then(refused(config, "r1: changed outside Terraform since run run-1", "+ hostname r1"),
			func() { f.change("r1", func(d *fakeDevice) { d.running = []string{"mgmt up"}; d.startup = d.running }) }),
	)
}

func TestAccUnknownConfiguration(t *testing.T) {
	f := newFake()
	later := "resource \"terraform_data\" \"later\" {\n  input = \"hostname r1\\nntp 192.0.2.9\"\n}\n"
	use := "config = terraform_data.later.output"
	accept(
		t, f,
		refused(later+r1(use), "r1: config is not known at plan"),
		applies(later+r1(use, "allow_unreviewed = true"), plancheck.ResourceActionCreate,
			counts(f, 1, 1), running(f, "hostname r1", "mgmt up", "ntp 192.0.2.9"), has1(at, "diff", "+ ntp 192.0.2.9")),
		// Known by now.
		applies(later+r1(use), plancheck.ResourceActionUpdate, counts(f, 1, 1)),
	)
}

// planHook runs between plan and apply: the plan is saved by then.
type planHook func()

func (h planHook) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	h()
}

func TestAccStalePlanOfAnUpdateIsRefused(t *testing.T) {
	f := newFake()
	accept(
		t, f,
		applies(r1(intended("hostname r1")), plancheck.ResourceActionCreate),
		between(refused(r1(intended("hostname r1", "ntp 192.0.2.9")), "r1: compare failed", "changed since the plan", "Plan again"),
			func() { f.change("r1", func(d *fakeDevice) { d.running = []string{"hostname r1", "mgmt down"} }) }),
	)
	if d := f.devices["r1"]; d.commits != 0 {
		t.Errorf("a stale plan must change nothing: %d commits", d.commits)
	}
}

func TestAccStalePlanOfACreateIsRefused(t *testing.T) {
	f := newFake()
	accept(t, f, between(refused(r1(intended("hostname r1", "ntp 192.0.2.9")), "inconsistent final plan"),
		func() { f.change("r1", func(d *fakeDevice) { d.running = []string{"hostname r1", "mgmt down"} }) }))
	if d := f.devices["r1"]; d.commits != 0 {
		t.Errorf("a stale plan must change nothing: %d commits", d.commits)
	}
}

// between changes the world after the plan of a step was saved.
func between(step resource.TestStep, change func()) resource.TestStep {
	step.ConfigPlanChecks.PreApply = append(step.ConfigPlanChecks.PreApply, planHook(change))
	return step
}

func TestAccFailedCreateLeavesNoState(t *testing.T) {
	f := newFake()
	config := r1(intended("hostname r1", "ntp 192.0.2.9"))
	accept(
		t, f,
		then(refused(config, "r1: commit failed", "connection lost"), func() {
			f.change("r1", func(d *fakeDevice) { d.commitErr = provision.ErrConnectionLost })
		}),
		then(applies(config, plancheck.ResourceActionCreate, counts(f, 2, 1)), func() {
			f.change("r1", func(d *fakeDevice) { d.commitErr = nil })
		}),
	)
}

func TestAccFailedUpdateKeepsTheStateAndIsNobodysDrift(t *testing.T) {
	f := newFake()
	one, two := r1(intended("hostname r1"), `on_drift = "fail"`), r1(intended("hostname r1", "ntp 192.0.2.9"), `on_drift = "fail"`)
	accept(
		t, f,
		applies(one, plancheck.ResourceActionCreate),
		// The change is on, but something after it failed: startup lacks it.
		then(refused(two, "r1: commit failed", "connection lost"), func() {
			f.change("r1", func(d *fakeDevice) { d.commitErr, d.half = provision.ErrConnectionLost, true })
		}),
		then(applies(two, plancheck.ResourceActionUpdate, counts(f, 2, 1)), func() {
			f.change("r1", func(d *fakeDevice) { d.commitErr = nil })
		}),
	)
}

func TestAccBadLine(t *testing.T) {
	f := newFake()
	accept(t, f, refused(r1(intended("hostname r1", "bad command")), "r1: stage failed", "line 2: unknown command"))
	if f.devices["r1"].commits != 0 {
		t.Error("nothing may be changed")
	}
}

func TestAccErrorsAtAttributes(t *testing.T) {
	for attribute, line := range map[string]string{
		`there is no driver "unheard"`:               `driver = "unheard"`,
		`there is no entry "missing"`:                `credentials = "missing"`,
		`"soon" must be a duration`:                  `confirm_timeout = "soon"`,
		`Attribute on_drift value must be one of`:    `on_drift = "ignore"`,
		`Attribute on_destroy value must be one of`:  `on_destroy = "wipe"`,
		`Attribute port value must be between 1`:     `port = 0`,
		`Attribute on_unreachable value must be one`: `on_unreachable = "ignore"`,
	} {
		t.Run(line, func(t *testing.T) { accept(t, newFake(), refused(r1(intended("hostname r1"), line), attribute)) })
	}
}

func TestAccNameIsReplacedAndMayBeOdd(t *testing.T) {
	const odd = `rack 4, "left": ä/b@c=d`
	f := newFake()
	f.devices[odd] = &fakeDevice{running: []string{"x"}, startup: []string{"x"}}
	f.inventory[odd] = inventory.Object{Name: odd, Host: "192.0.2.2", Driver: "fake"}
	other := fmt.Sprintf("resource \"provision_device\" \"r1\" {\n  name = %q\n  config = \"y\"\n}\n", odd)
	accept(
		t, f,
		applies(r1(intended("hostname r1")), plancheck.ResourceActionCreate),
		applies(other, plancheck.ResourceActionDestroyBeforeCreate, has1(at, "id", odd), has1(at, "diff", "+ y")),
	)
}

const planted = "Planted-Secret-7f3a"

// tells reports an error when a text holds the planted secret.
func tells(where, text string) error {
	if strings.Contains(text, planted) {
		return fmt.Errorf("the planted secret is in %s:\n%s", where, text)
	}
	return nil
}

// planIsClean looks for the planted secret in the saved plan.
type planIsClean struct{}

func (planIsClean) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	all, err := json.Marshal(req.Plan)
	resp.Error = errors.Join(err, tells("the plan", string(all)))
}

func TestAccNoSecretGetsOut(t *testing.T) {
	f := newFake()
	// A literal would be in the plan's copy of the configuration.
	const variable = "variable \"text\" {\n  ephemeral = true\n  sensitive = true\n}\n"
	const one = "config = var.text"
	values := config.Variables{"text": config.StringVariable("hostname r1\npassword " + planted)}
	clean := func(s *terraform.State) error {
		all, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if !strings.Contains(string(all), "redacted") {
			return errors.New("the test looks at the wrong thing: there is no masked line")
		}
		return tells("the state", string(all))
	}
	create := applies(variable+r1(one), plancheck.ResourceActionCreate, clean, running(f, "hostname r1", "mgmt up", "password "+planted))
	create.ConfigPlanChecks.PreApply = append(create.ConfigPlanChecks.PreApply, planIsClean{})
	create.ConfigVariables = values
	create.ConfigStateChecks = []statecheck.StateCheck{statecheck.ExpectKnownValue(at, tfjsonpath.New("config"), knownvalue.Null())}
	drifted := then(refused(variable+r1(one, `on_drift = "fail"`), "r1: changed outside Terraform", "password <redacted>"),
		func() { f.change("r1", func(d *fakeDevice) { d.running = []string{"hostname r1"} }) })
	drifted.ConfigVariables = values
	t.Parallel()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(f),
		ErrorCheck: func(err error) error {
			if leak := tells("an error", err.Error()); leak != nil {
				return leak
			}
			return err
		},
		Steps: []resource.TestStep{create, drifted},
	})
}

func TestAccStateDoesNotGrowWithTheConfiguration(t *testing.T) {
	f := newFake()
	big := make([]string, 2000)
	for i := range big {
		big[i] = fmt.Sprintf("route %d", i)
	}
	f.devices["r1"].running, f.devices["r1"].startup = big, big
	small := func(s *terraform.State) error {
		all, err := json.Marshal(s)
		if err == nil && len(all) > 4000 {
			err = fmt.Errorf("the state has %d bytes", len(all))
		}
		return err
	}
	accept(t, f, applies(r1(intended(big...), "replace_config = true"), plancheck.ResourceActionCreate, small))
}

func TestAccTimeouts(t *testing.T) {
	accept(
		t, newFake(),
		refused(r1(intended("hostname r1"), "timeouts {\n create = \"soon\"\n }"), "create"),
		applies(r1(intended("hostname r1"), "timeouts {\n create = \"1m\"\n read = \"1m\"\n update = \"1m\"\n delete = \"1m\"\n }"),
			plancheck.ResourceActionCreate, has1(at, "timeouts.create", "1m")),
	)
}

func TestAccTimeoutsEndAnApply(t *testing.T) {
	f := newFake()
	limits := "timeouts {\n create = \"20ms\"\n update = \"20ms\"\n }"
	one, two := r1(intended("hostname r1", "ntp 192.0.2.9"), limits), r1(intended("hostname r1", "ntp 192.0.2.10"), limits)
	hang := func(yes bool) func() { return func() { f.hangsAtApply = yes } }
	accept(
		t, f,
		then(refused(one, "r1: stage failed", "deadline exceeded"), hang(true)),
		then(applies(one, plancheck.ResourceActionCreate), hang(false)),
		then(refused(two, "r1: stage failed", "deadline exceeded"), hang(true)),
		then(applies(two, plancheck.ResourceActionUpdate, counts(f, 2, 2)), hang(false)),
	)
}

func TestAccDataSource(t *testing.T) {
	f := newFake()
	const data = "data.provision_device.r1"
	accept(
		t, f,
		resource.TestStep{
			Config: "data \"provision_device\" \"r1\" {\n  name = \"r1\"\n}\n",
			Check: resource.ComposeTestCheckFunc(
				has1(data, "id", "r1"), has1(data, "host", "192.0.2.1"), has1(data, "driver", "fake"), has1(data, "port", "22"),
				has1(data, "facts.hostname", "r1"), resource.TestCheckNoResourceAttr(data, "running_config")),
		},
		resource.TestStep{
			Config: "data \"provision_device\" \"r1\" {\n  name = \"r1\"\n  with_running_config = true\n}\n",
			Check:  has1(data, "running_config", "hostname r1\nmgmt up"),
		},
		then(refused("data \"provision_device\" \"r1\" {\n  name = \"r1\"\n}\n", "r1: open failed", "unreachable"),
			func() { f.change("r1", func(d *fakeDevice) { d.down = true }) }),
		refused("data \"provision_device\" \"r1\" {\n  name = \"r9\"\n}\n", "r9: not in the inventory"),
	)
}
