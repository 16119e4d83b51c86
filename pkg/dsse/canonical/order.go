package canonical

import (
	"encoding/binary"
	"slices"
)

// A member is a member of an open object, kept until the object closes and
// the order of its members is known.
type member struct {
	prefix uint64 // the first bytes of the name, so that comparing is mostly one step
	value  record // its list, or the record of the whole member
	name   uint32 // where the unescaped name starts, in the source or the arena
	size   uint32 // its length, with the bits below
	at     uint32 // where the name's literal starts in the source
	raw    uint32 // the literal's length, quotes included
}

// Bits above the length in member.size.
const (
	inArena  = 1 << 31 // the name had escapes and was copied unescaped
	isList   = 1 << 30 // value is a list, and the name needs a record of its own
	sizeMask = isList - 1
)

// few is how many members insertion sort orders faster than the general sort.
const few = 16

// sort orders members by the UTF-16 code units of their names (RFC 8785,
// section 3.2.3). It returns the later one of two with the same name, or nil.
func (p *parser) sort(members []member) *member {
	if len(members) > few {
		slices.SortFunc(members, func(a, b member) int { return p.compare(&a, &b) })
	} else {
		p.sortFew(members)
	}
	for i := 1; i < len(members); i++ {
		a, b := &members[i-1], &members[i]
		if a.prefix == b.prefix && p.compareRest(a, b) == 0 {
			if a.at > b.at {
				return a
			}
			return b
		}
	}
	return nil
}

func (p *parser) sortFew(members []member) {
	for i := 1; i < len(members); i++ {
		if p.compare(&members[i-1], &members[i]) <= 0 {
			continue
		}
		m := members[i]
		j := i
		for ; j > 0 && p.compare(&members[j-1], &m) > 0; j-- {
			members[j] = members[j-1]
		}
		members[j] = m
	}
}

func (p *parser) compare(a, b *member) int {
	switch {
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	}
	return p.compareRest(a, b)
}

// compareRest compares two members whose prefixes are equal. A prefix is
// padded with zeros, and zero is a character, so lengths decide as well.
func (p *parser) compareRest(a, b *member) int {
	return compareNames(p.nameOf(a), p.nameOf(b))
}

func (p *parser) nameOf(m *member) []byte {
	text := p.src
	if m.size&inArena != 0 {
		text = p.names
	}
	return text[m.name:][:m.size&sizeMask]
}

// compareNames compares two UTF-8 texts by their UTF-16 code units.
func compareNames(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+8 <= n && binary.LittleEndian.Uint64(a[i:]) == binary.LittleEndian.Uint64(b[i:]) {
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n {
		return len(a) - len(b)
	}
	return int(rank(a[i])) - int(rank(b[i]))
}

// prefixOf returns the first eight bytes of name as a number that orders as
// the names do. readable is name with what follows it, which saves a loop.
func prefixOf(name, readable []byte) uint64 {
	var x uint64
	switch {
	case len(name) >= 8:
		x = binary.BigEndian.Uint64(name)
	case len(readable) >= 8:
		x = binary.BigEndian.Uint64(readable) &^ (1<<(64-8*len(name)) - 1)
	default:
		for i, c := range name {
			x |= uint64(c) << (56 - 8*i)
		}
	}
	const beyondASCII = 0x8080808080808080
	if x&beyondASCII == 0 {
		return x
	}
	var ranked uint64
	for shift := 56; shift >= 0; shift -= 8 {
		ranked = ranked<<8 | uint64(rank(byte(x>>shift)))
	}
	return ranked
}

// rank maps the bytes of UTF-8 to bytes that order as UTF-16 does: characters
// beyond U+FFFF (first byte F0 to F4) are surrogates in UTF-16 and come before
// U+E000 to U+FFFF (first byte EE and EF). Everything else stays.
func rank(c byte) byte {
	switch {
	case c < 0xee:
		return c
	case c < 0xf0:
		return c + 5
	}
	return c - 2
}

// addName puts the name with the literal src[start:end] on the stack of
// members. It reports whether it stands in canonical order after the previous
// one of the same object, whose members start at base.
func (p *parser) addName(base, start, end int) (inOrder bool) {
	m := member{name: uint32(start + 1), size: uint32(end - start - 2), at: uint32(start), raw: uint32(end - start)}
	literal := p.src[start+1 : end-1]
	if p.escaped {
		m.name = uint32(len(p.names))
		p.names = appendUnescaped(p.names, literal)
		name := p.names[m.name:]
		m.size = uint32(len(name)) | inArena
		m.prefix = prefixOf(name, nil)
	} else {
		m.prefix = prefixOf(literal, p.src[start+1:])
	}
	p.members = append(p.members, m)
	last := len(p.members) - 1
	return last == base || p.compare(&p.members[last-1], &p.members[last]) < 0
}
