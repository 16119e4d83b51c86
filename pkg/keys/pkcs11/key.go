//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// key is a private key of a token.
type key struct {
	object pkcs11.ObjectHandle
	id     []byte
	label  string
	kind   uint // CKK
	public crypto.PublicKey
	notes  []keys.Note
}

// uri returns what names the key in its token.
func (k *key) uri(t tokenInfo) URI {
	u := t.uri()
	u.ID, u.Object = k.id, text(k.label)
	return u
}

// find returns the one private key that u fits, with its public half.
func (t *token) find(u URI) (*key, error) {
	r := t.reader()
	var wanted []*pkcs11.Attribute
	if len(u.ID) > 0 {
		wanted = append(wanted, pkcs11.NewAttribute(pkcs11.CKA_ID, u.ID))
	}
	if u.Object != "" {
		wanted = append(wanted, pkcs11.NewAttribute(pkcs11.CKA_LABEL, u.Object))
	}
	objects, err := r.find(pkcs11.CKO_PRIVATE_KEY, wanted...)
	if err != nil {
		return nil, err
	}
	switch len(objects) {
	case 0:
		return nil, t.noKey(r, u)
	case 1:
		return t.load(r, objects[0])
	}
	return nil, t.severalKeys(r, u, objects)
}

// load reads one private key.
func (t *token) load(r reader, object pkcs11.ObjectHandle) (*key, error) {
	k := r.name(object)
	kind, _ := r.number(object, pkcs11.CKA_KEY_TYPE)
	k.kind = kind
	name := k.uri(t.tokenInfo).String()
	switch {
	case kind != pkcs11.CKK_RSA && kind != pkcs11.CKK_EC && kind != ckkEdwards:
		return nil, fault.New(fault.KeyUnsupported, "key %q is of kind %#x, which stella does not sign with", name, kind).
			WithHint("use an ECDSA, RSA or Ed25519 key")
	case r.is(object, pkcs11.CKA_SIGN, false):
		return nil, fault.New(fault.KeyUnsupported, "key %q may not sign: its CKA_SIGN is false", name)
	case r.is(object, pkcs11.CKA_ALWAYS_AUTHENTICATE, true):
		return nil, fault.New(fault.KeyUnsupported, "key %q wants its PIN for each signature", name).
			WithHint("use a key without CKA_ALWAYS_AUTHENTICATE, such as slot 9a of a PIV card instead of 9c")
	}
	public, err := r.publicOf(k)
	if err != nil {
		return nil, t.noPublic(name, err)
	}
	if _, err := dsse.SchemeOf(public); err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "key %q", name)
	}
	k.public, k.notes = public, r.notes(k, name)
	return k, nil
}

// name reads what names a key.
func (r reader) name(object pkcs11.ObjectHandle) *key {
	return &key{object: object, id: r.bytes(object, pkcs11.CKA_ID), label: string(r.bytes(object, pkcs11.CKA_LABEL))}
}

// errSeveralPublic means that it cannot be told which public key belongs.
var errSeveralPublic = errors.New("the token has several public keys that may belong to it")

// publicOf returns the public half of a private key: of the public key that has
// its id and its label, or else its id, or else of a certificate that has its
// id, or else what the private object itself says. Whether it belongs to the
// private half is for the self-test.
func (r reader) publicOf(k *key) (crypto.PublicKey, error) {
	kind := pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, k.kind)
	id, label := pkcs11.NewAttribute(pkcs11.CKA_ID, k.id), pkcs11.NewAttribute(pkcs11.CKA_LABEL, k.label)
	type search struct {
		class      uint
		attributes []*pkcs11.Attribute
	}
	var searches []search
	switch {
	case len(k.id) > 0 && k.label != "":
		searches = append(searches, search{pkcs11.CKO_PUBLIC_KEY, []*pkcs11.Attribute{kind, id, label}})
		fallthrough
	case len(k.id) > 0:
		searches = append(searches, search{pkcs11.CKO_PUBLIC_KEY, []*pkcs11.Attribute{kind, id}}, search{pkcs11.CKO_CERTIFICATE, []*pkcs11.Attribute{id}})
	case k.label != "":
		searches = append(searches, search{pkcs11.CKO_PUBLIC_KEY, []*pkcs11.Attribute{kind, label}})
	}
	for _, s := range searches {
		objects, err := r.find(s.class, s.attributes...)
		if err != nil {
			return nil, err
		}
		public, err := r.onePublic(objects, s.class, k.kind)
		if !errors.Is(err, errNoPublicValues) {
			return public, err
		}
	}
	return r.public(k.object, pkcs11.CKO_PRIVATE_KEY, k.kind).parse()
}

// onePublic returns the one public key that all objects agree about.
func (r reader) onePublic(objects []pkcs11.ObjectHandle, class, kind uint) (crypto.PublicKey, error) {
	var only crypto.PublicKey
	for _, object := range objects {
		public, err := r.public(object, class, kind).parse()
		switch {
		case errors.Is(err, errNoPublicValues):
		case err != nil:
			return nil, err
		case only == nil:
			only = public
		case !equal(only, public):
			return nil, errSeveralPublic
		}
	}
	if only == nil {
		return nil, errNoPublicValues
	}
	return only, nil
}

func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func (t *token) noPublic(name string, err error) error {
	switch {
	case code(err) != 0:
		return err
	case errors.Is(err, errSeveralPublic):
		return fault.New(fault.KeyAmbiguous, "key %q: %v", name, err).WithHint("give each key pair of the token an id of its own")
	case errors.Is(err, errNoPublicValues):
		return fault.New(fault.KeyUnsupported, "token %q has no public key or certificate for %q", t.label, name).
			WithHint("write the public key or the certificate into the token, under the id of the private key")
	}
	return fault.New(fault.KeyUnsupported, "key %q cannot be used: %v", name, err)
}

// notes tells what weakens a key.
func (r reader) notes(k *key, name string) []keys.Note {
	if !r.is(k.object, pkcs11.CKA_EXTRACTABLE, true) && !r.is(k.object, pkcs11.CKA_SENSITIVE, false) {
		return nil
	}
	return []keys.Note{{
		Message: fmt.Sprintf("private key %q can be read out of its token", name),
		Hint:    "make keys in the token, where they are sensitive and not extractable",
	}}
}

func (t *token) noKey(r reader, u URI) error {
	objects, err := r.find(pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return err
	}
	var labels, ids []string
	for _, object := range objects {
		k := r.name(object)
		labels, ids = append(labels, k.label), append(ids, encodeID(k.id))
	}
	err = fault.New(fault.KeyNotFound, "token %q has no private key that fits the reference", t.label)
	if u.Object != "" && len(u.ID) == 0 {
		err = fault.New(fault.KeyNotFound, "token %q has no private key %q", t.label, u.Object)
	}
	failure, _ := errors.AsType[*fault.Error](err)
	if u.Object == "" && len(u.ID) > 0 {
		return failure.WithHint("%s", keys.NearestHint("ids of its keys", encodeID(u.ID), ids))
	}
	hint := keys.NearestHint("keys of this token", u.Object, labels)
	if u.Object != "" && len(u.ID) > 0 {
		hint += "; id and object have to fit both"
	}
	return failure.WithHint("%s", hint)
}

func (t *token) severalKeys(r reader, u URI, objects []pkcs11.ObjectHandle) error {
	var names []string
	for _, object := range objects[:min(len(objects), 8)] {
		k := r.name(object)
		names = append(names, URI{ID: k.id, Object: text(k.label)}.String())
	}
	return fault.New(fault.KeyAmbiguous, "the key reference fits %d keys of token %q", len(objects), t.label).
		WithHint("add object or id: %s", strings.Join(names, ", ")).With("reference", u.String())
}
