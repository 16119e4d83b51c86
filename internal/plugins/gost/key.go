// Package gost signs and verifies with GOST R 34.10-2012 (RFC 7091) over the
// Streebog digest (RFC 6986), by the openssl program and its gost engine.
//
// A key resource is the path of a private key in PEM, or stands for a public key,
// see protocol.PublicKeyResource. The passphrase of an encrypted key is in the
// variable GOST_PASSPHRASE.
//
// OpenSSL's engine is not a certified cryptographic provider.
package gost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/gost"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// Open returns the key that a request names. Nothing is read yet.
func Open(o *protocol.InitOptions) (protocol.Key, error) {
	if der, ok := protocol.ParsePublicKeyResource(o.KeyResourceID); ok {
		public, err := gost.ParsePublicKey(der)
		if err != nil {
			return nil, err
		}
		return publicKey{key: public}, nil
	}
	// An absolute path is no option and no URI, whatever its name looks like.
	path, err := filepath.Abs(o.KeyResourceID)
	if err != nil || o.KeyResourceID == "" {
		return nil, fault.New(fault.UsageInvalid, "the key reference is not a path")
	}
	return &privateKey{path: path}, nil
}

// algorithms says what both kinds of key are asked before anything is read.
type algorithms struct{}

func (algorithms) DefaultAlgorithm() string { return gost.Name256 }

func (algorithms) SupportedAlgorithms() []string { return []string{gost.Name256, gost.Name512} }

// publicKey verifies, and has no private half.
type publicKey struct {
	algorithms
	key *gost.PublicKey
}

func (publicKey) CreateKey(context.Context, string) ([]byte, error) {
	return nil, protocol.ErrUnsupported
}

func (publicKey) Sign(context.Context, io.Reader, protocol.MessageOptions) ([]byte, error) {
	return nil, protocol.ErrUnsupported
}

func (k publicKey) PublicKey(context.Context) ([]byte, error) { return keys.MarshalPublic(k.key) }

func (k publicKey) Verify(ctx context.Context, message io.Reader, sig []byte, o protocol.MessageOptions) error {
	if err := wholeMessage(o); err != nil {
		return err
	}
	return verify(ctx, k.key, message, sig)
}

// privateKey is a key in a file.
type privateKey struct {
	algorithms
	path string
}

// CreateKey makes a key, encrypted, and replaces no file.
func (k *privateKey) CreateKey(ctx context.Context, algorithm string) ([]byte, error) {
	parameters, ok := map[string][]string{
		gost.Name256: {"gost2012_256", "paramset:TCA"}, // RFC 9215, section 4.2
		gost.Name512: {"gost2012_512", "paramset:A"},
	}[algorithm]
	if !ok {
		return nil, fault.New(fault.KeyUnsupported, "no GOST algorithm %q", algorithm)
	}
	if os.Getenv(passphraseVariable) == "" {
		return nil, fault.New(fault.UsageInvalid, "a new key needs a passphrase in %s", passphraseVariable)
	}
	text, err := openssl(ctx, nil, "genpkey", "-algorithm", parameters[0], "-pkeyopt", parameters[1], "-aes-256-cbc", "-pass", "env:"+passphraseVariable)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return k.PublicKey(ctx)
}

func (k *privateKey) PublicKey(ctx context.Context) ([]byte, error) {
	if _, err := os.Stat(k.path); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.KeyNotFound, "no file %q", k.path)
	}
	return openssl(ctx, nil, "pkey", "-in", k.path, "-passin", passphrase(), "-pubout")
}

// parsed returns the public half, and with it the algorithm.
func (k *privateKey) parsed(ctx context.Context) (*gost.PublicKey, error) {
	text, err := k.PublicKey(ctx)
	if err != nil {
		return nil, err
	}
	list, err := keys.ParsePublic(text)
	if err != nil {
		return nil, err
	}
	public, ok := list[0].Key.(*gost.PublicKey)
	if !ok {
		return nil, fault.New(fault.KeyUnsupported, "%q is not a GOST R 34.10-2012 key", k.path)
	}
	return public, nil
}

func (k *privateKey) Sign(ctx context.Context, message io.Reader, o protocol.MessageOptions) ([]byte, error) {
	if err := wholeMessage(o); err != nil {
		return nil, err
	}
	public, err := k.parsed(ctx)
	if err != nil {
		return nil, err
	}
	return openssl(ctx, message, "dgst", digest(public), "-sign", k.path, "-passin", passphrase())
}

func (k *privateKey) Verify(ctx context.Context, message io.Reader, sig []byte, o protocol.MessageOptions) error {
	public, err := k.parsed(ctx)
	if err != nil {
		return err
	}
	return publicKey{key: public}.Verify(ctx, message, sig, o)
}

// wholeMessage refuses a digest, which no hash function of the protocol's numbers
// can have computed.
func wholeMessage(o protocol.MessageOptions) error {
	if len(o.Digest) == 0 {
		return nil
	}
	return fmt.Errorf("a GOST key signs the message: its digest is Streebog, which the protocol has no number for")
}
