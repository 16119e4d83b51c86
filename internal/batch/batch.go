package batch

import (
	"context"

	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
)

const (
	// chunkItems bounds the statements in a chunk: many share the cost of handing a
	// chunk on, and few wait for each other.
	chunkItems = 256
	// fewItems is chunkItems where each statement waits for a device or a file of its
	// own: that is slow, so the more workers do it the better.
	fewItems = 16
	// chunkBytes bounds their size, in bytes, unless one alone is larger.
	chunkBytes = 256 << 10
	// aheadPerCore is how many chunks are signed for each core while others wait for
	// the disk: enough that a slow fsync keeps no core waiting.
	aheadPerCore = 2
	// waitersPerCore is how many workers there are for each core where they wait for
	// something else than the core: a device, a service, the disk.
	waitersPerCore = 4
	// maxSpare bounds the memory for a chunk's evidence that is kept for the next
	// one, in bytes.
	maxSpare = 3 * chunkBytes
)

// Options say how a batch is signed.
type Options struct {
	// Signers sign each statement. The uses of those that are an *audit.Signer are
	// recorded, all in one log.
	Signers []dsse.Signer
	// Bundle writes Sigstore bundles, with one signer, instead of bare envelopes.
	Bundle bool
	// Statement is how statements are drafted.
	Statement predicate.Options
	// Cores is how many processors sign at once; 0 stands for GOMAXPROCS. A goroutine
	// in fsync keeps its place among the GOMAXPROCS that run until the runtime takes
	// it away, up to 10 ms later. So to keep all cores at work a program sets
	// GOMAXPROCS to one more than Cores.
	Cores int
	// Write takes the evidence of one statement after the other, in the order of the
	// source, several at a time. It must not keep it.
	Write func(evidence []byte) error
	// Each, if it is set, takes the place of Write: it takes the evidence of one
	// statement, which it must not keep, is called by several goroutines at once, and
	// in no order.
	Each func(ctx context.Context, item Item, evidence []byte) error
}

// Sign signs all statements of source and returns how many there are. It fails
// with the first error in the order of the source. Evidence of statements before
// it may then have been handed on, but no part of one, and nothing of what comes
// after its chunk.
//
// The log has the uses of keys in the order of the source, and for one statement
// in that of the signers. Statements that were signed and not handed on are in it
// all the same: their keys were used.
func Sign(ctx context.Context, source Source, o Options) (int, error) {
	r, err := newRun(o)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r.ctx = ctx
	signed := r.inOrder(r.read(source), r.signAtOnce(), r.newSigning)
	ready := r.record(signed)
	if r.Each != nil {
		ready = r.inOrder(ready, waitersPerCore*r.Cores, r.newHanding)
	}
	n, err := r.handOn(ready)
	// Everybody has ended before Sign returns: no key is used later.
	cancel(err)
	for range ready {
	}
	r.all.Wait()
	return n, err
}
