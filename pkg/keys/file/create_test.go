package file_test

import (
	"context"
	"crypto"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
)

func generate(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	return key
}

// names lists a directory, hidden files too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestCreate(t *testing.T) {
	for _, row := range []struct {
		name string
		opts file.CreateOptions
		head string
	}{
		{"encrypted", file.CreateOptions{Passphrase: []byte(secret)}, "-----BEGIN ENCRYPTED PRIVATE KEY-----"},
		{"plain", file.CreateOptions{UnencryptedUnsafe: true}, "-----BEGIN PRIVATE KEY-----"},
		{"cosign", file.CreateOptions{Passphrase: []byte(secret), Format: keys.FormatCosign}, "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "k")
			key := generate(t)
			require.NoError(t, file.Create(t.Context(), path, key, row.opts))
			assert.Equal(t, []string{"k", "k.pub"}, names(t, dir))
			assert.Equal(t, row.head, string(read(t, path))[:len(row.head)])
			public, err := keys.ParsePublic(read(t, path+".pub"))
			require.NoError(t, err)
			assert.Equal(t, key.Public(), public[0].Key)
			if runtime.GOOS == "windows" {
				return
			}
			for name, want := range map[string]os.FileMode{"k": 0o600, "k.pub": 0o644} {
				info, err := os.Stat(filepath.Join(dir, name))
				require.NoError(t, err)
				assert.Equal(t, want, info.Mode(), name)
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	for _, row := range []struct {
		name, path string
		opts       file.CreateOptions
		want       fault.Reason
	}{
		{"neither passphrase nor its absence", "k", file.CreateOptions{}, fault.PassphraseRequired},
		{"both", "k", file.CreateOptions{Passphrase: []byte("p"), UnencryptedUnsafe: true}, fault.UsageInvalid},
		{"encrypted format without a passphrase", "k", file.CreateOptions{UnencryptedUnsafe: true, Format: keys.FormatCosign}, fault.PassphraseRequired},
		{"plain format with a passphrase", "k", file.CreateOptions{Passphrase: []byte("p"), Format: keys.FormatPKCS8}, fault.UsageInvalid},
		{"format that is only read", "k", file.CreateOptions{UnencryptedUnsafe: true, Format: keys.FormatOpenSSH}, fault.UsageInvalid},
		{"name of a public key", "k.pub", file.CreateOptions{UnencryptedUnsafe: true}, fault.UsageInvalid},
		{"directory that does not exist", "no/k", file.CreateOptions{UnencryptedUnsafe: true}, fault.OutputFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			err := file.Create(t.Context(), filepath.Join(dir, row.path), generate(t), row.opts)
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Empty(t, names(t, dir))
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := file.Create(ctx, filepath.Join(dir, "k"), generate(t), file.CreateOptions{UnencryptedUnsafe: true})
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, names(t, dir))
	})
}

// swapped shows another public key than the one it signs with.
type swapped struct {
	crypto.Signer
	pub crypto.PublicKey
}

func (s swapped) Public() crypto.PublicKey { return s.pub }

func TestCreateSelfTest(t *testing.T) {
	dir := t.TempDir()
	key := swapped{generate(t), generate(t).Public()}
	err := file.Create(t.Context(), filepath.Join(dir, "k"), key, file.CreateOptions{UnencryptedUnsafe: true})
	assert.Equal(t, fault.KeySelfTest, fault.ReasonOf(err))
	assert.Empty(t, names(t, dir))
}

func TestCreateExisting(t *testing.T) {
	for _, existing := range []string{"k", "k.pub"} {
		t.Run(existing, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "k")
			require.NoError(t, os.WriteFile(filepath.Join(dir, existing), []byte("precious"), 0o644))
			err := file.Create(t.Context(), path, generate(t), file.CreateOptions{UnencryptedUnsafe: true})
			assert.Equal(t, fault.OutputExists, fault.ReasonOf(err))
			assert.Contains(t, fault.HintOf(err), "--force")
			assert.Equal(t, []string{existing}, names(t, dir))
			assert.Equal(t, "precious", string(read(t, filepath.Join(dir, existing))))

			key := generate(t)
			require.NoError(t, file.Create(t.Context(), path, key, file.CreateOptions{UnencryptedUnsafe: true, Force: true}))
			assert.Equal(t, []string{"k", "k.pub"}, names(t, dir))
			signer, err := driver("").Open(t.Context(), keys.FileRef(path))
			require.NoError(t, err)
			assert.Equal(t, key.Public(), signer.Public())
			if runtime.GOOS != "windows" {
				info, err := os.Stat(path)
				require.NoError(t, err)
				assert.Equal(t, os.FileMode(0o600), info.Mode(), "force does not inherit the old mode")
			}
		})
	}
}

// TestCreateForceFailure has the public key's place taken by a directory, also
// after the first check: what was there stays.
func TestCreateForceFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "k")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	require.NoError(t, os.Mkdir(path+".pub", 0o755))
	err := file.Create(t.Context(), path, generate(t), file.CreateOptions{UnencryptedUnsafe: true, Force: true})
	assert.Equal(t, fault.InputNotRegular, fault.ReasonOf(err))
	assert.Equal(t, "precious", string(read(t, path)))
	assert.Equal(t, []string{"k", "k.pub"}, names(t, dir))
}

// TestCreateRace has several writers at one name: one wins, with a pair that
// belongs together.
func TestCreateRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "k")
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		key := generate(t)
		wg.Go(func() {
			errs[i] = file.Create(t.Context(), path, key, file.CreateOptions{UnencryptedUnsafe: true})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "%v", err)
	}
	assert.Equal(t, 1, won)
	assert.Equal(t, []string{"k", "k.pub"}, names(t, dir))
	signer, err := driver("").Open(t.Context(), keys.FileRef(path))
	require.NoError(t, err)
	public, err := keys.ParsePublic(read(t, path+".pub"))
	require.NoError(t, err)
	assert.Equal(t, signer.Public(), public[0].Key)
}
