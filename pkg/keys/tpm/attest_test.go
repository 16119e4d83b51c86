package tpm_test

import (
	"bytes"
	"crypto"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// attested is a TPM with a key, its attestation and its attestation key.
type attested struct {
	device *softTPM
	driver *tpm.Driver
	public crypto.PublicKey
	made   *keys.Attestation
	signer crypto.PublicKey
}

func attest(t testing.TB, a keys.Algorithm, options, nonce string) attested {
	t.Helper()
	device := newTPM(t)
	d := driver(secret, device.Socket)
	path, made := generate(t, d, a, options)
	statement, err := d.Attest(t.Context(), ref(t, "tpm:"+path+nonce))
	require.NoError(t, err)
	signer, err := tpm.AttestationKey(statement)
	require.NoError(t, err)
	return attested{device, d, made.Public, statement, signer}
}

func (a attested) trust(nonce []byte) tpm.AttestationTrust {
	return tpm.AttestationTrust{Keys: []crypto.PublicKey{a.signer}, Nonce: nonce}
}

func TestAttestation(t *testing.T) {
	for _, row := range []struct {
		name, options string
		algorithm     keys.Algorithm
		policyOnly    bool
		guessable     bool
	}{
		{"P-256", "", keys.ECDSAP256, false, false},
		{"P-384 without a PIN", "?auth=none", keys.ECDSAP384, false, true},
		{"RSA", "", keys.RSA3072, false, false},
		{"bound to PCRs", "?pcrs=sha256:7", keys.ECDSAP256, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := attest(t, row.algorithm, row.options, "?nonce=00ff17")
			assert.Equal(t, tpm.AttestationFormat, a.made.Format)
			proved, err := tpm.VerifyAttestation(a.made, a.public, a.trust([]byte{0x00, 0xff, 0x17}))
			require.NoError(t, err)
			assert.Equal(t, a.public, proved.Public)
			assert.Equal(t, a.signer, proved.Signer)
			assert.Equal(t, row.policyOnly, proved.PolicyOnly)
			assert.Equal(t, row.policyOnly, len(proved.Policy) > 0)
			assert.Equal(t, row.guessable, proved.Guessable)
			assert.NotZero(t, proved.Firmware)
		})
	}
}

// TestAttestationKeyStays attests twice, with a restart between: the key to
// trust is the same. Another TPM has another.
func TestAttestationKeyStays(t *testing.T) {
	a := attest(t, keys.ECDSAP256, "", "")
	path, _ := generate(t, a.driver, keys.RSA3072, "")
	a.device.Kill()
	a.device.Start(t)
	again, err := a.driver.Attest(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	signer, err := tpm.AttestationKey(again)
	require.NoError(t, err)
	assert.Equal(t, a.signer, signer)
	assert.NotEqual(t, a.signer, attest(t, keys.ECDSAP256, "", "").signer)
}

func TestAttestationRefused(t *testing.T) {
	a := attest(t, keys.ECDSAP256, "", "?nonce=01")
	other := attest(t, keys.ECDSAP256, "", "")
	swap := func(change func(s []byte) []byte) *keys.Attestation {
		return &keys.Attestation{Format: a.made.Format, Statement: change(bytes.Clone(a.made.Statement))}
	}
	for _, row := range []struct {
		name   string
		made   *keys.Attestation
		public crypto.PublicKey
		trust  tpm.AttestationTrust
		want   fault.Reason
	}{
		{"trusts nobody", a.made, a.public, tpm.AttestationTrust{}, fault.AttestationUntrusted},
		{"trusts another TPM", a.made, a.public, other.trust(nil), fault.AttestationUntrusted},
		{"about another key", a.made, other.public, a.trust(nil), fault.AttestationRejected},
		{"another nonce", a.made, a.public, a.trust([]byte{2}), fault.AttestationRejected},
		{"demands a nonce that is empty", a.made, a.public, a.trust([]byte{}), fault.AttestationRejected},
		{"another format", &keys.Attestation{Format: "tpm2-quote", Statement: a.made.Statement}, a.public, a.trust(nil), fault.AttestationMalformed},
		{"empty", &keys.Attestation{Format: a.made.Format}, a.public, a.trust(nil), fault.AttestationMalformed},
		{"more at the end", swap(func(s []byte) []byte { return append(s, 0) }), a.public, a.trust(nil), fault.AttestationMalformed},
		{"too large", swap(func(s []byte) []byte { return append(s, make([]byte, 9<<10)...) }), a.public, a.trust(nil), fault.AttestationMalformed},
	} {
		proved, err := tpm.VerifyAttestation(row.made, row.public, row.trust)
		assert.Equal(t, row.want, fault.ReasonOf(err), "%s: %v", row.name, err)
		assert.Nil(t, proved, row.name)
	}
	_, err := tpm.VerifyAttestation(a.made, a.public, a.trust(nil))
	require.NoError(t, err, "any nonce")
}

// TestAttestationMutated changes every bit of a statement once, and cuts it at
// every length: nothing of it is there in vain.
func TestAttestationMutated(t *testing.T) {
	a := attest(t, keys.ECDSAP256, "", "")
	for i := range a.made.Statement {
		for bit := range 8 {
			changed := bytes.Clone(a.made.Statement)
			changed[i] ^= 1 << bit
			_, err := tpm.VerifyAttestation(&keys.Attestation{Format: a.made.Format, Statement: changed}, a.public, a.trust(nil))
			require.Error(t, err, "byte %d bit %d", i, bit)
		}
		_, err := tpm.VerifyAttestation(&keys.Attestation{Format: a.made.Format, Statement: a.made.Statement[:i]}, a.public, a.trust(nil))
		require.Equal(t, fault.AttestationMalformed, fault.ReasonOf(err), "%d bytes", i)
	}
}

// TestAttestationOfKeyThatMayLeave has a key that was made elsewhere and came
// into the TPM certified by the TPM's own attestation key.
func TestAttestationOfKeyThatMayLeave(t *testing.T) {
	device := newTPM(t)
	device.tool(t, "openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "outside.pem")
	device.tool(t, "tpm2_createprimary", storageKeyArgs("parent.ctx")...)
	device.tool(t, "tpm2_import", "-Q", "-C", "parent.ctx", "-G", "ecc", "-i", "outside.pem", "-u", "u", "-r", "r")
	device.tool(t, "tpm2_flushcontext", "-t")
	device.tool(t, "tpm2_load", "-Q", "-C", "parent.ctx", "-u", "u", "-r", "r", "-c", "key.ctx")
	device.tool(t, "tpm2_evictcontrol", "-Q", "-C", "o", "-c", "key.ctx", "0x81000020")
	device.tool(t, "tpm2_flushcontext", "-t")
	d := driver("", device.Socket)
	own := ref(t, "tpm:handle=0x81000020?auth=none")
	s, err := d.Open(t.Context(), own)
	require.NoError(t, err)
	public := s.Public()
	noter, ok := s.(keys.Noter)
	require.True(t, ok)
	require.Len(t, noter.Notes(), 1)
	assert.Contains(t, noter.Notes()[0].Message, "a copy may exist")
	require.NoError(t, keys.Close(s))

	made, err := d.Attest(t.Context(), own)
	require.NoError(t, err)
	signer, err := tpm.AttestationKey(made)
	require.NoError(t, err)
	_, err = tpm.VerifyAttestation(made, public, tpm.AttestationTrust{Keys: []crypto.PublicKey{signer}})
	assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "came from outside")
}

// TestAttestationSignedByOrdinaryKey has an attestation that the TPM made with
// a key of the user's, which would sign anything. Even trusted, it is refused.
func TestAttestationSignedByOrdinaryKey(t *testing.T) {
	device := newTPM(t)
	d := driver("", device.Socket)
	path, made := generate(t, d, keys.ECDSAP256, "?auth=none")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	public, private, err := tpm.Blobs(content)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(device.Dir, "u"), public, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(device.Dir, "r"), private, 0o600))
	device.tool(t, "tpm2_createprimary", storageKeyArgs("parent.ctx")...)
	device.tool(t, "tpm2_load", "-Q", "-C", "parent.ctx", "-u", "u", "-r", "r", "-c", "key.ctx")
	device.tool(t, "tpm2_flushcontext", "-t")
	device.tool(t, "tpm2_certify", "-Q", "-c", "key.ctx", "-C", "key.ctx", "-g", "sha256", "-o", "attest", "-s", "sig")
	certify, err := os.ReadFile(filepath.Join(device.Dir, "attest"))
	require.NoError(t, err)
	sig, err := os.ReadFile(filepath.Join(device.Dir, "sig"))
	require.NoError(t, err)
	forged := &keys.Attestation{Format: tpm.AttestationFormat, Statement: tpm.Statement(public, public, certify, sig)}
	_, err = tpm.VerifyAttestation(forged, made.Public, tpm.AttestationTrust{Keys: []crypto.PublicKey{made.Public}})
	assert.Equal(t, fault.AttestationRejected, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "endorsement hierarchy")
}
