package keys

import "github.com/stellaops/stella/pkg/dsse"

// Describe returns what must be known to verify the signatures of s: the public
// key and, where the signer says so, scheme and FIDO2. A signer whose signatures
// are not the usual ones of its key has a method Describe() TrustedKey; one that
// wraps another has Unwrap() dsse.Signer.
func Describe(s dsse.Signer) TrustedKey {
	for inner := s; inner != nil; {
		if own, ok := inner.(interface{ Describe() TrustedKey }); ok {
			said := own.Describe()
			return TrustedKey{Public: s.Public(), Scheme: said.Scheme, FIDO2: said.FIDO2}
		}
		wrapper, ok := inner.(interface{ Unwrap() dsse.Signer })
		if !ok {
			break
		}
		inner = wrapper.Unwrap()
	}
	return TrustedKey{Public: s.Public()}
}

// Describe returns what must be known to verify signatures of the new key: its
// scheme and FIDO2, if PublicFile is a keys.json, are those of its entry.
func (g *Generated) Describe() TrustedKey {
	list, err := ParseKeysJSON(g.PublicFile, "public key")
	if err == nil && len(list) == 1 && Equal(list[0].Public, g.Public) {
		return TrustedKey{Public: g.Public, Scheme: list[0].Scheme, FIDO2: list[0].FIDO2}
	}
	return TrustedKey{Public: g.Public} // PEM, which says no more
}
