// Package report turns what Terraform and the provider write for machines into
// what people read: a plan ("terraform show -json") and a run (the provider's
// events) as one self-contained HTML page, and a plan as Markdown for a merge
// request. It knows no Terraform libraries but the types of the JSON.
//
// Everything that comes in is somebody else's: names, configurations and messages
// are escaped, control characters are made visible, what is marked as sensitive is
// never kept, and what is too long is cut with a note.
package report
