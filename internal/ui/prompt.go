package ui

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/term"

	"github.com/stellaops/stella/internal/fault"
)

// Terminal is the user's terminal itself, not standard input: a passphrase can
// be typed while data is piped in.
type Terminal interface {
	io.ReadWriteCloser
	// Raw switches echo and line editing off until restore is called.
	Raw() (restore func() error, err error)
}

// Prompter asks on the terminal that Open returns.
type Prompter struct {
	Open func() (Terminal, error)
	// Secret is the user's word for what is asked for; "" is a passphrase.
	Secret string
}

func (p Prompter) secret() string { return cmp.Or(p.Secret, "passphrase") }

// maxAttempts is how often a new passphrase may be typed differently the
// second time.
const maxAttempts = 3

// Passphrase asks once, with echo off. The terminal is as before when it
// returns, also when ctx ends. Without a terminal the error is the one of
// Open.
func (p Prompter) Passphrase(ctx context.Context, prompt string) ([]byte, error) {
	return p.ask(ctx, func(read readFunc) ([]byte, error) {
		return read(prompt)
	})
}

// NewPassphrase asks for a new secret and asks again for the same. An empty one
// is refused as passphrase.required, whatever kind it is of.
func (p Prompter) NewPassphrase(ctx context.Context, prompt string) ([]byte, error) {
	return p.ask(ctx, func(read readFunc) ([]byte, error) {
		question := prompt
		for range maxAttempts {
			first, err := read(question)
			if err != nil {
				return nil, err
			}
			if len(first) == 0 {
				return nil, fault.New(fault.PassphraseRequired, "the %s is empty", p.secret()).WithHint("run the command again and type one")
			}
			second, err := read("the same again: ")
			if err != nil {
				return nil, err
			}
			if subtle.ConstantTimeCompare(first, second) == 1 {
				return first, nil
			}
			question = "they differ; " + prompt
		}
		return nil, fault.New(fault.PassphraseRequired, "the two %ss differ", p.secret()).
			WithHint("run the command again, or give the %s with --passphrase-file", p.secret())
	})
}

type readFunc func(prompt string) ([]byte, error)

// ask runs dialog with the terminal in raw mode. The mode is set and restored
// by this goroutine, so that no interrupt can come between; a read that is
// still waiting then is left behind, as the process is about to end.
func (p Prompter) ask(ctx context.Context, dialog func(readFunc) ([]byte, error)) ([]byte, error) {
	tty, err := p.Open()
	if err != nil {
		return nil, err
	}
	restore, err := tty.Raw()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("failed to switch off the echo of the terminal: %w", err), tty.Close())
	}
	type answer struct {
		secret []byte
		err    error
	}
	answers := make(chan answer, 1)
	lines := &gate{rw: tty}
	go func() {
		secret, err := dialog(reader(lines))
		answers <- answer{secret, err}
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		a.err = context.Cause(ctx)
		lines.shut()
	}
	if err := restore(); err != nil && a.err == nil {
		a.err = fmt.Errorf("failed to restore the terminal: %w", err)
	}
	if ctx.Err() == nil {
		tty.Close() // closing would wait for the read that was left behind
	}
	return a.secret, a.err
}

// reader returns the line editor of x/term. Ctrl-C and Ctrl-D come as
// characters in raw mode, and it reports both as the end of input.
func reader(rw io.ReadWriter) readFunc {
	lines := term.NewTerminal(rw, "")
	return func(prompt string) ([]byte, error) {
		secret, err := lines.ReadPassword(EscapeMessage(prompt))
		if errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Interrupted, "cancelled at the prompt")
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read from the terminal: %w", err)
		}
		return []byte(secret), nil
	}
}

// gate keeps a dialog that was left behind from writing to the terminal.
type gate struct {
	rw     io.ReadWriter
	mu     sync.Mutex
	closed bool
}

func (g *gate) Read(p []byte) (int, error) { return g.rw.Read(p) }

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return 0, io.ErrClosedPipe
	}
	return g.rw.Write(p)
}

// shut ends the line the cursor is on and lets nothing else through.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	_, _ = io.WriteString(g.rw, "\r\n")
}
