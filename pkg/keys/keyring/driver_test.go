package keyring_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
	"github.com/stellaops/stella/pkg/keys/keyring"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const passphrase = "correct horse battery staple"

func answer(s string) keys.Passphrases {
	return func(context.Context, keys.Prompt) ([]byte, error) { return []byte(s), nil }
}

// newDriver returns a driver over ring whose keys are in files.
func newDriver(t testing.TB, ring *keyring.Keyring, pass string, now time.Time) *keyring.Driver {
	t.Helper()
	none := func(string) (string, bool) { return "", false }
	others, err := keys.NewDrivers(file.New(answer(pass), keys.NewEnvironment(none, func(string) error { return nil })))
	require.NoError(t, err)
	return keyring.NewDriver(ring, others, func() time.Time { return now })
}

// plain is a key file that is quickly opened; encrypted takes its time.
func plain() file.CreateOptions     { return file.CreateOptions{UnencryptedUnsafe: true} }
func encrypted() file.CreateOptions { return file.CreateOptions{Passphrase: []byte(passphrase)} }

// inFile makes a key file and its entry.
func inFile(t testing.TB, dir, name string, a keys.Algorithm, opts file.CreateOptions) keyring.Entry {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	path := filepath.Join(dir, name+".key")
	require.NoError(t, file.Create(t.Context(), path, key, opts))
	return keyring.Entry{
		Key:       keys.TrustedKey{Name: name, Public: key.Public()},
		State:     keyring.Active,
		Reference: keys.FileRef(path),
	}
}

func ref(t testing.TB, text string) keys.Ref {
	t.Helper()
	r, err := keys.ParseRef(text)
	require.NoError(t, err)
	return r
}

// The suite that the test of every driver runs.
func TestDriver(t *testing.T) {
	keystest.Run(t, keystest.Suite{
		Algorithms:    []keys.Algorithm{keys.ECDSAP256, keys.Ed25519},
		Deterministic: []keys.Algorithm{keys.ECDSAP256, keys.Ed25519},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			dir := t.TempDir()
			ring := keyring.New(filepath.Join(dir, "ring"), keyring.Options{})
			e := inFile(t, dir, "release", a, plain())
			add(t, ring, e)
			gone := newEntry(t, "gone")
			gone.Reference = keys.FileRef(filepath.Join(dir, "gone.key"))
			add(t, ring, gone)
			return keystest.Fixture{
				Driver:  newDriver(t, ring, passphrase, noon()),
				Ref:     ref(t, "keyring:release"),
				Public:  e.Key.Public,
				Missing: ref(t, "keyring:gone"),
				Secrets: []string{passphrase},
			}
		},
	})
}

func TestDriverRefuses(t *testing.T) {
	dir := t.TempDir()
	ring := keyring.New(filepath.Join(dir, "ring"), keyring.Options{})
	e := inFile(t, dir, "release", keys.Ed25519, plain())
	e.Key.NotBefore, e.Key.NotAfter = noon(), noon().Add(time.Hour)
	add(t, ring, e)
	substituted := inFile(t, dir, "substituted", keys.Ed25519, plain())
	substituted.Key.Public = newKey(t).Public()
	add(t, ring, substituted)

	open := func(name string, now time.Time) (dsse.Signer, error) {
		return newDriver(t, ring, passphrase, now).Open(t.Context(), ref(t, "keyring:"+name))
	}
	_, err := open("relaese", noon())
	requireFault(t, err, fault.KeyNotFound)
	assert.Equal(t, "did you mean release?", fault.HintOf(err))
	_, err = open("substituted", noon())
	requireFault(t, err, fault.KeySubstituted)
	assert.Contains(t, fault.HintOf(err), "find out who changed the key")
	_, err = open("release", noon().Add(-1))
	requireFault(t, err, fault.KeyNotYetValid)
	_, err = open("release", noon().Add(2*time.Hour))
	requireFault(t, err, fault.KeyExpired)

	s, err := open("release", noon())
	require.NoError(t, err)
	noter, ok := s.(keys.Noter)
	require.True(t, ok)
	require.Len(t, noter.Notes(), 1)
	wrapper, ok := s.(interface{ Unwrap() dsse.Signer })
	require.True(t, ok, "what the driver's own signer can do is found through it")
	assert.True(t, keys.Equal(s.Public(), wrapper.Unwrap().Public()))
	assert.Contains(t, noter.Notes()[0].Message, "signs until 2026-11-23T13:00:00Z only")
	require.NoError(t, keys.Close(s))

	require.NoError(t, ring.Update(t.Context(), func(c *keyring.Contents) error {
		_, err := c.Revoke("release", "keyCompromise", noon(), noon())
		return err
	}))
	_, err = open("release", noon())
	requireFault(t, err, fault.KeyRevoked)
}

// Options that say where the secret is reach the driver that holds the key.
func TestDriverPassesSecretsOn(t *testing.T) {
	dir := t.TempDir()
	ring := keyring.New(filepath.Join(dir, "ring"), keyring.Options{})
	add(t, ring, inFile(t, dir, "release", keys.Ed25519, encrypted()))
	d := newDriver(t, ring, "wrong", noon())
	_, err := d.Open(t.Context(), ref(t, "keyring:release?passphrase-file="+filepath.Join(dir, "absent")))
	requireFault(t, err, fault.InputNotFound)
	_, err = d.Open(t.Context(), ref(t, "keyring:release?token=x"))
	requireFault(t, err, fault.UsageInvalid)
	_, err = d.Open(t.Context(), ref(t, "keyring:release"))
	requireFault(t, err, fault.PassphraseWrong)
	path := filepath.Join(dir, "passphrase")
	require.NoError(t, os.WriteFile(path, []byte(passphrase+"\n"), 0o600))
	_, err = d.Open(t.Context(), ref(t, "keyring:release?passphrase-file="+path))
	require.NoError(t, err)
}
