package bundle

import (
	"bytes"
	"encoding/asn1"
	"encoding/json/jsontext"
	"math/big"
	"slices"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// MaxDetached bounds a file that is one signature: base64 of the longest, with
// line breaks.
const MaxDetached = 8 << 10

// rawSignatures are the lengths, in bytes, of the signatures that have no
// structure: Ed25519, RSA of 2048 to 4096 bits, and ML-DSA-65.
func rawSignatures() []int { return []int{64, 256, 384, 512, 3309} }

// readDetached returns the signature that f consists of, or nil: base64, as
// cosign and openssl write it, with or without line breaks, or the DER of an
// ECDSA signature.
func readDetached(f *input.File) *Item {
	if f.Size() > MaxDetached {
		return nil
	}
	b, err := f.ReadAll()
	if err != nil {
		return nil // whoever reads next says so
	}
	if !isECDSA(b) {
		text := bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r"), nil), []byte("\n"), nil)
		if b, err = strictjson.DecodeBase64(string(text)); err != nil || !isSignature(b) {
			return nil
		}
	}
	return &Item{Shape: "detached signature", Blob: &Blob{Signature: b}}
}

// isSignature reports whether b can be a signature of some algorithm, and is not
// JSON that has by chance the length of one.
func isSignature(b []byte) bool {
	return isECDSA(b) || slices.Contains(rawSignatures(), len(b)) && !jsontext.Value(b).IsValid()
}

// isECDSA reports whether b is an Ecdsa-Sig-Value (RFC 3279, section 2.2.3).
func isECDSA(b []byte) bool {
	var s struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(b, &s)
	return err == nil && len(rest) == 0 && s.R.Sign() > 0 && s.S.Sign() > 0
}
