package lifecycle_test

import (
	"fmt"
	"slices"
	"testing"
)

// lifecase is one line of life: what is there, and what is measured.
type lifecase struct {
	name string
	// given are steps that must work and are not measured.
	given []step
	steps []step
	// slow cases run on real things only: they wait for a timer.
	slow bool
}

// step is one command of Terraform and what goes before it.
type step struct {
	// config is the configuration from now on, without the provider block; "" as
	// before. Words in angle brackets are the subject's.
	config string
	// hand is what somebody does before the command, without Terraform.
	hand func(subject, *testing.T)
	// run are Terraform's arguments. A plan gets -detailed-exitcode and
	// -out=saved.plan, an apply without a saved plan -auto-approve.
	run  string
	want want
	tofu *want // what comes out on OpenTofu, where that is something else
	// note is for the reader of the table.
	note string
}

// want is what must come out of a step.
type want struct {
	plan     string // of a plan: see summary
	exit     int
	contacts int    // see counts
	changes  int    // see counts
	state    string // see inState
	holds    string // look.Holds
	undone   bool   // the change was taken back or refused: the thing is what it was
	says     []string
}

// outcome is what comes out of a step of the matrix for a subject.
type outcome struct {
	want want
	tofu *want
	note string
}

// instead is the matrix with the outcomes of another subject, by the cases'
// names, and with its own cases in place of those of the same name; the further
// ones come last. A case of the matrix that has neither is an error.
func instead(of []lifecase, outcomes map[string][]outcome, own []lifecase) ([]lifecase, error) {
	mine := map[string]lifecase{}
	for _, c := range own {
		mine[c.name] = c
	}
	var all []lifecase
	for _, c := range of {
		if m, ok := mine[c.name]; ok {
			all = append(all, m)
			delete(mine, c.name)
			continue
		}
		if len(outcomes[c.name]) != len(c.steps) {
			return nil, fmt.Errorf("case %q has %d steps and %d outcomes", c.name, len(c.steps), len(outcomes[c.name]))
		}
		c.slow, c.steps = false, slices.Clone(c.steps)
		for i, o := range outcomes[c.name] {
			c.steps[i].want, c.steps[i].tofu, c.steps[i].note = o.want, o.tofu, o.note
		}
		all = append(all, c)
	}
	for _, c := range own {
		if _, further := mine[c.name]; further {
			all = append(all, c)
		}
	}
	return all, nil
}

// either is an exit code of 0 or 2, where Terraform's depends on nothing that a
// user sees.
const either = 20

// some are contacts that depend on which of two resources Terraform takes first.
const some = -1

// it is the resource of most cases: a body's word, and what else is in the block.
func it(word string, more ...string) string { return block("it", word, more...) }

func block(label, word string, more ...string) string {
	text := "resource \"<type>\" \"" + label + "\" {\n  <" + word + ">\n"
	for _, m := range more {
		text += "  " + m + "\n"
	}
	return text + "}\n"
}

const (
	importBlock = "import {\n  <importing>\n  to = <type>.it\n  id = \"<id>\"\n}\n"
	movedBlock  = "moved {\n  from = <type>.it\n  to   = <type>.that\n}\n"
	later       = "resource \"terraform_data\" \"later\" {\n  input = <value>\n}\n"
	later2      = "resource \"terraform_data\" \"later\" {\n  input = <value 2>\n}\n"
)

func removedBlock(destroy string) string {
	return "removed {\n  from = <type>.it\n  lifecycle {\n    destroy = " + destroy + "\n  }\n}\n"
}

// created are the steps after which the thing is in the state as <first>.
func created() []step { return []step{{config: it(wordFirst), run: "apply"}} }

// cases is the matrix: what is done, and what comes out of it for a device.
// Another subject says what comes out for it: see outcomes.
func cases() []lifecase {
	var all []lifecase
	for _, part := range [][]lifecase{
		ordinaryCases(), replacingCases(), refreshCases(), importCases(), movingCases(), endingCases(), failingCases(), unknownCases(),
	} {
		all = append(all, part...)
	}
	return all
}

func ordinaryCases() []lifecase {
	return []lifecase{
		{name: "create", steps: []step{
			{config: it(wordFirst), run: "plan", want: want{plan: "create", exit: 2, contacts: 1}},
			{
				run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "a: first"},
				note: "one session for the dry run and the commit, a fresh one proves that management still works",
			},
		}},
		{name: "no-op", given: created(), steps: []step{
			{run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}, note: "refresh and dry run share the session"},
		}},
		{name: "update", given: created(), steps: []step{
			{config: it(wordSecond), run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "a: second"}},
		}},
		{name: "plan and apply in one command", given: created(), steps: []step{
			{
				config: it(wordSecond), run: "apply", want: want{contacts: 3, changes: 1, state: "it", holds: "a: second"},
				note: "the plan's process ends its session; the apply's has its own",
			},
		}},
		{name: "update of behaviour only", given: created(), steps: []step{
			{config: it(wordBehaviour), run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 1, state: "it", holds: "a: first"}, note: "the dry run is made again; nothing is committed"},
		}},
		{name: "changed by hand", given: created(), steps: []step{
			{
				hand: subject.Drift, run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", says: []string{"changed outside Terraform"}},
				note: "a warning names the run that left it otherwise",
			},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "a: first"}},
		}},
		{name: "changed by hand elsewhere", given: created(), steps: []step{
			{
				hand: subject.Elsewhere, run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"},
				note: "what the configuration does not name is none of our business",
			},
		}},
		{name: "-target", given: []step{{config: it(wordFirst) + block("other", wordOther), run: "apply"}}, steps: []step{
			{
				config: it(wordSecond) + block("other", wordOther2), run: "plan -target=<type>.it",
				want: want{plan: "update", exit: 2, contacts: 1, state: "it, other", holds: "a: first, b: first"}, note: "the other one is not connected to",
			},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it, other", holds: "a: second, b: first"}},
		}},
	}
}

func replacingCases() []lifecase {
	const cbd = "lifecycle {\n    create_before_destroy = true\n  }"
	return []lifecase{
		{name: "replace (another name)", given: created(), steps: []step{
			{
				config: it(wordOther), run: "plan", want: want{plan: "replace (delete, create)", exit: 2, contacts: 2, state: "it", holds: "a: first"},
				note: "one session each: the old one is refreshed, the new one asked",
			},
			{
				run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "a: first, b: first"},
				note: "the old one is forgotten and stays as it is",
			},
		}},
		{name: "create_before_destroy", given: []step{{config: it(wordFirst, cbd), run: "apply"}}, steps: []step{
			{config: it(wordOther, cbd), run: "plan", want: want{plan: "replace (create, delete)", exit: 2, contacts: 2, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "a: first, b: first"}},
		}},
		{name: "taint", given: created(), steps: []step{
			{run: "taint <type>.it", want: want{state: "it (tainted)", holds: "a: first"}},
			{run: "plan", want: want{plan: "replace (delete, create)", exit: 2, contacts: 1, state: "it (tainted)", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 1, state: "it", holds: "a: first"}, note: "it is what it should be already: nothing to commit"},
		}},
		{name: "-replace", given: created(), steps: []step{
			{run: "plan -replace=<type>.it", want: want{plan: "replace (delete, create)", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 1, state: "it", holds: "a: first"}},
		}},
	}
}

func refreshCases() []lifecase {
	return []lifecase{
		{name: "-refresh=false", given: created(), steps: []step{
			{run: "plan -refresh=false", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}, note: "the dry run is made all the same"},
		}},
		{name: "-refresh=false, changed by hand", given: created(), steps: []step{
			{
				hand: subject.Drift, run: "plan -refresh=false", want: want{plan: "error", exit: 1, contacts: 1, state: "it", says: []string{"changed since the plan", "-refresh=false"}},
				note: "without a refresh the state is older than the device: plan again without the flag",
			},
		}},
		{name: "-refresh-only", given: created(), steps: []step{
			{
				run: "plan -refresh-only", want: want{plan: "no-op; refreshed: update", exit: 2, contacts: 1, state: "it", holds: "a: first"},
				note: "right after an apply: `diff` goes, it was of that apply",
			},
			{run: "apply saved.plan", want: want{state: "it", holds: "a: first"}},
			{
				run: "plan -refresh-only", want: want{plan: "no-op", exit: 2, contacts: 1, state: "it", holds: "a: first", says: []string{"No changes"}},
				tofu: &want{plan: "no-op", contacts: 1, state: "it", holds: "a: first", says: []string{"No changes"}},
				note: "Terraform's exit code of a refresh tells nothing (hashicorp/terraform#36403): look for drift with `plan -detailed-exitcode`",
			},
		}},
		{name: "-refresh-only, changed by hand", given: append(created(), step{run: "apply -refresh-only"}), steps: []step{
			{hand: subject.Drift, run: "plan -refresh-only", want: want{plan: "no-op; refreshed: update", exit: 2, contacts: 1, state: "it"}},
			{run: "apply saved.plan", want: want{state: "it"}, note: "only the state learns of it"},
			{run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", says: []string{"changed outside Terraform"}}, note: "it is still a change by somebody else"},
		}},
	}
}

func importCases() []lifecase {
	given := append(created(), step{run: "state rm <type>.it"})
	return []lifecase{
		{name: "import command", given: given, steps: []step{
			{run: "import <type>.it <id>", want: want{contacts: 1, state: "it", holds: "a: first"}},
			{run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", holds: "a: first"}, note: "of the state only"},
			{run: "apply saved.plan", want: want{contacts: 1, state: "it", holds: "a: first"}},
			{run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}},
		}},
		{name: "import block", given: given, steps: []step{
			{config: importBlock + it(wordFirst), run: "plan", want: want{plan: "import, update", exit: 2, contacts: 1, holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 1, state: "it", holds: "a: first"}},
			{run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}},
		}},
		{name: "import block, and a change", given: given, steps: []step{
			{config: importBlock + it(wordSecond), run: "plan", want: want{plan: "import, update", exit: 2, contacts: 1, holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "a: second"}},
		}},
		{name: "import with -generate-config-out", steps: []step{
			{
				config: "import {\n  to = <type>.it\n  id = \"<other id>\"\n}\n", run: "plan -generate-config-out=generated.tf",
				want: want{plan: "import, update", exit: 2, contacts: 1}, note: "the intended configuration is the source of truth's; Terraform 1.11 cannot apply this very plan",
			},
			{run: "plan", want: want{plan: "import, update", exit: 2, contacts: 1}, note: "with what was generated"},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it", holds: "c: first"}},
			{run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "c: first"}},
		}},
	}
}

func movingCases() []lifecase {
	return []lifecase{
		{name: "moved", given: created(), steps: []step{
			{config: movedBlock + block("that", wordFirst), run: "plan", want: want{plan: "that: moved", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{state: "that", holds: "a: first"}},
		}},
		{name: "removed, destroy = false", given: created(), steps: []step{
			{
				config: removedBlock("false"), run: "plan", want: want{plan: "forget", exit: 2, state: "it", holds: "a: first"},
				tofu: &want{plan: "forget", exit: 2, contacts: 1, state: "it", holds: "a: first"},
			},
			{run: "apply saved.plan", want: want{holds: "a: first"}},
		}},
		{name: "removed, destroy = true", given: created(), steps: []step{
			{config: removedBlock("true"), run: "plan", want: want{plan: "delete", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{holds: "a: first"}},
		}},
	}
}

func endingCases() []lifecase {
	return []lifecase{
		{name: "destroy", given: created(), steps: []step{
			{run: "plan -destroy", want: want{plan: "delete", exit: 2, contacts: 1, state: "it", holds: "a: first"}, note: "the refresh connects"},
			{run: "apply saved.plan", want: want{holds: "a: first"}, note: "the destroy itself never does"},
		}},
		{name: "destroy, -refresh=false", given: created(), steps: []step{
			{run: "plan -destroy -refresh=false", want: want{plan: "delete", exit: 2, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{holds: "a: first"}},
		}},
		{name: "destroy, dead device", given: created(), steps: []step{
			{
				hand: subject.Cut, run: "plan -destroy", want: want{plan: "error", exit: 1, state: "it", holds: "a: first", says: []string{"could not be read", "-refresh=false"}},
				note: "Terraform makes an ordinary plan before it, and that needs the device",
			},
			{run: "plan -destroy -refresh=false", want: want{plan: "delete", exit: 2, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{holds: "a: first"}},
		}},
		{name: "destroy, dead device, on_unreachable = \"skip\"", given: []step{{config: it(wordSkipping), run: "apply"}}, steps: []step{
			{hand: subject.Cut, run: "plan -destroy", want: want{plan: "delete", exit: 2, state: "it", holds: "a: first"}, note: "the ordinary plan leaves the device out"},
			{run: "apply saved.plan", want: want{holds: "a: first"}},
		}},
		{name: "removed from the configuration, dead device", given: created(), steps: []step{
			{
				hand: subject.Cut, config: "# empty\n", run: "plan", want: want{plan: "delete", exit: 2, state: "it", holds: "a: first", says: []string{"could not be read"}},
				note: "the refresh warns and keeps the state",
			},
			{run: "apply saved.plan", want: want{holds: "a: first"}},
		}},
	}
}

func failingCases() []lifecase {
	return []lifecase{
		{name: "create, dead device", steps: []step{
			{hand: subject.Cut, config: it(wordFirst), run: "plan", want: want{plan: "error", exit: 1}},
		}},
		{name: "create that fails", slow: true, steps: []step{
			{config: it(wordBroken), run: "plan", want: want{plan: "create", exit: 2, contacts: 1}},
			{
				run: "apply saved.plan", want: want{exit: 1, contacts: 2, changes: 1, undone: true},
				note: "the change cut management off and was taken back; nothing is in the state, nothing is tainted",
			},
			{config: it(wordFirst), run: "plan", want: want{plan: "create", exit: 2, contacts: 1}},
		}},
		{name: "update that fails", slow: true, given: created(), steps: []step{
			{config: it(wordBroken), run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{
				run: "apply saved.plan", want: want{exit: 1, contacts: 2, changes: 1, undone: true, state: "it", holds: "a: first"},
				note: "taken back as well; the state is the one before, not tainted",
			},
			{config: it(wordFirst), run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}},
		}},
		{name: "no-op, dead device", given: created(), steps: []step{
			{hand: subject.Cut, run: "plan", want: want{plan: "error", exit: 1, state: "it", holds: "a: first"}},
			{hand: subject.Heal, run: "plan", want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}, note: "it is back"},
		}},
		{name: "no-op, dead device, on_unreachable = \"skip\"", given: []step{{config: it(wordSkipping), run: "apply"}}, steps: []step{
			{hand: subject.Cut, run: "plan", want: want{plan: "no-op", state: "it", holds: "a: first", says: []string{"NOT CHECKED"}}, note: "a warning names what was not checked"},
		}},
		{name: "stale saved plan of an update", given: created(), steps: []step{
			{config: it(wordSecond), run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{
				hand: subject.Elsewhere, run: "apply saved.plan", want: want{exit: 1, contacts: 1, state: "it", holds: "a: first", says: []string{"changed since the plan", "Plan again"}},
				note: "refused before anything is sent",
			},
		}},
		{name: "stale saved plan of a create", steps: []step{
			{config: it(wordFirst), run: "plan", want: want{plan: "create", exit: 2, contacts: 1}},
			{
				hand: subject.Elsewhere, run: "apply saved.plan", want: want{exit: 1, contacts: 1, says: []string{"inconsistent final plan", "plan again"}},
				note: "Terraform itself refuses: `change_id` is another one",
			},
		}},
		{name: "saved plan, device dead at apply", given: created(), steps: []step{
			{config: it(wordSecond), run: "plan", want: want{plan: "update", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{hand: subject.Cut, run: "apply saved.plan", want: want{exit: 1, state: "it", holds: "a: first"}},
		}},
	}
}

func unknownCases() []lifecase {
	given := []step{{config: later + it(wordAllowed), run: "apply"}}
	return []lifecase{
		{name: "configuration not known at plan", steps: []step{
			{config: later + it(wordLater), run: "plan", want: want{plan: "error", exit: 1, says: []string{"is not known at plan"}}, note: "what cannot be reviewed is not applied"},
		}},
		{name: "configuration not known at plan, allow_unreviewed", steps: []step{
			{
				config: later + it(wordAllowed), run: "plan", want: want{plan: "create, later: create", exit: 2, says: []string{"without a difference to review"}},
				note: "a warning says that there is nothing to review",
			},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it, later", holds: "a: first"}},
			{run: "plan", want: want{plan: "no-op", contacts: 1, state: "it, later", holds: "a: first"}},
		}},
		{name: "update to one not known at plan, allow_unreviewed", given: given, steps: []step{
			{config: later2 + it(wordAllowed), run: "plan", want: want{plan: "update, later: update", exit: 2, contacts: 1, state: "it, later", holds: "a: first", says: []string{"without a difference to review"}}},
			{run: "apply saved.plan", want: want{contacts: 2, changes: 1, state: "it, later", holds: "a: second"}},
		}},
	}
}
