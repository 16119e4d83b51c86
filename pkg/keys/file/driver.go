// Package file is the driver of key files, and the only place that writes them.
//
// A key file is read in any of the formats of package keys. Its reference is a
// path, and may say where its passphrase is:
//
//	release.key
//	file:release.key?passphrase-file=/run/secrets/release
//	release.key?passphrase-env=RELEASE_PASSPHRASE
package file

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Driver opens key files. It is safe for concurrent use if its sources of
// passphrases are.
type Driver struct {
	ask keys.Passphrases
	env *keys.Environment
}

var _ keys.Driver = (*Driver)(nil)

// New returns a Driver. It asks for the passphrase of an encrypted key where
// the reference says, in env for a variable, and else calls ask.
func New(ask keys.Passphrases, env *keys.Environment) *Driver {
	return &Driver{ask: ask, env: env}
}

// Scheme returns keys.FileScheme.
func (d *Driver) Scheme() string { return keys.FileScheme }

// Open reads the private key that ref names, asks for its passphrase if it is
// encrypted, and tests it. The signer is a keys.Noter: a file that other users
// can read has a note.
//
// The errors: those of keys.ParsePrivate and keys.SelfTest with the file's
// name, fault.InputNotFound and the other faults of reading a file, and those
// of the source of the passphrase.
func (d *Driver) Open(ctx context.Context, ref keys.Ref) (dsse.Signer, error) {
	if err := ref.CheckOptions(keys.OptionPassphraseFile, keys.OptionPassphraseEnv); err != nil {
		return nil, err
	}
	ask, err := d.env.For(ref, d.ask)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := ref.Name()
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	defer clear(content)
	signer, err := keys.OpenPrivate(ctx, content, path, ask)
	if err != nil {
		return nil, withPath(path, err)
	}
	return &opened{Signer: signer, notes: permissionNotes(path)}, nil
}

func read(path string) ([]byte, error) {
	if path == "-" {
		return nil, fault.New(fault.UsageInvalid, "a private key is not read from standard input").
			WithHint("name a file, or a descriptor as /dev/fd/N")
	}
	f, err := input.Open(path, nil, keys.MaxPrivateKeySize)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return f.ReadAll()
}

// withPath adds the file to a fault about its key. Errors about the passphrase
// name the key or their own place already, as where its file is not there does, and a
// context's error says itself.
func withPath(path string, err error) error {
	switch reason := fault.ReasonOf(err); reason {
	case fault.Internal, fault.PassphraseRequired, fault.PassphraseSource, fault.InputNotFound, fault.InputNotRegular:
		return err
	case fault.KeyPublic:
		return publicGiven(path, err)
	default:
		return fault.Wrap(reason, err, "%q", path).With("path", path)
	}
}

// publicGiven names the private key beside a public one, where it is.
func publicGiven(path string, err error) error {
	out := fault.Wrap(fault.KeyPublic, err, "%q", path).With("path", path)
	private, found := trimPub(path)
	if !found {
		return out
	}
	if _, statErr := os.Stat(private); statErr != nil {
		return out
	}
	return out.WithHint("name the private key: %s", private)
}

// opened is the signer of a key file.
type opened struct {
	dsse.Signer
	notes []keys.Note
}

var _ keys.Noter = (*opened)(nil)

func (o *opened) Notes() []keys.Note { return o.notes }

// Unwrap returns the signer itself, see dsse.InMemory.
func (o *opened) Unwrap() dsse.Signer { return o.Signer }

// permissionNotes looks at the mode of a private key file. Windows has none.
func permissionNotes(path string) []keys.Note {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || !info.Mode().IsRegular() {
		return nil
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return []keys.Note{{
		Message: fmt.Sprintf("private key %q can be used by other users of this machine (mode %04o)", path, info.Mode()&fs.ModePerm),
		Hint:    "chmod 600 " + path,
	}}
}
