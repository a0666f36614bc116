package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/report"
)

var update = flag.Bool("update", false, "write the golden files")

// examples are the plans that the real Terraform made; "invalid" left none, only a
// log.
var examples = []string{"first", "none", "changes", "destroy", "failed", "invalid"}

// golden compares a report with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not the golden one; if it shall be so: go test -update\n%s", name, diff)
	}
}

// parts of a page that are the same in all pages.
var parts = regexp.MustCompile(`(?s)(<style>|<script>|Security-Policy" content=")(.*?)(</style>|</script>|">)`)

func TestGolden(t *testing.T) {
	for _, name := range examples {
		t.Run(name, func(t *testing.T) {
			p := example(t, name)
			golden(t, name+".md", markdown(t, p))
			page := text(t, p.WriteHTML)
			golden(t, name+".html", parts.ReplaceAllString(page, "$1…$3"))
			for _, report := range []string{page, markdown(t, p)} {
				if strings.Contains(report, secret) {
					t.Error("a secret is in the report")
				}
			}
		})
	}
}

func TestGoldenRun(t *testing.T) {
	r, err := report.ReadRun(open(t, "events.jsonl"), "", meta())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "run.html", parts.ReplaceAllString(text(t, r.WriteHTML), "$1…$3"))
}

// The page is one file: it fetches nothing, and its policy allows its own style
// and script by their hashes and nothing else.
func TestPageStandsAlone(t *testing.T) {
	page := page(t, example(t, "changes"))
	found := map[string]string{}
	for _, m := range parts.FindAllStringSubmatch(page, -1) {
		found[m[1]] = m[2]
	}
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'",
		hash(found["<style>"]), hash(found["<script>"]))
	if got := html.UnescapeString(found[`Security-Policy" content="`]); got != want {
		t.Errorf("the policy is\n%s\nwant\n%s", got, want)
	}
	if m := regexp.MustCompile(`(?i)\s(src|srcset|style|on\w+)=|<link rel="stylesheet|url\(|@import`).FindString(page); m != "" {
		t.Errorf("the page has %q", m)
	}
}
