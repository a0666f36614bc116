// Package terraform takes the place of what only tests of Terraform use.
package terraform
