package keys

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// VerifierOf returns the verifier of what a signer signs. It is that of the
// public key, but for signers whose signatures carry an extension: those have a
// method Verifier() (dsse.Verifier, error). One that wraps another has a method
// Unwrap() dsse.Signer.
func VerifierOf(s dsse.Signer) (dsse.Verifier, error) {
	for inner := s; inner != nil; {
		if own, ok := inner.(interface{ Verifier() (dsse.Verifier, error) }); ok {
			return own.Verifier()
		}
		wrapper, ok := inner.(interface{ Unwrap() dsse.Signer })
		if !ok {
			break
		}
		inner = wrapper.Unwrap()
	}
	verifier, err := dsse.NewVerifier(s.Public())
	if err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	return verifier, nil
}
