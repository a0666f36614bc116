// Package guides holds the tests of what people read first: the guides' examples
// run on real routers (build tag lab), and what the pages say is looked for in
// the product.
package guides
