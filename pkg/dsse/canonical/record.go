package canonical

// A record is one piece of canonical text: four bits of kind, and two fields
// of thirty bits. Records hold no pointers, so the collector never looks at
// them. The zero record stands for none.
type record uint64

// Kinds of records. The fields of the first three are start and length in the
// source; of lists, position of the first record in the index and their number.
const (
	_            = iota
	kindVerbatim // source that is canonical as it stands
	kindRewrite  // source in canonical order: drop white space, rewrite tokens
	kindName     // as kindRewrite, for the name of the list that follows
	kindPair     // a name and a scalar, both canonical, with white space between
	kindObject   // a list whose records are members, in canonical order
	kindArray    // a list whose records are elements or several with commas
)

const (
	fieldBits = 30
	fieldMask = 1<<fieldBits - 1
)

func newRecord(kind, a, b int) record {
	return record(kind)<<(2*fieldBits) | record(a)<<fieldBits | record(b)
}

func (r record) kind() int { return int(r >> (2 * fieldBits)) }
func (r record) a() int    { return int(r>>fieldBits) & fieldMask }
func (r record) b() int    { return int(r) & fieldMask }

// Widths of what a pair packs into its second field.
const (
	pairNameBits  = 7
	pairGapBits   = 3
	pairValueBits = 20
)

// newPair returns the record of a member whose name, colon and white space,
// and value have these lengths, if they fit.
func newPair(start, name, gap, value int) (record, bool) {
	if name >= 1<<pairNameBits || gap >= 1<<pairGapBits || value >= 1<<pairValueBits {
		return 0, false
	}
	return newRecord(kindPair, start, name<<(pairGapBits+pairValueBits)|gap<<pairValueBits|value), true
}

// pair takes the second field of a pair apart.
func (r record) pair() (name, gap, value int) {
	b := r.b()
	return b >> (pairGapBits + pairValueBits), b >> pairValueBits & (1<<pairGapBits - 1), b & (1<<pairValueBits - 1)
}

// store is a sequence of records in chunks, so that growing never copies more
// than one chunk or leaves a large hole behind.
type store struct {
	chunks [][]record
}

const (
	chunkBits = 15
	chunkSize = 1 << chunkBits
)

func (s *store) len() int {
	if len(s.chunks) == 0 {
		return 0
	}
	last := len(s.chunks) - 1
	return last<<chunkBits + len(s.chunks[last])
}

func (s *store) at(i int) record { return s.chunks[i>>chunkBits][i&(chunkSize-1)] }

func (s *store) push(r record) {
	last := len(s.chunks) - 1
	switch {
	case last < 0:
		s.chunks = append(s.chunks, make([]record, 0, 16)) // most texts are small
		last = 0
	case len(s.chunks[last]) == chunkSize:
		s.chunks = append(s.chunks, make([]record, 0, chunkSize))
		last++
	}
	s.chunks[last] = append(s.chunks[last], r)
}

// truncate drops all records from position n on. It keeps one chunk, because a
// stack of records is emptied often.
func (s *store) truncate(n int) {
	if n >= s.len() {
		return
	}
	keep := max(1, (n+chunkSize-1)>>chunkBits)
	clear(s.chunks[keep:])
	s.chunks = s.chunks[:keep]
	s.chunks[keep-1] = s.chunks[keep-1][:n-(keep-1)<<chunkBits]
}
