//go:build linux

package main

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// results wants every result to be good.
type results struct{ t *testing.T }

// Result implements verify.Sink.
func (s results) Result(r *verify.Result) error {
	assert.True(s.t, r.Verified, "%+v", r.Checks)
	return nil
}

// Ignored implements verify.Sink.
func (s results) Ignored(i *verify.Ignored) error { s.t.Errorf("ignored: %+v", i); return nil }

// TestEntriesAreASnapshot: what is measured is verified as a whole, of every shape that the tree has.
func TestEntriesAreASnapshot(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	signer, err := dsse.NewSigner(private)
	require.NoError(t, err)
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "lab", Public: private.Public(), AnyPredicateType: true})
	require.NoError(t, err)
	for _, n := range []int{1, 2, 3, 7, 1024, 2345} {
		e := entries{t.TempDir(), n}
		statement, err := e.write()
		require.NoError(t, err)
		var envelope, tar bytes.Buffer
		_, err = bundle.WriteEnvelope(t.Context(), &envelope, dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(statement)), signer)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(e.dir, entriesHead[1]), envelope.Bytes(), 0o600))
		require.NoError(t, e.archive(&tar))

		v, err := forensic.Verify(t.Context(), archive.ReadTar(&tar, archive.Tar), forensic.VerifyOptions{
			Name: "snapshot.tar", Case: "CASE-7", Policy: &verify.Policy{Trust: trust, Threshold: 1, At: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)},
		}, results{t})
		require.NoError(t, err)
		assert.Equal(t, n, v.Entries)
		assert.True(t, v.Whole.Verified)
	}
}
