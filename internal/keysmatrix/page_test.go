package keysmatrix_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/keysmatrix"
)

func TestPage(t *testing.T) {
	var cells []keysmatrix.Cell
	for i, verifier := range keysmatrix.Verifiers() {
		cells = append(cells, keysmatrix.Cell{
			Driver: "tpm", Algorithm: "ecdsa-p256", Verifier: verifier, Command: verifier + " verify", Exit: i % 2, SHA256: "00ff",
		})
	}
	path := filepath.Join(t.TempDir(), "cells.jsonl")
	require.NoError(t, keysmatrix.Save(path, cells))
	read, err := keysmatrix.Load(path)
	require.NoError(t, err)
	assert.ElementsMatch(t, cells, read)

	page, err := keysmatrix.Page(read)
	require.NoError(t, err)
	assert.Contains(t, page, "| tpm | ecdsa-p256 | yes | no | yes | no | yes |\n")
	assert.Contains(t, page, "| key | algorithm | stella | cosign-v2 | cosign-v3 | openssl | ssh-keygen |\n")

	_, err = keysmatrix.Page(cells[:4])
	assert.EqualError(t, err, "no run of stella for tpm with ecdsa-p256")
	_, err = keysmatrix.Page(nil)
	assert.EqualError(t, err, "no run at all")
}
