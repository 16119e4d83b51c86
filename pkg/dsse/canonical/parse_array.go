package canonical

// A run is a sequence of neighbouring elements of an array that need no list:
// one record covers them all, commas included.
type run struct {
	start, end int
	before     int // the parser's changes at start
	after      int // and at end
}

func (r run) record() record {
	kind := kindRewrite
	if r.before == r.after {
		kind = kindVerbatim
	}
	return newRecord(kind, r.start, r.end-r.start)
}

// array reads the array at i, which is its opening bracket.
func (p *parser) array(i, depth int) (int, record) {
	base := p.pieces.len()
	i = p.skip(i + 1)
	if p.at(i) == ']' {
		return i + 1, 0
	}
	run := run{start: i, end: i, before: p.changes()}
	for n := 0; ; n++ {
		end, list := p.value(i, depth)
		if end < 0 {
			p.failure.inElement(n)
			return -1, 0
		}
		if list == 0 {
			run.end, run.after = end, p.changes()
		} else {
			p.addRun(run)
			p.pieces.push(list)
		}
		end = p.skip(end)
		if c := p.at(end); c != ',' {
			if c != ']' {
				return p.wanted(end, `"," or "]" after an element`), 0
			}
			return end + 1, p.closeArray(base, run, list)
		}
		i = p.skip(end + 1)
		if list != 0 {
			run.start, run.end, run.before = i, i, p.changes()
		}
	}
}

// addRun puts a run, unless it is empty, on the stack of pieces.
func (p *parser) addRun(r run) {
	if r.end > r.start {
		p.pieces.push(r.record())
	}
}

// closeArray writes the pieces from base on, if there are any, into the index.
// last is the list of the last element, if it had one.
func (p *parser) closeArray(base int, r run, last record) record {
	if p.pieces.len() == base {
		return 0
	}
	if last == 0 {
		p.addRun(r)
	}
	first, n := p.index.len(), p.pieces.len()-base
	for i := range n {
		p.index.push(p.pieces.at(base + i))
	}
	p.pieces.truncate(base)
	return newRecord(kindArray, first, n)
}
