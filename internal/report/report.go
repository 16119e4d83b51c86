// Package report renders verdicts for machines and for pages: each rendering is
// a Writer that takes one result after the other, so that a verdict over a
// million files needs no more memory than one over ten.
//
// Every string of a verdict may be an attacker's (contracts §11): each Writer
// encodes for its own format, and none trusts another's encoding.
package report

import "github.com/stellaops/stella/pkg/verify"

// Writer renders one verdict. Results come in the order in which they are to
// be shown. It is not safe for concurrent use.
type Writer interface {
	// Result adds the verdict over one payload.
	Result(r *verify.Result) error
	// Close ends the rendering with the verdict over all. The report holds
	// everything but the results, which went before it.
	Close(whole *verify.Report) error
}
