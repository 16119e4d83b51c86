package world_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// files writes files into a fresh directory.
func files(t *testing.T, content map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range content {
		write(t, dir, name, data)
	}
	return dir
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// publicKey is the world's bare key, in PEM.
func publicKey(t *testing.T, w *world.World) []byte {
	t.Helper()
	return w.Evidence(world.Options{Signer: world.Key, Log: world.NoLog}).Demand.PublicKey
}
