package authenticator

import (
	"crypto/hmac"
	"crypto/sha256"
)

// hmacSecrets are a credential's two secrets of the hmac-secret extension
// (CTAP 2.1, 12.5): which one works depends on whether the user was verified.
type hmacSecrets struct{ withUV, withoutUV []byte }

// newHMACSecrets makes secrets. CTAP 2.0 has one for both cases.
func newHMACSecrets(one bool) *hmacSecrets {
	s := &hmacSecrets{withUV: random(sha256.Size), withoutUV: random(sha256.Size)}
	if one {
		s.withoutUV = s.withUV
	}
	return s
}

// hmacInput is what getAssertion gets for the extension: one or two salts of 32
// bytes, encrypted and authenticated with a shared secret.
type hmacInput struct {
	KeyAgreement *coseKey `cbor:"1,keyasint"`
	Salts        []byte   `cbor:"2,keyasint"`
	Param        []byte   `cbor:"3,keyasint"`
	Protocol     *int     `cbor:"4,keyasint"`
}

// hmacSalts is hmacInput when it is decrypted.
type hmacSalts struct {
	secret sharedSecret
	salts  []byte
}

// open decrypts the salts. Without a protocol it is the first (CTAP 2.1, 12.5).
func (k *token) open(in *hmacInput) (*hmacSalts, error) {
	if in.KeyAgreement == nil || in.Salts == nil || in.Param == nil {
		return nil, MissingParameter
	}
	number := protocolOne
	if in.Protocol != nil {
		number = *in.Protocol
	}
	protocol, err := k.checkProtocol(&number)
	if err != nil {
		return nil, err
	}
	s, err := agree(protocol, k.auth.agreement, *in.KeyAgreement)
	if err != nil {
		return nil, err
	}
	if err := s.verify(in.Salts, in.Param); err != nil {
		return nil, err
	}
	salts, err := s.decrypt(in.Salts)
	if err != nil {
		return nil, err
	}
	if len(salts) != sha256.Size && len(salts) != 2*sha256.Size {
		return nil, InvalidParameter
	}
	return &hmacSalts{s, salts}, nil
}

// output is one HMAC for each salt, encrypted.
func (h *hmacSalts) output(s *hmacSecrets, uv bool) ([]byte, error) {
	secret := s.withoutUV
	if uv {
		secret = s.withUV
	}
	var out []byte
	for rest := h.salts; len(rest) > 0; rest = rest[sha256.Size:] {
		mac := hmac.New(sha256.New, secret)
		mac.Write(rest[:sha256.Size])
		out = mac.Sum(out)
	}
	return h.secret.encrypt(out)
}
