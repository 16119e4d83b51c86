//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// logIn logs in to the token, unless somebody is logged in or it needs none.
// The PIN is asked for once and sent once: a wrong one costs one of few tries,
// so a token that refused one is not tried again by this program.
func (t *token) logIn(ctx context.Context, d *Driver, ask keys.Passphrases, name string) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	now, err := stay(ctx, t, "reading its state", t.loginState, func(loginState) {})
	if err != nil {
		return err
	}
	if !now.needed {
		t.leave()
		return nil
	}
	pin, err := t.pin(ctx, d, now.tokenInfo, ask, name)
	if err != nil {
		t.leave()
		return err
	}
	_, err = finish(ctx, t, "logging in", func() (nothing, error) { return nothing{}, t.send(d, pin) }, forget)
	return err
}

// loginState is how a token stands before a login.
type loginState struct {
	tokenInfo
	needed bool
}

// loginState reads the token's flags, which change with each try, and whether a
// login is needed.
func (t *token) loginState() (loginState, error) {
	now, err := t.module.info(t.slot)
	if err != nil {
		return loginState{}, err
	}
	session, err := t.module.p11.GetSessionInfo(t.session)
	if err != nil {
		return loginState{}, err
	}
	in := session.State == pkcs11.CKS_RO_USER_FUNCTIONS || session.State == pkcs11.CKS_RW_USER_FUNCTIONS
	return loginState{now, now.has(pkcs11.CKF_LOGIN_REQUIRED) && !in}, nil
}

// pin asks for the PIN, if it makes sense to send one. It is nil if the PIN is
// typed into the token itself.
func (t *token) pin(ctx context.Context, d *Driver, now tokenInfo, ask keys.Passphrases, name string) ([]byte, error) {
	switch {
	case d.hasRefused(t.tokenInfo):
		return nil, fault.New(fault.PINWrong, "token %q refused the PIN before, and is not tried again", t.label).
			WithHint("find the right PIN, then run the command again: each wrong one costs a try").With("token", t.label)
	case now.has(pkcs11.CKF_USER_PIN_LOCKED):
		return nil, locked(t.label)
	case !now.has(pkcs11.CKF_USER_PIN_INITIALIZED):
		return nil, noPIN(t.label)
	case now.has(pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH):
		return nil, nil
	}
	return ask(ctx, keys.Prompt{Kind: keys.PIN, Key: name, Warning: warning(now)})
}

// warning says how near the token is to locking, in words of ours.
func warning(now tokenInfo) string {
	switch {
	case now.has(pkcs11.CKF_USER_PIN_FINAL_TRY):
		return "one try is left: a wrong PIN locks the token"
	case now.has(pkcs11.CKF_USER_PIN_COUNT_LOW):
		return "a wrong PIN was given before, and few tries are left"
	}
	return ""
}

// send logs in and wipes the PIN. The libraries below copy it once, into memory
// of C that they free without wiping it.
func (t *token) send(d *Driver, pin []byte) error {
	defer clear(pin)
	err := t.module.p11.Login(t.session, pkcs11.CKU_USER, lend(pin))
	switch code(err) {
	case pkcs11.CKR_USER_ALREADY_LOGGED_IN:
		return nil
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_INVALID:
		d.refuse(t.tokenInfo)
		return t.wrongPIN()
	case pkcs11.CKR_PIN_LOCKED:
		return locked(t.label)
	case pkcs11.CKR_PIN_EXPIRED:
		return fault.New(fault.PINInvalid, "the PIN of token %q has expired", t.label).WithHint("set a new one with: stella keys pin change '%s'", t.reference())
	case pkcs11.CKR_USER_PIN_NOT_INITIALIZED:
		return noPIN(t.label)
	case pkcs11.CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
		return fault.New(fault.DeviceBusy, "another user is logged in to token %q", t.label)
	}
	return err
}

// wrongPIN looks at the flags once more, which tell what the try has cost.
func (t *token) wrongPIN() error {
	err := fault.New(fault.PINWrong, "token %q did not take the PIN", t.label).With("token", t.label)
	now, infoErr := t.module.info(t.slot)
	switch {
	case infoErr != nil:
		return err.WithHint("each wrong PIN costs a try")
	case now.has(pkcs11.CKF_USER_PIN_LOCKED):
		return locked(t.label)
	case now.has(pkcs11.CKF_USER_PIN_FINAL_TRY):
		return err.WithHint("one try is left: make sure of the PIN before the next")
	}
	return err.WithHint("make sure of the PIN before the next try: tokens lock after a few wrong ones")
}

func locked(label string) error {
	return fault.New(fault.PINLocked, "the PIN of token %q is locked after too many wrong tries", label).
		WithHint("unlock it with the security officer's PIN and the token's own tool").With("token", label)
}

func noPIN(label string) error {
	return fault.New(fault.PINNotSet, "token %q has no PIN set", label).
		WithHint("set one with the token's own tool, such as pkcs11-tool --init-pin").With("token", label)
}
