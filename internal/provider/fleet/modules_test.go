package fleet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// root is the folder of the module, examples what people copy.
const (
	root     = "../../.."
	examples = root + "/examples"
)

// modules are the names of the modules.
var modules = []string{"agent_host", "device", "site"}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// copyTo copies a folder of examples into a folder.
func copyTo(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(examples, name))); err != nil {
		t.Fatal(err)
	}
}

// The modules pass their own tests.
func TestModules(t *testing.T) {
	binary := acctest.Binary(t)
	for _, name := range modules {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t, binary)
			copyTo(t, w.Dir, filepath.Join("modules", name))
			out := w.Must(0, "test")
			if !regexp.MustCompile(`Success! [1-9]\d* passed, 0 failed`).MatchString(out) {
				t.Errorf("nothing was tested:\n%s", out)
			}
		})
	}
}

// A module with a provider block could neither be used with for_each nor be
// removed.
func TestModulesHaveNoProviderBlock(t *testing.T) {
	for _, name := range modules {
		files, err := filepath.Glob(filepath.Join(examples, "modules", name, "*.tf"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v %v", name, files, err)
		}
		for _, f := range files {
			if regexp.MustCompile(`(?m)^provider "`).MatchString(read(t, f)) {
				t.Errorf("%s has a provider block", f)
			}
		}
	}
}

// An output of what comes and goes would be a change in every other plan.
func TestOutputsReadNothingThatComesAndGoes(t *testing.T) {
	outputs, err := filepath.Glob(filepath.Join(examples, "modules", "*", "outputs.tf"))
	if err != nil || len(outputs) != len(modules) {
		t.Fatalf("%v %v", outputs, err)
	}
	comes := regexp.MustCompile(`\.(diff|diff_by|removes|change_id|uncommitted_diff|agent_state|running_hash)\b|= (provision_device|zabbix_agent_host)\.\w+$`)
	for _, f := range outputs {
		if m := comes.FindString(read(t, f)); m != "" {
			t.Errorf("%s reads %q", f, m)
		}
	}
}

// Every variable is described, checked or of a type that has nothing to check,
// and in the table of the README.
func TestVariablesAreDescribed(t *testing.T) {
	for _, name := range modules {
		dir := filepath.Join(examples, "modules", name)
		table := read(t, filepath.Join(dir, "README.md"))
		blocks := strings.Split(read(t, filepath.Join(dir, "variables.tf")), "variable \"")[1:]
		if len(blocks) < 5 {
			t.Errorf("%s: only %d variables were found", name, len(blocks))
		}
		for _, b := range blocks {
			variable, body, _ := strings.Cut(b, "\"")
			if !strings.Contains(body, "description = ") {
				t.Errorf("%s: %s has no description", name, variable)
			}
			if !strings.Contains(body, "validation {") && !regexp.MustCompile(`type +\S* *= bool`).MatchString(body) {
				t.Errorf("%s: %s is not checked", name, variable)
			}
			if !strings.Contains(table, "| "+variable+" |") {
				t.Errorf("%s: %s is not in the README", name, variable)
			}
		}
	}
}

// sites are the folders of the fleet's sites.
func sites(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(examples, "fleet/sites/*"))
	if err != nil || len(folders) != 3 {
		t.Fatalf("%v %v", folders, err)
	}
	return folders
}

// Who copies the folder of a site changes main.tf and nothing else; a state of
// another site would be a plan to forget that one.
func TestSitesAreAlike(t *testing.T) {
	all := sites(t)
	for _, dir := range all {
		site := filepath.Base(dir)
		for _, same := range []string{"provider.tf", "variables.tf", "outputs.tf"} {
			if read(t, filepath.Join(dir, same)) != read(t, filepath.Join(all[0], same)) {
				t.Errorf("%s of %s is another than that of %s", same, site, filepath.Base(all[0]))
			}
		}
		main := read(t, filepath.Join(dir, "main.tf"))
		for _, line := range []string{fmt.Sprintf("schema_name = %q", site), fmt.Sprintf("site = %q", site)} {
			if !strings.Contains(main, line+"\n") {
				t.Errorf("main.tf of %s has no line %s", site, line)
			}
		}
	}
}

// TestSiteWithoutZabbix makes of a site what the guide says of a fleet without
// Zabbix: it plans, checks and outputs included. It has no devices here, which
// would have to answer.
func TestSiteWithoutZabbix(t *testing.T) {
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	for _, folder := range []string{"fleet", "modules"} {
		copyTo(t, filepath.Join(w.Dir, folder), folder)
	}
	dir := filepath.Join(w.Dir, "fleet/sites/ams1")
	block := regexp.MustCompile(`(?s)\n  zabbix = \{\n.*?\n  \}\n`)
	provider := read(t, filepath.Join(dir, "provider.tf"))
	if !block.MatchString(provider) {
		t.Fatal("provider.tf has no zabbix")
	}
	acctest.Put(t, filepath.Join(dir, "provider.tf"), block.ReplaceAllString(provider, "\n"))
	acctest.Put(t, filepath.Join(w.Dir, "fleet/known_hosts"), "")
	acctest.Put(t, filepath.Join(dir, "main.tf"), `module "site" {
  source = "../../../modules/site"

  site    = "ams1"
  devices = { roles = ["nobody"], allow_empty = true }
  nightly = var.nightly

  monitoring = { devices = false, virtual_machines = false }
}
`)
	w.Must(0, "-chdir="+dir, "get")
	out := w.Must(0, "-chdir="+dir, "plan", "-no-color", "-var", "nightly=true")
	if !strings.Contains(out, "+ hosts = {}") || strings.Contains(out, "Warning: Check block") {
		t.Errorf("got:\n%s", out)
	}
}

// The roots for one object differ in what they make of it, and in nothing else.
func TestOneObjectRootsAreAlike(t *testing.T) {
	for _, same := range []string{"provider.tf", "variables.tf"} {
		if read(t, filepath.Join(examples, "one-object/device", same)) != read(t, filepath.Join(examples, "one-object/virtual_machine", same)) {
			t.Errorf("%s of the device is another than that of the virtual machine", same)
		}
	}
}

// Each site passes on to the module everything that a run may want otherwise.
func TestSitesPassTheirVariablesOn(t *testing.T) {
	for _, dir := range sites(t) {
		main := read(t, filepath.Join(dir, "main.tf"))
		var names []string
		for _, m := range regexp.MustCompile(`variable "(\w+)"`).FindAllStringSubmatch(read(t, filepath.Join(dir, "variables.tf")), -1) {
			names = append(names, m[1])
			if !regexp.MustCompile(m[1] + ` += var\.` + m[1] + `\n`).MatchString(main) {
				t.Errorf("%s: the module does not get %s", filepath.Base(dir), m[1])
			}
		}
		if !slices.Contains(names, "nightly") {
			t.Errorf("%s: variables are %q", filepath.Base(dir), names)
		}
	}
}
