package bundle_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/pkg/dsse"
)

// The identifier is over the RFC 8785 form of the envelope, computed here the
// slow way with another implementation.
func TestSealedIdentifier(t *testing.T) {
	signer, err := dsse.NewSigner(newKey(t))
	require.NoError(t, err)
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(`{"a":1}`))

	var inBundle, bare bytes.Buffer
	sealed, err := bundle.Write(context.Background(), &inBundle, m, signer)
	require.NoError(t, err)
	var parsed struct {
		DSSEEnvelope jsontext.Value `json:"dsseEnvelope"`
	}
	require.NoError(t, json.Unmarshal(inBundle.Bytes(), &parsed, json.RejectUnknownMembers(false)))
	require.Equal(t, canonicalSum(t, parsed.DSSEEnvelope), sealed.SHA256)

	sealed, err = bundle.WriteEnvelope(context.Background(), &bare, m, signer, signer)
	require.NoError(t, err)
	require.Equal(t, canonicalSum(t, bare.Bytes()), sealed.SHA256)
	require.Len(t, sealed.Signatures, 2)
}

func canonicalSum(t *testing.T, b []byte) string {
	t.Helper()
	v := jsontext.Value(bytes.Clone(b))
	require.NoError(t, v.Canonicalize())
	return fmt.Sprintf("%x", sha256.Sum256(v))
}
