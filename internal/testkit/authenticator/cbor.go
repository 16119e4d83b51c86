package authenticator

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// maxNesting is how deep CTAP2 messages nest (CTAP 2.1, 8).
const maxNesting = 4

// encode writes CTAP2 canonical CBOR (CTAP 2.1, 8). No value is no bytes.
func encode(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

// decode reads exactly one CTAP2 canonical CBOR value into v. Anything else is
// InvalidCBOR, and another type than v wants is CBORUnexpectedType.
func decode(b []byte, v any) error {
	mode, err := cbor.DecOptions{
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		IndefLength:     cbor.IndefLengthForbidden,
		TagsMd:          cbor.TagsForbidden,
		MaxNestedLevels: maxNesting,
	}.DecMode()
	if err != nil {
		return err
	}
	var whole any
	if err := mode.Unmarshal(b, &whole); err != nil {
		return InvalidCBOR
	}
	if again, err := encode(whole); err != nil || !bytes.Equal(again, b) {
		return InvalidCBOR
	}
	err = mode.Unmarshal(b, v)
	if _, ok := errors.AsType[*cbor.UnmarshalTypeError](err); ok {
		return CBORUnexpectedType
	}
	if err != nil {
		return InvalidCBOR
	}
	return nil
}

func hexByte(b byte) string { return fmt.Sprintf("0x%02x", b) }
