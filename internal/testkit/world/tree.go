package world

import (
	"fmt"
	"sync"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// strangers is how many entries a log holds before the first of ours, so that
// no tree is so small that its proof is empty.
const strangers = 5

// A tree is the Merkle tree of a log (RFC 6962, section 2), with every node
// kept. It may be used from several goroutines.
type tree struct {
	mu    sync.Mutex
	whole *compact.Range
	nodes map[compact.NodeID][]byte
}

// A place is where an entry stands in a tree, with the proof that it does.
type place struct {
	index, size int64
	root        []byte
	proof       [][]byte
}

func newTree() *tree {
	hash := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	t := &tree{whole: hash.NewEmptyRange(0), nodes: map[compact.NodeID][]byte{}}
	for range strangers {
		t.grow(t.stranger())
	}
	return t
}

// add appends an entry, and up to two others behind it: then the proofs of a few
// entries have had every shape.
func (t *tree) add(entry []byte) place {
	t.mu.Lock()
	defer t.mu.Unlock()
	index := t.whole.End()
	t.grow(entry)
	for range index % 3 {
		t.grow(t.stranger())
	}
	return t.prove(index)
}

// prove makes the inclusion proof of an entry in the whole tree.
func (t *tree) prove(index uint64) place {
	size := t.whole.End()
	path := must(proof.Inclusion(index, size))
	hashes := make([][]byte, len(path.IDs))
	for i, id := range path.IDs {
		hashes[i] = t.nodes[id]
	}
	return place{
		index: int64(index), size: int64(size),
		root:  must(t.whole.GetRootHash(nil)),
		proof: must(path.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)),
	}
}

func (t *tree) grow(entry []byte) {
	keep := func(id compact.NodeID, hash []byte) { t.nodes[id] = hash }
	leaf := rfc6962.DefaultHasher.HashLeaf(entry)
	keep(compact.NewNodeID(0, t.whole.End()), leaf)
	if err := t.whole.Append(leaf, keep); err != nil {
		panic(err)
	}
}

// stranger is an entry that nobody asks for.
func (t *tree) stranger() []byte { return fmt.Appendf(nil, "entry %d", t.whole.End()) }
