package chain

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// What lies beside a file.
const (
	KeySuffix        = ".key"
	PubSuffix        = ".pub"
	CheckpointSuffix = ".checkpoint"
	LockSuffix       = ".lock"
)

// maxKeySize bounds a file with a key, in bytes.
const maxKeySize = 1 << 10

// OpenKey reads the key that signs the checkpoints of the file at path, or makes one
// if there is none, as created says. It is no signing key of stella: it never signs
// evidence. A file whose checkpoint is there had one, which the checkpoint needs: unless
// the kind renews keys, nothing is made then. The caller holds the file's lock.
func (k *Kind) OpenKey(path string) (key note.Signer, created bool, err error) {
	text, err := readSmall(path+KeySuffix, maxKeySize)
	if errors.Is(err, fs.ErrNotExist) {
		if err := k.mayCreateKey(path); err != nil {
			return nil, false, err
		}
		key, err = k.createKey(path)
		return key, true, err
	}
	if err != nil {
		return nil, false, k.WriteFault(path, err)
	}
	if key, err = note.NewSigner(strings.TrimSuffix(text, "\n")); err != nil {
		// The cause is dropped: it might quote the key.
		return nil, false, fault.New(k.Malformed, "%q is no %s", path+KeySuffix, k.Key).
			WithHint("restore it from a backup, or %s", k.GoOn)
	}
	return key, false, nil
}

func (k *Kind) mayCreateKey(path string) error {
	if k.RenewsKey {
		return nil
	}
	_, err := os.Lstat(path + CheckpointSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return k.WriteFault(path, err)
	}
	return fault.New(k.Unwritable, "%s %q cannot be written: its checkpoint is there, and the %s that signed it, %q, is not", k.Name, path, k.Key, path+KeySuffix).
		WithHint("restore the key from a backup, or %s", k.GoOn).With("path", path)
}

func (k *Kind) createKey(path string) (note.Signer, error) {
	// The name tells the keys of different files apart, and nothing about who uses them.
	id := make([]byte, 8)
	rand.Read(id) // never fails, see crypto/rand
	private, public, err := note.GenerateKey(rand.Reader, k.Origin+hex.EncodeToString(id))
	if err != nil {
		return nil, k.WriteFault(path, err)
	}
	// The public half first: without the private one it is replaced next time.
	if err := k.replace(path+PubSuffix, public+"\n", 0o644); err != nil {
		return nil, err
	}
	if err := k.replace(path+KeySuffix, private+"\n", 0o600); err != nil {
		return nil, err
	}
	return note.NewSigner(private)
}

// VerifierKey returns the key that verifies the checkpoints of the file at path, as
// it lies beside it, in the encoding of a signed note.
func (k *Kind) VerifierKey(path string) (string, error) {
	text, err := readSmall(path+PubSuffix, maxKeySize)
	if err != nil {
		return "", k.besideFault(path, "verifier key", err)
	}
	return strings.TrimSuffix(text, "\n"), nil
}

// NewestCheckpoint returns the checkpoint that lies beside the file at path, as it
// stands. One that is not there is fault.InputNotFound.
func (k *Kind) NewestCheckpoint(path string) ([]byte, error) {
	text, err := readSmall(path+CheckpointSuffix, MaxCheckpoint)
	if err != nil {
		return nil, k.besideFault(path, "checkpoint", err)
	}
	return []byte(text), nil
}

// Checkpointed returns the head in the checkpoint beside the file at path, which is
// about to be written, or zero if there is none.
func (k *Kind) Checkpointed(path string) (Head, error) {
	text, err := readSmall(path+CheckpointSuffix, MaxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, k.WriteFault(path, err)
	}
	public, err := k.VerifierKey(path)
	if err != nil {
		return Head{}, err
	}
	c, err := k.Open([]byte(text), public)
	if err != nil {
		return Head{}, fault.Wrap(fault.ReasonOf(err), err, "%s %q", k.Name, path).WithHint("keep it as evidence, and %s", k.GoOn)
	}
	return c.Head, nil
}

// WriteCheckpoint signs head and puts that beside the file at path.
func (k *Kind) WriteCheckpoint(path string, key note.Signer, head Head) error {
	text, err := Sign(key, head)
	if err != nil {
		return k.WriteFault(path, err)
	}
	return k.replace(path+CheckpointSuffix, string(text), 0o644)
}

// replace writes a small file whole or not at all, and onto the disk. An
// interrupt does not keep it from being written.
func (k *Kind) replace(path, text string, mode fs.FileMode) error {
	err := atomicfile.WriteFile(context.Background(), path, []byte(text), atomicfile.Options{Mode: mode, Force: true})
	if err != nil {
		return fault.Wrap(k.Unwritable, err, "").WithHint("%s", k.UnwritableHint)
	}
	return nil
}

func readSmall(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errors.New("it is too large")
	}
	return string(b), err
}

// besideFault is the fault for something beside a file that cannot be read.
func (k *Kind) besideFault(path, what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.InputNotFound, "there is no %s beside the %s %q", what, k.Name, path).With("path", path)
	}
	return fault.Wrap(fault.InputUnreadable, err, "the %s beside the %s %q cannot be read", what, k.Name, path).With("path", path)
}

// WriteFault is the fault for a file that cannot take records.
func (k *Kind) WriteFault(path string, err error) error {
	err = atomicfile.Cause(err)
	if atomicfile.IsFull(err) {
		err = errors.New("no space left")
	}
	return fault.Wrap(k.Unwritable, err, "%s %q cannot be written", k.Name, path).
		WithHint("%s", k.UnwritableHint).With("path", path)
}
