package guides_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the module.
const root = "../../.."

// pages are the templates of the pages by their path below templates/.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"templates/*.tmpl", "templates/guides/*.md", "templates/guides/*.tmpl"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			found[strings.TrimPrefix(p, filepath.Join(root, "templates")+"/")] = read(t, p)
		}
	}
	if len(found) < 10 {
		t.Fatalf("only %d pages were found", len(found))
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryPageHasItsFrontMatter(t *testing.T) {
	for name, text := range pages(t) {
		head, _, ok := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
		if !ok || !strings.Contains(head, "page_title:") {
			t.Errorf("%s has no page_title", name)
		}
		if strings.HasPrefix(name, "guides/") && strings.HasSuffix(name, ".tmpl") && !strings.Contains(head, "subcategory:") {
			t.Errorf("%s has no subcategory", name)
		}
	}
}

// link is a link to another page of the documentation.
var link = regexp.MustCompile(`\]\(([a-z][a-z/-]*)\)`)

func TestEveryLinkLeadsToAPage(t *testing.T) {
	for name, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			page := filepath.Join(root, "docs", filepath.Dir(name), m[1]+".md")
			if _, err := os.Stat(page); err != nil {
				t.Errorf("%s: the link %q leads nowhere: %v", name, m[1], err)
			}
		}
	}
}

func TestEveryLinkOfTheReadmeLeadsToAFile(t *testing.T) {
	links := regexp.MustCompile(`\]\(([\w./-]+)\)`).FindAllStringSubmatch(read(t, filepath.Join(root, "README.md")), -1)
	if len(links) < 10 {
		t.Errorf("only %d links were found", len(links))
	}
	for _, m := range links {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("the link %q leads nowhere: %v", m[1], err)
		}
	}
}

// quoted are the words of the product that the first column of a table names.
var quoted = regexp.MustCompile("`([^`]+)`")

// foreign are texts that the product puts together from parts.
var foreign = []string{"inventory", "line N"}

// Whoever changes the text of an error finds the page that explains it.
func TestTroubleshootingQuotesTheProduct(t *testing.T) {
	product := source(t)
	checked := 0
	for line := range strings.Lines(read(t, filepath.Join(root, "templates/guides/troubleshooting.md.tmpl"))) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			for part := range strings.SplitSeq(m[1], "...") {
				part = strings.Trim(part, " :;()")
				if len(part) < 5 || slices.Contains(foreign, part) {
					continue
				}
				checked++
				if !strings.Contains(product, part) {
					t.Errorf("troubleshooting quotes %q, which the product does not say", part)
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d texts were looked for", checked)
	}
}

// joint is where a long text of the product goes on in the next line.
var joint = regexp.MustCompile(`"\s*\+\s*"`)

// source is the text of the product, without its tests and simulators, with
// long strings in one piece and the verbs of formats left out.
func source(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && regexp.MustCompile(`sim$|simlab|test$`).MatchString(d.Name()):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go") || d.IsDir():
			return nil
		}
		text, err := os.ReadFile(path)
		b.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(joint.ReplaceAllString(b.String(), ""), `\"`, `"`)
}

// Every variable that the provider reads is on its first page.
func TestTheIndexNamesEveryVariable(t *testing.T) {
	index := read(t, filepath.Join(root, "templates/index.md.tmpl"))
	for _, name := range regexp.MustCompile(`PROVISION_[A-Z][A-Z_]*[A-Z]`).FindAllString(source(t), -1) {
		short := regexp.MustCompile(`^PROVISION_(CREDENTIALS|JUMP_HOSTS)_.*`).ReplaceAllString(name, "PROVISION_${1}_<NAME>")
		if !strings.Contains(index, short) {
			t.Errorf("the index does not name %s", name)
		}
	}
}
