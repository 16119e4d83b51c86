//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// listing is what List found.
type listing struct {
	keys  []keys.Listed
	notes []keys.Note
}

// List returns the keys that the tokens which ref covers show without a login:
// most tokens hide private keys until then and show public keys and
// certificates. A key of a kind that stella does not know is listed without an
// algorithm.
func (d *Driver) List(ctx context.Context, ref keys.Ref) ([]keys.Listed, []keys.Note, error) {
	u, err := ParseURI(ref)
	if err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	l, err := await(ctx, func() (listing, error) { return d.list(u) }, func(listing) {})
	return l.keys, l.notes, err
}

func (d *Driver) list(u URI) (listing, error) {
	var l listing
	var all, found []seen
	failures, err := d.visit(u, func(s seen) error {
		all = append(all, s)
		if !s.fits(u) || isSeen(found, s) {
			return nil
		}
		found = append(found, s)
		return l.token(u, s)
	})
	if err != nil {
		return listing{}, err
	}
	if len(found) == 0 && u.Token+u.Serial+u.SlotID != "" {
		return listing{}, noToken(u, all, failures)
	}
	for _, f := range failures {
		l.notes = append(l.notes, keys.Note{Message: f.Error(), Hint: fault.HintOf(f)})
	}
	return l, nil
}

// token adds the keys of one token.
func (l *listing) token(u URI, s seen) error {
	session, err := s.module.p11.OpenSession(s.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return failed(s.tokenInfo, "opening a session", err)
	}
	defer func() { _ = s.module.p11.CloseSession(session) }() // it was only read in
	shown, err := reader{s.module.p11, session}.all()
	if err != nil {
		return failed(s.tokenInfo, "listing its keys", err)
	}
	for _, k := range shown {
		if len(u.ID) > 0 && string(u.ID) != string(k.id) || !fits(u.Object, k.label) {
			continue
		}
		listed, err := s.listed(u, k)
		if err != nil {
			return err
		}
		l.keys = append(l.keys, listed)
	}
	if s.has(pkcs11.CKF_LOGIN_REQUIRED) {
		l.notes = append(l.notes, keys.Note{
			Message: fmt.Sprintf("token %q shows its private keys after a login only: the list has those with a public key or certificate beside them", s.label),
		})
	}
	return nil
}

// listed is a key as the interface has it. Its reference names the module if
// that of the user did.
func (s seen) listed(u URI, k *key) (keys.Listed, error) {
	name := k.uri(s.tokenInfo)
	name.ModulePath, name.ModuleName = u.ModulePath, u.ModuleName
	ref, err := name.Ref()
	if err != nil {
		return keys.Listed{}, err
	}
	l := keys.Listed{Ref: ref, Label: k.label, Where: fmt.Sprintf("token %q, serial %q", s.label, s.serial)}
	if k.public == nil {
		return l, nil
	}
	l.Public = k.public
	if a, err := keys.AlgorithmOf(k.public); err == nil {
		l.Algorithm = a
	}
	return l, nil
}

// all returns the keys that a session shows: one for each pair of id and label,
// and one for each certificate that has the id of none.
func (r reader) all() ([]*key, error) {
	var found []*key
	for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY, pkcs11.CKO_CERTIFICATE} {
		objects, err := r.find(class)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			found = r.add(found, object, class)
		}
	}
	return found, nil
}

// add adds an object to the keys: a new one, or the public half of one.
func (r reader) add(found []*key, object pkcs11.ObjectHandle, class uint) []*key {
	k := r.name(object)
	i := slices.IndexFunc(found, func(other *key) bool {
		return string(other.id) == string(k.id) && (other.label == k.label || class == pkcs11.CKO_CERTIFICATE && len(k.id) > 0)
	})
	if i < 0 {
		found, i = append(found, k), len(found)
	}
	if found[i].public == nil {
		found[i].public = r.shown(object, class)
	}
	return found
}

// shown returns the public key of an object, nil if it is of an unknown kind.
func (r reader) shown(object pkcs11.ObjectHandle, class uint) crypto.PublicKey {
	kind, _ := r.number(object, pkcs11.CKA_KEY_TYPE)
	public, err := r.public(object, class, kind).parse()
	if err != nil && !errors.Is(err, errNoPublicValues) {
		return nil
	}
	return public
}
