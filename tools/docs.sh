#!/bin/bash
# docs.sh: generates docs/ from the provider's schemas, templates/ and
# examples/, and the tables of the modules' READMEs from their variables and
# outputs, and says what changed. Works without a network: the schemas come from
# the provider built here, as a Terraform that knows actions and lists gives them.
set -euo pipefail
cd "$(dirname "$0")/.."

generator=$(tools/tool.sh tfplugindocs) tables=$(tools/tool.sh terraform-docs) terraform=$(tools/tool.sh terraform)
work=$(mktemp -d "${TMPDIR:-/tmp}/provision-docs.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=$work/terraformrc

go build -o "$work/terraform-provider-provision" .
cat >"$work/terraformrc" <<X2
provider_installation {
  dev_overrides { "netprovision/provision" = "$work" }
  direct {}
}
X2
cat >"$work/main.tf" <<'X2'
terraform {
  required_providers {
    provision = { source = "netprovision/provision" }
  }
}
X2
# The generator knows a provider under the name hashicorp/NAME, and no type
# whose name does not begin with the provider's: zabbix_agent_host gets the
# prefix for it, and loses it again on the pages.
"$terraform" -chdir="$work" providers schema -json |
	sed -e 's|registry.terraform.io/netprovision/provision|registry.terraform.io/hashicorp/provision|' \
		-e 's|"zabbix_agent_host":|"provision_zabbix_agent_host":|g' >"$work/schema.json"

[ ! -d examples ] || "$terraform" fmt -recursive examples >/dev/null
mkdir -p docs "$work/before" && cp -r docs "$work/before" && cp --parents examples/modules/*/README.md "$work/before"
for module in examples/modules/*/; do
	"$tables" -c examples/modules/.terraform-docs.yml "$module" >/dev/null
done
"$generator" generate --provider-name provision --rendered-provider-name provision --providers-schema "$work/schema.json" >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
for page in docs/resources/zabbix_agent_host.md docs/data-sources/zabbix_agent_host.md docs/list-resources/zabbix_agent_host.md; do
	[ ! -e $page ] || sed -i.orig 's/provision_zabbix_agent_host/zabbix_agent_host/g' $page && rm -f $page.orig
done
for page in docs examples/modules; do
	# The modules' other files are not compared: they are nobody's output.
	diff -rq "$work/before/$page" $page | grep -v "^Only in examples/modules" || :
done >"$work/changes"
if [ -s "$work/changes" ]; then
	sed -e 's/^Files .* and \(.*\) differ$/  changed  \1/' \
		-e 's/^Only in [^:]*\/before\/\([^:]*\): /  removed  \1\//' -e 's/^Only in \(docs[^:]*\): /  new      \1\//' "$work/changes"
	echo "docs: commit these with what changed them"
else
	echo "docs: nothing changed"
fi
