package forensic

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// The recipes for a Merkle root.
const (
	RecipeRFC6962   = "rfc6962-sha256"
	RecipeChecksums = "checksums-sha256"
)

// tree is a root as it forms from the lines of checksums.txt.
type tree interface {
	add(line []byte) error
	root() (string, error) // in hex
}

// newTree returns the tree of a recipe.
func newTree(recipe string) (tree, error) {
	switch recipe {
	case RecipeRFC6962:
		return newMerkle(nil), nil
	case RecipeChecksums, "": // the original names none
		return &flat{sha256.New()}, nil
	}
	return nil, fmt.Errorf("the recipe %.100q for its root is unknown: %s and %s are read", recipe, RecipeRFC6962, RecipeChecksums)
}

// merkle is the tree of RFC 6962, of which only the right edge is held.
type merkle struct {
	edge *compact.Range
	size uint64
	// wanted are nodes whose hashes are kept when they form, nil for none.
	wanted map[compact.NodeID][]byte
}

func newMerkle(wanted []compact.NodeID) *merkle {
	m := &merkle{edge: (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)}
	if wanted != nil {
		m.wanted = make(map[compact.NodeID][]byte, len(wanted))
		for _, id := range wanted {
			m.wanted[id] = nil
		}
	}
	return m
}

func (m *merkle) add(line []byte) error {
	m.size++
	return m.edge.Append(rfc6962.DefaultHasher.HashLeaf(line), m.visit())
}

func (m *merkle) visit() compact.VisitFn {
	if m.wanted == nil {
		return nil
	}
	return func(id compact.NodeID, hash []byte) {
		if _, ok := m.wanted[id]; ok {
			m.wanted[id] = hash
		}
	}
}

func (m *merkle) root() (string, error) {
	if m.size == 0 {
		return hex.EncodeToString(rfc6962.DefaultHasher.EmptyRoot()), nil
	}
	root, err := m.edge.GetRootHash(nil)
	return hex.EncodeToString(root), err
}

// path returns the inclusion proof of the leaf that nodes is about.
func (m *merkle) path(nodes proof.Nodes) ([][]byte, error) {
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		if hashes[i] = m.wanted[id]; hashes[i] == nil {
			return nil, fmt.Errorf("the tree has no node %v", id)
		}
	}
	return nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
}

// flat is the older recipe.
type flat struct{ sum hash.Hash }

func (f *flat) add(line []byte) error {
	f.sum.Write(line)
	return nil
}

func (f *flat) root() (string, error) { return hex.EncodeToString(f.sum.Sum(nil)), nil }
