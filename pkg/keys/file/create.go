package file

import (
	"cmp"
	"context"
	"crypto"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// publicSuffix is what the name of a public key file has more than that of its
// private key file.
const publicSuffix = ".pub"

// CreateOptions say how a key file is written. The zero value is refused:
// either a passphrase is given, or its absence is said.
type CreateOptions struct {
	// Format is keys.FormatPKCS8Encrypted, keys.FormatPKCS8 or
	// keys.FormatCosign. Empty is the first with a passphrase, the second without.
	Format keys.Format
	// Passphrase encrypts the key. It stays the caller's.
	Passphrase []byte
	// UnencryptedUnsafe writes the key without encryption.
	UnencryptedUnsafe bool
	// Public is where the public key goes; empty is path + ".pub".
	Public string
	// Force replaces files that exist.
	Force bool
}

// Create writes a private key to path with mode 0600, and its public key beside
// it to path + ".pub" with mode 0644, after a self-test of the key.
//
// Both files are written aside, synced, and then put in place: a failure leaves
// no part of a file, and whatever was there before is still there. Without
// Force an existing file of either name is fault.OutputExists.
func Create(ctx context.Context, path string, key crypto.Signer, opts CreateOptions) error {
	if _, found := trimPub(path); found {
		return fault.New(fault.UsageInvalid, "a private key is not written to %q, where a public key is expected", path).
			WithHint("name the private key file; the public key goes to the same name with %s", publicSuffix)
	}
	if filepath.Clean(opts.Public) == filepath.Clean(path) {
		return fault.New(fault.UsageInvalid, "both halves of the key would go to %q", path).
			WithHint("name another file for the public key")
	}
	private, public, err := encode(ctx, key, opts)
	if err != nil {
		return err
	}
	defer clear(private)
	return writePair(
		target{path: path, content: private, mode: 0o600},
		target{path: cmp.Or(opts.Public, path+publicSuffix), content: public, mode: 0o644},
		opts.Force,
	)
}

// encode does all that can fail before a file is touched.
func encode(ctx context.Context, key crypto.Signer, opts CreateOptions) (private, public []byte, err error) {
	format, err := opts.format()
	if err != nil {
		return nil, nil, err
	}
	signer, err := dsse.NewSigner(key)
	if err != nil {
		return nil, nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	if err := keys.SelfTest(ctx, signer); err != nil {
		return nil, nil, err
	}
	if public, err = keys.MarshalPublic(key.Public()); err != nil {
		return nil, nil, err
	}
	private, err = keys.MarshalPrivate(key, format, opts.Passphrase)
	return private, public, err
}

func (o CreateOptions) format() (keys.Format, error) {
	switch {
	case len(o.Passphrase) == 0 && !o.UnencryptedUnsafe:
		return "", fault.New(fault.PassphraseRequired, "a new private key needs a passphrase").
			WithHint("give --passphrase-file FILE, or say --no-passphrase for an unencrypted key")
	case len(o.Passphrase) > 0 && o.UnencryptedUnsafe:
		return "", fault.New(fault.UsageInvalid, "a passphrase and no passphrase were both asked for")
	case o.Format != "":
		return o.Format, nil
	case o.UnencryptedUnsafe:
		return keys.FormatPKCS8, nil
	}
	return keys.FormatPKCS8Encrypted, nil
}

// trimPub returns path without the suffix of public key files.
func trimPub(path string) (string, bool) {
	return strings.CutSuffix(path, publicSuffix)
}
