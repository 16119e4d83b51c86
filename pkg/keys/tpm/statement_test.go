package tpm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// FuzzStatement reads hostile statements, also beyond the signature, where only
// those of a trusted TPM come.
func FuzzStatement(f *testing.F) {
	good, err := os.ReadFile("testdata/attestation.bin")
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte{})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := parseStatement(content)
		if err != nil {
			requireReason(t, err)
			return
		}
		if !bytes.Equal(s.marshal(), content) {
			t.Fatalf("written again it is another: %x", s.marshal())
		}
		if err := s.verifyCertification([]byte{1, 2}); err != nil {
			requireReason(t, err)
		}
		if _, err := s.verifyKey(key.Public()); err == nil {
			t.Fatal("taken for a statement about another key")
		}
		_, err = VerifyAttestation(&keys.Attestation{Format: AttestationFormat, Statement: content}, key.Public(),
			AttestationTrust{Keys: []crypto.PublicKey{key.Public()}})
		if err == nil {
			t.Fatal("nobody who signed it is trusted")
		}
	})
}

func requireReason(t *testing.T, err error) {
	t.Helper()
	switch fault.ReasonOf(err) {
	case fault.AttestationMalformed, fault.AttestationRejected:
	default:
		t.Fatalf("%s: %v", fault.ReasonOf(err), err)
	}
}
