package world_test

import (
	"strings"
	"testing"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/stellaops/stella/internal/testkit/world"
)

// TestCosignatures has transparency-dev's library verify what witnesses sign.
func TestCosignatures(t *testing.T) {
	w := world.New(t.Name())
	e := w.Evidence(world.Options{Log: world.LogV2, Cosignatures: 2})
	b := &bundlepb.Bundle{}
	require.NoError(t, protojson.Unmarshal(e.Bundle, b))
	checkpoint := b.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint.Envelope

	var verifiers []note.Verifier
	for _, key := range e.Demand.Witnesses {
		v, err := formats.NewVerifierForCosignatureV1(key)
		require.NoError(t, err)
		verifiers = append(verifiers, v)
	}
	require.Len(t, verifiers, 3)
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifiers...))
	require.NoError(t, err)
	require.Len(t, opened.Sigs, 2)
	for _, s := range opened.Sigs {
		at, err := formats.CoSigV1Timestamp(s)
		require.NoError(t, err)
		assert.Equal(t, w.Clock.Now().Add(time.Second), at.UTC())
	}
	assert.True(t, strings.HasPrefix(opened.Text, "log2026.rekor.world.test\n"))
}
