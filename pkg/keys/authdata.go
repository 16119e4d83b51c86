package keys

import (
	"encoding/binary"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// AssertionDataSize is the size of the authenticator data of an assertion that
// stella takes, in bytes: relying party id hash, flags and counter, and no
// extension (WebAuthn level 2, section 6.1).
const AssertionDataSize = 32 + 1 + 4

// Flags of authenticator data (WebAuthn level 3, section 6.1).
const (
	flagUP = 0x01 // user present: the token was touched
	flagUV = 0x04 // user verified: by PIN or finger
	flagBE = 0x08 // backup eligible
	flagBS = 0x10 // backed up; only with flagBE
	flagAT = 0x40 // attested credential data follows
	flagED = 0x80 // extension data follows
	// flagsReserved have no meaning and are never set.
	flagsReserved = 0x02 | 0x20
)

// assertionData is the authenticator data of an assertion.
type assertionData struct {
	rpIDHash [32]byte
	flags    byte
	// counter tells nothing here: many tokens leave it at 0, and a verifier of
	// evidence sees signatures in any order.
	counter uint32
}

// parseAssertionData parses authenticator data and takes nothing beside an
// assertion's: attested credential data stands only in what a token signs at
// enrolment, and nobody here asks for an extension of an assertion.
func parseAssertionData(b []byte) (assertionData, error) {
	var d assertionData
	if len(b) != AssertionDataSize {
		return d, malformedAssertion("authenticator data of %d bytes, not %d", len(b), AssertionDataSize)
	}
	copy(d.rpIDHash[:], b)
	d.flags, d.counter = b[32], binary.BigEndian.Uint32(b[33:])
	switch {
	case d.flags&(flagAT|flagED|flagsReserved) != 0:
		return d, malformedAssertion("authenticator data has flags %#02x, which an assertion does not have", d.flags)
	case d.flags&flagBS != 0 && d.flags&flagBE == 0:
		return d, malformedAssertion("authenticator data says backed up and not eligible for it")
	}
	return d, nil
}

// check returns nil if all flags that are wanted are set.
func (d assertionData) check(want FIDO2) error {
	for _, required := range []struct {
		name, missing string
		flag          byte
	}{
		{FlagUP, "without a touch", flagUP},
		{FlagUV, "without a PIN or finger", flagUV},
	} {
		if slices.Contains(want.Flags, required.name) && d.flags&required.flag == 0 {
			return fault.New(fault.SignatureFlags, "the token signed %s, which the trust entry demands (flag %q)", required.missing, required.name).
				WithHint("ask the signer to sign again with the touch or PIN that the key demands")
		}
	}
	return nil
}

func malformedAssertion(format string, args ...any) error {
	return fault.New(fault.SignatureMalformed, "malformed FIDO2 assertion: "+format, args...)
}
