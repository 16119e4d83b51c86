package ctap

import "github.com/fxamacker/cbor/v2"

// maxChain bounds the certificates of a statement.
const maxChain = 8

// Attestation is a parsed attestation object (WebAuthn level 2, section 6.5.4).
// Nothing of it is verified.
type Attestation struct {
	Format    string
	AuthData  *AuthData
	Algorithm int // COSE; 0 in a statement of U2F
	Signature []byte
	Chain     [][]byte // certificates in DER, the leaf first; empty for self attestation
}

// statement has the members of "packed" and "fido-u2f" (WebAuthn level 2,
// sections 8.2 and 8.6); "none" has none.
type statement struct {
	Algorithm int      `cbor:"alg"`
	Signature []byte   `cbor:"sig"`
	Chain     [][]byte `cbor:"x5c"`
}

// ParseAttestation parses the attestation object of a credential.
func ParseAttestation(b []byte) (*Attestation, error) {
	var object struct {
		Format    string          `cbor:"fmt"`
		Statement cbor.RawMessage `cbor:"attStmt"`
		AuthData  []byte          `cbor:"authData"`
	}
	if err := decode(b, &object); err != nil {
		return nil, err
	}
	data, err := parseAuthData(object.AuthData)
	if err != nil {
		return nil, err
	}
	var s statement
	if err := decode(object.Statement, &s); err != nil {
		return nil, err
	}
	switch {
	case object.Format == "" || data.Public == nil:
		return nil, malformed("an attestation without format or key")
	case len(s.Chain) > maxChain:
		return nil, malformed("an attestation with too many certificates")
	}
	return &Attestation{Format: object.Format, AuthData: data, Algorithm: s.Algorithm, Signature: s.Signature, Chain: s.Chain}, nil
}
