package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// maxPassphraseSize bounds a passphrase, in bytes. Key files of tools that
// generate their passphrases stay far below it.
const maxPassphraseSize = 4 << 10

// Prompt says what a secret is for.
type Prompt struct {
	// Kind is what is asked for. The zero value is a passphrase.
	Kind SecretKind
	// Key is the key reference or file name, as the user wrote it.
	Key string
	// New is true when the secret will protect a key: a person is asked twice.
	New bool
	// Warning is what the user should know before answering, such as that one
	// try is left; empty for nothing. It is words of ours, never of a device.
	Warning string
}

// SecretKind is a kind of secret. They come from different flags: a wrong PIN
// costs one of few tries, so a passphrase is never tried as one.
type SecretKind int

// The kinds.
const (
	Passphrase SecretKind = iota // of a key file
	PIN                          // of a token; also the auth value of a TPM key
)

// String returns the word for users.
func (k SecretKind) String() string {
	if k == PIN {
		return "PIN"
	}
	return "passphrase"
}

// String returns the text of the question, without a line ending. The key's
// name is quoted, so that it can not draw on a terminal.
func (p Prompt) String() string {
	question := fmt.Sprintf("%s for %q: ", p.Kind, p.Key)
	if p.New {
		question = "new " + question
	}
	if p.Warning != "" {
		question = p.Warning + "; " + question
	}
	return question
}

// Passphrases asks for a passphrase: in a file, in the environment, of a
// program, of a person. The result is never empty when err is nil, and belongs
// to the caller, who overwrites it after use. It is safe for concurrent use.
type Passphrases func(ctx context.Context, p Prompt) ([]byte, error)

// NoPassphrases is the source that has none: it says what to give.
func NoPassphrases(_ context.Context, p Prompt) ([]byte, error) {
	if p.Kind == PIN {
		return nil, fault.New(fault.PINRequired, "%q needs a PIN and there is no terminal to ask for it", p.Key).
			WithHint("give --pin-file FILE, --pin-env VAR or --askpass PROGRAM")
	}
	return nil, fault.New(fault.PassphraseRequired, "%q needs a passphrase and there is no terminal to ask for it", p.Key).
		WithHint("give --passphrase-file FILE, --passphrase-env VAR or --askpass PROGRAM")
}

// PassphraseFile reads the passphrase from a file, or a descriptor given as
// /dev/fd/N, each time that it is asked. One line ending at the end is not
// part of it.
func PassphraseFile(path string) Passphrases {
	return func(context.Context, Prompt) ([]byte, error) {
		secret, err := readPassphraseFile(path)
		if failure, ok := errors.AsType[*fault.Error](err); ok {
			return nil, failure.With("path", path)
		}
		return secret, err
	}
}

func readPassphraseFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(err, "passphrase file %q cannot be read", path)
	}
	defer f.Close()
	return readPassphrase(f, fmt.Sprintf("passphrase file %q", path))
}

// PassphraseProgram runs an askpass program, as ssh does: the question is its
// only argument, the answer its standard output. A status other than 0 means
// that the person declined. It is killed when the context ends.
func PassphraseProgram(program string) Passphrases {
	return func(ctx context.Context, p Prompt) ([]byte, error) {
		cmd := exec.CommandContext(ctx, program, p.String())
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, sourceError(err, "askpass program %q could not be run", program)
		}
		if err := cmd.Start(); err != nil {
			return nil, sourceError(err, "askpass program %q could not be run", program)
		}
		secret, readErr := readPassphrase(out, fmt.Sprintf("answer of askpass program %q", program))
		out.Close() // one that writes on and on gets a broken pipe
		waitErr := cmd.Wait()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case fault.ReasonOf(readErr) == fault.PassphraseSource && waitErr == nil, errors.Is(readErr, errTooLong):
			return nil, readErr
		case waitErr != nil:
			return nil, sourceError(waitErr, "askpass program %q gave no passphrase", program)
		}
		return secret, readErr
	}
}

// Environment gives passphrases and keys out of environment variables. A variable is
// removed as soon as it was read, so that no child process inherits it, and
// remembered for another key that names it. It is safe for concurrent use.
type Environment struct {
	lookup func(string) (string, bool)
	unset  func(string) error

	mu   sync.Mutex
	read map[string]string
}

// NewEnvironment returns an Environment over os.LookupEnv and os.Unsetenv, or
// functions like them.
func NewEnvironment(lookup func(string) (string, bool), unset func(string) error) *Environment {
	return &Environment{lookup: lookup, unset: unset, read: make(map[string]string)}
}

// Passphrase reads the passphrase from the variable called name.
func (e *Environment) Passphrase(name string) Passphrases {
	return func(context.Context, Prompt) ([]byte, error) {
		value, err := e.take(name)
		if err != nil {
			return nil, err
		}
		return checkPassphrase([]byte(value), fmt.Sprintf("environment variable %q", name))
	}
}

// Key reads a private key from the variable called name, as text. The text
// belongs to the caller. A variable that is not set is fault.InputNotFound.
func (e *Environment) Key(name string) ([]byte, error) {
	value, found, err := e.value(name)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fault.New(fault.InputNotFound, "environment variable %q is not set", name).
			WithHint("export the private key in %s, as PEM", name)
	}
	return []byte(value), nil
}

func (e *Environment) take(name string) (string, error) {
	value, found, err := e.value(name)
	if err == nil && !found {
		err = fault.New(fault.PassphraseSource, "environment variable %q is not set", name).
			WithHint("export the passphrase in %s, or use --passphrase-file", name)
	}
	return value, err
}

// value returns a variable, removes it from the environment and remembers it.
func (e *Environment) value(name string) (value string, found bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if value, ok := e.read[name]; ok {
		return value, true, nil
	}
	value, found = e.lookup(name)
	if !found {
		return "", false, nil
	}
	if err := e.unset(name); err != nil {
		return "", false, sourceError(err, "environment variable %q could not be removed after reading", name)
	}
	e.read[name] = value
	return value, true, nil
}

// For returns where the passphrase of the key that ref names comes from: the
// file or the variable of its options, else ask. Two places in one reference are
// refused: which one counts should not be a matter of luck.
func (e *Environment) For(ref Ref, ask Passphrases) (Passphrases, error) {
	file, inFile := ref.Option(OptionPassphraseFile)
	variable, inEnv := ref.Option(OptionPassphraseEnv)
	switch {
	case inFile && inEnv:
		return nil, fault.New(fault.PassphraseSource, "key reference names a passphrase file and a passphrase variable")
	case inFile:
		return PassphraseFile(file), nil
	case inEnv:
		return e.Passphrase(variable), nil
	}
	return ask, nil
}

// errTooLong lets an answer that is too long be told from a broken pipe.
var errTooLong = errors.New("too long")

func readPassphrase(r io.Reader, what string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPassphraseSize+3)) // a line ending and one more
	if err != nil {
		return nil, fileError(err, "%s cannot be read", what)
	}
	if line, found := bytes.CutSuffix(b, []byte("\n")); found {
		b = bytes.TrimSuffix(line, []byte("\r"))
	}
	return checkPassphrase(b, what)
}

func checkPassphrase(b []byte, what string) ([]byte, error) {
	switch {
	case len(b) == 0:
		return nil, fault.New(fault.PassphraseSource, "%s is empty", what).
			WithHint("an empty passphrase protects nothing; put a passphrase there")
	case len(b) > maxPassphraseSize:
		return nil, fault.Wrap(fault.PassphraseSource, errTooLong, "%s is over %d bytes", what, maxPassphraseSize)
	}
	return b, nil
}

// sourceError keeps of a failed system call what it was, and no more.
func sourceError(err error, format string, args ...any) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err // the path is in the message already
	}
	return fault.Wrap(fault.PassphraseSource, err, format, args...)
}

// fileError is sourceError for a file, whose absence has a reason of its own as
// that of every named input.
func fileError(err error, format string, args ...any) error {
	failure := sourceError(err, format, args...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.InputNotFound, failure, "")
	case errors.Is(err, syscall.EISDIR):
		return fault.Wrap(fault.InputNotRegular, failure, "")
	}
	return failure
}
