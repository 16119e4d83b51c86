package batch

import (
	"errors"
	"io"

	"github.com/stellaops/stella/internal/audit"
)

// chunk is a few statements that are signed together. It belongs to one goroutine at
// a time.
type chunk struct {
	items []Item
	text  []byte     // memory for the items' texts
	held  audit.Held // the uses of keys
	out   []byte     // the evidence
	ends  []int      // of each item's evidence
	err   error      // what stands in place of the next item; io.EOF for nothing
	done  chan struct{}
}

// failed returns the error of a chunk, other than the end of the source.
func (c *chunk) failed() error {
	if errors.Is(c.err, io.EOF) {
		return nil
	}
	return c.err
}

// newChunk returns an empty chunk, in used memory if there is some.
func (r *run) newChunk() *chunk {
	if c, ok := r.spare.Get().(*chunk); ok {
		return c
	}
	return &chunk{items: make([]Item, 0, chunkItems), text: make([]byte, 0, chunkBytes), done: make(chan struct{}, 1)}
}

// release keeps the memory of a chunk that nobody needs any more, unless it is
// unusually large.
func (r *run) release(c *chunk) {
	if cap(c.out) > maxSpare {
		c.out = nil
	}
	clear(c.items) // texts may be in memory of their own
	c.items, c.out, c.ends, c.err = c.items[:0], c.out[:0], c.ends[:0], nil
	c.held.Reset()
	r.spare.Put(c)
}

// fill reads at most limit items from source.
func (c *chunk) fill(source Source, limit int) {
	room := c.text
	for size := 0; len(c.items) < limit && size < chunkBytes; {
		item, err := source.Next(room)
		if err != nil {
			c.err = err
			return
		}
		c.items = append(c.items, item)
		size += len(item.Text)
		room = item.Text[len(item.Text):]
	}
}
