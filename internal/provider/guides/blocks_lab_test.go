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

// block is a piece of configuration on a page.
var block = regexp.MustCompile("(?s)```(?:terraform|hcl)\n(.*?)```")

// Whoever copies a block from the documentation has something that Terraform takes.
func TestEveryBlockOfTheDocumentationIsValid(t *testing.T) {
	bin, checked := acctest.Binary(t), 0
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "import-zabbix-hosts.md" { // excerpts; a test runs its example
			return err
		}
		t.Run(strings.TrimPrefix(path, filepath.Join(root, "docs")+"/"), func(t *testing.T) {
			checked += validBlocks(t, bin, path)
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 20 {
		t.Errorf("only %d blocks were looked at", checked)
	}
}

// validBlocks validates the blocks of a page, and returns how many there are. One
// that does not stand by itself goes with the page's whole configuration.
func validBlocks(t *testing.T, bin, path string) int {
	w := acctest.NewWorkspace(t, bin)
	w.Env = append(w.Env, "HOME="+w.Dir, "PROVISION_ZABBIX_TOKEN=t", "PROVISION_NETBOX_TOKEN=t")
	beside(t, w, strings.TrimSuffix(filepath.Base(path), ".md"))
	found := block.FindAllStringSubmatch(read(t, path), -1)
	whole := ""
	for _, m := range found {
		text := m[1]
		if strings.Contains(text, "module ") || strings.Contains(text, "module.") {
			continue // of examples/fleet, which has tests of its own
		}
		if strings.Contains(text, "required_providers") {
			whole = text
			w.Write("main.tf", text)
		} else {
			w.Config(text, stubs(text))
		}
		if newer.MatchString(text) {
			newerBlock(t, bin, text)
			continue
		}
		code, out := w.Terraform("validate")
		if code != 0 && whole != "" && whole != text {
			w.Write("main.tf", whole+"\n"+text)
			code, out = w.Terraform("validate")
		}
		if code != 0 {
			t.Errorf("%s\n%s", text, out)
		}
	}
	return len(found)
}

// newer is a block that needs Terraform 1.14.
var newer = regexp.MustCompile(`(?m)^(action|list) "`)

// newerBlock validates actions, or lists, with an engine that knows them.
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
		w.Config(text)
	}
	if code, out := w.Terraform(args...); code != 0 {
		t.Errorf("%s\n%s", text, out)
	}
}

// target is the resource that an import or moved block leads to.
var target = regexp.MustCompile(`to\s*=\s*(\w+)\.(\w+)`)

// stubs are the resources that a block speaks of and does not have.
func stubs(text string) string {
	var b strings.Builder
	for _, m := range target.FindAllStringSubmatch(text, -1) {
		switch {
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
		".ssh/id_ed25519": read(t, filepath.Join(acctest.ReadLab(t).Dir, "id_ed25519")), "mappings.yaml": "{}", "hosts.json": "[]", "edge1.conf": "!", "edge2.conf": "!", "inventory.yaml": "devices: []",
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
