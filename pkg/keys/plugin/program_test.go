//go:build unix

package plugin_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

func TestParsePermission(t *testing.T) {
	digest := strings.Repeat("0a", 32)
	for _, good := range []string{"awskms", "my-hsm", "awskms@sha256:" + digest} {
		p, err := plugin.ParsePermission(good)
		require.NoError(t, err)
		assert.Equal(t, good, p.String())
	}
	for _, bad := range []string{
		"", "a", "AWSKMS", "../x", "a/b", "aws.kms", "awskms@", "awskms@" + digest, "awskms@sha256:", "awskms@sha256:" + digest[2:],
		"awskms@sha256:" + strings.ToUpper(digest), "awskms@sha512:" + digest, "a b", "x\x00y", "-x", strings.Repeat("x", 33),
	} {
		_, err := plugin.ParsePermission(bad)
		assert.Equal(t, fault.ConfigInvalid, fault.ReasonOf(err), "%q", bad)
	}
}

func TestWhoCanChangeTheProgram(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(t *testing.T, f *fixture)
		want   fault.Reason
		says   string
	}{
		{"nobody", func(*testing.T, *fixture) {}, "", ""},
		{"everybody", func(t *testing.T, f *fixture) { chmod(t, f.program, 0o757) }, fault.PluginForbidden, "can be written by other users"},
		{"the group", func(t *testing.T, f *fixture) { chmod(t, f.program, 0o775) }, fault.PluginForbidden, "can be written by other users"},
		{"who can replace it", func(t *testing.T, f *fixture) { chmod(t, f.dir, 0o777) }, fault.PluginForbidden, "can be written by other users"},
		{"a sticky directory", func(t *testing.T, f *fixture) { chmod(t, f.dir, 0o777|os.ModeSticky) }, "", ""},
		{"its owner", func(t *testing.T, f *fixture) { chown(t, f.program) }, fault.PluginForbidden, "belongs to another user"},
		{"the directory's owner", func(t *testing.T, f *fixture) { chown(t, f.dir) }, fault.PluginForbidden, "belongs to another user"},
		{"not executable", func(t *testing.T, f *fixture) { chmod(t, f.program, 0o644) }, fault.PluginFailed, "could not be started"},
		{"a directory", func(t *testing.T, f *fixture) {
			require.NoError(t, os.Remove(f.program))
			require.NoError(t, os.Mkdir(f.program, 0o755))
		}, fault.PluginFailed, "is not a regular file"},
		{"a link into an open directory", func(t *testing.T, f *fixture) {
			open := filepath.Join(t.TempDir(), "open")
			require.NoError(t, os.Mkdir(open, 0o755))
			chmod(t, open, 0o777)
			require.NoError(t, os.Rename(f.program, filepath.Join(open, "p")))
			require.NoError(t, os.Symlink(filepath.Join(open, "p"), f.program))
		}, fault.PluginForbidden, "can be written by other users"},
		{"a dangling link", func(t *testing.T, f *fixture) {
			require.NoError(t, os.Remove(f.program))
			require.NoError(t, os.Symlink("nowhere", f.program))
		}, fault.PluginFailed, "is not installed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t, keys.Ed25519)
			row.change(t, f)
			_, err := f.open(t, "good")
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, row.says)
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.Chmod(path, mode))
}

// chown gives a file to somebody else, which root alone can.
func chown(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	require.NoError(t, os.Chown(path, 65534, 65534))
}

func TestPinnedProgram(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	content, err := os.ReadFile(f.program)
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	f.options.Allow = []plugin.Permission{{Name: "fake", SHA256: hex.EncodeToString(sum[:])}}
	signer, err := f.open(t, "good")
	require.NoError(t, err)
	_, err = signer.Sign(t.Context(), message("{}"))
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(f.program, append(content, 0), 0o755))
	require.NoError(t, os.Chtimes(f.program, time.Now(), time.Now().Add(time.Hour)))
	_, err = signer.Sign(t.Context(), message("{}"))
	assert.Equal(t, fault.PluginForbidden, fault.ReasonOf(err), "a program that changed between two signatures: %v", err)
	_, err = f.open(t, "good")
	assert.Equal(t, fault.PluginForbidden, fault.ReasonOf(err), "%v", err)
}

func TestInstalled(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	content, err := os.ReadFile(f.program)
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	f.options.Allow = []plugin.Permission{{Name: "fake"}, {Name: "gost"}, {Name: "fake", SHA256: strings.Repeat("0", 64)}}
	list := plugin.New(f.options).Installed()
	require.Len(t, list, 3)
	assert.Equal(t, f.program, list[0].Path)
	assert.Equal(t, hex.EncodeToString(sum[:]), list[0].SHA256)
	require.NoError(t, list[0].Err)
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(list[1].Err))
	assert.Equal(t, fault.PluginForbidden, fault.ReasonOf(list[2].Err))
}
