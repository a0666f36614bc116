// Package lifecycle holds the matrix of what can happen to a resource in its
// life, as a table of data (cases_test.go), and the tests that run it: the
// provider's binary as Terraform starts it, against the thing itself. What was
// measured is the guide templates/guides/lifecycle.md.
//
// A further resource runs the same matrix: it implements subject (see
// subject_test.go) in a file of its own.
package lifecycle
