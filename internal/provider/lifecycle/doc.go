// Package lifecycle holds the matrix of what can happen to a resource in its
// life, as a table of data (cases_test.go), and the tests that run it: the
// provider's binary as Terraform starts it, against the thing itself. What was
// measured is the guides templates/guides/lifecycle.md, for devices, and
// zabbix-hosts-lifecycle.md.
//
// A further resource runs the same matrix: it implements subject (see
// subject_test.go) in a file of its own, with what must come out for it.
package lifecycle
