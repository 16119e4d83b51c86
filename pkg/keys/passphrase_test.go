package keys_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

func write(t testing.TB, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), mode))
	return path
}

func TestPassphraseFile(t *testing.T) {
	long := strings.Repeat("p", 4096)
	for _, row := range []struct{ name, content, want, says string }{
		{name: "line", content: "secret\n", want: "secret"},
		{name: "no line ending", content: "secret", want: "secret"},
		{name: "windows line ending", content: "secret\r\n", want: "secret"},
		{name: "one line ending is stripped and no more", content: "secret\n\n", want: "secret\n"},
		{name: "spaces stay", content: "  sec ret \n", want: "  sec ret "},
		{name: "longest", content: long + "\r\n", want: long},
		{name: "too long", content: long + "p", says: "over 4096 bytes"},
		{name: "empty", content: "", says: "is empty"},
		{name: "empty line", content: "\n", says: "is empty"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "p", row.content, 0o600)
			got, err := keys.PassphraseFile(path)(t.Context(), keys.Prompt{})
			if row.says == "" {
				require.NoError(t, err)
				assert.Equal(t, row.want, string(got))
				return
			}
			assert.Equal(t, fault.PassphraseSource, fault.ReasonOf(err))
			assert.ErrorContains(t, err, row.says)
			assert.NotContains(t, err.Error(), "pppp")
		})
	}
}

func TestPassphraseFileUnreadable(t *testing.T) {
	for name, tt := range map[string]struct {
		path string
		want fault.Reason
	}{
		"missing":   {filepath.Join(t.TempDir(), "no"), fault.InputNotFound},
		"directory": {t.TempDir(), fault.InputNotRegular},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keys.PassphraseFile(tt.path)(t.Context(), keys.Prompt{})
			assert.Equal(t, tt.want, fault.ReasonOf(err))
			assert.ErrorContains(t, err, tt.path)
		})
	}
}

func TestPassphraseDescriptor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/fd")
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	_, err = w.WriteString("secret\n")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	path := filepath.Join("/dev/fd", strconv.FormatUint(uint64(r.Fd()), 10))
	got, err := keys.PassphraseFile(path)(t.Context(), keys.Prompt{})
	require.NoError(t, err)
	assert.Equal(t, "secret", string(got))
}

func TestEnvironment(t *testing.T) {
	t.Setenv("STELLA_TEST_PASSPHRASE", "secret")
	t.Setenv("STELLA_TEST_EMPTY", "")
	env := keys.NewEnvironment(os.LookupEnv, os.Unsetenv)
	first, err := env.Passphrase("STELLA_TEST_PASSPHRASE")(t.Context(), keys.Prompt{})
	require.NoError(t, err)
	assert.Equal(t, "secret", string(first))
	_, still := os.LookupEnv("STELLA_TEST_PASSPHRASE")
	assert.False(t, still, "the variable is gone after reading")
	clear(first)
	second, err := env.Passphrase("STELLA_TEST_PASSPHRASE")(t.Context(), keys.Prompt{})
	require.NoError(t, err)
	assert.Equal(t, "secret", string(second), "another key may name the same variable")
	_, err = env.Passphrase("STELLA_TEST_EMPTY")(t.Context(), keys.Prompt{})
	assert.ErrorContains(t, err, "is empty")
	_, err = env.Passphrase("STELLA_TEST_ABSENT")(t.Context(), keys.Prompt{})
	assert.ErrorContains(t, err, "is not set")
	assert.Equal(t, fault.PassphraseSource, fault.ReasonOf(err))
}

func TestPassphraseProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	for _, row := range []struct{ name, script, want, says string }{
		{name: "answers", script: `echo "answer to $1"`, want: `answer to passphrase for "k\x1b": `},
		{name: "declines", script: "exit 1", says: "gave no passphrase"},
		{name: "declines after an answer", script: "echo secret; exit 1", says: "gave no passphrase"},
		{name: "empty", script: "echo", says: "is empty"},
		{name: "endless", script: "yes secret", says: "over 4096 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			program := write(t, dir, row.name, "#!/bin/sh\n"+row.script+"\n", 0o700)
			got, err := keys.PassphraseProgram(program)(t.Context(), keys.Prompt{Key: "k\x1b"})
			if row.says == "" {
				require.NoError(t, err)
				assert.Equal(t, row.want, string(got))
				return
			}
			assert.Equal(t, fault.PassphraseSource, fault.ReasonOf(err))
			assert.ErrorContains(t, err, row.says)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, err := keys.PassphraseProgram(filepath.Join(dir, "no"))(t.Context(), keys.Prompt{})
		assert.Equal(t, fault.PassphraseSource, fault.ReasonOf(err))
	})
	t.Run("cancelled", func(t *testing.T) {
		program := write(t, dir, "slow", "#!/bin/sh\nexec sleep 60\n", 0o700)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := keys.PassphraseProgram(program)(ctx, keys.Prompt{})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestPrompt(t *testing.T) {
	assert.Equal(t, `new passphrase for "a\nb": `, keys.Prompt{Key: "a\nb", New: true}.String())
	_, err := keys.NoPassphrases(t.Context(), keys.Prompt{Key: "k"})
	assert.Equal(t, fault.PassphraseRequired, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), "--passphrase-file")
}
