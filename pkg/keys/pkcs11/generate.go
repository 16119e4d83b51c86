//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// recipe is how a token makes a key of an algorithm.
type recipe struct {
	kind, mechanism uint
	public          []*pkcs11.Attribute
}

// recipeFor returns the recipe of an algorithm. Whether a token can follow it is
// for it to say.
func recipeFor(a keys.Algorithm) (recipe, error) {
	params := func(oid string) []*pkcs11.Attribute {
		return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, []byte(oid))}
	}
	switch a {
	case keys.ECDSAP256:
		return recipe{pkcs11.CKK_EC, pkcs11.CKM_EC_KEY_PAIR_GEN, params(p256OID)}, nil
	case keys.ECDSAP384:
		return recipe{pkcs11.CKK_EC, pkcs11.CKM_EC_KEY_PAIR_GEN, params(p384OID)}, nil
	case keys.Ed25519:
		return recipe{ckkEdwards, ckmEdwardsKeyPairGen, params(ed25519Name)}, nil
	case keys.RSA3072:
		return rsaRecipe(3072), nil
	case keys.RSA4096:
		return rsaRecipe(4096), nil
	}
	return recipe{}, fault.New(fault.KeyUnsupported, "PKCS #11 tokens make no %q keys", a).
		WithHint("use one of ecdsa-p256, ecdsa-p384, ed25519, rsa-3072, rsa-4096")
}

func rsaRecipe(bits int) recipe {
	return recipe{pkcs11.CKK_RSA, pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, bits),
		pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
	}}
}

// Generate makes a key pair in the token that ref names, for signing only, and
// such that the private key never leaves the token. ref has the label (object),
// the id, or both; without an id a random one is taken. An object of the token
// that has the label or the id already is fault.OutputExists.
//
// If ctx ends while the token is at work, the key is destroyed when it is there.
func (d *Driver) Generate(ctx context.Context, ref keys.Ref, a keys.Algorithm) (*keys.Generated, error) {
	u, err := ParseURI(ref)
	if err != nil {
		return nil, err
	}
	recipe, err := recipeFor(a)
	if err != nil {
		return nil, err
	}
	if u.Object == "" && len(u.ID) == 0 || u.Type != "" && u.Type != typePrivate {
		return nil, fault.New(fault.UsageInvalid, "the reference does not name the new key").WithHint("add object=NAME")
	}
	t, err := d.logIn(ctx, u, ref)
	if err != nil {
		return nil, err
	}
	defer func() { settle(ctx, t.release()) }()
	made, err := call(ctx, t, "making a key", func() (*pair, error) { return t.make(u, recipe) }, t.destroy)
	if err != nil {
		return nil, err
	}
	return t.tried(ctx, u, made)
}

// pair is a key pair that a token made.
type pair struct {
	key
	publicObject pkcs11.ObjectHandle
}

// tried tests a new key and describes it. One that fails the test is destroyed.
func (t *token) tried(ctx context.Context, u URI, made *pair) (*keys.Generated, error) {
	t.uses.Add(1) // for the signer
	s, err := made.signer(ctx, t)
	if err != nil {
		t.destroy(made)
		return nil, err
	}
	defer s.end(ctx)
	name := made.uri(t.tokenInfo)
	name.ModulePath, name.ModuleName = u.ModulePath, u.ModuleName
	ref, err := name.Ref()
	if err != nil {
		return nil, err
	}
	file, err := keys.MarshalPublic(made.public)
	return &keys.Generated{Ref: ref, Public: made.public, PublicFile: file, Notes: made.notes}, err
}

// make makes a key pair in a session that may write.
func (t *token) make(u URI, recipe recipe) (made *pair, err error) {
	id := u.ID
	if len(id) == 0 {
		id = make([]byte, 8)
		rand.Read(id) // never fails, see crypto/rand
	}
	err = t.writing(func(r reader) error {
		if err := t.refuseExisting(r, u.Object, id); err != nil {
			return err
		}
		made, err = t.makeIn(r, recipe, id, u.Object)
		return err
	})
	return made, err
}

func (t *token) makeIn(r reader, recipe recipe, id []byte, label string) (*pair, error) {
	name := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_ID, id)}
	if label != "" {
		name = append(name, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	public := slices.Concat(name, recipe.public, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
	})
	private := slices.Concat(name, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
	}, recipe.refused())
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(recipe.mechanism, nil)}
	publicObject, object, err := r.p11.GenerateKeyPair(r.session, mechanism, public, private)
	if err != nil {
		return nil, err
	}
	made := &pair{key{object: object, id: id, label: label, kind: recipe.kind}, publicObject}
	if made.public, err = r.public(publicObject, pkcs11.CKO_PUBLIC_KEY, recipe.kind).parse(); err != nil {
		r.destroy(made)
		return nil, fault.New(fault.DeviceFailed, "token %q made a key and does not show its public half: %v", t.label, err)
	}
	made.notes = r.notes(&made.key, made.uri(t.tokenInfo).String())
	return made, nil
}

// refused are the uses of such a private key that tokens allow by themselves.
// What the kind has no mechanism for is left out: tpm2-pkcs11 fails over it.
func (r recipe) refused() []*pkcs11.Attribute {
	if r.kind == pkcs11.CKK_RSA {
		return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, false), pkcs11.NewAttribute(pkcs11.CKA_UNWRAP, false)}
	}
	return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_DERIVE, false)}
}

// refuseExisting refuses a name that a key or certificate has: PKCS #11 would
// make a second object of the same name.
func (t *token) refuseExisting(r reader, label string, id []byte) error {
	var same []*pkcs11.Attribute
	if label != "" {
		same = append(same, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	for _, attribute := range append(same, pkcs11.NewAttribute(pkcs11.CKA_ID, id)) {
		for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY, pkcs11.CKO_CERTIFICATE} {
			objects, err := r.find(class, attribute)
			if err != nil {
				return err
			}
			if len(objects) > 0 {
				found := r.name(objects[0])
				return fault.New(fault.OutputExists, "token %q has %q already, and nothing in a token is replaced",
					t.label, URI{ID: found.id, Object: text(found.label)}.String()).WithHint("choose another object and id")
			}
		}
	}
	return nil
}

// writing runs f in a session that may write.
func (t *token) writing(f func(reader) error) error {
	p11 := t.module.p11
	session, err := p11.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return err
	}
	defer func() { _ = p11.CloseSession(session) }() // what f did is done
	return f(reader{p11, session})
}

// destroy takes back a key that nobody got.
func (t *token) destroy(made *pair) {
	_ = t.writing(func(r reader) error { // there is nobody to tell
		r.destroy(made)
		return nil
	})
}

func (r reader) destroy(made *pair) {
	_ = r.p11.DestroyObject(r.session, made.object)
	_ = r.p11.DestroyObject(r.session, made.publicObject)
}
