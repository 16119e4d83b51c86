package cli

import (
	"io"
	"sync"
)

// pipeSize is how much of a kit may be written and not yet read, in bytes.
const pipeSize = 2 << 20

// pipe is what io.Pipe is, with room in between: compressing a block and checking the
// one before go on at the same time. One goroutine writes and one reads.
type pipe struct {
	mu      sync.Mutex
	changed sync.Cond
	ring    []byte
	at, n   int   // where the bytes begin that wait, and how many they are
	ended   error // of writing: io.EOF at the end
	refused error // of reading: nobody reads any more
}

func newPipe(size int) *pipe {
	p := &pipe{ring: make([]byte, size)}
	p.changed.L = &p.mu
	return p
}

// Write implements io.Writer. It fails with what refuse was given.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	written := 0
	for written < len(b) {
		for p.n == len(p.ring) && p.refused == nil {
			p.changed.Wait()
		}
		if p.refused != nil {
			return written, p.refused
		}
		free := (p.at + p.n) % len(p.ring)
		room := min(len(p.ring)-p.n, len(p.ring)-free)
		n := copy(p.ring[free:free+room], b[written:])
		p.n, written = p.n+n, written+n
		p.changed.Signal()
	}
	return written, nil
}

// Read implements io.Reader. After all that was written it fails with what end was given.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n == 0 && p.ended == nil && len(b) > 0 {
		p.changed.Wait()
	}
	if p.n == 0 && len(b) > 0 {
		return 0, p.ended
	}
	n := copy(b, p.ring[p.at:min(len(p.ring), p.at+p.n)])
	p.at, p.n = (p.at+n)%len(p.ring), p.n-n
	p.changed.Signal()
	return n, nil
}

// end says that nothing more is written; nil stands for the regular end.
func (p *pipe) end(err error) {
	if err == nil {
		err = io.EOF
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = err
	p.changed.Signal()
}

// refuse says that nothing more is read.
func (p *pipe) refuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = err
	p.changed.Signal()
}

// Close implements io.Closer: reading has ended.
func (p *pipe) Close() error {
	p.refuse(io.ErrClosedPipe)
	return nil
}
