package spill

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/stellaops/stella/internal/input"
)

const (
	// perRecord is what a record in memory takes beside its bytes.
	perRecord = 16
	// maxRuns bounds the runs that are merged at once: each has a buffer.
	maxRuns = 64
	// bufferSize is that of each run while it is read or written, in bytes.
	bufferSize = 16 << 10
)

// Sorter sorts byte strings by bytes.Compare. First all are added, then they are
// read, any number of times. It is not safe for concurrent use. Close it.
type Sorter struct {
	what    string
	memory  int
	arena   []byte
	records []span
	file    *input.Scratch // nil as long as all is in memory
	runs    []run
	end     int64 // of the file
}

// span is a record in the arena.
type span struct {
	start, end uint32
	key        uint64 // orders most pairs of records by itself, once sort has set it
}

// run is a sorted part of the file.
type run struct{ off, size int64 }

// NewSorter returns an empty Sorter that holds about memory bytes, less than 2 GiB,
// before it uses a file. Errors call the records what.
func NewSorter(what string, memory int) *Sorter { return &Sorter{what: what, memory: memory} }

// Add adds a copy of record, which is shorter than the memory.
func (s *Sorter) Add(record []byte) error {
	if len(s.arena)+len(record)+perRecord*(len(s.records)+1) > s.memory && len(s.records) > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	start := uint32(len(s.arena))
	s.arena = append(s.arena, record...)
	s.records = append(s.records, span{start: start, end: uint32(len(s.arena))})
	return nil
}

// Spilled reports whether there is more than the memory holds.
func (s *Sorter) Spilled() bool { return s.file != nil }

// Close gives back memory and file.
func (s *Sorter) Close() error {
	s.arena, s.records, s.runs = nil, nil, nil
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

// Sorted returns all records in order. A record may be used until the next one. An
// error is the last element.
func (s *Sorter) Sorted() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s.sort()
		if len(s.runs) == 0 {
			for _, r := range s.records {
				if !yield(s.arena[r.start:r.end:r.end], nil) {
					return
				}
			}
			return
		}
		if err := s.merge(s.runs, func(record []byte) error {
			if !yield(record, nil) {
				return errEnough
			}
			return nil
		}); err != nil && !errors.Is(err, errEnough) {
			yield(nil, input.KeepFailed(s.what, err))
		}
	}
}

var errEnough = errors.New("enough")

// sort sorts what is in memory. Records often begin alike, such as the names in one
// directory: what tells most of them apart are the first bytes behind that, which are
// compared as one number.
func (s *Sorter) sort() {
	if len(s.records) < 2 {
		return
	}
	alike := uint32(s.alike())
	for i := range s.records {
		r := &s.records[i]
		r.key = keyOf(s.arena[r.start+alike : r.end])
	}
	slices.SortFunc(s.records, func(a, b span) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return bytes.Compare(s.arena[a.start:a.end], s.arena[b.start:b.end])
	})
}

// alike returns how many bytes all records in memory begin with.
func (s *Sorter) alike() int {
	first := s.records[0]
	common := s.arena[first.start:first.end]
	for _, r := range s.records {
		record := s.arena[r.start:r.end]
		common = common[:min(len(common), len(record))]
		for i := range common {
			if common[i] != record[i] {
				common = common[:i]
				break
			}
		}
	}
	return len(common)
}

// keyOf returns the first eight bytes as a number. What is shorter ends in zeros: it does
// not come behind what it is the beginning of.
func keyOf(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var short [8]byte
	copy(short[:], b)
	return binary.BigEndian.Uint64(short[:])
}

// flush writes what is in memory to the file as one run.
func (s *Sorter) flush() error {
	if s.file == nil {
		file, err := input.NewScratch(s.what)
		if err != nil {
			return err
		}
		s.file = file
	}
	s.sort()
	err := s.write(func(write func([]byte) error) error {
		for _, r := range s.records {
			if err := write(s.arena[r.start:r.end]); err != nil {
				return err
			}
		}
		return nil
	})
	s.arena, s.records = s.arena[:0], s.records[:0]
	if err != nil || len(s.runs) < maxRuns {
		return err
	}
	return s.compact()
}

// compact makes one run of all.
func (s *Sorter) compact() error {
	runs := s.runs
	s.runs = nil
	return s.write(func(write func([]byte) error) error { return s.merge(runs, write) })
}

// write appends a run of the records that each gives to its argument.
func (s *Sorter) write(each func(func([]byte) error) error) error {
	counted := &countingWriter{w: io.NewOffsetWriter(s.file, s.end)}
	w := bufio.NewWriterSize(counted, bufferSize)
	var length [binary.MaxVarintLen64]byte
	err := each(func(record []byte) error {
		_, _ = w.Write(length[:binary.PutUvarint(length[:], uint64(len(record)))])
		_, err := w.Write(record) // a writer keeps its first error
		return err
	})
	if err = cmp.Or(err, w.Flush()); err != nil {
		return input.KeepFailed(s.what, err)
	}
	s.runs = append(s.runs, run{s.end, counted.n})
	s.end += counted.n
	return nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
