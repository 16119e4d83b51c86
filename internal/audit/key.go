package audit

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

// originPrefix begins the name of every audit key, which is also the origin of
// its log's checkpoints.
const originPrefix = "stella.ops/audit/"

// maxKeySize bounds a file with an audit key, in bytes.
const maxKeySize = 1 << 10

// openKey reads the key that signs the checkpoints of the log at path. It is no
// signing key of stella: it never signs evidence. created says that there was
// none and that one was made. The caller holds the log's lock.
func openKey(path string) (key note.Signer, created bool, err error) {
	text, err := readSmall(path+keySuffix, maxKeySize)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = createKey(path)
		return key, true, err
	}
	if err != nil {
		return nil, false, unwritable(path, err)
	}
	if key, err = note.NewSigner(strings.TrimSuffix(text, "\n")); err != nil {
		// The cause is dropped: it might quote the key.
		return nil, false, fault.New(fault.AuditMalformed, "%q is no audit key", path+keySuffix).
			WithHint("restore it from a backup, or keep the log as it is and go on in another one: --audit-log FILE")
	}
	return key, false, nil
}

func createKey(path string) (note.Signer, error) {
	// The name tells the keys of different logs apart, and nothing about who uses them.
	id := make([]byte, 8)
	rand.Read(id) // never fails, see crypto/rand
	private, public, err := note.GenerateKey(rand.Reader, originPrefix+hex.EncodeToString(id))
	if err != nil {
		return nil, unwritable(path, err)
	}
	// The public half first: without the private one it is replaced next time.
	if err := replace(path+pubSuffix, public+"\n", 0o644); err != nil {
		return nil, err
	}
	if err := replace(path+keySuffix, private+"\n", 0o600); err != nil {
		return nil, err
	}
	return note.NewSigner(private)
}

// VerifierKey returns the key that verifies the checkpoints of the log at path,
// as it lies beside the log, in the encoding of a signed note.
func VerifierKey(path string) (string, error) {
	text, err := readSmall(path+pubSuffix, maxKeySize)
	if err != nil {
		return "", besideLog(path, "verifier key", err)
	}
	return strings.TrimSuffix(text, "\n"), nil
}

// replace writes a small file whole or not at all, and onto the disk. An
// interrupt does not keep it from being written.
func replace(path, text string, mode fs.FileMode) error {
	err := atomicfile.WriteFile(context.Background(), path, []byte(text), atomicfile.Options{Mode: mode, Force: true})
	if err != nil {
		return fault.Wrap(fault.AuditUnwritable, err, "").
			WithHint("every use of a key is recorded before its signature leaves; name a log that can be written: --audit-log FILE")
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

// besideLog is the fault for a file beside a log that cannot be read.
func besideLog(path, what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.InputNotFound, "there is no %s beside the audit log %q", what, path).With("path", path)
	}
	return fault.Wrap(fault.InputUnreadable, err, "the %s beside the audit log %q cannot be read", what, path).With("path", path)
}
