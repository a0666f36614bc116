package fleet_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// bot is the login that a workflow's token has, token that token.
const (
	bot   = "github-actions[bot]"
	token = "ghs_planted"
)

// comment is one on a pull request.
type comment struct {
	ID   int               `json:"id"`
	Body string            `json:"body"`
	User map[string]string `json:"user"`
}

// pull is a pull request.
type pull struct {
	Number   int               `json:"number"`
	Head     map[string]string `json:"head"`
	MergedAt string            `json:"merged_at,omitempty"`
	MergeSHA string            `json:"merge_commit_sha"`
}

// github answers as GitHub's REST API does, for one repository. Its artifacts are
// folders in a folder, where a workflow has put them.
type github struct {
	t         *testing.T
	server    *httptest.Server
	artifacts string

	mu       sync.Mutex
	pulls    map[int]*pull
	comments map[int][]*comment // by pull request
	asked    []string
}

func newGitHub(t *testing.T) *github {
	t.Helper()
	g := &github{t: t, artifacts: t.TempDir(), pulls: map[int]*pull{}, comments: map[int][]*comment{}}
	mux := http.NewServeMux()
	const repo = "/repos/example/network"
	mux.HandleFunc("GET "+repo+"/pulls/{n}", g.pull)
	mux.HandleFunc("GET "+repo+"/commits/{sha}/pulls", g.merged)
	mux.HandleFunc("GET "+repo+"/issues/{n}/comments", g.list)
	mux.HandleFunc("POST "+repo+"/issues/{n}/comments", g.create)
	mux.HandleFunc("PATCH "+repo+"/issues/comments/{id}", g.change)
	mux.HandleFunc("GET "+repo+"/actions/artifacts", g.listArtifacts)
	mux.HandleFunc("GET "+repo+"/actions/artifacts/{name}/zip", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/blob/"+url.PathEscape(r.PathValue("name")), http.StatusFound)
	})
	mux.HandleFunc("GET /blob/{name}", g.blob)
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked = append(g.asked, r.Method+" "+r.URL.Path)
		if elsewhere := strings.HasPrefix(r.URL.Path, "/blob/"); elsewhere == (r.Header.Get("Authorization") == "Bearer "+token) {
			http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(g.server.Close)
	return g
}

// opened makes or updates a pull request.
func (g *github) opened(number int, head string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pulls[number] = &pull{Number: number, Head: map[string]string{"sha": head}}
}

// merge merges one as that commit.
func (g *github) merge(number int, commit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pulls[number].MergedAt, g.pulls[number].MergeSHA = "2026-01-02T03:04:05Z", commit
}

// comment makes a comment of somebody.
func (g *github) comment(number int, login, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(number, login, body)
}

func (g *github) add(number int, login, body string) *comment {
	all := 0
	for _, list := range g.comments {
		all += len(list)
	}
	c := &comment{ID: 1000 + all, Body: body, User: map[string]string{"login": login}}
	g.comments[number] = append(g.comments[number], c)
	return c
}

// bodies are the comments of a pull request.
func (g *github) bodies(number int) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []string
	for _, c := range g.comments[number] {
		list = append(list, c.Body)
	}
	return list
}

func answer(w http.ResponseWriter, value any) { _ = json.NewEncoder(w).Encode(value) }

func (g *github) pull(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.PathValue("n"))
	if g.pulls[n] == nil {
		http.Error(w, `{"message":"Not Found"}`, http.StatusNotFound)
		return
	}
	answer(w, g.pulls[n])
}

// merged lists the pull requests that a commit came with or is in.
func (g *github) merged(w http.ResponseWriter, r *http.Request) {
	found := []*pull{}
	for _, n := range slices.Sorted(maps.Keys(g.pulls)) {
		if p := g.pulls[n]; p.MergeSHA == r.PathValue("sha") || p.Head["sha"] == r.PathValue("sha") {
			found = append(found, p)
		}
	}
	answer(w, found)
}

// page is the part of a list that is asked for.
func page[T any](r *http.Request, list []T) []T {
	size, _ := strconv.Atoi(r.FormValue("per_page"))
	number, _ := strconv.Atoi(r.FormValue("page"))
	from := min(size*(number-1), len(list))
	return append([]T{}, list[from:min(from+size, len(list))]...)
}

func (g *github) list(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.PathValue("n"))
	answer(w, page(r, g.comments[n]))
}

func (g *github) create(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.PathValue("n"))
	var c comment
	_ = json.NewDecoder(r.Body).Decode(&c)
	w.WriteHeader(http.StatusCreated)
	answer(w, g.add(n, bot, c.Body))
}

func (g *github) change(w http.ResponseWriter, r *http.Request) {
	for _, list := range g.comments {
		for _, c := range list {
			if strconv.Itoa(c.ID) == r.PathValue("id") {
				_ = json.NewDecoder(r.Body).Decode(c)
				answer(w, c)
			}
		}
	}
}

// head finds the commit in the name of a plan.
var head = regexp.MustCompile(`[0-9a-f]{40}$`)

func (g *github) listArtifacts(w http.ResponseWriter, r *http.Request) {
	found := []map[string]any{}
	name := r.FormValue("name")
	if info, err := os.Stat(filepath.Join(g.artifacts, name)); name != "" && err == nil {
		found = append(found, map[string]any{
			"name": name, "expired": false, "created_at": info.ModTime().UTC().Format(time.RFC3339),
			"archive_download_url": g.server.URL + "/repos/example/network/actions/artifacts/" + name + "/zip",
			"workflow_run":         map[string]any{"head_sha": head.FindString(name)},
		})
	}
	answer(w, map[string]any{"total_count": len(found), "artifacts": found})
}

func (g *github) blob(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(filepath.Join(g.artifacts, r.PathValue("name")))); err != nil {
		g.t.Error(err)
	}
	if err := z.Close(); err != nil {
		g.t.Error(err)
	}
	_, _ = w.Write(b.Bytes())
}

// env is what a job has to speak to it.
func (g *github) env() []string {
	return []string{"GITHUB_API_URL=" + g.server.URL, "GITHUB_REPOSITORY=example/network", "GITHUB_TOKEN=" + token}
}

// One comment a site, whatever others have written.
func TestPostAtGitHub(t *testing.T) {
	j, g := newJobs(t), newGitHub(t)
	j.env = append(j.env, g.env()...)
	g.opened(7, planned)
	mark := "<!-- provision: site ams1 -->\n"
	for n := range 120 {
		g.comment(7, "ann", fmt.Sprint("comment ", n))
	}
	g.comment(7, "mallory", mark+"all is well")
	says(t, j.run(1, "post ams1", "PULL_REQUEST=7"), "site ams1: post:", "run plan, apply or drift first")
	j.run(0, "plan ams1")
	j.run(0, "post ams1", "PULL_REQUEST=7")
	j.plans(2, change("ams1-edge1", "two"))
	j.run(0, "plan ams1")
	j.run(0, "post ams1", "PULL_REQUEST=7")
	j.run(0, "plan fra1")
	j.run(0, "post fra1", "PULL_REQUEST=7")
	all := g.bodies(7)
	if len(all) != 123 || all[120] != mark+"all is well" {
		t.Fatalf("%d comments, and mallory's is %q", len(all), all[120])
	}
	says(t, all[121], mark+"## Plan `ams1`", "description two")
	says(t, all[122], "site fra1 -->\n## Plan `fra1`")
	out := j.run(1, "post ams1", "PULL_REQUEST=7", "GITHUB_TOKEN=planted-wrong")
	if says(t, out, "401", "may the token do this"); strings.Contains(out, "planted") {
		t.Errorf("it shows the token: %s", out)
	}
	says(t, j.run(1, "post ams1", "PULL_REQUEST=7;id"), "PULL_REQUEST: it is not what it should be")
	says(t, j.run(1, "post ams1", "PULL_REQUEST=7", "GITHUB_TOKEN="), "GITHUB_TOKEN: it is not set")
	says(t, j.run(1, "post ams1", "PULL_REQUEST=7", "GITHUB_API_URL=http://127.0.0.1:1"), "is the address right, and the server up?")
}

// The plan of the merged request, of its last commit.
func TestFetchFromGitHub(t *testing.T) {
	j, g := newJobs(t), newGitHub(t)
	j.env = append(j.env, g.env()...)
	merge := strings.Repeat("a", 40)
	j.run(0, "plan ams1")
	says(t, j.run(1, "fetch ams1", "COMMIT="+merge), "came with no pull request", "Start the workflow by hand")
	g.opened(7, planned)
	says(t, j.run(1, "fetch ams1", "COMMIT="+planned), "came with no pull request") // it is not merged
	g.merge(7, merge)
	says(t, j.run(1, "fetch ams1", "COMMIT="+merge), "pull request 7 has no plan of this site")
	j.run(0, "plan ams1")
	if err := os.Rename(filepath.Join(j.dir, "provision-run/ams1"), filepath.Join(g.artifacts, "provision-plan-ams1-"+planned)); err != nil {
		t.Fatal(err)
	}
	j.run(0, "fetch ams1", "COMMIT="+merge)
	j.run(0, "apply ams1", "COMMIT="+merge)
	if j.read(j.fake, "applied.1") != j.read(j.fake, "plan.json") {
		t.Error("another plan was applied")
	}
}
