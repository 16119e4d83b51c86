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

// sessions are the sessions of one signer: as many as are used at once, and no
// more than there is room for.
type sessions struct {
	open func() (session, error)
	room chan nothing // holds one for each session in use

	mu     sync.Mutex
	idle   []session
	closed bool
}

func newSessions(limit int, open func() (session, error)) *sessions {
	return &sessions{open: open, room: make(chan nothing, limit)}
}

// errClosed is a use of a signer after its Close.
var errClosed = errors.New("the signer is closed")

// signed is a signature and the session that made it.
type signed struct {
	signature []byte
	session   session
}

// sign signs in a session of its own. A session whose call failed, or was still
// running when ctx ended, is closed as soon as it can be and not used again:
// what state the token left it in is anybody's guess.
func (p *sessions) sign(ctx context.Context, input []byte) ([]byte, error) {
	select {
	case p.room <- nothing{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	leave := func() { <-p.room }
	made, err := await(ctx, func() (signed, error) {
		made, err := p.signOnce(input)
		if err != nil {
			leave()
		}
		return made, err
	}, func(late signed) {
		late.session.close()
		leave()
	})
	if err != nil {
		return nil, err
	}
	p.put(made.session)
	leave()
	return made.signature, nil
}

func (p *sessions) signOnce(input []byte) (signed, error) {
	s, err := p.take()
	if err != nil {
		return signed{}, err
	}
	signature, err := s.sign(input)
	if err != nil {
		s.close()
		return signed{}, err
	}
	return signed{signature, s}, nil
}

// take returns the session that was used last, which the token still knows best.
func (p *sessions) take() (session, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	if last := len(p.idle) - 1; last >= 0 {
		s := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	return p.open()
}

func (p *sessions) put(s session) {
	p.mu.Lock()
	if !p.closed {
		p.idle = append(p.idle, s)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	s.close()
}

// close closes the idle sessions, and those in use when they come back.
func (p *sessions) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, s := range idle {
		s.close()
	}
}
