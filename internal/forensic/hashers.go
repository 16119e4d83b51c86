package forensic

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"runtime"
	"sync"

	"github.com/stellaops/stella/internal/archive"
)

const (
	// hashBlocks is how many blocks there are to read members into, beside two for each hasher.
	hashBlocks = 8
	// maxHashers bounds the goroutines that hash: what reads is soon slower than they are.
	maxHashers = 8
	// sectionBlock is how much a hasher reads at once itself, in bytes. It is hashed while it is in
	// the cache of its core.
	sectionBlock = 128 << 10
	// minSection is the size from which on hashers read members themselves, in bytes. Whoever reads
	// the archive has smaller ones in one reading with what is beside them.
	minSection = 32 << 10
	// maxUnsettled is how many members may be read before the first of them is judged. It does not
	// depend on the machine, so that reports do not, either.
	maxUnsettled = 64
)

// hashers hash members while the next ones are read, each on one core. The zero value is ready;
// close it.
type hashers struct {
	jobs  chan *hashJob
	free  chan []byte
	spare []*hashJob // that were settled
	quit  context.CancelFunc
	wait  sync.WaitGroup
}

func (h *hashers) start(ctx context.Context) {
	if h.jobs != nil {
		return
	}
	n := min(runtime.GOMAXPROCS(0), maxHashers)
	h.jobs, h.free = make(chan *hashJob, maxUnsettled), make(chan []byte, 2*n+hashBlocks)
	for range cap(h.free) {
		h.free <- make([]byte, hashBlock)
	}
	ctx, h.quit = context.WithCancel(ctx)
	for range n {
		h.wait.Go(func() { h.work(ctx) })
	}
}

// work takes the members in their order, so that each that waits has all its blocks or is the one
// that is being read.
func (h *hashers) work(ctx context.Context) {
	sum, block := sha256.New(), make([]byte, sectionBlock)
	for j := range h.jobs {
		sum.Reset()
		if j.section != nil {
			j.err = j.read(ctx, sum, block)
		} else {
			h.take(j, sum)
		}
		sum.Sum(j.sum[:0])
		j.done <- struct{}{}
	}
}

// take hashes the blocks of a member.
func (h *hashers) take(j *hashJob, sum hash.Hash) {
	h.add(j, sum, j.first)
	if j.more != nil {
		for b := range j.more {
			h.add(j, sum, b)
		}
	}
}

func (h *hashers) add(j *hashJob, sum hash.Hash, b []byte) {
	sum.Write(b)
	j.size += int64(len(b))
	h.free <- b[:hashBlock]
}

// hash begins to hash what r has behind first, which is a block of the hashers, and returns when all of it
// was read.
func (h *hashers) hash(first []byte, r io.Reader) (*hashJob, error) {
	j := h.job()
	j.first = first
	if len(first) < hashBlock {
		h.jobs <- j
		return j, nil
	}
	j.more = make(chan []byte, 1)
	defer close(j.more)
	h.jobs <- j
	for {
		b := <-h.free
		n, err := io.ReadFull(r, b)
		j.more <- b[:n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return j, nil // an archive says in its own words that it is truncated
		}
		if err != nil {
			return nil, err
		}
	}
}

// hashSection begins to hash the rest of a member of which j has the beginning.
func (h *hashers) hashSection(j *hashJob, section *archive.Section) {
	j.section = section
	h.jobs <- j
}

// job returns one to fill.
func (h *hashers) job() *hashJob {
	last := len(h.spare) - 1
	if last < 0 {
		return &hashJob{done: make(chan struct{}, 1)}
	}
	j := h.spare[last]
	h.spare = h.spare[:last]
	return j
}

// again takes back a job that is done, for another member.
func (h *hashers) again(j *hashJob) {
	*j = hashJob{done: j.done}
	h.spare = append(h.spare, j)
}

// block reads the first block of a member.
func (h *hashers) block(r io.Reader) ([]byte, error) {
	b := <-h.free
	n, err := readSome(r, b)
	if err != nil {
		h.free <- b
		return nil, err
	}
	return b[:n], nil
}

// readSome fills b, or as much of it as there is.
func readSome(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// close ends what is not hashed yet, which nobody asks for any more.
func (h *hashers) close() {
	if h.jobs != nil {
		h.quit()
		close(h.jobs)
		h.wait.Wait()
		h.jobs = nil
	}
}
