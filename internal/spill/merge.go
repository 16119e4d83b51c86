package spill

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
)

// cursor stands on one record of a run.
type cursor struct {
	r      *bufio.Reader // nil for what is in memory
	record []byte
	spans  []span // of memory, after record
	arena  []byte
}

// next goes to the next record, or fails with io.EOF after the last.
func (c *cursor) next() error {
	if c.r == nil {
		if len(c.spans) == 0 {
			return io.EOF
		}
		c.record, c.spans = c.arena[c.spans[0].start:c.spans[0].end], c.spans[1:]
		return nil
	}
	n, err := binary.ReadUvarint(c.r)
	if err != nil {
		return err
	}
	if uint64(cap(c.record)) < n {
		c.record = make([]byte, n)
	}
	c.record = c.record[:n]
	_, err = io.ReadFull(c.r, c.record)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the length was there
	}
	return err
}

// cursors is a heap by record.
type cursors []*cursor

func (c cursors) Len() int           { return len(c) }
func (c cursors) Less(i, j int) bool { return bytes.Compare(c[i].record, c[j].record) < 0 }
func (c cursors) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)        { *c = append(*c, x.(*cursor)) } //nolint:errcheck,forcetypeassert // heap.Interface
func (c *cursors) Pop() any {
	old := *c
	last := old[len(old)-1]
	*c = old[:len(old)-1]
	return last
}

// merge calls emit with every record of runs and of memory, in order.
func (s *Sorter) merge(runs []run, emit func([]byte) error) error {
	all := cursors{{arena: s.arena, spans: s.records}}
	for _, r := range runs {
		all = append(all, &cursor{r: bufio.NewReaderSize(io.NewSectionReader(s.file, r.off, r.size), bufferSize)})
	}
	live := all[:0]
	for _, c := range all {
		switch err := c.next(); {
		case err == nil:
			live = append(live, c)
		case !errors.Is(err, io.EOF):
			return err
		}
	}
	return s.drain(live, emit)
}

func (s *Sorter) drain(live cursors, emit func([]byte) error) error {
	heap.Init(&live)
	for len(live) > 0 {
		if err := emit(live[0].record); err != nil {
			return err
		}
		switch err := live[0].next(); {
		case err == nil:
			heap.Fix(&live, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&live)
		default:
			return err
		}
	}
	return nil
}
