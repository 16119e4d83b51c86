package world

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/v2"
	"fmt"
	"strings"
)

// A body is what a log holds of a signature, as canonical JSON (RFC 8785).
type body struct {
	kind, version string
	json          []byte
}

// newBody describes a signature to a log in the way of an entry type.
func newBody(s signed, log Log, entry Entry) body {
	switch {
	case log == LogV2 && entry == DSSE:
		return dsseV2Body(s)
	case log == LogV2:
		return hashedrekordV2(s)
	case entry == Intoto:
		return intotoV1(s)
	case entry == DSSE:
		return dsseV1Body(s)
	default:
		return hashedrekordV1(s)
	}
}

// object is a JSON object.
type object map[string]any

// encodeObject encodes an object with its members in order.
func encodeObject(o object) []byte { return must(json.Marshal(o, json.Deterministic(true))) }

// encode makes an entry of a specification.
func encode(kind, version string, spec any) body {
	return body{kind, version, encodeObject(object{"apiVersion": version, "kind": kind, "spec": spec})}
}

func hashedrekordV1(s signed) body {
	return encode("hashedrekord", "0.0.1", object{
		"data":      object{"hash": hashV1(s.hash, s.digest)},
		"signature": object{"content": s.signature, "publicKey": object{"content": s.pem()}},
	})
}

func dsseV1Body(s signed) body {
	return encode("dsse", "0.0.1", object{
		"envelopeHash": sha256V1(envelopeJSON(s)),
		"payloadHash":  sha256V1(s.payload),
		"signatures":   []object{{"signature": s.signature, "verifier": s.pem()}},
	})
}

// intotoV1 is the older form for envelopes, where signatures are encoded twice.
func intotoV1(s signed) body {
	twice := base64.StdEncoding.EncodeToString(s.signature)
	return encode("intoto", "0.0.2", object{"content": object{
		"envelope": object{
			"payloadType": s.payloadType,
			"signatures":  []object{{"publicKey": s.pem(), "sig": []byte(twice)}},
		},
		"hash":        sha256V1(envelopeJSON(s)),
		"payloadHash": sha256V1(s.payload),
	}})
}

// hashedrekordV2 holds the digest of the artifact or, for an envelope, of its PAE.
func hashedrekordV2(s signed) body {
	return encode("hashedrekord", "0.0.2", object{"hashedRekordV002": object{
		"data":      hashV2(s.hash, s.digest),
		"signature": object{"content": s.signature, "verifier": verifierV2(s)},
	}})
}

func dsseV2Body(s signed) body {
	payload := sha256.Sum256(s.payload)
	return encode("dsse", "0.0.2", object{"dsseV002": object{
		"payloadHash": hashV2(crypto.SHA256, payload[:]),
		"signatures":  []object{{"content": s.signature, "verifier": verifierV2(s)}},
	}})
}

// envelopeJSON is the envelope as a client sends it to Rekor version 1.
func envelopeJSON(s signed) []byte {
	return encodeObject(object{
		"payloadType": s.payloadType, "payload": s.payload,
		"signatures": []object{{"sig": s.signature}},
	})
}

func sha256V1(b []byte) object { return hashV1(crypto.SHA256, sum(crypto.SHA256, b)) }

func hashV1(hash crypto.Hash, digest []byte) object {
	name := strings.ToLower(strings.ReplaceAll(hash.String(), "-", ""))
	return object{"algorithm": name, "value": hex.EncodeToString(digest)}
}

func hashV2(hash crypto.Hash, digest []byte) object {
	return object{"algorithm": strings.ReplaceAll(hash.String(), "SHA-", "SHA2_"), "digest": digest}
}

func verifierV2(s signed) object {
	v := object{"keyDetails": keyDetails(s.public)}
	if len(s.chain) > 0 {
		v["x509Certificate"] = object{"rawBytes": s.chain[0].Raw}
	} else {
		v["publicKey"] = object{"rawBytes": spki(s.public)}
	}
	return v
}

// keyDetails is protobuf-specs' name of a key and its scheme.
func keyDetails(pub crypto.PublicKey) string {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		return fmt.Sprintf("PKIX_ECDSA_P%d_SHA_%d", key.Curve.Params().BitSize, hashOf(key).Size()*8)
	case *rsa.PublicKey:
		return fmt.Sprintf("PKIX_RSA_PKCS1V15_%d_SHA256", key.N.BitLen())
	default:
		panic(fmt.Sprintf("Rekor version 2 logs no signature of a %T", pub))
	}
}
