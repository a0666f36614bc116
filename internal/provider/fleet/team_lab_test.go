//go:build lab

package fleet_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// team is a rig whose folder is a repository with the pipeline.
type team struct {
	*rig
	github *github
	act    *acctest.Act
}

// newTeam makes a team, whose first commit is planned and applied nowhere.
func newTeam(t *testing.T, database string) *team {
	t.Helper()
	tm := &team{rig: newRig(t, database), github: newGitHub(t)}
	copyTo(t, filepath.Join(tm.Dir, "ci/scripts"), "ci/scripts")
	acctest.Put(t, filepath.Join(tm.Dir, ".github/workflows/fleet.yml"), read(t, filepath.Join(examples, "ci/github/fleet.yml")))
	tm.Write(".gitignore", "/mirror/\n/terraform.rc\n.terraform/\n.terraform.lock.hcl\n*.jsonl\nbackups/\n/provision-run/\n")
	tm.runner()
	tm.git(tm.Dir, "init", "-q", "-b", "main")
	tm.git(tm.Dir, "remote", "add", "origin", "https://github.com/example/network")
	tm.commit()
	return tm
}

// runner gives the runs what the rig has.
func (tm *team) runner() {
	env := map[string]string{}
	for _, kv := range tm.rig.Env {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	tm.act = acctest.NewAct(tm.t, root,
		map[string]string{
			"GITHUB_TOKEN": token, "PLAN_KEY": strings.TrimPrefix(key, "PLAN_KEY="), "PG_CONN_STR": env["PG_CONN_STR"],
			"PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY": env["PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY"],
			"PROVISION_ZABBIX_TOKEN":                    zabbixToken(tm.t, env),
		},
		map[string]string{"PROVISION_ZABBIX_URL": env["PROVISION_ZABBIX_URL"]},
		map[string]string{
			"GITHUB_API_URL": tm.github.server.URL, "TF_CLI_CONFIG_FILE": filepath.Join(tm.Dir, "terraform.rc"),
			"PROVISION_ZABBIX_AGENT_PORT": env["PROVISION_ZABBIX_AGENT_PORT"], "TF_VAR_confirm_timeout": "10s",
		})
	tm.github.artifacts = tm.act.Artifacts
}

// zabbixToken makes a token, as a pipeline has one.
func zabbixToken(t *testing.T, env map[string]string) string {
	t.Helper()
	client, err := api.New(api.Config{URL: env["PROVISION_ZABBIX_URL"], Username: env["PROVISION_ZABBIX_USERNAME"], Password: env["PROVISION_ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method string, params, into any) {
		answers, err := client.Write(t.Context(), api.Call{Method: method, Params: params})
		if err == nil {
			err = answers[0].Into(into)
		}
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
	}
	var old []struct{ TokenID string }
	call("token.get", map[string]any{"filter": map[string]any{"name": "pipeline"}, "output": []string{"tokenid"}}, &old)
	for _, o := range old {
		call("token.delete", []string{o.TokenID}, new(any))
	}
	var made struct{ TokenIDs []string }
	call("token.create", map[string]any{"name": "pipeline"}, &made)
	var generated []struct{ Token string }
	call("token.generate", made.TokenIDs, &generated)
	return generated[0].Token
}

// git runs git in a folder.
func (tm *team) git(dir string, args ...string) string {
	tm.t.Helper()
	return acctest.Git(tm.t, dir, args...)
}

// commit commits all that is there and gives the commit.
func (tm *team) commit() string {
	tm.t.Helper()
	tm.git(tm.Dir, "add", "-A")
	tm.git(tm.Dir, "commit", "-q", "-m", "a change")
	return tm.git(tm.Dir, "rev-parse", "HEAD")
}

// in is the team in a part of its test.
func (tm *team) in(t *testing.T) *team {
	c := *tm
	c.rig = tm.rig.in(t)
	return &c
}

// clone is what a runner checks out: a commit, or the merge of a branch into main.
func (tm *team) clone(commit, branch string) string {
	tm.t.Helper()
	dir := tm.t.TempDir()
	tm.git(dir, "clone", "-q", tm.Dir, ".")
	tm.git(dir, "checkout", "-q", "-B", "main", commit)
	if branch != "" {
		tm.git(dir, "merge", "-q", "--no-ff", "-m", "merge", "origin/"+branch)
	}
	tm.git(dir, "remote", "set-url", "origin", "https://github.com/example/network")
	return dir
}

// run is a run of the workflow that was not started yet.
func (tm *team) run(dir, event string, payload any, more ...string) *exec.Cmd {
	tm.t.Helper()
	return tm.act.Command(tm.t, dir, "fleet.yml", event, payload, more...)
}

// ends gives what a run printed, which must succeed or fail, without secrets.
func (tm *team) ends(cmd *exec.Cmd, well bool) string {
	tm.t.Helper()
	out := acctest.Ends(tm.t, cmd, well)
	for _, secret := range []string{strings.TrimPrefix(key, "PLAN_KEY="), token, "PRIVATE KEY-----"} {
		if strings.Contains(out, secret) {
			tm.t.Errorf("it shows a secret:\n%s", out)
		}
	}
	return out
}

// branch is the branch of a pull request.
func branch(number int) string { return fmt.Sprint("change-", number) }

// proposes makes a pull request, and plans it.
func (tm *team) proposes(number int, edit func()) string {
	tm.t.Helper()
	tm.git(tm.Dir, "checkout", "-q", "-b", branch(number))
	edit()
	sha := tm.commit()
	tm.git(tm.Dir, "checkout", "-q", "main")
	tm.github.opened(number, sha)
	main := tm.git(tm.Dir, "rev-parse", "main")
	repo := map[string]any{"full_name": "example/network"}
	return tm.ends(tm.run(tm.clone(main, branch(number)), "pull_request", map[string]any{
		"number": number, "repository": repo,
		"pull_request": map[string]any{
			"number": number, "head": map[string]any{"sha": sha, "ref": branch(number), "repo": repo}, "base": map[string]any{"sha": main, "ref": "main"},
		},
	}), true)
}

// merges merges it into main; the run that this starts was not started yet.
func (tm *team) merges(number int) *exec.Cmd {
	tm.t.Helper()
	before := tm.git(tm.Dir, "rev-parse", "main")
	tm.git(tm.Dir, "merge", "-q", "--no-ff", "-m", "merge", branch(number))
	after := tm.git(tm.Dir, "rev-parse", "main")
	tm.github.merge(number, after)
	return tm.push(before, after)
}

// push is a run of a push to main.
func (tm *team) push(before, after string, more ...string) *exec.Cmd {
	tm.t.Helper()
	return tm.run(tm.clone(after, ""), "push", map[string]any{"ref": "refs/heads/main", "deleted": false, "before": before, "after": after}, more...)
}

// byHand is a run that a person starts.
func (tm *team) byHand(operation, site string) *exec.Cmd {
	tm.t.Helper()
	return tm.run(tm.clone("main", ""), "workflow_dispatch", map[string]any{"ref": "refs/heads/main", "inputs": map[string]string{"operation": operation, "site": site}})
}
