package ctap

import (
	"bytes"

	"github.com/fxamacker/cbor/v2"

	"github.com/stellaops/stella/internal/fault"
)

// Bounds of what a token sends. CTAPHID bounds the whole message to 7,609 bytes.
const (
	// maxNesting is how deep messages nest (CTAP 2.1, section 8), with one level
	// more for an attestation object that wraps a statement.
	maxNesting = 5
	// maxElements bounds lists and maps; credential lists are the longest.
	maxElements = 256
)

// encode writes CTAP2 canonical CBOR (CTAP 2.1, section 8).
func encode(v any) ([]byte, error) {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

func decMode() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   maxNesting,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxElements,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
}

// decode reads exactly one value in canonical form into v. Members that v does
// not have are ignored, as CTAP demands of platforms.
func decode(b []byte, v any) error {
	rest, err := decodeFirst(b, v)
	if err == nil && len(rest) > 0 {
		return malformed("bytes after the end")
	}
	return err
}

// decodeFirst is decode for a value that others may follow.
func decodeFirst(b []byte, v any) (rest []byte, err error) {
	mode, err := decMode()
	if err != nil {
		return nil, err
	}
	var whole any
	rest, err = mode.UnmarshalFirst(b, &whole)
	if err != nil {
		return nil, malformed("not well-formed CBOR")
	}
	value := b[:len(b)-len(rest)]
	if again, err := encode(whole); err != nil || !bytes.Equal(again, value) {
		return nil, malformed("not canonical CBOR")
	}
	if err := mode.Unmarshal(value, v); err != nil {
		return nil, malformed("CBOR of another form than the command's")
	}
	return rest, nil
}

// malformed does not quote the library: its words may hold what a token sent.
func malformed(what string) error {
	return fault.New(fault.DeviceFailed, "malformed answer of the token: %s", what).
		WithHint("check that the device is a FIDO2 token; another one may work")
}
