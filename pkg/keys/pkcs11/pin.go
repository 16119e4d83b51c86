//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

var _ keys.PINKeeper = (*Driver)(nil)

// SetPIN is not for a token's user: the security officer sets the first PIN.
func (d *Driver) SetPIN(context.Context, keys.Ref, keys.Passphrases) (string, error) {
	return "", fault.New(fault.UsageInvalid, "the first PIN of a PKCS #11 token is set by its security officer").
		WithHint("set it with the token's own tool, such as pkcs11-tool --init-pin")
}

// ChangePIN implements keys.PINKeeper for the PIN of the token's user (PKCS #11
// 2.40, section 5.5, C_SetPIN). ref names a token and no key. The old PIN is sent
// once: a wrong one costs a try.
func (d *Driver) ChangePIN(ctx context.Context, ref keys.Ref, fresh keys.Passphrases) (string, error) {
	u, err := ParseURI(ref)
	if err != nil {
		return "", err
	}
	if u.Object != "" || len(u.ID) > 0 || u.Type != "" {
		return "", fault.New(fault.UsageInvalid, "a PIN belongs to a token, and %q names a key", ref).WithHint("leave out object, id and type")
	}
	ask, err := d.config.pinSource(u)
	if err != nil {
		return "", err
	}
	t, err := d.use(ctx, u)
	if err != nil {
		return "", err
	}
	defer func() { settle(ctx, t.release()) }()
	return t.reference(), t.changePIN(ctx, d, ask, fresh)
}

// reference is what names the token in a message.
func (t tokenInfo) reference() string { return t.uri().String() }

func (t *token) changePIN(ctx context.Context, d *Driver, ask, fresh keys.Passphrases) error {
	now, err := call(ctx, t, "reading its state", func() (tokenInfo, error) { return t.module.info(t.slot) }, func(tokenInfo) {})
	if err != nil {
		return err
	}
	if now.has(pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH) {
		return fault.New(fault.UsageInvalid, "the PIN of token %q is typed into its reader", t.label).
			WithHint("change it with the reader's own tool")
	}
	old, err := t.pin(ctx, d, now, ask, t.label)
	if err != nil {
		return err
	}
	pin, err := t.freshPIN(ctx, now, fresh)
	if err != nil {
		clear(old)
		return err
	}
	_, err = call(ctx, t, "changing the PIN", func() (nothing, error) { return nothing{}, t.sendPINs(d, old, pin) }, forget)
	return err
}

// freshPIN asks for the new PIN and holds it against what the token says of its
// length. A byte is what such a token counts.
func (t *token) freshPIN(ctx context.Context, now tokenInfo, ask keys.Passphrases) ([]byte, error) {
	limits := fmt.Sprintf("the token wants %d to %d characters", now.minPIN, now.maxPIN)
	pin, err := ask(ctx, keys.Prompt{Kind: keys.PIN, Key: t.label, New: true, Warning: limits})
	if err != nil {
		return nil, err
	}
	if n := uint(len(pin)); n < now.minPIN || n > now.maxPIN {
		clear(pin)
		return nil, fault.New(fault.PINInvalid, "the new PIN has the wrong length: %s", limits).WithHint("choose another PIN")
	}
	return pin, nil
}

// sendPINs changes the PIN in a session that may write, and wipes both, as send
// does.
func (t *token) sendPINs(d *Driver, old, pin []byte) error {
	defer clear(old)
	defer clear(pin)
	err := t.writing(func(r reader) error { return r.p11.SetPIN(r.session, lend(old), lend(pin)) })
	switch code(err) {
	case pkcs11.CKR_PIN_INCORRECT:
		d.refuse(t.tokenInfo)
		return t.wrongPIN()
	case pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_INVALID:
		return fault.New(fault.PINInvalid, "token %q refuses the new PIN", t.label).WithHint("choose another PIN")
	case pkcs11.CKR_PIN_LOCKED:
		return locked(t.label)
	case pkcs11.CKR_USER_PIN_NOT_INITIALIZED:
		return noPIN(t.label)
	}
	return err
}

// lend returns a string over bytes that are wiped later, which one made by
// conversion could not be.
func lend(pin []byte) string {
	return unsafe.String(unsafe.SliceData(pin), len(pin)) // #nosec G103 -- see above
}
