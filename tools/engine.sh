# engine.sh: which engine the tests run on; sourced in the folder of the module.
# shellcheck shell=bash

# use_engine terraform|tofu: for the tests that follow, which read these variables.
use_engine() {
	TF_ACC_TERRAFORM_PATH=$(command -v terraform)
	unset TF_ACC_PROVIDER_HOST TF_ACC_PROVIDER_NAMESPACE
	if [ "$1" = tofu ]; then
		TF_ACC_TERRAFORM_PATH=$(tools/tool.sh tofu)
		# Where a provider without a host and a namespace in its address comes from.
		export TF_ACC_PROVIDER_HOST=registry.opentofu.org TF_ACC_PROVIDER_NAMESPACE=hashicorp
	fi
	export TF_ACC_TERRAFORM_PATH
	echo "the tests run on $(CHECKPOINT_DISABLE=1 "$TF_ACC_TERRAFORM_PATH" version | head -n 1)"
}
