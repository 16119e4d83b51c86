package cli

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// shelf is a driver that can do all that a driver can, over keys in memory.
type shelf struct {
	keys   map[string]crypto.Signer
	maker  crypto.Signer // signs attestations
	leaf   []byte        // its certificate
	closed int
}

var (
	_ keys.Generator           = (*shelf)(nil)
	_ keys.Lister              = (*shelf)(nil)
	_ keys.AttestationVerifier = (*shelf)(nil)
)

func newShelf(t *testing.T) *shelf {
	t.Helper()
	maker, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "maker"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), IsCA: true, BasicConstraintsValid: true,
	}
	leaf, err := x509.CreateCertificate(nil, template, template, maker.Public(), maker)
	require.NoError(t, err)
	return &shelf{keys: make(map[string]crypto.Signer), maker: maker, leaf: leaf}
}

func (s *shelf) Scheme() string { return "shelf" }

func (s *shelf) find(ref keys.Ref) (crypto.Signer, error) {
	key, ok := s.keys[ref.Name()]
	if !ok {
		return nil, fault.New(fault.KeyNotFound, "no key %q on the shelf", ref.Name())
	}
	return key, nil
}

func (s *shelf) Open(_ context.Context, ref keys.Ref) (dsse.Signer, error) {
	key, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	signer, err := dsse.NewSigner(key)
	return &shelved{signer, s, ref.Name()}, err
}

// shelved is a signer that holds something open.
type shelved struct {
	dsse.Signer
	shelf *shelf
	name  string
}

// Describe says how the key signs, as a token does that makes assertions.
func (s *shelved) Describe() keys.TrustedKey {
	if !strings.HasPrefix(s.name, "touched") {
		return keys.TrustedKey{}
	}
	return keys.TrustedKey{Scheme: keys.SchemeFIDO2, FIDO2: &keys.FIDO2{RPID: "stella", Flags: []string{"up"}}}
}

func (s *shelved) Close() error { s.shelf.closed++; return nil }

func (s *shelf) Generate(_ context.Context, ref keys.Ref, a keys.Algorithm) (*keys.Generated, error) {
	if _, err := s.find(ref); err == nil {
		return nil, fault.New(fault.OutputExists, "%q is on the shelf already", ref)
	}
	key, err := keys.Generate(a)
	if err != nil {
		return nil, err
	}
	s.keys[ref.Name()] = key
	text, err := keys.MarshalPublic(key.Public())
	if described := (&shelved{name: ref.Name()}).Describe(); described.Scheme != "" {
		described.Name, described.Public = "key", key.Public()
		if err := described.Complete(); err != nil {
			return nil, err
		}
		text, err = keys.MarshalKeysJSON(described)
	}
	return &keys.Generated{Ref: ref, Public: key.Public(), PublicFile: text}, err
}

func (s *shelf) List(_ context.Context, ref keys.Ref) ([]keys.Listed, []keys.Note, error) {
	var out []keys.Listed
	for name, key := range s.keys {
		if ref.Name() == "" || ref.Name() == name {
			r, err := keys.ParseRef("shelf:" + name)
			if err != nil {
				return nil, nil, err
			}
			out = append(out, keys.Listed{Ref: r, Label: "\x1b[31m" + name, Algorithm: keys.Ed25519, Public: key.Public(), Where: "shelf 1"})
		}
	}
	slices.SortFunc(out, func(a, b keys.Listed) int { return strings.Compare(a.Label, b.Label) })
	return out, []keys.Note{{Message: "one shelf is locked"}}, nil
}

func (s *shelf) Attest(_ context.Context, ref keys.Ref) (*keys.Attestation, error) {
	key, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	der, err := dsse.MarshalPKIX(key.Public())
	if err != nil {
		return nil, err
	}
	statement, err := s.maker.Sign(nil, der, crypto.Hash(0))
	return &keys.Attestation{Format: "shelf", Statement: statement, Chain: [][]byte{s.leaf}}, err
}

func (s *shelf) VerifyAttestation(a *keys.Attestation, k *keys.TrustedKey, trust keys.AttestationTrust) error {
	der, err := dsse.MarshalPKIX(k.Public)
	if err != nil {
		return err
	}
	for _, root := range trust.Roots {
		if root.CheckSignature(x509.PureEd25519, der, a.Statement) == nil && bytes.Equal(root.Raw, a.Chain[0]) {
			return nil
		}
	}
	return fault.New(fault.SignatureUntrusted, "the statement leads to none of the roots")
}

// bench is a world with a shelf and a keyring.
type bench struct {
	t     *testing.T
	dir   string
	shelf *shelf
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	return &bench{t, dir, newShelf(t)}
}

// run runs a command and wants an exit status.
func (b *bench) run(status int, args ...string) (stdout, stderr string) {
	b.t.Helper()
	w := newWorld("HOME=" + b.dir)
	w.Now = time.Now
	w.Drivers = []keys.Driver{b.shelf}
	got := Main(args, w.Env)
	require.Equal(b.t, status, got, "%q\n%s%s", args, w.stdout.String(), w.stderr.String())
	return w.stdout.String(), w.stderr.String()
}

func TestKeysOnADevice(t *testing.T) {
	b := newBench(t)
	stdout, stderr := b.run(0, "keys", "generate", "--algorithm", "ed25519", "-o", "shelf:one", "--name", "one", "--holder", "team")
	assert.True(t, strings.HasPrefix(stdout, "-----BEGIN PUBLIC KEY-----"), "the public half is the artefact")
	assert.Contains(t, stderr, "keyring:one")
	b.run(0, "keys", "generate", "--algorithm", "ed25519", "-o", "shelf:two", "--public", "two.pub")
	b.run(2, "keys", "generate", "-o", "shelf:two")
	b.run(2, "keys", "generate", "-o", "shelf:three", "--public", "two.pub")
	b.run(2, "keys", "generate", "-o", "shelf:three", "--no-passphrase")
	assert.NotContains(t, b.shelf.keys, "three", "what fails anyway makes no key")

	stdout, stderr = b.run(0, "keys", "list", "--driver", "shelf")
	assert.Contains(t, stdout, "shelf:one")
	assert.Contains(t, stdout, "shelf 1")
	assert.NotContains(t, stdout, "\x1b")
	assert.Contains(t, stderr, "one shelf is locked")
	stdout, _ = b.run(0, "keys", "list", "shelf:two")
	assert.NotContains(t, stdout, "shelf:one")
	b.run(2, "keys", "list", "--driver", "file", "shelf:two")

	stdout, _ = b.run(0, "__complete", "keys", "list", "--driver", "")
	assert.Contains(t, stdout, "shelf\n")
	assert.NotContains(t, stdout, "file\n")
	stdout, _ = b.run(0, "__complete", "keys", "import", "shelf:t")
	assert.Contains(t, stdout, "shelf:two\n")
	assert.NotContains(t, stdout, "shelf:one\n")

	require.NoError(t, os.WriteFile("blob", []byte("x"), 0o600))
	b.run(0, "sign", "blob", "blob", "--key", "keyring:one", "-o", "blob.sigstore.json")
	b.run(0, "keys", "import", "shelf:two", "--name", "two")
	assert.Positive(t, b.shelf.closed, "an imported key is not held open")
	b.run(2, "keys", "export", "--private", "keyring:one", "-o", "x.key")

	b.shelf.keys["one"] = b.shelf.keys["two"]
	_, stderr = b.run(3, "sign", "blob", "blob", "--key", "keyring:one", "-o", "x.sigstore.json")
	assert.Contains(t, stderr, `shelf:one opens another key than the one that the keyring knows as "one"`)
}

// The keyring knows how a key signs that does not sign as is usual.
func TestKeyringKnowsTheScheme(t *testing.T) {
	b := newBench(t)
	b.run(0, "keys", "generate", "--algorithm", "ed25519", "-o", "shelf:touched", "--name", "made")
	b.run(0, "keys", "generate", "--algorithm", "ed25519", "-o", "shelf:touched-too")
	b.run(0, "keys", "import", "shelf:touched-too", "--name", "taken")
	for _, name := range []string{"made", "taken"} {
		stdout, _ := b.run(0, "keys", "show", "keyring:"+name, "--format", "json")
		assert.Contains(t, stdout, `"scheme": "fido2"`, name)
		stdout, _ = b.run(0, "keys", "export", "--public", "keyring:"+name, "--as", "keys.json", "--type", "*")
		assert.Contains(t, stdout, `"rpId": "stella"`, name)
	}
}

// A key in a file is followed by one on a device, and that by one in a file.
func TestRotateAcrossDrivers(t *testing.T) {
	b := newBench(t)
	b.run(0, "keys", "generate", "--no-passphrase", "-o", "release.key", "--name", "release", "--holder", "team", "--role", "release")
	b.run(0, "keys", "rotate", "release", "--to", "shelf:release", "--algorithm", "ed25519", "--public", "device.pub", "-o", "to-device.dsse.json")
	b.run(0, "verify", "to-device.dsse.json", "--key", "release.key.pub", "--key", "device.pub", "--threshold", "2", "--type", "key-rotation")
	b.run(0, "keys", "rotate", "release-2", "--to", "back.key", "--no-passphrase", "-o", "to-file.dsse.json")
	b.run(0, "verify", "to-file.dsse.json", "--key", "keyring:release-2", "--key", "back.key.pub", "--threshold", "1")
	stdout, _ := b.run(0, "keys", "list")
	assert.Equal(t, 3, strings.Count(stdout, " team "), "one holder throughout:\n%s", stdout)
	assert.Equal(t, b.shelf.closed, 2, "the new key after its signature, the old one after its own")
}

// What was made is there to go on with when the rest fails.
func TestRotateThatFailsHalfway(t *testing.T) {
	b := newBench(t)
	b.run(0, "keys", "generate", "--no-passphrase", "-o", "release.key", "--name", "release")
	_, stderr := b.run(1, "keys", "rotate", "release", "--to", "shelf:next", "-o", filepath.Join("absent", "r.dsse.json"))
	assert.Contains(t, stderr, "--existing --to 'shelf:next'")
	stdout, _ := b.run(0, "keys", "list")
	assert.NotContains(t, stdout, "release-2")
	b.run(0, "keys", "rotate", "release", "--to", "shelf:next", "--existing", "-o", "r.dsse.json")
}

func TestAttest(t *testing.T) {
	b := newBench(t)
	b.run(0, "keys", "generate", "--algorithm", "ed25519", "-o", "shelf:one", "--name", "one")
	maker := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.shelf.leaf})
	other := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newShelf(t).leaf})
	require.NoError(t, os.WriteFile("maker.pem", slices.Concat(other, maker), 0o600))
	require.NoError(t, os.WriteFile("other.pem", other, 0o600))
	require.NoError(t, os.WriteFile("none.pem", []byte("x"), 0o600))

	b.run(3, "keys", "attest", "one", "--roots", "other.pem")
	b.run(2, "keys", "attest", "one", "--roots", "none.pem")
	b.run(4, "keys", "attest", "one", "--roots", "absent.pem")
	b.run(4, "keys", "attest", "nobody")
	ring := keyring.New(filepath.Join(b.dir, ".local", "share", "stella", "keyring"), keyring.Options{})
	contents, err := ring.Read()
	require.NoError(t, err)
	assert.Empty(t, contents.Entries[0].Attestations, "what does not verify is not kept")

	stdout, _ := b.run(0, "keys", "attest", "one")
	assert.Contains(t, stdout, "kept, and not verified")
	contents, err = ring.Read()
	require.NoError(t, err)
	assert.Nil(t, contents.Entries[0].Key.Hardware)
	stdout, _ = b.run(0, "keys", "attest", "one", "--roots", "maker.pem")
	assert.Contains(t, stdout, "leads to a root in maker.pem")
	contents, err = ring.Read()
	require.NoError(t, err)
	e := contents.Entries[0]
	require.Len(t, e.Attestations, 2)
	assert.Equal(t, [][]byte{b.shelf.leaf}, e.Attestations[1].Chain)
	assert.Contains(t, e.History[1].Detail, "not verified")
	assert.Contains(t, e.History[2].Detail, "verified to roots sha256:")
	require.NotNil(t, e.Key.Hardware, "a statement that was verified is what policies ask for")
	assert.Equal(t, []string{fmt.Sprintf("sha256:%x", sha256.Sum256(b.shelf.leaf))}, e.Key.Hardware.Roots)
	b.run(0, "keys", "export", "--public", "keyring:one", "--as", "keys.json", "--type", "*", "-o", "one.json")
	exported, err := keys.LoadTrust("one.json")
	require.NoError(t, err)
	assert.Equal(t, e.Key.Hardware, exported.Keys()[0].Hardware)
	stdout, _ = b.run(0, "keys", "show", "keyring:one")
	assert.Contains(t, stdout, "shelf, 1 certificate, obtained")

	b.run(0, "keys", "generate", "--no-passphrase", "-o", "file.key", "--name", "file")
	_, stderr := b.run(2, "keys", "attest", "file")
	assert.Contains(t, stderr, "without a statement of their maker")
}
