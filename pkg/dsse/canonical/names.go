package canonical

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A nameID stands for a member name. A name of up to 15 bytes is its own id:
// equal ids are equal names. A longer one is hashed to 120 bits by two
// functions with secret seeds, drawn anew for every text. Equal names always
// have equal ids, so no duplicate passes; two different long names among
// MaxMembers are taken for duplicates with a chance below 2^-80.
type nameID struct{ lo, hi uint64 }

// shortName is the longest name that is its own id, in bytes: 120 bits, and
// the length in the remaining eight. Hashed names have longName there.
const (
	shortName = 15
	longName  = 0xff
)

// linear is how many members an object has before it gets a hash table.
const linear = 16

// A nameSet holds the names of the members of all open objects, so that a
// duplicate is found when it is read. Both slices are stacks: the innermost
// object is on top.
type nameSet struct {
	limit  int // of all names of open objects
	ids    []nameID
	slots  []uint32 // the open objects' hash tables: 1 + index of an id in its object
	seeds  [2]maphash.Seed
	secret [2]uint64 // keeps short names from choosing their slot
}

// A nameScope is one object's part of a nameSet.
type nameScope struct {
	first int // of its ids
	table int // where its hash table starts
	size  int // of the table, a power of two, or 0 if there is none
}

type nameFault byte

const (
	nameOK nameFault = iota
	nameDuplicate
	nameTooMany
)

func newNameSet(limit int) nameSet {
	return nameSet{
		limit:  limit,
		seeds:  [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		secret: [2]uint64{rand.Uint64(), rand.Uint64()},
	}
}

func (n *nameSet) open() nameScope { return nameScope{first: len(n.ids), table: len(n.slots)} }

func (n *nameSet) close(s nameScope) {
	n.ids, n.slots = n.ids[:s.first], n.slots[:s.table]
}

// add puts a name into the innermost object.
func (n *nameSet) add(s *nameScope, name []byte) nameFault {
	id := n.id(name)
	if len(n.ids) == n.limit {
		return nameTooMany
	}
	if s.size > 0 {
		return n.addToTable(s, id)
	}
	own := n.ids[s.first:]
	for i := range own {
		if own[i] == id {
			return nameDuplicate
		}
	}
	n.ids = append(n.ids, id)
	if len(own) == linear {
		n.rehash(s, 4*linear)
	}
	return nameOK
}

func (n *nameSet) addToTable(s *nameScope, id nameID) nameFault {
	own := n.ids[s.first:]
	slot := n.find(s, id)
	if *slot > 0 {
		return nameDuplicate
	}
	n.ids = append(n.ids, id)
	*slot = uint32(len(own) + 1)
	if 2*len(own) > s.size {
		n.rehash(s, 2*s.size)
	}
	return nameOK
}

// find returns the slot that holds id, or the empty one where it belongs. About
// half of the slots are empty, so the search is short.
func (n *nameSet) find(s *nameScope, id nameID) *uint32 {
	table := n.slots[s.table:][:s.size]
	own := n.ids[s.first:]
	hi, lo := bits.Mul64(id.lo^n.secret[0], id.hi^n.secret[1])
	for i := int(hi ^ lo); ; i++ {
		slot := &table[i&(s.size-1)]
		if *slot == 0 || own[*slot-1] == id {
			return slot
		}
	}
}

// rehash gives the innermost object a table of size slots.
func (n *nameSet) rehash(s *nameScope, size int) {
	n.slots = slices.Grow(n.slots[:s.table], size)[:s.table+size]
	clear(n.slots[s.table:])
	s.size = size
	for i, id := range n.ids[s.first:] {
		*n.find(s, id) = uint32(i + 1)
	}
}

func (n *nameSet) id(name []byte) nameID {
	size := len(name)
	tag := uint64(size) << 56
	switch {
	case size > shortName:
		return nameID{maphash.Bytes(n.seeds[0], name), maphash.Bytes(n.seeds[1], name) | longName<<56}
	case size >= 8:
		last := binary.LittleEndian.Uint64(name[size-8:])
		return nameID{binary.LittleEndian.Uint64(name), last>>(128-8*size) | tag}
	case size >= 4:
		last := binary.LittleEndian.Uint32(name[size-4:])
		return nameID{uint64(binary.LittleEndian.Uint32(name)) | uint64(last)<<32, tag}
	}
	var lo uint64
	for i, c := range name {
		lo |= uint64(c) << (8 * i)
	}
	return nameID{lo, tag}
}
