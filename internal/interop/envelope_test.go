//go:build interop

package interop

import (
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEnvelopeWithSeveralSignatures counter-signs offline and has cosign check
// each signature of the bare envelope on its own.
func TestEnvelopeWithSeveralSignatures(t *testing.T) {
	eachCosign(t, func(t *testing.T, c cosign) {
		dir := prepare(t)
		stellaKey(t, dir, "first", "ecdsa-p256")
		stellaKey(t, dir, "second", "rsa-3072")
		stellaKey(t, dir, "third", "ecdsa-p256")
		stella(t, dir, "sign", "sbom", "sbom.json", "--envelope", "dsse", "--key", "first", "-o", "one.dsse.json")
		accepted(t, c.verifyEnvelope(t, dir, "first.pub", "one.dsse.json", "cyclonedx", "sbom.json"))
		stella(t, dir, "attest", "add", "one.dsse.json", "--key", "second", "--trust", "first.pub", "-o", "two.dsse.json")
		accepted(t, c.verifyEnvelope(t, dir, "first.pub", "two.dsse.json", "cyclonedx", "sbom.json"))
		accepted(t, c.verifyEnvelope(t, dir, "second.pub", "two.dsse.json", "cyclonedx", "sbom.json"))
		require.NotZero(t, c.verifyEnvelope(t, dir, "third.pub", "two.dsse.json", "cyclonedx", "sbom.json").status)
	})
}

// TestThreshold counts holders in what stella and nobody else can count.
func TestThreshold(t *testing.T) {
	dir := prepare(t)
	for _, key := range []string{"first", "second", "third"} {
		stellaKey(t, dir, key, "ecdsa-p256")
	}
	stella(t, dir, "sign", "sbom", "sbom.json", "--envelope", "dsse", "--key", "first", "--key", "second", "-o", "two.dsse.json")
	verify := []string{"verify", "two.dsse.json", "--subject", "sbom.json", "--key", "first.pub"}
	stella(t, dir, append(verify, "--key", "second.pub", "--threshold", "2")...)
	stellaFails(t, dir, 3, "signature.threshold", append(verify, "--threshold", "2")...)
	stellaFails(t, dir, 3, "signature.threshold", append(verify, "--key", "third.pub", "--threshold", "2")...)
}

// TestBundleShape asserts the members of what stella writes: one signature, no
// key id, a hint (contracts, section 5).
func TestBundleShape(t *testing.T) {
	dir := prepare(t)
	stellaKey(t, dir, "key", "ecdsa-p256")
	stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "-o", "out.sigstore.json")
	stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "--envelope", "dsse", "-o", "out.dsse.json")

	var bundle struct {
		MediaType string                    `json:"mediaType"`
		Material  map[string]map[string]any `json:"verificationMaterial"`
		Envelope  struct {
			Payload     []byte           `json:"payload"`
			PayloadType string           `json:"payloadType"`
			Signatures  []map[string]any `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	require.NoError(t, json.Unmarshal(read(t, dir, "out.sigstore.json"), &bundle, json.RejectUnknownMembers(true)))
	assert.Equal(t, "application/vnd.dev.sigstore.bundle.v0.3+json", bundle.MediaType)
	assert.Equal(t, inToto, bundle.Envelope.PayloadType)
	require.Len(t, bundle.Envelope.Signatures, 1)
	assert.NotContains(t, bundle.Envelope.Signatures[0], "keyid")
	assert.Contains(t, bundle.Material["publicKey"], "hint")

	var statement map[string]any
	require.NoError(t, json.Unmarshal(bundle.Envelope.Payload, &statement))
	assert.Len(t, statement, 4, "cosign refuses a fifth member")

	var bare envelope
	require.NoError(t, json.Unmarshal(read(t, dir, "out.dsse.json"), &bare))
	require.Len(t, bare.Signatures, 1)
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", bare.Signatures[0].KeyID)
}

// TestSameInputsSameBytes signs twice.
func TestSameInputsSameBytes(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "ecdsa-p256"} {
		t.Run(algorithm, func(t *testing.T) {
			dir := prepare(t)
			stellaKey(t, dir, "key", algorithm)
			for _, out := range []string{"a.sigstore.json", "b.sigstore.json"} {
				stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "-o", out)
			}
			assert.Equal(t, read(t, dir, "a.sigstore.json"), read(t, dir, "b.sigstore.json"))
		})
	}
}
