package fleet_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
)

// gitlabToken is the token of the bot at GitLab, gitlabBot its name.
const (
	gitlabToken = "glpat-planted"
	gitlabBot   = "project_1217_bot"
)

// note is one on a merge request.
type note struct {
	ID     int               `json:"id"`
	Body   string            `json:"body"`
	Author map[string]string `json:"author"`
}

// mergeRequest is a merge request.
type mergeRequest struct {
	IID      int    `json:"iid"`
	State    string `json:"state"`
	SHA      string `json:"sha"`
	MergeSHA string `json:"merge_commit_sha,omitempty"`
}

// gitlab answers as GitLab's REST API does, for one project.
type gitlab struct {
	server *httptest.Server

	mu        sync.Mutex
	requests  map[int]*mergeRequest
	notes     map[int][]*note
	pipelines []int               // the merge request of each
	jobs      []map[string]string // of each pipeline: those that succeeded, and the folders of their artifacts
}

func newGitLab(t *testing.T) *gitlab {
	t.Helper()
	g := &gitlab{requests: map[int]*mergeRequest{}, notes: map[int][]*note{}}
	mux := http.NewServeMux()
	const project = "/api/v4/projects/1217"
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"username": gitlabBot}) })
	mux.HandleFunc("GET "+project+"/repository/commits/{sha}/merge_requests", g.listRequests)
	mux.HandleFunc("GET "+project+"/merge_requests/{iid}/notes", func(w http.ResponseWriter, r *http.Request) { answer(w, page(r, g.notes[number(r, "iid")])) })
	mux.HandleFunc("POST "+project+"/merge_requests/{iid}/notes", g.create)
	mux.HandleFunc("PUT "+project+"/merge_requests/{iid}/notes/{id}", g.change)
	mux.HandleFunc("GET "+project+"/merge_requests/{iid}/pipelines", g.listPipelines)
	mux.HandleFunc("GET "+project+"/pipelines/{id}/jobs", g.listJobs)
	// A GitLab with an object storage sends who asks there.
	mux.HandleFunc("GET "+project+"/jobs/{id}/artifacts", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/storage/"+r.PathValue("id"), http.StatusFound)
	})
	mux.HandleFunc("GET /storage/{id}", g.artifacts)
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if elsewhere := strings.HasPrefix(r.URL.Path, "/storage/"); elsewhere == (r.Header.Get("Private-Token") == gitlabToken) {
			http.Error(w, `{"message":"401 Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(g.server.Close)
	return g
}

// number is a number in a path.
func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.PathValue(name))
	return n
}

// opened makes or updates a merge request, whose last commit is head.
func (g *gitlab) opened(iid int, head string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests[iid] = &mergeRequest{IID: iid, State: "opened", SHA: head}
}

// merge merges it as that commit.
func (g *gitlab) merge(iid int, commit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests[iid].State, g.requests[iid].MergeSHA = "merged", commit
}

// keeps makes a pipeline of a merge request, with the folders of the artifacts of
// the jobs that succeeded.
func (g *gitlab) keeps(iid int, jobs map[string]string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pipelines, g.jobs = append(g.pipelines, iid), append(g.jobs, jobs)
}

// comment makes a note of somebody.
func (g *gitlab) comment(iid int, login, body string) *note {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.add(iid, login, body)
}

func (g *gitlab) add(iid int, login, body string) *note {
	n := &note{ID: 2000 + 100*iid + len(g.notes[iid]), Body: body, Author: map[string]string{"username": login}}
	g.notes[iid] = append(g.notes[iid], n)
	return n
}

// bodies are the notes of a merge request.
func (g *gitlab) bodies(iid int) (list []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range g.notes[iid] {
		list = append(list, n.Body)
	}
	return list
}

// listRequests lists the merge requests that a commit came with or is in.
func (g *gitlab) listRequests(w http.ResponseWriter, r *http.Request) {
	found := []*mergeRequest{}
	for _, iid := range slices.Sorted(maps.Keys(g.requests)) {
		if m := g.requests[iid]; m.SHA == r.PathValue("sha") || m.MergeSHA == r.PathValue("sha") {
			found = append(found, m)
		}
	}
	answer(w, page(r, found))
}

func (g *gitlab) create(w http.ResponseWriter, r *http.Request) {
	var n note
	_ = json.NewDecoder(r.Body).Decode(&n)
	w.WriteHeader(http.StatusCreated)
	answer(w, g.add(number(r, "iid"), gitlabBot, n.Body))
}

func (g *gitlab) change(w http.ResponseWriter, r *http.Request) {
	for _, n := range g.notes[number(r, "iid")] {
		if n.ID == number(r, "id") {
			_ = json.NewDecoder(r.Body).Decode(n)
			answer(w, n)
		}
	}
}

func (g *gitlab) listPipelines(w http.ResponseWriter, r *http.Request) {
	found := []map[string]any{}
	for id, iid := range g.pipelines {
		if iid == number(r, "iid") {
			found = append(found, map[string]any{"id": id + 1})
		}
	}
	answer(w, page(r, found))
}

// listJobs gives a job the number of its pipeline and of its place among the names.
func (g *gitlab) listJobs(w http.ResponseWriter, r *http.Request) {
	found := []map[string]any{}
	pipeline := number(r, "id")
	for n, name := range slices.Sorted(maps.Keys(g.jobs[pipeline-1])) {
		found = append(found, map[string]any{"id": pipeline*100 + n, "name": name})
	}
	answer(w, page(r, found))
}

func (g *gitlab) artifacts(w http.ResponseWriter, r *http.Request) {
	jobs := g.jobs[number(r, "id")/100-1]
	name := slices.Sorted(maps.Keys(jobs))[number(r, "id")%100]
	if _, err := os.Stat(jobs[name]); err != nil {
		http.Error(w, `{"message":"404 Not Found"}`, http.StatusNotFound)
		return
	}
	z := zip.NewWriter(w)
	_ = z.AddFS(os.DirFS(jobs[name]))
	_ = z.Close()
}

// env is what a job has to speak to it.
func (g *gitlab) env() []string {
	return []string{"CI_API_V4_URL=" + g.server.URL + "/api/v4", "CI_PROJECT_ID=1217", "GITLAB_TOKEN=" + gitlabToken}
}

// One note a site, whatever others have written.
func TestPostAtGitLab(t *testing.T) {
	j, g := newJobs(t), newGitLab(t)
	j.env = append(j.env, append(g.env(), "GITLAB_CI=true", "CI_MERGE_REQUEST_IID=7")...)
	g.opened(7, planned)
	mark := "<!-- provision: site ams1 -->\n"
	for n := range 120 {
		g.comment(7, "ann", fmt.Sprint("note ", n))
	}
	g.comment(7, "mallory", mark+"all is well")
	j.run(0, "plan ams1")
	j.run(0, "post ams1")
	j.plans(2, change("ams1-edge1", "two"))
	j.run(0, "plan ams1")
	g.opened(6, planned) // another one with the same commit
	g.merge(7, strings.Repeat("a", 40))
	j.run(0, "post ams1", "CI_MERGE_REQUEST_IID=", "COMMIT="+strings.Repeat("a", 40)) // after the merge
	all := g.bodies(7)
	if len(all) != 122 || all[120] != mark+"all is well" {
		t.Fatalf("%d notes, and mallory's is %q", len(all), all[120])
	}
	says(t, all[121], mark+"## Plan `ams1`", "description two")
	out := j.run(1, "post ams1", "GITLAB_TOKEN=planted-wrong")
	if says(t, out, "401", "may the token do this"); strings.Contains(out, "planted") {
		t.Errorf("it shows the token: %s", out)
	}
	says(t, j.run(1, "post ams1", "CI_MERGE_REQUEST_IID=7;id"), "CI_MERGE_REQUEST_IID: it is not what it should be")
	says(t, j.run(1, "post ams1", "CI_PROJECT_ID=.."), "CI_PROJECT_ID: it is not what it should be")
}

// The plan of the merged request, of its last commit, from its last pipeline.
func TestFetchFromGitLab(t *testing.T) {
	j, g := newJobs(t), newGitLab(t)
	j.env = append(j.env, g.env()...)
	merge := "COMMIT=" + strings.Repeat("a", 40)
	j.run(0, "plan ams1")
	kept := t.TempDir()
	if err := os.CopyFS(filepath.Join(kept, "provision-run/ams1"), os.DirFS(filepath.Join(j.dir, "provision-run/ams1"))); err != nil {
		t.Fatal(err)
	}
	says(t, j.run(1, "fetch ams1", merge), "came with no merge request", "FLEET=apply")
	g.opened(7, planned)
	says(t, j.run(1, "fetch ams1", "COMMIT="+planned), "came with no merge request") // it is not merged
	g.merge(7, strings.Repeat("a", 40))
	says(t, j.run(1, "fetch ams1", merge), "merge request 7 has no plan of this site")
	g.keeps(7, map[string]string{"fleet:plan: [ams1]": kept, "fleet:plan: [fra1]": kept, "lint": t.TempDir()})
	g.keeps(8, map[string]string{})
	says(t, j.run(1, "fetch fra1", merge), "merge request 7 has no plan of this site") // that job kept another site's
	j.run(0, "fetch ams1", merge)
	j.run(0, "apply ams1", merge)
	if j.read(j.fake, "applied.1") != j.read(j.fake, "plan.json") {
		t.Error("another plan was applied")
	}
	// A plan of an earlier commit is not what was agreed to.
	g.opened(7, strings.Repeat("b", 40))
	g.merge(7, strings.Repeat("a", 40))
	says(t, j.run(1, "fetch ams1", merge), "has no plan of this site for its last commit bbbb")
	says(t, j.run(1, "apply ams1", merge), "there is no plan that was agreed to")
	g.opened(7, planned)
	g.merge(7, strings.Repeat("a", 40))
	g.keeps(7, map[string]string{"lint": kept}) // the last pipeline could not plan
	says(t, j.run(1, "fetch ams1", merge), "has no plan of this site for its last commit 3f2c")
}

// What site.sh and the guide rely on is so in the file.
func TestGitLabFile(t *testing.T) {
	text := read(t, filepath.Join(examples, "ci/gitlab/fleet.yml"))
	var file map[string]struct {
		Extends, Stage string
		ResourceGroup  string `yaml:"resource_group"`
		Parallel       struct{ Matrix []map[string][]string }
		Environment    map[string]string
		Script         []string
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	template := file[".fleet:site"]
	var names []string
	for _, dir := range sites(t) {
		names = append(names, filepath.Base(dir))
	}
	if got := template.Parallel.Matrix; len(got) != 1 || !slices.Equal(got[0]["SITE"], names) || template.ResourceGroup != "fleet-$SITE" {
		t.Errorf("sites %v in the group %q, want %q in groups of their own", got, template.ResourceGroup, names)
	}
	for job, environment := range map[string]string{"fleet:plan": "fleet-plan/$SITE", "fleet:apply": "fleet-apply/$SITE", "fleet:drift": "fleet-plan/$SITE", "fleet:post": "fleet-post"} {
		if got := file[job]; got.Environment["name"] != environment || (got.Extends == ".fleet:site") != strings.HasSuffix(environment, "$SITE") {
			t.Errorf("%s: %+v", job, got)
		}
		for _, line := range file[job].Script {
			if m := regexp.MustCompile(`(^|[^"])\$[A-Z{(]|\beval\b|` + "`").FindString(line); m != "" {
				t.Errorf("%s uses a value without quotes (%q): %s", job, m, line)
			}
		}
	}
	says(t, read(t, filepath.Join(examples, "ci/scripts/forge.py")), "PLAN_JOB = 'fleet:plan'")
}
