//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"errors"
	"sync"
)

// session signs with one key, in a conversation with the token that is for one
// goroutine at a time (PKCS #11 2.40, section 2.6.7).
type session interface {
	// sign signs a digest, or for Ed25519 the message.
	sign(input []byte) ([]byte, error)
	close()
}

// worker is a session and the one goroutine that calls it. A caller who waits
// for it can leave, which nobody can who is inside a library; and that the
// goroutine stays saves growing a stack for each signature.
type worker struct {
	calls   chan []byte // what is to be signed; closed to end the worker
	answers chan answer // one for each call, which is never waited for
	done    chan nothing
}

type answer struct {
	signature []byte
	err       error
}

func newWorker(open func() (session, error)) *worker {
	w := &worker{make(chan []byte, 1), make(chan answer, 1), make(chan nothing)}
	go w.work(open)
	return w
}

// work signs until a call fails, and then only says so.
func (w *worker) work(open func() (session, error)) {
	defer close(w.done)
	s, err := open()
	for input := range w.calls {
		var signature []byte
		if err == nil {
			if signature, err = s.sign(input); err != nil {
				s.close()
			}
		}
		w.answers <- answer{signature, err}
	}
	if err == nil {
		s.close()
	}
}

// sessions are the sessions of one signer: as many as are used at once, and no
// more than there is room for.
type sessions struct {
	open func() (session, error)
	room chan nothing // holds one for each session in use

	mu     sync.Mutex
	idle   []*worker
	closed bool
}

func newSessions(limit int, open func() (session, error)) *sessions {
	return &sessions{open: open, room: make(chan nothing, limit)}
}

// errClosed is a use of a signer after its Close.
var errClosed = errors.New("the signer is closed")

// sign signs in a session of its own. A session whose call failed, or was still
// running when ctx ended, is closed as soon as it can be and not used again:
// what state the token left it in is anybody's guess.
func (p *sessions) sign(ctx context.Context, input []byte) ([]byte, error) {
	select {
	case p.room <- nothing{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w, err := p.take()
	if err != nil {
		<-p.room
		return nil, err
	}
	w.calls <- input
	select {
	case a := <-w.answers:
		p.put(w, a.err)
		<-p.room
		return a.signature, a.err
	case <-ctx.Done():
		go func() {
			<-w.answers
			close(w.calls)
			<-w.done
			<-p.room
		}()
		return nil, ctx.Err()
	}
}

// take returns the session that was used last, which the token still knows best.
func (p *sessions) take() (*worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	if last := len(p.idle) - 1; last >= 0 {
		w := p.idle[last]
		p.idle = p.idle[:last]
		return w, nil
	}
	return newWorker(p.open), nil
}

// put takes a session back, or ends it if it failed or nobody will want it.
func (p *sessions) put(w *worker, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || p.closed {
		close(w.calls)
		return
	}
	p.idle = append(p.idle, w)
}

// close ends the idle sessions and waits for that. Those in use end when they
// come back.
func (p *sessions) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, w := range idle {
		close(w.calls)
		<-w.done
	}
}
