// Package oracle asks stock sigstore-go what it thinks of the world's evidence.
package oracle

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/stellaops/stella/internal/testkit/world"
)

// SigstoreGo judges evidence with stock sigstore-go: nil means accepted.
func SigstoreGo(e *world.Evidence) error {
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

// trustedMaterial is the trusted root with the bare key and the private authority
// that evidence brings.
func trustedMaterial(e *world.Evidence) (root.TrustedMaterial, error) {
	trusted, err := root.NewTrustedRootFromJSON(e.TrustedRoot)
	if err != nil {
		return nil, err
	}
	return root.TrustedMaterialCollection{trusted, bareKey(e.Demand.PublicKey), &privateCA{chain: certificates(e.CA)}}, nil
}

func bareKey(public []byte) root.TrustedMaterial {
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		block, _ := pem.Decode(public)
		if block == nil {
			return nil, errors.New("no key")
		}
		pub, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		v, err := signature.LoadDefaultVerifier(pub)
		return root.NewExpiringKey(v, time.Time{}, time.Time{}), err
	})
}

// privateCA is an authority whose last certificate is its root.
type privateCA struct {
	root.BaseTrustedMaterial
	chain []*x509.Certificate
}

func (p *privateCA) FulcioCertificateAuthorities() []root.CertificateAuthority {
	if len(p.chain) == 0 {
		return nil
	}
	last := len(p.chain) - 1
	return []root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: p.chain[last], Intermediates: p.chain[:last]}}
}

func certificates(data []byte) []*x509.Certificate {
	var found []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, c)
		}
	}
	return found
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
	case d.Identity != "":
		options = append(options, verify.WithIntegratedTimestamps(1))
	default:
		options = append(options, verify.WithNoObserverTimestamps())
	}
	return options
}

func policyOf(e *world.Evidence) (verify.PolicyBuilder, error) {
	artifact := verify.WithArtifact(bytes.NewReader(e.Artifact))
	if e.Demand.Identity == "" {
		return verify.NewPolicy(artifact, verify.WithKey()), nil
	}
	anyIssuer := ""
	if e.Demand.Issuer == "" {
		anyIssuer = ".*"
	}
	identity, err := verify.NewShortCertificateIdentity(e.Demand.Issuer, anyIssuer, e.Demand.Identity, "")
	return verify.NewPolicy(artifact, verify.WithCertificateIdentity(identity)), err
}
