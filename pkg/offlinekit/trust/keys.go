package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// NewKey returns a key as TUF, section 4.2, writes it. TUF has Ed25519 and ECDSA with
// P-256 and P-384; RSA there signs with PSS, which stella never does. A FIDO2 token
// signs more than it is given, so its key has a scheme of its own, which clients that
// do not know it pass over. Any other key is fault.KeyUnsupported.
func NewKey(k *keys.TrustedKey) (*metadata.Key, error) {
	out := &metadata.Key{}
	switch pub := k.Public.(type) {
	case ed25519.PublicKey:
		out.Type, out.Scheme = metadata.KeyTypeEd25519, metadata.KeySchemeEd25519
		out.Value.PublicKey = hex.EncodeToString(pub)
	case *ecdsa.PublicKey:
		scheme, err := curveScheme(pub)
		if err != nil {
			return nil, err
		}
		text, err := keys.MarshalPublic(pub)
		if err != nil {
			return nil, err
		}
		out.Type, out.Scheme, out.Value.PublicKey = metadata.KeyTypeECDSA_SHA2_P256, scheme, string(text)
	case *rsa.PublicKey:
		return nil, fault.New(fault.KeyUnsupported, "TUF signs with RSA-PSS, and stella's RSA keys sign with PKCS #1 v1.5").
			WithHint("take an Ed25519, ECDSA P-256 or ECDSA P-384 key")
	default:
		return nil, unsupported(fmt.Errorf("TUF has no key type for %s", k.Algorithm))
	}
	return out, markFIDO2(out, k)
}

func unsupported(err error) error {
	return fault.Wrap(fault.KeyUnsupported, err, "").WithHint("take an Ed25519, ECDSA P-256 or ECDSA P-384 key")
}

func curveScheme(pub *ecdsa.PublicKey) (string, error) {
	switch pub.Curve {
	case elliptic.P256():
		return metadata.KeySchemeECDSA_SHA2_P256, nil
	case elliptic.P384():
		return metadata.KeySchemeECDSA_SHA2_P384, nil
	}
	return "", unsupported(fmt.Errorf("TUF has no scheme for the curve %s", pub.Params().Name))
}

// verifierOf returns the verifier of a key of a role. A key that this program does
// not know is an error, and counts for nothing.
func verifierOf(key *metadata.Key) (dsse.Verifier, error) {
	pub, err := publicOf(key)
	if err != nil {
		return nil, err
	}
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if key.Scheme != metadata.KeySchemeRSASSA_PSS_SHA256 {
			return nil, fmt.Errorf("scheme %.40q does not fit an RSA key", key.Scheme)
		}
		return keys.NewPSSVerifier(pub)
	case *ecdsa.PublicKey:
		if want, err := curveScheme(pub); key.Scheme != want {
			return fido2Verifier(key, pub, err)
		}
	case ed25519.PublicKey:
		if key.Scheme != metadata.KeySchemeEd25519 {
			return fido2Verifier(key, pub, nil)
		}
	}
	return dsse.NewVerifier(pub)
}

// publicOf reads the public half of a key.
func publicOf(key *metadata.Key) (crypto.PublicKey, error) {
	if key.Type == metadata.KeyTypeEd25519 {
		b, err := hex.DecodeString(key.Value.PublicKey)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, errors.New("the Ed25519 key is not 64 digits in hex")
		}
		return ed25519.PublicKey(b), nil
	}
	known := []string{
		metadata.KeyTypeECDSA_SHA2_P256, metadata.KeyTypeECDSA_SHA2_P256_COMPAT, metadata.KeySchemeECDSA_SHA2_P384,
		metadata.KeyTypeRSASSA_PSS_SHA256,
	}
	if !slices.Contains(known, key.Type) {
		return nil, fmt.Errorf("unknown key type %.40q", key.Type)
	}
	block, _ := pem.Decode([]byte(key.Value.PublicKey))
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	pub, err := parsePKIX(block.Bytes)
	if err != nil {
		return nil, err
	}
	if _, isRSA := pub.(*rsa.PublicKey); isRSA != (key.Type == metadata.KeyTypeRSASSA_PSS_SHA256) {
		return nil, fmt.Errorf("the key is not of the type %.40q", key.Type)
	}
	return pub, nil
}
