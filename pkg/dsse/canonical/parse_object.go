package canonical

import "github.com/stellaops/stella/internal/fault"

// object reads the object at i, which is its opening brace.
func (p *parser) object(i, depth int) (int, record) {
	base, names := len(p.members), len(p.names)
	sorted, listed := true, false
	i = p.skip(i + 1)
	if p.at(i) == '}' {
		return i + 1, 0
	}
	for {
		end, inOrder, hasList := p.member(i, depth, base)
		if end < 0 {
			return -1, 0
		}
		sorted = sorted && inOrder
		listed = listed || hasList
		end = p.skip(end)
		if p.at(end) == '}' {
			i = end + 1
			break
		}
		if p.at(end) != ',' {
			return p.wanted(end, `"," or "}" after a member`), 0
		}
		i = p.skip(end + 1)
	}
	root, ok := p.closeObject(base, sorted, listed)
	if !ok {
		return -1, 0
	}
	p.members, p.names = p.members[:base], p.names[:names]
	return i, root
}

// member reads the member at i and puts it on the stack.
func (p *parser) member(i, depth, base int) (end int, inOrder, hasList bool) {
	if p.at(i) != '"' {
		return p.wanted(i, "a member name in double quotes"), false, false
	}
	start, changes, rewrote := i, p.changes(), p.rewrote
	nameEnd := p.str(i)
	if nameEnd < 0 {
		return -1, false, false
	}
	if nameEnd-start > MaxToken {
		return p.refuse(fault.InputTooLarge, start, longToken("member name")), false, false
	}
	if len(p.members) == MaxMembers {
		return p.refuse(fault.InputTooLarge, start, tooManyMembers(MaxMembers)), false, false
	}
	inOrder = p.addName(base, start, nameEnd)
	this := len(p.members) - 1
	i = p.skip(nameEnd)
	if p.at(i) != ':' {
		return p.wanted(i, `":" after a member name`), false, false
	}
	i = p.skip(i + 1)
	end, list := p.value(i, depth)
	m := &p.members[this]
	switch {
	case end < 0:
		p.failure.inMember(p.nameOf(m))
	case list != 0:
		m.value = list
		m.size |= isList
		return end, inOrder, true
	case p.changes() == changes:
		m.value = newRecord(kindVerbatim, start, end-start)
	default:
		m.value = p.loose(start, nameEnd, i, end, p.rewrote != rewrote)
	}
	return end, inOrder, false
}

// loose returns the record of a member that is not canonical as it stands: its
// name is src[start:nameEnd], its value src[value:end].
func (p *parser) loose(start, nameEnd, value, end int, rewritten bool) record {
	c := p.src[value]
	if !rewritten && c != '{' && c != '[' && p.src[nameEnd] == ':' {
		if r, ok := newPair(start, nameEnd-start, value-nameEnd, end-value); ok {
			return r
		}
	}
	return newRecord(kindRewrite, start, end-start)
}

// closeObject orders the members from base on and, if they were not in order
// or hold what is not, writes their list into the index.
func (p *parser) closeObject(base int, sorted, listed bool) (record, bool) {
	members := p.members[base:]
	if !sorted {
		if m := p.sort(members); m != nil {
			name := p.nameOf(m)
			p.refuse(fault.InputMalformed, int(m.at), duplicate(name))
			p.failure.inMember(name)
			return 0, false
		}
	}
	if sorted && !listed {
		return 0, true
	}
	first := p.index.len()
	for i := range members {
		m := &members[i]
		if m.size&isList != 0 {
			p.index.push(newRecord(kindName, int(m.at), int(m.raw)))
		}
		p.index.push(m.value)
	}
	return newRecord(kindObject, first, p.index.len()-first), true
}
