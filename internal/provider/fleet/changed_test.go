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

// What is known at plan only can be any file of its folder.
func TestChangedSitesOfInterpolations(t *testing.T) {
	j := newJobs(t)
	const other = "fleet/other/ams/r1.conf"
	for _, name := range []string{other, "fleet/other/README.md", "modules/site/x.tf", "templates/edge.tftpl", "templates/deep/core.tftpl"} {
		j.write(name, "# nothing")
	}
	root := j.read(j.dir, "fleet/sites/fra1/outputs.tf")
	for name, c := range map[string]struct {
		hcl, change string
		want        string
	}{
		"a key":                   {`file("${path.root}/../../other/ams/${each.key}.conf")`, other, "fra1\n"},
		"another ending":          {`file("${path.root}/../../other/ams/${each.key}.xml")`, other, ""},
		"another folder":          {`file("${path.root}/../../more/${each.key}.conf")`, other, ""},
		"a folder":                {`file("../../other/${var.site}/r1.conf")`, other, "fra1\n"},
		"all of a folder":         {`fileset("../../other/${var.site}", "*.conf")`, other, "fra1\n"},
		"more than a name":        {`file("../../other/${var.path}")`, other, "fra1\n"},
		"nothing but a dot":       {`file("../../other/${var.path}/r1.conf")`, "fleet/other/r1.conf", "fra1\n"},
		"up and down":             {`file("../../other/${var.path}/../ams/r1.conf")`, other, "fra1\n"},
		"a template":              {`templatefile("${path.module}/../../../templates/${var.role}.tftpl", { a = "b" })`, "templates/edge.tftpl", "fra1\n"},
		"a template further down": {`templatefile("${path.module}/../../../templates/${var.role}.tftpl", {})`, "templates/deep/core.tftpl", "fra1\n"},
		"a text in a text":        {`file("../../other/${lookup(var.sites, "a/b", { c = "${var.d}" }["c"])}/r1.conf")`, other, "fra1\n"},
		"a folder that is given":  {`file("${var.folder}/ams/r1.conf")`, other, "fra1\n"},
		"only what is given":      {`file("${var.folder}/${var.name}")`, other, "fra1\n"},
		"no path":                 {`"${var.address}/${var.length} ${each.key}.${var.domain}"`, other, ""},
		"no path by its looks":    {`"https://${var.host}/x /${var.length} ${var.host} in Zabbix."`, other, ""},
		"a directive":             {`file("../../other/%{ if var.a }ams%{ else }fra%{ endif }/r1.conf")`, other, "fra1\n"},
		"a format":                {`file(format("%s/../../other/%s/r1.conf", path.root, var.site))`, other, "fra1\n"},
		"a sign":                  {`"50% of $1" + file("../../other/ams/r1.conf")`, other, "fra1\n"},
		"a quote in a comment":    {"\"\" # 19\" wide\n y = file(\"../../other/${var.site}/r1.conf\")", other, "fra1\n"},
		"a file that goes":        {`file("../../other/${var.site}/r1.conf")`, "-" + other, "fra1\n"},
	} {
		j.write("fleet/sites/fra1/outputs.tf", root+"\nlocals {\n x = "+c.hcl+"\n}\n")
		j.write(other, "# as ever")
		j.commit()
		if gone, ok := strings.CutPrefix(c.change, "-"); ok {
			j.git("rm", "-q", gone)
		} else {
			j.write(c.change, name)
		}
		j.commit()
		if got := j.run(0, "changed HEAD^"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	j.write("fleet/sites/fra1/outputs.tf", root)
	j.write("fleet/sites/fra1/x.tf.json", `{"locals": {"x": "${file(\"../../other/${var.site}/r1.conf\")}"}}`)
	j.commit()
	j.write(other, "of JSON")
	j.commit()
	if got := j.run(0, "changed HEAD^"); got != "fra1\n" {
		t.Errorf("JSON: %q", got)
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
