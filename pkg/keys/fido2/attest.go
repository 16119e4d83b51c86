package fido2

import (
	"context"
	"crypto/x509"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

var _ keys.AttestationVerifier = (*Driver)(nil)

// The formats of statements, in keys.Attestation.
const (
	formatPrefix = "fido2-"
	// FormatPacked is WebAuthn level 2, section 8.2.
	FormatPacked = formatPrefix + "packed"
	// FormatU2F is WebAuthn level 2, section 8.6.
	FormatU2F = formatPrefix + "u2f"
)

// maxAttestation bounds the file of a statement, in bytes: CTAPHID carries 7,609.
const maxAttestation = 16 << 10

func attestationPath(keyFile string) string { return keyFile + ".attestation" }

// Attest returns what the token's maker said of the key when it was made. In mode
// fido2 there is nothing to say: the key that signs is one of software, which the
// statement is not about. Verify it with VerifyAttestation.
func (d *Driver) Attest(ctx context.Context, ref keys.Ref) (*keys.Attestation, error) {
	if err := ref.CheckOptions(commonOptions()...); err != nil {
		return nil, err
	}
	c, err := d.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	if c.mode != ModeAssertion {
		return nil, fault.New(fault.KeyUnsupported, "no statement of a token's maker is about a key of mode %s", c.mode).
			WithHint("make a key that signs in the token: -o 'fido2:FILE?mode=assertion'")
	}
	b, err := read(attestationPath(c.path), maxAttestation)
	if err != nil {
		return nil, err
	}
	object, err := ctap.ParseAttestation(b)
	if err != nil {
		return nil, withPath(attestationPath(c.path), malformedAttestation())
	}
	format, err := attestationFormat(object.Format)
	if err != nil {
		return nil, err
	}
	return &keys.Attestation{Format: format, Statement: b, Chain: object.Chain}, nil
}

// VerifyAttestation implements keys.AttestationVerifier with the function of this
// name, for tokens of any model that trust.Roots vouch for.
func (d *Driver) VerifyAttestation(a *keys.Attestation, k *keys.TrustedKey, trust keys.AttestationTrust) error {
	if k.FIDO2 == nil {
		return rejected("the key is not one that signs in a token")
	}
	roots := x509.NewCertPool()
	for _, c := range trust.Roots {
		roots.AddCert(c)
	}
	_, err := VerifyAttestation(a, k.Public, AttestationTrust{RPID: k.FIDO2.RPID, Roots: roots, At: trust.At})
	return err
}

func attestationFormat(s string) (string, error) {
	switch s {
	case "packed":
		return FormatPacked, nil
	case "fido-u2f":
		return FormatU2F, nil
	case "none":
		return "", fault.New(fault.KeyUnsupported, "the token gave no statement of its maker when the key was made").
			WithHint("use a token that attests its keys")
	}
	return "", fault.New(fault.KeyUnsupported, "the token's statement is of a kind that is not known")
}

func malformedAttestation() error {
	return fault.New(fault.AttestationMalformed, "malformed attestation object of a FIDO2 token")
}
