package verify

import (
	"context"
	"iter"
)

// sole is the one entry of the first piece while nothing else has come. Most
// verifications are about one file: what its payload is called matters only beside
// another one, and finding out takes reading it once more.

// marked marks the first piece.
func marked(pieces iter.Seq[Piece]) iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		first := true
		for p := range pieces {
			p.first = first
			if first = false; !yield(p) {
				return
			}
		}
	}
}

// settle makes a record of the sole entry, now that it matters.
func (c *collation) settle() error {
	if c.sole == nil {
		return nil
	}
	e := *c.sole
	c.sole = nil
	item, content, err := c.reopen(&e)
	if content != nil {
		defer content.Close()
	}
	id := ""
	if err == nil {
		if id, err = payloadID(item); err != nil {
			err = asMalformed(err)
		}
	}
	e.err = err
	return c.takeRecords(found{records: [][]byte{recordOf(id, e)}})
}

// judgeSole judges the sole entry, if nothing else has come. One that cannot be read
// goes the way of all others, which finds the words for it.
func (c *collation) judgeSole(ctx context.Context) (done bool, err error) {
	if c.sole == nil {
		return false, nil
	}
	j := c.judgeGroup(ctx, &candidates{entries: []entry{*c.sole}})
	if j.results[0].Unread() {
		return false, c.settle()
	}
	return true, c.stream.take(j)
}
