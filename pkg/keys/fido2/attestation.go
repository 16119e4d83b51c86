package fido2

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

// AttestationTrust is what a statement is held against.
type AttestationTrust struct {
	// RPID is the relying party id of the key.
	RPID string
	// Roots are the makers' certificates, or those of single models. Without any,
	// no statement is trusted. A U2F statement brings no intermediate ones.
	Roots *x509.CertPool
	// Models are the token models that are allowed, by AAGUID; empty for all that
	// Roots vouch for. A U2F statement names no model.
	Models [][16]byte
	// At is the time at which certificates are judged.
	At time.Time
}

// Attested is what a statement proves of a key: it was made in a token of this
// model, whose maker says so.
type Attested struct {
	Model [16]byte // AAGUID; zero in a U2F statement
	Maker string   // subject of the statement's certificate; hostile text
	// UserVerified says that the token knew its user when it made the key. A U2F
	// statement does not tell.
	UserVerified bool
}

// VerifyAttestation verifies a statement about the key pub: packed with a chain
// (WebAuthn level 2, section 8.2) or fido-u2f (section 8.6), to a root of trust.
//
// The errors: fault.AttestationMalformed; fault.AttestationRejected for a
// statement about another key, or with a wrong signature;
// fault.AttestationUntrusted for one that no root vouches for, a statement of the
// key about itself above all, and for a model that is not allowed.
func VerifyAttestation(a *keys.Attestation, pub crypto.PublicKey, trust AttestationTrust) (*Attested, error) {
	object, err := ctap.ParseAttestation(a.Statement)
	if err != nil {
		return nil, malformedAttestation()
	}
	if err := isAbout(object.AuthData, pub, trust.RPID); err != nil {
		return nil, err
	}
	if len(object.Chain) == 0 {
		return nil, untrusted("the key speaks for itself, and no maker of tokens for it")
	}
	leaf, err := verifyChain(object.Chain, trust)
	if err != nil {
		return nil, err
	}
	switch object.Format {
	case "packed":
		err = verifyPacked(object, leaf, trust.RPID)
	case "fido-u2f":
		err = verifyU2F(object, leaf, pub, trust.RPID)
	default:
		err = fault.New(fault.AttestationMalformed, "the statement is of a kind that is not known")
	}
	if err != nil {
		return nil, err
	}
	data := object.AuthData
	if len(trust.Models) > 0 && !slices.Contains(trust.Models, data.AAGUID) {
		return nil, untrusted("the token is of a model that is not allowed")
	}
	verified := object.Format == "packed" && data.Flags&ctap.FlagUserVerified != 0 // U2F does not sign the flags
	return &Attested{Model: data.AAGUID, Maker: leaf.Subject.String(), UserVerified: verified}, nil
}

// isAbout: the statement must be about this key and relying party.
func isAbout(data *ctap.AuthData, pub crypto.PublicKey, rpID string) error {
	want, err := dsse.MarshalPKIX(pub)
	if err != nil {
		return err
	}
	got, err := dsse.MarshalPKIX(data.Public)
	hash := sha256.Sum256([]byte(rpID))
	switch {
	case err != nil || !bytes.Equal(want, got):
		return rejected("it is about another key")
	case data.RPIDHash != hash:
		return rejected("it is about a key for another relying party")
	case data.Flags&ctap.FlagUserPresent == 0:
		return rejected("nobody touched the token when the key was made")
	}
	return nil
}

// verifyChain verifies the certificates to a root. Certificates of tokens name no
// purpose that Go knows, so any will do.
func verifyChain(chain [][]byte, trust AttestationTrust) (*x509.Certificate, error) {
	if trust.Roots == nil {
		return nil, untrusted("no maker's certificate is trusted")
	}
	var list []*x509.Certificate
	for _, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, malformedAttestation()
		}
		list = append(list, c)
	}
	between := x509.NewCertPool()
	for _, c := range list[1:] {
		between.AddCert(c)
	}
	_, err := list[0].Verify(x509.VerifyOptions{
		Roots: trust.Roots, Intermediates: between, CurrentTime: trust.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, untrusted("no trusted maker vouches for the token")
	}
	return list[0], nil
}

// verifyPacked is WebAuthn level 2, section 8.2, with the demands of 8.2.1.
func verifyPacked(o *ctap.Attestation, leaf *x509.Certificate, rpID string) error {
	switch {
	case leaf.Version != 3 || leaf.IsCA || !leaf.BasicConstraintsValid:
		return rejected("its certificate is not one of a token")
	case !slices.Contains(leaf.Subject.OrganizationalUnit, "Authenticator Attestation"):
		return rejected("its certificate is not one for attestation")
	}
	if err := checkModel(leaf, o.AuthData.AAGUID); err != nil {
		return err
	}
	signed := append(bytes.Clone(o.AuthData.Raw), enrolmentHash(rpID)...)
	if !verifies(leaf.PublicKey, o.Algorithm, signed, o.Signature) {
		return rejected("its signature does not fit")
	}
	return nil
}

// verifyU2F is WebAuthn level 2, section 8.6.
func verifyU2F(o *ctap.Attestation, leaf *x509.Certificate, pub crypto.PublicKey, rpID string) error {
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok || len(o.Chain) != 1 || o.AuthData.AAGUID != [16]byte{} {
		return rejected("it is no statement of a U2F token")
	}
	point, err := key.Bytes()
	if err != nil {
		return rejected("it is no statement of a U2F token")
	}
	signed := slices.Concat([]byte{0}, o.AuthData.RPIDHash[:], enrolmentHash(rpID), o.AuthData.Credential, point)
	if !verifies(leaf.PublicKey, ctap.ES256, signed, o.Signature) {
		return rejected("its signature does not fit")
	}
	return nil
}

// checkModel: a certificate that names a model vouches for no other
// (id-fido-gen-ce-aaguid, section 8.2.1).
func checkModel(leaf *x509.Certificate, model [16]byte) error {
	const oid = "1.3.6.1.4.1.45724.1.1.4"
	for _, e := range leaf.Extensions {
		if e.Id.String() != oid {
			continue
		}
		var named []byte
		rest, err := asn1.Unmarshal(e.Value, &named)
		if err != nil || len(rest) > 0 || !bytes.Equal(named, model[:]) {
			return rejected("its certificate is one of another model")
		}
	}
	return nil
}

// verifies verifies by the algorithms that makers sign with.
func verifies(pub crypto.PublicKey, algorithm int, signed, sig []byte) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(signed)
		return algorithm == ctap.ES256 && k.Curve == elliptic.P256() && ecdsa.VerifyASN1(k, digest[:], sig)
	case ed25519.PublicKey:
		return algorithm == ctap.EdDSA && ed25519.Verify(k, signed, sig)
	}
	return false
}

func rejected(why string) error {
	return fault.New(fault.AttestationRejected, "the token's statement does not prove what is said of the key: %s", why)
}

func untrusted(why string) error {
	return fault.New(fault.AttestationUntrusted, "the token's statement is not trusted: %s", why).
		WithHint("give the root certificate of the token's maker")
}
