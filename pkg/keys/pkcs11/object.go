//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"encoding/binary"
	"math/bits"

	"github.com/miekg/pkcs11"
)

// maxObjects bounds how many objects of a kind are looked at in one token.
const maxObjects = 1024

// reader reads objects in one session.
type reader struct {
	p11     *pkcs11.Ctx
	session pkcs11.SessionHandle
}

func (t *token) reader() reader { return reader{t.module.p11, t.session} }

// find returns the objects of a class that have the attributes.
func (r reader) find(class uint, attributes ...*pkcs11.Attribute) (found []pkcs11.ObjectHandle, err error) {
	template := append([]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}, attributes...)
	if err := r.p11.FindObjectsInit(r.session, template); err != nil {
		return nil, err
	}
	defer func() {
		if endErr := r.p11.FindObjectsFinal(r.session); err == nil {
			err = endErr
		}
	}()
	for len(found) < maxObjects {
		some, _, err := r.p11.FindObjects(r.session, 64)
		if err != nil || len(some) == 0 {
			return found, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// bytes reads an attribute, nil if the object has none or does not show it. Each
// is read alone, because a module fails a list as a whole.
func (r reader) bytes(object pkcs11.ObjectHandle, attribute uint) []byte {
	values, err := r.p11.GetAttributeValue(r.session, object, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
	if err != nil || len(values) != 1 {
		return nil
	}
	return values[0].Value
}

// number reads a CK_ULONG, which has the machine's size and order.
func (r reader) number(object pkcs11.ObjectHandle, attribute uint) (uint, bool) {
	b := r.bytes(object, attribute)
	if len(b) != bits.UintSize/8 {
		return 0, false
	}
	if bits.UintSize == 32 {
		return uint(binary.NativeEndian.Uint32(b)), true
	}
	return uint(binary.NativeEndian.Uint64(b)), true
}

// is reads a CK_BBOOL. An attribute that is not there is neither true nor false.
func (r reader) is(object pkcs11.ObjectHandle, attribute uint, value bool) bool {
	b := r.bytes(object, attribute)
	return len(b) == 1 && (b[0] != 0) == value
}

// public returns what an object says about its public key.
func (r reader) public(object pkcs11.ObjectHandle, class, kind uint) publicValues {
	v := publicValues{info: r.bytes(object, pkcs11.CKA_PUBLIC_KEY_INFO)}
	switch {
	case class == pkcs11.CKO_CERTIFICATE:
		v.certificate = r.bytes(object, pkcs11.CKA_VALUE)
	case kind == pkcs11.CKK_RSA:
		v.modulus, v.exponent = r.bytes(object, pkcs11.CKA_MODULUS), r.bytes(object, pkcs11.CKA_PUBLIC_EXPONENT)
	case class == pkcs11.CKO_PUBLIC_KEY && (kind == pkcs11.CKK_EC || kind == ckkEdwards):
		v.params, v.point = r.bytes(object, pkcs11.CKA_EC_PARAMS), r.bytes(object, pkcs11.CKA_EC_POINT)
	}
	return v
}

// Of PKCS #11 3.0, which the library's constants do not have.
const (
	ckkEdwards           = 0x40
	ckmEdwardsKeyPairGen = 0x1055
	ckmEdDSA             = 0x1057
)
