//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"path/filepath"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// NewIn returns a Driver that finds exactly these modules.
func NewIn(config Config, modules ...string) *Driver {
	d := New(config)
	d.places = places{}
	for _, path := range modules {
		d.places.libraries = append(d.places.libraries, filepath.Dir(path))
		d.places.names = append(d.places.names, path)
	}
	return d
}

// Lose has the token of a signer of this package have gone away.
func Lose(s dsse.Signer) { tokenOf(s).lost.Store(true) }

// SameToken tells whether two signers of this package share a login.
func SameToken(a, b dsse.Signer) bool { return tokenOf(a) == tokenOf(b) }

func tokenOf(s dsse.Signer) *token { return s.(*signer).handle.token }

// MakeIdle makes a P-256 key that may not sign, as no tool at hand does.
func (d *Driver) MakeIdle(ctx context.Context, ref keys.Ref) error {
	u, err := ParseURI(ref)
	if err != nil {
		return err
	}
	t, err := d.logIn(ctx, u, ref)
	if err != nil {
		return err
	}
	defer func() { <-t.release() }()
	return t.writing(func(r reader) error {
		name := []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_ID, u.ID),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, u.Object),
		}
		_, _, err := r.p11.GenerateKeyPair(r.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_EC_KEY_PAIR_GEN, nil)},
			append(name, pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, []byte(p256OID))),
			append(name, pkcs11.NewAttribute(pkcs11.CKA_SIGN, false)))
		return err
	})
}
