package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify/material"
)

// The bounds of the proofs about one signature that stand in other pieces of evidence
// than its own: those that are held to it are one bundle's worth.
const (
	maxElsewhere      = material.MaxEntries
	maxElsewhereBytes = bundle.MaxLoose
)

// materials are what stands beside the signatures of one payload. Each is judged once
// for each signature: copies of a piece of evidence cost as much as their number, and
// not as much as there are pairs of them.
type materials struct {
	sums   [][sha256.Size]byte // of the material of each item
	about  map[string][]int    // the items with different material about a signature
	judged map[heldTo]beside
}

// heldTo is material, by its sum, with the signature and the key that it is held to.
type heldTo struct {
	signature, key string
	sum            [sha256.Size]byte
}

// held is a verified signature that material is held to.
type held struct {
	material.Signed
	key string // which key or certificate it is by
}

// newMaterials finds the material in a group, and what of it is the same.
func newMaterials(g group) *materials {
	m := &materials{sums: make([][sha256.Size]byte, len(g)), about: make(map[string][]int), judged: make(map[heldTo]beside)}
	for i := range g {
		m.sums[i] = materialSum(&g[i])
		signature := string(signatureIn(g[i]))
		same := func(other int) bool { return m.sums[other] == m.sums[i] }
		if signature != "" && proofBytes(&g[i].Material) > 0 && !slices.ContainsFunc(m.about[signature], same) {
			m.about[signature] = append(m.about[signature], i)
		}
	}
	return m
}

// proofBytes is the length of log entries and time stamps as they stand.
func proofBytes(m *bundle.Material) int {
	n := len(m.Timestamps)
	for _, entry := range m.LogEntries {
		n += len(entry)
	}
	return n
}

// materialSum is equal for items whose material comes to the same for one signature.
func materialSum(item *bundle.Item) (sum [sha256.Size]byte) {
	h := sha256.New()
	m := &item.Material
	parts := [][]byte{[]byte(item.Version), m.Timestamps, m.Stamped}
	for _, entry := range m.LogEntries {
		parts = append(parts, entry)
	}
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum
}

// beside judges the material of an item, once for each signature by a key.
func (j *judgement) beside(item bundle.Item, sum [sha256.Size]byte, to *held) beside {
	id := heldTo{string(to.Signature), to.key, sum}
	known, ok := j.materials.judged[id]
	if !ok {
		known = j.judgeBeside(item, to.Signed)
		j.materials.judged[id] = known
	}
	return known
}

// elsewhere judges the material about a signature in other pieces of evidence. More of
// it than is looked at is an error: what was left out might be what decides.
func (j *judgement) elsewhere(at int, to *held) ([]beside, error) {
	var out []beside
	proofs, size := 0, 0
	for _, i := range j.materials.about[string(to.Signature)] {
		if j.materials.sums[i] == j.materials.sums[at] {
			continue
		}
		size += proofBytes(&j.group[i].Material)
		if size > maxElsewhereBytes {
			return nil, tooMuchElsewhere(j.group[at])
		}
		b := j.beside(j.group[i], j.materials.sums[i], to)
		if proofs += len(b.entries) + len(b.stamps); proofs > maxElsewhere {
			return nil, tooMuchElsewhere(j.group[at])
		}
		out = append(out, b)
	}
	return out, nil
}

func tooMuchElsewhere(item bundle.Item) error {
	return fault.New(fault.InputTooLarge, "%s: other pieces of evidence hold more proofs about the same signature than the limit of %d, or of %d bytes", where(item), maxElsewhere, maxElsewhereBytes).
		WithHint("leave out pieces that have the signature again, with other proofs")
}
