package lifecycle_test

import "maps"

// hostCases are those that are other ones for a host than for a device, and those
// that only a host has.
func hostCases() []lifecase {
	const cbd = "lifecycle {\n    create_before_destroy = true\n  }"
	generated := "import {\n  provider = provision\n  to       = <type>.it\n  id       = \"<id>\"\n}\n"
	buriedBefore := append(created(), step{run: "destroy -auto-approve"})
	return []lifecase{
		{name: "taint", given: created(), steps: []step{
			{run: "taint <type>.it", want: want{state: "it (tainted)", holds: "a: first"}},
			{run: "plan", want: want{plan: "replace (delete, create)", exit: 2, contacts: 7, state: "it (tainted)", holds: "a: first", says: []string{"moved to the graveyard"}}},
			{run: "apply saved.plan", want: want{contacts: 9, changes: 2, state: "it", holds: "a: first, a_archived: buried"}, note: "as with `-replace`"},
		}},
		{name: "taint, -refresh=false", given: created(), steps: []step{
			{run: "taint <type>.it", want: want{state: "it (tainted)", holds: "a: first"}},
			{run: "plan -refresh=false", want: want{plan: "replace (delete, create)", exit: 2, contacts: 1, state: "it (tainted)", holds: "a: first", says: []string{"plan again without -refresh=false"}}, note: "**do not apply this**, as a warning says: without a refresh nothing tells the provider whose the host is, and the apply stops with \"inconsistent final plan\" after the old host is in the graveyard"},
		}},
		{name: "another address, without a moved block", given: created(), steps: []step{
			{config: block("that", wordFirst), run: "plan", want: want{plan: "error", exit: 1, contacts: some, state: "it", holds: "a: first", says: []string{"add a moved block"}}, note: "one resource would destroy the host and another one make it, in any order"},
		}},
		{name: "create_before_destroy, the same host", given: []step{{config: it(wordFirst, cbd), run: "apply"}}, steps: []step{
			{run: "plan -replace=<type>.it", want: want{plan: "replace (create, delete)", exit: 2, contacts: 8, state: "it", holds: "a: first"}, note: "a provider is not told of `create_before_destroy`"},
			{run: "apply saved.plan", want: want{exit: 1, contacts: 1, state: "it (deposed)", holds: "a: first", says: []string{"inconsistent final plan"}}, note: "**not possible**: no two hosts have one name. Terraform stops before anything is written, but its state then has the host as deposed"},
			{run: "plan", want: want{plan: "error", exit: 1, contacts: some, state: "it (deposed)", holds: "a: first", says: []string{"deposed"}}, note: "it would bury the host: the error says how to mend the state"},
			{run: "state rm <type>.it", want: want{holds: "a: first"}},
			{run: "import <type>.it <id>", want: want{contacts: 2, state: "it", holds: "a: first"}},
		}},
		{name: "import with -generate-config-out", given: append(created(), step{run: "state rm <type>.it"}), steps: []step{
			{config: generated, run: "plan -generate-config-out=generated.tf", want: want{plan: "import, update", exit: 2, contacts: 3, holds: "a: first"}},
			{run: "plan", want: want{plan: "import, update", exit: 2, contacts: 3, holds: "a: first"}, note: "with what was generated"},
			{run: "apply saved.plan", want: want{contacts: 1, state: "it", holds: "a: first"}, note: "of the state only"},
			{run: "plan", want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}},
		}},
		{name: "destroy, dead device", given: created(), steps: []step{
			{hand: subject.Cut, run: "plan -destroy", want: want{plan: "error", exit: 1, state: "it", holds: "a: first", says: []string{"unreachable"}}},
			{run: "plan -destroy -refresh=false", want: want{plan: "error", exit: 1, state: "it", holds: "a: first", says: []string{"unreachable"}}, note: "the host must be looked at to tell what destroy will do"},
			{hand: subject.Heal, run: "plan -destroy", want: want{plan: "delete", exit: 2, contacts: 5, state: "it", holds: "a: first"}},
			{hand: subject.Cut, run: "apply saved.plan", want: want{exit: 1, state: "it", holds: "a: first", says: []string{"unreachable"}}, note: "planned while Zabbix answered: it stops, and the state keeps the host"},
		}},
		{name: "destroy, dead device, on_unreachable = \"skip\"", given: []step{{config: it(wordSkipping), run: "apply"}}, steps: []step{
			{hand: subject.Cut, run: "plan -destroy", want: want{plan: "error", exit: 1, state: "it", holds: "a: first"}, note: "`skip` does not cover a destroy"},
		}},
		{name: "destroy, dead device, on_destroy = \"keep\"", given: []step{{config: it(wordFirst, `on_destroy = "keep"`), run: "apply"}}, steps: []step{
			{hand: subject.Cut, run: "plan -destroy -refresh=false", want: want{plan: "delete", exit: 2, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{holds: "a: first"}, note: "forgetting a host never connects"},
		}},
		{name: "removed from the configuration, dead device", given: created(), steps: []step{
			{hand: subject.Cut, config: "# empty\n", run: "plan", want: want{plan: "error", exit: 1, state: "it", holds: "a: first"}, note: "as with `plan -destroy`"},
		}},
		{name: "another technical name", given: created(), steps: []step{
			{config: it(wordFirst, `host = "life-c"`), run: "plan", want: want{plan: "update", exit: 2, contacts: 4, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 7, changes: 1, state: "it", holds: "c: first"}, note: "renamed in place: the same host"},
		}},
		{name: "create after destroy", given: buriedBefore, steps: []step{
			{config: it(wordFirst), run: "plan", want: want{plan: "create", exit: 2, contacts: 4, holds: "a_archived: buried", says: []string{"graveyard"}}, note: "the plan names the host in the graveyard"},
			{run: "apply saved.plan", want: want{contacts: 8, changes: 1, state: "it", holds: "a: first"}, note: "dug up, with its history"},
		}},
		{name: "destroy, on_destroy = \"delete\"", given: []step{{config: it(wordFirst, `on_destroy = "delete"`), run: "apply"}}, steps: []step{
			{run: "plan -destroy", want: want{plan: "delete", exit: 2, contacts: 4, state: "it", holds: "a: first"}},
			{run: "apply saved.plan", want: want{contacts: 4, changes: 1}, note: "deleted with its history"},
		}},
	}
}

// hostOutcomes are what comes out of the matrix for a host, by the cases' names.
func hostOutcomes() map[string][]outcome {
	all := changingOutcomes()
	maps.Copy(all, lookingOutcomes())
	maps.Copy(all, endingOutcomes())
	return all
}

// changingOutcomes are those of creates, updates and replacements.
func changingOutcomes() map[string][]outcome {
	return map[string][]outcome{
		"create": {
			{want: want{plan: "create", exit: 2, contacts: 4}, note: "the host, and the lookups of what it names"},
			{want: want{contacts: 7, changes: 1, state: "it", holds: "a: first"}, note: "one write; before it the comparison is made again, and the host is read back with the same request"},
		},
		"no-op": {
			{want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}, note: "refresh and comparison"},
		},
		"update": {
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: first"}},
			{want: want{contacts: 3, changes: 1, state: "it", holds: "a: first and second"}},
		},
		"plan and apply in one command": {
			{want: want{contacts: 5, changes: 1, state: "it", holds: "a: first and second"}, note: "plan and apply are two processes"},
		},
		"update of behaviour only": {
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: first"}},
			{want: want{contacts: 1, state: "it", holds: "a: first"}, note: "compared again; nothing is written"},
		},
		"changed by hand": {
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: changed", says: []string{"changed outside Terraform"}}, note: "a warning names the attributes, and the run that left it otherwise"},
			{want: want{contacts: 3, changes: 1, state: "it", holds: "a: first"}},
		},
		"changed by hand elsewhere": {
			{want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}, note: "what the configuration does not name is none of our business"},
		},
		"-target": {
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it, other", holds: "a: first, b: first"}, note: "the other one is not asked for"},
			{want: want{contacts: 3, changes: 1, state: "it, other", holds: "a: first and second, b: first"}},
		},
		"replace (another name)": {
			{want: want{plan: "replace (delete, create)", exit: 2, contacts: 9, state: "it", holds: "a: first"}, note: "another device of the source of truth"},
			{want: want{contacts: 11, changes: 2, state: "it", holds: "a_archived: buried, b: first"}, note: "the old one goes to the graveyard, then the new one is made"},
		},
		"create_before_destroy": {
			{want: want{plan: "replace (create, delete)", exit: 2, contacts: 9, state: "it", holds: "a: first"}},
			{want: want{contacts: 12, changes: 2, state: "it", holds: "a_archived: buried, b: first"}, note: "the new one is made, then the old one goes to the graveyard"},
		},
		"-replace": {
			{want: want{plan: "replace (delete, create)", exit: 2, contacts: 8, state: "it", holds: "a: first"}},
			{want: want{contacts: 9, changes: 2, state: "it", holds: "a: first, a_archived: buried"}, note: "the old host goes to the graveyard and a new one is made: a replacement never digs up what it has just buried"},
		},
	}
}

// lookingOutcomes are those of refreshes and imports.
func lookingOutcomes() map[string][]outcome {
	return map[string][]outcome{
		"-refresh=false": {
			{want: want{plan: "no-op", contacts: 1, state: "it", holds: "a: first"}, note: "compared all the same"},
		},
		"-refresh=false, changed by hand": {
			{want: want{plan: "error", exit: 1, contacts: 1, state: "it", holds: "a: changed", says: []string{"changed since the plan", "-refresh=false"}}, note: "without a refresh the state is older than the host: plan again without the flag"},
		},
		"-refresh-only": {
			{want: want{plan: "no-op; refreshed: update", exit: 2, contacts: 1, state: "it", holds: "a: first"}, note: "right after an apply: `diff` goes, it was of that apply"},
			{want: want{state: "it", holds: "a: first"}},
			{want: want{plan: "no-op", exit: either, contacts: 1, state: "it", holds: "a: first", says: []string{"No changes"}}, note: "Terraform's exit code of a refresh tells nothing (hashicorp/terraform#36403): look for drift with `plan -detailed-exitcode`"},
		},
		"-refresh-only, changed by hand": {
			{want: want{plan: "no-op; refreshed: update", exit: 2, contacts: 1, state: "it", holds: "a: changed"}},
			{want: want{state: "it", holds: "a: changed"}, note: "only the state learns of it"},
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: changed", says: []string{"changed outside Terraform"}}, note: "it is still a change by somebody else"},
		},
		"import command": {
			{want: want{contacts: 2, state: "it", holds: "a: first"}},
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: first"}, note: "of the state only"},
			{want: want{contacts: 1, state: "it", holds: "a: first"}},
			{want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}},
		},
		"import block": {
			{want: want{plan: "import, update", exit: 2, contacts: 3, holds: "a: first"}},
			{want: want{contacts: 1, state: "it", holds: "a: first"}},
			{want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}},
		},
		"import block, and a change": {
			{want: want{plan: "import, update", exit: 2, contacts: 3, holds: "a: first"}},
			{want: want{contacts: 3, changes: 1, state: "it", holds: "a: first and second"}},
		},
	}
}

// endingOutcomes are those of moves, ends, failures and of what is not known.
func endingOutcomes() map[string][]outcome {
	return map[string][]outcome{
		"moved": {
			{want: want{plan: "that: moved", exit: 2, contacts: 2, state: "it", holds: "a: first"}},
			{want: want{state: "that", holds: "a: first"}},
		},
		"removed, destroy = false": {
			{want: want{plan: "forget", exit: 2, state: "it", holds: "a: first"}, tofu: &want{plan: "forget", exit: 2, contacts: 1, state: "it", holds: "a: first"}},
			{want: want{holds: "a: first"}},
		},
		"removed, destroy = true": {
			{want: want{plan: "delete", exit: 2, contacts: 4, state: "it", holds: "a: first"}, note: "the host is looked at to tell what destroy will do"},
			{want: want{contacts: 4, changes: 1, holds: "a_archived: buried"}, note: "what `on_destroy` in the state says: to the graveyard"},
		},
		"destroy": {
			{want: want{plan: "delete", exit: 2, contacts: 5, state: "it", holds: "a: first", says: []string{"graveyard"}}, note: "a warning tells what destroy will do"},
			{want: want{contacts: 4, changes: 1, holds: "a_archived: buried"}, note: "to the graveyard: renamed, moved and disabled in one write"},
		},
		"destroy, -refresh=false": {
			{want: want{plan: "delete", exit: 2, contacts: 3, state: "it", holds: "a: first"}},
			{want: want{contacts: 4, changes: 1, holds: "a_archived: buried"}},
		},
		"create, dead device": {
			{want: want{plan: "error", exit: 1}},
		},
		"create that fails": {
			{want: want{plan: "create", exit: 2, contacts: 4}},
			{want: want{exit: 1, contacts: 9, changes: 1, undone: true, says: []string{"commit failed"}}, note: "Zabbix refuses the write as a whole (the visible name is that of a template): nothing is in Zabbix, nothing in the state"},
			{want: want{plan: "create", exit: 2, contacts: 4}},
		},
		"update that fails": {
			{want: want{plan: "update", exit: 2, contacts: 3, state: "it", holds: "a: first"}},
			{want: want{exit: 1, contacts: 6, changes: 1, state: "it", holds: "a: first", undone: true, says: []string{"commit failed"}}, note: "refused as well; the state is the one before, not tainted"},
			{want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}},
		},
		"no-op, dead device": {
			{want: want{plan: "error", exit: 1, state: "it", holds: "a: first"}},
			{want: want{plan: "no-op", contacts: 2, state: "it", holds: "a: first"}, note: "it is back"},
		},
		"no-op, dead device, on_unreachable = \"skip\"": {
			{want: want{plan: "no-op", state: "it", holds: "a: first", says: []string{"NOT CHECKED"}}, note: "a warning names what was not checked"},
		},
		"stale saved plan of an update": {
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: first"}},
			{want: want{exit: 1, contacts: 1, state: "it", holds: "a: first", says: []string{"changed since the plan", "Plan again"}}, note: "refused before anything is sent"},
		},
		"stale saved plan of a create": {
			{want: want{plan: "create", exit: 2, contacts: 4}},
			{want: want{exit: 1, contacts: 1, holds: "a: changed", says: []string{"the host exists already"}}, note: "somebody made a host of that name meanwhile: refused before anything is sent"},
		},
		"saved plan, device dead at apply": {
			{want: want{plan: "update", exit: 2, contacts: 2, state: "it", holds: "a: first"}},
			{want: want{exit: 1, state: "it", holds: "a: first"}},
		},
		"configuration not known at plan": {
			{want: want{plan: "error", exit: 1, says: []string{"is not known at plan"}}, note: "what cannot be reviewed is not applied"},
		},
		"configuration not known at plan, allow_unreviewed": {
			{want: want{plan: "later: create, create", exit: 2, says: []string{"without a difference to review"}}, note: "a warning says that there is nothing to review"},
			{want: want{contacts: 7, changes: 1, state: "it, later", holds: "a: first"}},
			{want: want{plan: "no-op", contacts: 2, state: "it, later", holds: "a: first"}},
		},
		"update to one not known at plan, allow_unreviewed": {
			{want: want{plan: "later: update, update", exit: 2, contacts: 1, state: "it, later", holds: "a: first", says: []string{"without a difference to review"}}},
			{want: want{contacts: 3, changes: 1, state: "it, later", holds: "a: first and second"}},
		},
	}
}

// hostHead stands before the table of hosts.
const hostHead = `---
page_title: "What each command does: the lifecycle of a Zabbix host"
description: |-
  Plan, exit code, reads and writes of every case in the life of a zabbix_agent_host, as a test measured them.
---

<!-- Written by a test that measured it; do not edit. To write it anew:
     tools/zabbix/zabbix.sh up 6.0 OLD PORT and up 7.0 NEW PORT, then
     PROVISION_ZABBIX_60=OLD PROVISION_ZABBIX_70=NEW go test -tags lab -count=1 ./internal/provider/lifecycle -run TestHost -args -update
     and make docs. -->

# What each command does: the lifecycle of a Zabbix host

What Terraform does with a ` + "`" + `zabbix_agent_host` + "`" + ` in each case of its life, as a test of this provider measured it
with the real binary on a real Zabbix 7.0, and again, with the same numbers, on a model of it; the cases in which
something is written also on a real Zabbix 6.0, with the same numbers. It is the table of
[devices](lifecycle) with what is other for a host. "Reads" and "writes" are the requests (POSTs) that came to Zabbix's
API during the command; a write may carry its read-back. Those that only ask for the version or log in or out are not
counted. They are held against Zabbix: hosts changed exactly when there was a write that was not refused. After no command
was a session left in Zabbix.

- Every ` + "`" + `plan` + "`" + ` runs with ` + "`" + `-out=saved.plan -detailed-exitcode` + "`" + `: 0 nothing to do, 1 error, 2 something to do.
- The resource is ` + "`" + `it` + "`" + `, a device of the source of truth with a host group, tags and a description, without templates;
  "in state" is what the state holds after the command.
- The provider's ` + "`" + `prefetch` + "`" + ` is off, so that the numbers are those of one host.
- ` + "`" + `on_destroy` + "`" + ` is ` + "`" + `graveyard` + "`" + ` where nothing else is said. Other than with a device, a destroy changes something, and so
  its plan looks at the host: with a Zabbix that does not answer only ` + "`" + `on_destroy = "keep"` + "`" + ` can be destroyed, and neither
  ` + "`" + `-refresh=false` + "`" + ` nor ` + "`" + `on_unreachable = "skip"` + "`" + ` helps.

`
