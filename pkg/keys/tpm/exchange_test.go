package tpm_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// TestExchange is the enrolment of a TPM through files, as machine and verifier
// give them to each other, and what its result is good for.
func TestExchange(t *testing.T) {
	m := newMaker(t)
	device := m.make(t)
	d := driver(secret, device.Socket)
	here := ref(t, "tpm:")

	e, err := d.Enrol(t.Context(), here)
	require.NoError(t, err)
	text, err := e.Marshal()
	require.NoError(t, err)
	strictly(t, text, tpm.ParseEnrolment)
	read, err := tpm.ParseEnrolment(text)
	require.NoError(t, err)
	assert.Equal(t, e, read)

	challenge, expected, err := tpm.NewChallenge(read, m.roots, m.intermediates, time.Now())
	require.NoError(t, err)
	text, err = challenge.Marshal()
	require.NoError(t, err)
	strictly(t, text, tpm.ParseChallenge)
	received, err := tpm.ParseChallenge(text)
	require.NoError(t, err)
	kept, err := expected.Marshal()
	require.NoError(t, err)
	strictly(t, kept, tpm.ParseExpected)
	issuer, serial := expected.Maker()
	assert.Contains(t, issuer, "swtpm-localca")
	assert.NotEmpty(t, serial)

	answer, err := d.Answer(t.Context(), here, received)
	require.NoError(t, err)
	assert.NotContains(t, string(kept), string(answer))
	text, err = tpm.MarshalAnswer(answer)
	require.NoError(t, err)
	strictly(t, text, tpm.ParseAnswer)
	answered, err := tpm.ParseAnswer(text)
	require.NoError(t, err)
	again, err := tpm.ParseExpected(kept)
	require.NoError(t, err)
	signer, err := again.Check(answered)
	require.NoError(t, err)

	seen, err := d.AttestationKey(t.Context(), here)
	require.NoError(t, err)
	assert.Equal(t, signer, seen, "what is proved from afar is what the TPM shows at the machine")
	trust := keys.AttestationTrust{Roots: certificates(t, m.Root(t), m.Issuer(t)), At: time.Now()}
	proved, err := d.EnrolHere(t.Context(), here, trust)
	require.NoError(t, err)
	assert.Equal(t, signer, proved)
	_, err = d.EnrolHere(t.Context(), here, keys.AttestationTrust{At: time.Now()})
	assert.Equal(t, fault.AttestationUntrusted, fault.ReasonOf(err), "%v", err)

	_, made := generate(t, d, keys.ECDSAP256, "")
	attestation, err := d.Attest(t.Context(), made.Ref)
	require.NoError(t, err)
	key := &keys.TrustedKey{Public: made.Public}
	err = d.VerifyAttestation(attestation, key, trust)
	assert.Equal(t, fault.AttestationUntrusted, fault.ReasonOf(err), "a maker's root alone proves nothing of a statement: %v", err)
	trust.Signers = []crypto.PublicKey{proved}
	require.NoError(t, d.VerifyAttestation(attestation, key, trust))
	other, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	err = d.VerifyAttestation(attestation, &keys.TrustedKey{Public: other.Public()}, trust)
	assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err), "%v", err)
}

func certificates(t *testing.T, texts ...[]byte) []*x509.Certificate {
	t.Helper()
	var list []*x509.Certificate
	for _, text := range texts {
		block, _ := pem.Decode(text)
		require.NotNil(t, block)
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		list = append(list, c)
	}
	return list
}

// strictly: a file is read in the one form that is written.
func strictly[T any](t *testing.T, good []byte, parse func([]byte) (T, error)) {
	t.Helper()
	_, err := parse([]byte(strings.ReplaceAll(string(good), "\n", " ")))
	require.NoError(t, err, "spaces do not matter")
	text := strings.TrimSpace(string(good))
	for name, bad := range map[string]string{
		"empty":          "",
		"not JSON":       "tpm",
		"unknown member": strings.Replace(text, "{", `{"more": 1,`, 1),
		"format twice":   strings.Replace(text, "{", `{"format": "x",`, 1),
		"another format": strings.Replace(text, "@v1", "@v2", 1),
		"another case":   strings.Replace(text, `"format"`, `"Format"`, 1),
		"null":           strings.Replace(text, text[strings.LastIndex(text, `": "`)+3:], "null}", 1),
		"more behind":    text + "{}",
		"too large":      text + strings.Repeat(" ", tpm.MaxExchange),
	} {
		_, err := parse([]byte(bad))
		assert.Equal(t, fault.AttestationMalformed, fault.ReasonOf(err), "%s: %v", name, err)
	}
	for i := range len(text) {
		_, err := parse([]byte(text[:i]))
		require.Equal(t, fault.AttestationMalformed, fault.ReasonOf(err), "%d bytes", i)
	}
}
