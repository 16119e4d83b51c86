package forensic

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"runtime"
	"sync"
)

const (
	// hashBlocks is how many blocks there are to read members into, beside two for each hasher.
	hashBlocks = 8
	// maxHashers bounds the goroutines that hash: what reads is soon slower than they are.
	maxHashers = 8
	// maxUnsettled is how many members may be read before the first of them is judged. It does not
	// depend on the machine, so that reports do not, either.
	maxUnsettled = 64
)

// hashers hash members while the next ones are read, each on one core. The zero value is ready;
// close it.
type hashers struct {
	jobs chan *hashJob
	free chan []byte
	wait sync.WaitGroup
}

// hashJob is a member that is hashed: the first block of it, and those behind it.
type hashJob struct {
	first []byte
	more  chan []byte // nil for no more
	sum   [sha256.Size]byte
	done  sync.WaitGroup
}

func (h *hashers) start() {
	if h.jobs != nil {
		return
	}
	n := min(runtime.GOMAXPROCS(0), maxHashers)
	h.jobs, h.free = make(chan *hashJob, maxUnsettled), make(chan []byte, 2*n+hashBlocks)
	for range cap(h.free) {
		h.free <- make([]byte, hashBlock)
	}
	for range n {
		h.wait.Go(h.work)
	}
}

// work takes the members in their order, so that each that waits has all its blocks or is the one
// that is being read.
func (h *hashers) work() {
	sum := sha256.New()
	for j := range h.jobs {
		sum.Reset()
		h.add(sum, j.first)
		if j.more != nil {
			for b := range j.more {
				h.add(sum, b)
			}
		}
		sum.Sum(j.sum[:0])
		j.done.Done()
	}
}

func (h *hashers) add(sum hash.Hash, b []byte) {
	sum.Write(b)
	h.free <- b[:hashBlock]
}

// hash begins to hash what r has behind first, which is a block of the hashers, and returns when all of it
// was read: its size, and the job, nil if reading failed.
func (h *hashers) hash(first []byte, r io.Reader) (j *hashJob, size int64, err error) {
	j = &hashJob{first: first}
	j.done.Add(1)
	size = int64(len(first))
	if len(first) < hashBlock {
		h.jobs <- j
		return j, size, nil
	}
	j.more = make(chan []byte, 1)
	defer close(j.more)
	h.jobs <- j
	for {
		b := <-h.free
		n, err := io.ReadFull(r, b)
		size += int64(n)
		j.more <- b[:n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return j, size, nil // an archive says in its own words that it is truncated
		}
		if err != nil {
			return nil, size, err
		}
	}
}

// block reads the first block of a member.
func (h *hashers) block(r io.Reader) ([]byte, error) {
	h.start()
	b := <-h.free
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err != nil {
		h.free <- b
		return nil, err
	}
	return b[:n], nil
}

// hex waits until the member is hashed.
func (j *hashJob) hex() string {
	j.done.Wait()
	return hex.EncodeToString(j.sum[:])
}

func (h *hashers) close() {
	if h.jobs != nil {
		close(h.jobs)
		h.wait.Wait()
		h.jobs = nil
	}
}
