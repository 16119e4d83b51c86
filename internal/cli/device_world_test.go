package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// plugIn gives the examples of a command the device that they need, and returns
// the variables that lead to it. Its PIN is what the examples' askpass program
// gives.
func plugIn(t *testing.T, command string) []string {
	t.Helper()
	switch command {
	case "stella keys pin set":
		return fido2Token(t)
	case "stella keys pin change":
		return fido2Token(t, authenticator.WithPIN(examplePIN(t)))
	}
	return nil
}

// examplePIN is the one secret of the examples.
func examplePIN(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "examples", "pass.txt"))
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

func fido2Token(t *testing.T, options ...authenticator.Option) []string {
	t.Helper()
	return []string{"STELLA_FIDO2_DEVICE=" + authenticator.Start(t, options...).Path()}
}
