package file_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/file"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const secret = "correct horse battery staple"

// answers is a source that always gives p.
func answers(p string) keys.Passphrases {
	return func(ctx context.Context, _ keys.Prompt) ([]byte, error) {
		return []byte(p), ctx.Err()
	}
}

func environment() *keys.Environment { return keys.NewEnvironment(os.LookupEnv, os.Unsetenv) }

func driver(p string) *file.Driver { return file.New(answers(p), environment()) }

func fixture(t testing.TB, a keys.Algorithm, format keys.Format) keystest.Fixture {
	t.Helper()
	dir := t.TempDir()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	path := filepath.Join(dir, "k")
	opts := file.CreateOptions{Format: format, UnencryptedUnsafe: !format.Encrypted()}
	if format.Encrypted() {
		opts.Passphrase = []byte(secret)
	}
	require.NoError(t, file.Create(t.Context(), path, key, opts))
	plain, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
	require.NoError(t, err)
	block, _ := pem.Decode(plain)
	f := keystest.Fixture{
		Driver: driver(secret), Ref: keys.FileRef(path), Public: key.Public(),
		Missing: keys.FileRef(filepath.Join(dir, "missing")),
		Damaged: keys.FileRef(mismatched(t, dir)),
		Secrets: []string{secret, "wrong secret", base64.StdEncoding.EncodeToString(block.Bytes)[40:60]},
	}
	if format.Encrypted() {
		f.WrongSecret = driver("wrong secret")
	}
	return f
}

// mismatched writes an OpenSSH key with another key's public half.
func mismatched(t testing.TB, dir string) string {
	t.Helper()
	one, two := ed25519.NewKeyFromSeed(make([]byte, 32)), ed25519.NewKeyFromSeed([]byte("another seed of thirty-two bytes"))
	block, err := ssh.MarshalPrivateKey(append(one[:32:32], two[32:]...), "")
	require.NoError(t, err)
	path := filepath.Join(dir, "mismatched")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	return path
}

func TestSuite(t *testing.T) {
	for format, algorithms := range map[keys.Format][]keys.Algorithm{
		keys.FormatPKCS8:          keys.Algorithms(),
		keys.FormatPKCS8Encrypted: {keys.ECDSAP256}, // each opening costs a key derivation
	} {
		t.Run(string(format), func(t *testing.T) {
			keystest.Run(t, keystest.Suite{
				Algorithms:    algorithms,
				Deterministic: keys.Algorithms(),
				New:           func(t *testing.T, a keys.Algorithm) keystest.Fixture { return fixture(t, a, format) },
			})
		})
	}
}

func TestOpenCosign(t *testing.T) {
	f := fixture(t, keys.Ed25519, keys.FormatCosign)
	signer, err := f.Driver.Open(t.Context(), f.Ref)
	require.NoError(t, err)
	assert.Equal(t, f.Public, signer.Public())
	_, err = f.WrongSecret.Open(t.Context(), f.Ref)
	assert.Equal(t, fault.PassphraseWrong, fault.ReasonOf(err))
	assert.NotContains(t, err.Error(), "secret")
}

func BenchmarkOpen(b *testing.B) {
	for _, format := range []keys.Format{keys.FormatPKCS8, keys.FormatPKCS8Encrypted, keys.FormatCosign} {
		for _, a := range keys.Algorithms() {
			if format.Encrypted() && a != keys.ECDSAP256 {
				continue
			}
			b.Run(string(format)+"/"+string(a), func(b *testing.B) {
				f := fixture(b, a, format)
				for b.Loop() {
					_, err := f.Driver.Open(b.Context(), f.Ref)
					require.NoError(b, err)
				}
			})
		}
	}
}

func TestOpenPassphraseOptions(t *testing.T) {
	dir := t.TempDir()
	key, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	path := filepath.Join(dir, "k")
	require.NoError(t, file.Create(t.Context(), path, key, file.CreateOptions{Passphrase: []byte(secret)}))
	place := filepath.Join(dir, "passphrase")
	require.NoError(t, os.WriteFile(place, []byte(secret+"\n"), 0o600))
	t.Setenv("STELLA_TEST_P", secret)
	d := file.New(keys.NoPassphrases, environment())
	for _, row := range []struct {
		name, options string
		want          fault.Reason
	}{
		{"none", "", fault.PassphraseRequired},
		{"file", "?passphrase-file=" + place, ""},
		{"variable", "?passphrase-env=STELLA_TEST_P", ""},
		{"variable again", "?passphrase-env=STELLA_TEST_P", ""},
		{"file that is missing", "?passphrase-file=" + place + "x", fault.InputNotFound},
		{"variable that is missing", "?passphrase-env=STELLA_TEST_NO", fault.PassphraseSource},
		{"both", "?passphrase-env=STELLA_TEST_P&passphrase-file=" + place, fault.PassphraseSource},
	} {
		t.Run(row.name, func(t *testing.T) {
			ref, err := keys.ParseRef(path + row.options)
			require.NoError(t, err)
			_, err = d.Open(t.Context(), ref)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
	_, set := os.LookupEnv("STELLA_TEST_P")
	assert.False(t, set)
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	key, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	path := filepath.Join(dir, "k")
	require.NoError(t, file.Create(t.Context(), path, key, file.CreateOptions{UnencryptedUnsafe: true}))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lone.pub"), read(t, path+".pub"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "huge"), make([]byte, keys.MaxPrivateKeySize+1), 0o600))
	pkcs11, err := keys.ParseRef("file:" + path)
	require.NoError(t, err)
	_, err = driver("").Open(t.Context(), pkcs11)
	require.NoError(t, err)
	for _, row := range []struct {
		name, path string
		want       fault.Reason
		hints      string
	}{
		{"public key beside the private one", path + ".pub", fault.KeyPublic, "name the private key: " + path},
		{"public key alone", filepath.Join(dir, "lone.pub"), fault.KeyPublic, "without .pub"},
		{"directory", dir, fault.InputNotRegular, ""},
		{"empty", filepath.Join(dir, "empty"), fault.InputEmpty, ""},
		{"huge", filepath.Join(dir, "huge"), fault.InputTooLarge, ""},
		{"standard input", "-", fault.UsageInvalid, "/dev/fd/N"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := driver("").Open(t.Context(), keys.FileRef(row.path))
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), row.hints)
		})
	}
}

func TestOpenNotes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	path := filepath.Join(t.TempDir(), "k")
	key, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	require.NoError(t, file.Create(t.Context(), path, key, file.CreateOptions{UnencryptedUnsafe: true}))
	for mode, count := range map[os.FileMode]int{0o600: 0, 0o400: 0, 0o640: 1, 0o604: 1} {
		require.NoError(t, os.Chmod(path, mode))
		signer, err := driver("").Open(t.Context(), keys.FileRef(path))
		require.NoError(t, err)
		noter, ok := signer.(keys.Noter)
		require.True(t, ok)
		assert.Len(t, noter.Notes(), count, "%04o", mode)
		if count > 0 {
			assert.Equal(t, "chmod 600 "+path, noter.Notes()[0].Hint)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}
