package fleet_test

import (
	"strings"
	"testing"
)

// What two commits concern.
func TestChangedSites(t *testing.T) {
	const all = "ams1\nfra1\nlon1\n"
	for name, c := range map[string]struct {
		change func(j *jobs)
		want   string
	}{
		"nothing":              {func(*jobs) {}, ""},
		"a page":               {func(j *jobs) { j.write("fleet/README.md", "x") }, ""},
		"a root":               {func(j *jobs) { j.write("fleet/sites/fra1/x.tf", "") }, "fra1\n"},
		"its time":             {func(j *jobs) { j.write("fleet/sites/fra1/not_before", "2026-01-01T00:00:00Z\n") }, "fra1\n"},
		"the module":           {func(j *jobs) { j.write("modules/site/x.tf", "") }, all},
		"a module nobody uses": {func(j *jobs) { j.write("modules/device/x.tf", "") }, ""},
		"a module in a module": {func(j *jobs) { j.write("modules/inner/x.tf", "") }, "lon1\n"},
		"the mappings":         {func(j *jobs) { j.edit("fleet/mappings.yaml", "ICMP Ping", "Other") }, all},
		"a file that was not":  {func(j *jobs) { j.write("fleet/known_hosts", "x") }, all},
		"a configuration":      {func(j *jobs) { j.write("fleet/configs/ams1-core1.conf", "x") }, "ams1\n"},
		"two of them": {func(j *jobs) {
			j.write("fleet/configs/ams1-core1.conf", "x")
			j.write("fleet/configs/lon1-access1.xml", "x")
		}, "ams1\nlon1\n"},
		"a virtual machine":      {func(j *jobs) { j.edit("fleet/inventory.yaml", "192.0.2.42", "192.0.2.43") }, "fra1\n"},
		"an object that moves":   {func(j *jobs) { j.edit("fleet/inventory.yaml", "site: fra1", "site: lon1") }, "fra1\nlon1\n"},
		"an object of elsewhere": {func(j *jobs) { j.edit("fleet/inventory.yaml", "site: fra1", "site: nowhere") }, all},
		"a file that is left":    {func(j *jobs) { j.git("rm", "-q", "fleet/configs/ams1-edge2.conf") }, "ams1\n"},
		"the head of the file":   {func(j *jobs) { j.edit("fleet/inventory.yaml", "devices:", "machines:") }, all},
		"a site that is left":    {func(j *jobs) { j.git("rm", "-qr", "fleet/sites/fra1") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJobs(t)
			if name == "a module in a module" {
				j.edit("fleet/sites/lon1/main.tf", "module \"site\"", "module \"other\" {\n  source = \"../../../modules/outer\"\n}\n\nmodule \"site\"")
				j.write("modules/outer/main.tf", "module \"inner\" {\n  source = \"../inner\"\n}\n")
				j.write("modules/inner/main.tf", "")
				j.commit()
			}
			c.change(j)
			j.commit()
			if got := j.run(0, "changed HEAD^"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestChangedRefuses(t *testing.T) {
	j := newJobs(t)
	for _, base := range []string{"nosuch", "--output=x", "base:fleet"} {
		says(t, j.run(1, "changed "+base), "changed: git rev-parse", "are both commits in this clone")
	}
	if got := j.run(0, "changed "+strings.Repeat("0", 40)); got != "ams1\nfra1\nlon1\n" {
		t.Errorf("of a new branch: %q", got)
	}
	says(t, j.run(0, "all"), "ams1\nfra1\nlon1\n")
	if got := j.run(0, "all fra1"); got != "fra1\n" {
		t.Errorf("one: %q", got)
	}
	for _, name := range []string{"nosuch", "../sites/ams1", "."} {
		says(t, j.run(1, "all "+name), "there is no such folder in fleet/sites/")
	}
	says(t, j.run(1, "all", "SITES=modules/nothing"), "set SITES")
	says(t, j.run(2, "destroy ams1"), "usage")
	says(t, j.run(2, "plan"), "usage")
}
