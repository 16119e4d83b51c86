package world_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// sigstoreGo judges evidence with stock sigstore-go: nil means accepted.
func sigstoreGo(e *world.Evidence) error {
	material, err := trustedMaterial(e)
	if err != nil {
		return err
	}
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(e.Bundle); err != nil {
		return err
	}
	v, err := verify.NewVerifier(material, verifierOptions(e.Demand)...)
	if err != nil {
		return err
	}
	policy, err := policyOf(e)
	if err != nil {
		return err
	}
	_, err = v.Verify(b, policy)
	return err
}

func trustedMaterial(e *world.Evidence) (root.TrustedMaterial, error) {
	trusted, err := root.NewTrustedRootFromJSON(e.TrustedRoot)
	if err != nil || e.Demand.PublicKey == nil {
		return trusted, err
	}
	block, _ := pem.Decode(e.Demand.PublicKey)
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	keys := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		v, err := signature.LoadVerifier(pub, crypto.SHA256)
		return root.NewExpiringKey(v, time.Time{}, time.Time{}), err
	})
	return root.TrustedMaterialCollection{trusted, keys}, nil
}

// verifierOptions demand what evidence is made to have.
func verifierOptions(d world.Demand) []verify.VerifierOption {
	var options []verify.VerifierOption
	if d.Logs > 0 {
		options = append(options, verify.WithTransparencyLog(d.Logs))
	}
	if d.SCTs > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(d.SCTs))
	}
	switch {
	case d.Timestamps > 0:
		options = append(options, verify.WithSignedTimestamps(d.Timestamps))
	case d.Logs > 0 && d.PublicKey == nil:
		options = append(options, verify.WithIntegratedTimestamps(1))
	default:
		options = append(options, verify.WithNoObserverTimestamps())
	}
	return options
}

func policyOf(e *world.Evidence) (verify.PolicyBuilder, error) {
	artifact := verify.WithArtifact(bytes.NewReader(e.Artifact))
	if e.Demand.PublicKey != nil {
		return verify.NewPolicy(artifact, verify.WithKey()), nil
	}
	identity, err := verify.NewShortCertificateIdentity(e.Demand.Issuer, "", e.Demand.Identity, "")
	return verify.NewPolicy(artifact, verify.WithCertificateIdentity(identity)), err
}

func TestStock(t *testing.T) {
	w := world.New("t")
	for range 8 {
		require.NoError(t, sigstoreGo(w.Evidence(world.Options{})))
	}
}

func BenchmarkBundle(b *testing.B) {
	w := world.New("bench")
	for b.Loop() {
		w.Bundle(world.Options{})
	}
}
