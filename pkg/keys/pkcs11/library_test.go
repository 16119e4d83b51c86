package pkcs11

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

func TestCheckLibrary(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // elsewhere only the loader knows
	}
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	require.NoError(t, os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755))
	program, err := exec.LookPath("sh")
	require.NoError(t, err)
	for _, row := range []struct{ name, path, message string }{
		{"missing", filepath.Join(dir, "no.so"), "does not exist"},
		{"directory", dir, "is not a file"},
		{"text", text, "is not a shared library"},
		{"something else", program, "is a library, but no PKCS #11 module: it has no function C_GetFunctionList"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := checkLibrary(row.path)
			assert.Equal(t, fault.ModuleFailed, fault.ReasonOf(err))
			assert.ErrorContains(t, err, row.message)
			assert.ErrorContains(t, err, row.path)
		})
	}
}
