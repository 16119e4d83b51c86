//go:build linux

package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// TestKeyless makes the keyless evidence again: the same world gives the same
// bytes. With STELLA_UPDATE it is written.
func TestKeyless(t *testing.T) {
	e := world.New("figures").Evidence(world.Options{Identity: "ci@example.com"})
	for name, want := range map[string][]byte{
		"keyless.sigstore.json": e.Bundle, "trusted_root.json": e.TrustedRoot, "app": e.Artifact,
	} {
		if os.Getenv("STELLA_UPDATE") != "" {
			require.NoError(t, os.WriteFile("testdata/"+name, want, 0o600))
		}
		got, err := keyless.ReadFile("testdata/" + name)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), name)
	}
}
