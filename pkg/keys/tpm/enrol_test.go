package tpm_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/swtpm"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// maker makes TPMs with endorsement certificates, as a factory does.
type maker struct {
	*swtpm.Maker
	roots, intermediates *x509.CertPool
}

func newMaker(t *testing.T) *maker { t.Helper(); return &maker{Maker: swtpm.NewMaker(t)} }

// make gives a TPM its endorsement certificate and starts it.
func (m *maker) make(t *testing.T) *softTPM {
	t.Helper()
	device := &softTPM{m.Make(t)}
	m.roots, m.intermediates = swtpm.Pool(t, m.Root(t)), swtpm.Pool(t, m.Issuer(t))
	return device
}

// TestEnrolment goes from a maker's root to an attested key, with two TPMs of
// the maker and an impostor.
func TestEnrolment(t *testing.T) {
	m := newMaker(t)
	one, two := m.make(t), m.make(t)
	d := driver(secret, "")
	first, second := ref(t, "tpm:?device="+one.Socket), ref(t, "tpm:?device="+two.Socket)
	now := time.Now()

	e, err := d.Enrol(t.Context(), first)
	require.NoError(t, err)
	challenge, expected, err := tpm.NewChallenge(e, m.roots, m.intermediates, now)
	require.NoError(t, err)
	answer, err := d.Answer(t.Context(), first, challenge)
	require.NoError(t, err)
	signer, err := expected.Check(answer)
	require.NoError(t, err)

	_, made := generate(t, d, keys.ECDSAP256, "?device="+one.Socket)
	attestation, err := d.Attest(t.Context(), made.Ref)
	require.NoError(t, err)
	_, err = tpm.VerifyAttestation(attestation, made.Public, tpm.AttestationTrust{Keys: []crypto.PublicKey{signer}})
	require.NoError(t, err)

	t.Run("another TPM cannot answer", func(t *testing.T) {
		_, err := d.Answer(t.Context(), second, challenge)
		assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err), "%v", err)
	})
	t.Run("another TPM's attestation key", func(t *testing.T) {
		theirs, err := d.Enrol(t.Context(), second)
		require.NoError(t, err)
		mixed := &tpm.Enrolment{Certificate: e.Certificate, Signer: theirs.Signer}
		challenge, _, err := tpm.NewChallenge(mixed, m.roots, m.intermediates, now)
		require.NoError(t, err)
		for _, device := range []keys.Ref{first, second} {
			_, err = d.Answer(t.Context(), device, challenge)
			assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err), "%v", err)
		}
	})
	t.Run("wrong answer", func(t *testing.T) {
		for _, wrong := range [][]byte{nil, answer[1:], append(bytes.Clone(answer[1:]), answer[0]^1)} {
			_, err := expected.Check(wrong)
			assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err))
		}
	})
	t.Run("certificates", func(t *testing.T) {
		for name, row := range map[string]struct {
			certificate          []byte
			roots, intermediates *x509.CertPool
			at                   time.Time
			want                 fault.Reason
		}{
			"nobody trusted":  {e.Certificate, nil, m.intermediates, now, fault.AttestationUntrusted},
			"another maker":   {e.Certificate, newMakerRoots(t), m.intermediates, now, fault.AttestationUntrusted},
			"no intermediate": {e.Certificate, m.roots, nil, now, fault.AttestationUntrusted},
			"before its time": {e.Certificate, m.roots, m.intermediates, now.AddDate(-20, 0, 0), fault.AttestationUntrusted},
			"cut":             {e.Certificate[:100], m.roots, m.intermediates, now, fault.AttestationMalformed},
			"empty":           {nil, m.roots, m.intermediates, now, fault.AttestationMalformed},
			"too large":       {make([]byte, 9<<10), m.roots, m.intermediates, now, fault.AttestationMalformed},
		} {
			_, _, err := tpm.NewChallenge(&tpm.Enrolment{Certificate: row.certificate, Signer: e.Signer}, row.roots, row.intermediates, row.at)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%s: %v", name, err)
		}
	})
	t.Run("key that signs anything", func(t *testing.T) {
		path, _ := generate(t, d, keys.ECDSAP256, "?device="+one.Socket)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		public, _, err := tpm.Blobs(content)
		require.NoError(t, err)
		_, _, err = tpm.NewChallenge(&tpm.Enrolment{Certificate: e.Certificate, Signer: public}, m.roots, m.intermediates, now)
		assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err))
		_, _, err = tpm.NewChallenge(&tpm.Enrolment{Certificate: e.Certificate, Signer: public[:20]}, m.roots, m.intermediates, now)
		assert.Equal(t, fault.AttestationMalformed, fault.ReasonOf(err))
	})
	t.Run("TPM without a certificate", func(t *testing.T) {
		_, err := driver("", newTPM(t).Socket).Enrol(t.Context(), ref(t, "tpm:"))
		assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err), "%v", err)
	})
}

// newMakerRoots are the roots of a maker that made none of these TPMs.
func newMakerRoots(t *testing.T) *x509.CertPool {
	t.Helper()
	m := newMaker(t)
	m.make(t)
	return m.roots
}
