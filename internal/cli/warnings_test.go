package cli

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
)

// With --format json standard error holds JSON alone: warnings are part of the
// error object, or an object of their own beside a result.
func TestWarningsInJSON(t *testing.T) {
	const warning = "environment variable STELLA_FAVOURITE is not a setting of stella and has no effect"

	w := newWorld("STELLA_FAVOURITE=1")
	assert.Equal(t, 4, Main([]string{"verify", "absent.json", "--key", "absent.pub", "--format", "json"}, w.Env))
	var failure struct {
		Error struct {
			Code     int      `json:"code"`
			Warnings []string `json:"warnings"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal(w.stderr.Bytes(), &failure), "%s", w.stderr.String())
	assert.Equal(t, 4, failure.Error.Code)
	assert.Equal(t, []string{warning}, failure.Error.Warnings)

	w = newWorld("STELLA_FAVOURITE=1")
	assert.Equal(t, 0, Main([]string{"predicate", "list", "--format", "json"}, w.Env))
	assert.True(t, json.Unmarshal(w.stdout.Bytes(), new(map[string]any)) == nil)
	var beside struct {
		Warnings []string `json:"warnings"`
	}
	require.NoError(t, json.Unmarshal(w.stderr.Bytes(), &beside), "%s", w.stderr.String())
	assert.Equal(t, []string{warning}, beside.Warnings)
}

// What a trust directory holds beside keys is said, so that a key which does not
// count is not taken for one that does.
func TestIgnoredTrustIsNamed(t *testing.T) {
	dir := t.TempDir()
	key, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	public, err := keys.MarshalPublic(key.Public())
	require.NoError(t, err)
	private, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.pub"), public, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.key"), private, 0o600))
	w := newWorld()
	Main([]string{"verify", "absent.json", "--trust", dir, "--verbose"}, w.Env)
	assert.Contains(t, w.stderr.String(), "stella: no trust in "+filepath.Join(dir, "a.key"))
	assert.Contains(t, w.stderr.String(), "stella: trusting a.pub of sha256:")
}
