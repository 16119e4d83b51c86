//go:build unix

package plugin_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

// TestLook looks at plugins of which none may run.
func TestLook(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	look := func(name string) (string, bool, error) { return plugin.New(f.options).Look(name) }

	path, allowed, err := look("fake")
	require.NoError(t, err)
	assert.True(t, allowed)
	assert.Equal(t, f.program, path)

	path, allowed, err = look("awskms")
	require.NoError(t, err, "what is not wanted need not be there")
	assert.False(t, allowed)
	assert.Empty(t, path)

	require.NoError(t, os.Chmod(f.program, 0o757))
	path, _, err = look("fake")
	assert.Equal(t, fault.PluginForbidden, fault.ReasonOf(err))
	assert.Equal(t, f.program, path)

	f.options.Allow = nil
	path, allowed, err = look("fake")
	require.NoError(t, err)
	assert.False(t, allowed)
	assert.Equal(t, f.program, path)

	f.options.Allow = []plugin.Permission{{Name: "absent"}}
	_, allowed, err = look("absent")
	assert.True(t, allowed)
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err))
	assert.Empty(t, f.lines, "nothing ran")
}
