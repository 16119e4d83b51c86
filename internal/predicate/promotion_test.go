package predicate_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
)

func TestParsePromotion(t *testing.T) {
	text := example(t, predicate.TypePromotion)
	p, err := predicate.ParsePromotion(bytes.NewReader(text))
	require.NoError(t, err)
	name, digest := p.Image()
	assert.Equal(t, "registry.example/app", name)
	assert.True(t, strings.HasPrefix(digest, "sha256:"))
	assert.Equal(t, "staging", p.Promotion.From)
	assert.Equal(t, p.Rekor, p.Material(predicate.RoleSBOM).Rekor)
	assert.Equal(t, p.Attestation, p.Material(predicate.RoleSBOM).Attestation)
	assert.Nil(t, p.Material(predicate.RoleReport))

	written, err := predicate.Marshal(p)
	require.NoError(t, err)
	assert.JSONEq(t, string(text), string(written), "nothing is lost")

	p.Promotion.Actor = ""
	_, err = p.Draft()
	assert.Equal(t, fault.PredicateInvalid, fault.ReasonOf(err))
	_, err = predicate.ParsePromotion(bytes.NewReader(make([]byte, predicate.MaxPromotion+1)))
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

// FuzzParsePromotion states two properties: whatever is given, the error has a reason
// of its own; and what parses is written in one form, which parses to the same.
func FuzzParsePromotion(f *testing.F) {
	f.Add(example(f, predicate.TypePromotion))
	f.Add([]byte(`{"_type":"stella.ops/promotion@v1"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := predicate.ParsePromotion(bytes.NewReader(text))
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
			return
		}
		written, err := predicate.Marshal(p)
		require.NoError(t, err)
		again, err := predicate.ParsePromotion(bytes.NewReader(written))
		require.NoError(t, err)
		assert.Equal(t, p, again)
		twice, err := predicate.Marshal(again)
		require.NoError(t, err)
		assert.Equal(t, string(written), string(twice))
	})
}
