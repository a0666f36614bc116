//go:build lab

package guides_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// mappings are rules for the blocks that read some.
const mappings = "devices: [{name: all, default: true, templates: [ICMP Ping]}]"

// block is a piece of configuration on a page.
var block = regexp.MustCompile("(?s)```(?:terraform|hcl)\n(.*?)```")

// ours is a source that leads to one of the repository's modules.
var ours = regexp.MustCompile(`"(?:\.\./)+modules/(\w+)"`)

// Whoever copies a block from the documentation has something that Terraform takes.
func TestEveryBlockOfTheDocumentationIsValid(t *testing.T) {
	bin, checked := acctest.Binary(t), 0
	for _, path := range documents(t) {
		t.Run(strings.TrimPrefix(path, root+"/"), func(t *testing.T) { checked += validBlocks(t, bin, path) })
	}
	if checked < 55 {
		t.Errorf("only %d blocks were looked at", checked)
	}
}

// documents are the pages with configuration: the documentation, and what stands
// beside the code.
func documents(t *testing.T) []string {
	t.Helper()
	found := []string{filepath.Join(root, "README.md")}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".md" {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// validBlocks validates the blocks of a page, and returns how many there are.
func validBlocks(t *testing.T, bin, path string) int {
	p := &page{Workspace: acctest.NewWorkspace(t, bin)}
	p.Env = append(p.Env, "TF_CLI_CONFIG_FILE="+filepath.Join(p.Dir, "terraform.rc"), "PROVISION_ZABBIX_URL=https://zabbix.example.net", "PROVISION_ZABBIX_TOKEN=t", "PROVISION_NETBOX_TOKEN=t")
	p.Write("mappings.yaml", mappings)
	p.Dir = filepath.Join(p.Dir, "sites", "ams1") // as a site of a fleet is
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	beside(t, p.Workspace, strings.TrimSuffix(filepath.Base(path), ".md"))
	modules, err := filepath.Abs(filepath.Join(root, "examples/modules"))
	if err != nil {
		t.Fatal(err)
	}
	found := block.FindAllStringSubmatch(read(t, path), -1)
	for _, m := range found {
		text := ours.ReplaceAllString(m[1], `"`+modules+`/$1"`)
		if newer.MatchString(text) {
			newerBlock(t, bin, text)
		} else if out := p.refuses(text); out != "" {
			t.Errorf("%s\n%s", text, out)
		}
	}
	return len(found)
}

// page is a folder for the blocks of a page.
type page struct {
	*acctest.Workspace

	whole string // the configuration that the page has made so far
}

// refuses is what the engine says against a block; nothing if it is valid. One that
// does not stand by itself is added to the page's whole configuration, or changes
// what it has of the same name.
func (p *page) refuses(text string) string {
	said, both := p.says(text, ""), p.whole+"\n"+text
	switch {
	case strings.Contains(text, "required_providers") || strings.Contains(text, "module \""):
		if p.whole == "" || p.says(both, "") != "" {
			both = text // a configuration of its own
		}
		p.whole = both
	case p.whole != "" && (said != "" || strings.Contains(text, "module.")):
		if said = p.says(both, ""); said != "" && p.says(p.whole, text) == "" {
			return ""
		}
	}
	return said
}

// says is what the engine says against a configuration, with what it lacks, and
// another that overrides blocks of it.
func (p *page) says(text, override string) string {
	if !strings.Contains(text, "required_providers") {
		text = "terraform {\n  required_providers {\n    provision = { source = \"netprovision/provision\" }\n  }\n}\n" + text
	}
	p.Write("main.tf", text+"\n"+stubs(text))
	p.Write("main_override.tf", override)
	code, out := p.Terraform("get")
	if code == 0 {
		code, out = p.Terraform("validate")
	}
	if code == 0 {
		return ""
	}
	return out
}

// newer is a block that Terraform 1.11 does not know: an action, a list, or an import
// by identity.
var newer = regexp.MustCompile(`(?m)^(action|list) "|^\s*identity\s*= \{`)

// newerBlock validates such a block with an engine that knows it.
func newerBlock(t *testing.T, bin, text string) {
	t.Helper()
	w := acctest.NewWorkspace(t, bin)
	w.Engine = acctest.NewEngine(t)
	w.Write("edge2.conf", "!")
	args := []string{"validate"}
	if strings.Contains(text, "list \"") {
		w.Config()
		w.Write("all.tfquery.hcl", text)
		args = append(args, "-query")
	} else {
		w.Config(text, stubs(text))
	}
	if code, out := w.Terraform(args...); code != 0 {
		t.Errorf("%s\n%s", text, out)
	}
}

// target is the resource that an import or moved block leads to.
var target = regexp.MustCompile(`to\s*=\s*(\w+)\.(\w+)`)

// variable is one that a block reads.
var variable = regexp.MustCompile(`\bvar\.(\w+)`)

// stubs are the resources and variables that a block speaks of and does not have.
func stubs(text string) string {
	var b strings.Builder
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		declared := `variable "` + m[1] + `"`
		if !strings.Contains(text+b.String(), declared) {
			b.WriteString(declared + " {}\n")
		}
	}
	for _, m := range target.FindAllStringSubmatch(text, -1) {
		switch {
		case m[1] == "module":
		case strings.Contains(text, `resource "`+m[1]+`" "`+m[2]+`"`):
		case m[1] == "zabbix_agent_host":
			b.WriteString("resource \"zabbix_agent_host\" \"" + m[2] + "\" {\n  provider = provision\n  device = \"x\"\n}\n")
		default:
			b.WriteString("resource \"" + m[1] + "\" \"" + m[2] + "\" {\n  name = \"x\"\n}\n")
		}
	}
	return b.String()
}

// beside writes the files that configurations read: those of the guide's example,
// and some for those that have none.
func beside(t *testing.T, w *acctest.Workspace, page string) {
	t.Helper()
	for _, dir := range []string{".ssh", "configs"} {
		if err := os.Mkdir(filepath.Join(w.Dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		".ssh/id_ed25519": read(t, filepath.Join(acctest.ReadLab(t).Dir, "id_ed25519")), "mappings.yaml": mappings, "hosts.json": "{}", "edge1.conf": "!", "edge2.conf": "!", "inventory.yaml": "devices: []",
	} {
		w.Write(name, text)
	}
	example := filepath.Join(root, "examples/guides", page)
	if _, err := os.Stat(example); err != nil {
		return
	}
	err := fs.WalkDir(os.DirFS(example), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) != ".tf" {
			w.Write(path, read(t, filepath.Join(example, path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
