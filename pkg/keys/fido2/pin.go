package fido2

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

var _ keys.PINKeeper = (*Driver)(nil)

// SetPIN implements keys.PINKeeper (CTAP 2.1, section 6.5.5.5). ref names the
// token by its options alone: "fido2:" is the one that is plugged in.
func (d *Driver) SetPIN(ctx context.Context, ref keys.Ref, fresh keys.Passphrases) (string, error) {
	if err := checkTokenRef(ref, optionDevice); err != nil {
		return "", err
	}
	o, info, err := d.openForPIN(ctx, ref)
	if err != nil {
		return "", err
	}
	defer o.Close()
	if info.PINSet() {
		return "", fault.New(fault.PINSet, "the token %q has a PIN already", o.path).
			WithHint("change it with: %s", pinCommand("change", o.path))
	}
	pin, err := freshPIN(ctx, o, info, fresh)
	if err != nil {
		return "", err
	}
	defer clear(pin)
	if err := o.SetPIN(ctx, pin); err != nil {
		return "", newPINFailed(ctx, o, err)
	}
	return o.path, nil
}

// ChangePIN implements keys.PINKeeper (CTAP 2.1, section 6.5.5.6). The old PIN is
// sent once: a wrong one costs a try.
func (d *Driver) ChangePIN(ctx context.Context, ref keys.Ref, fresh keys.Passphrases) (string, error) {
	if err := checkTokenRef(ref, optionDevice, keys.OptionPINFile, keys.OptionPINEnv); err != nil {
		return "", err
	}
	ask, err := d.pins(ref)
	if err != nil {
		return "", err
	}
	o, info, err := d.openForPIN(ctx, ref)
	if err != nil {
		return "", err
	}
	defer o.Close()
	old, err := d.askPIN(ctx, o, info, ask, o.path)
	if err != nil {
		return "", err
	}
	defer clear(old)
	pin, err := freshPIN(ctx, o, info, fresh)
	if err != nil {
		return "", err
	}
	defer clear(pin)
	if err := o.ChangePIN(ctx, old, pin); err != nil {
		return "", newPINFailed(ctx, o, err)
	}
	return o.path, nil
}

// checkTokenRef refuses a reference to a key: which token a file belongs to is
// not known for sure, and the PIN of another one would change.
func checkTokenRef(ref keys.Ref, options ...string) error {
	if ref.Name() != "" {
		return fault.New(fault.UsageInvalid, "a PIN belongs to a token, and %q names a key", ref).
			WithHint("write fido2: for the token that is plugged in, or 'fido2:?device=/dev/hidraw0'")
	}
	return ref.CheckOptions(options...)
}

func (d *Driver) openForPIN(ctx context.Context, ref keys.Ref) (*opened, *ctap.Info, error) {
	o, err := d.open(ctx, ref, nil)
	if err != nil {
		return nil, nil, err
	}
	info, err := o.Info(ctx)
	if err == nil {
		err = checkTakesPIN(info, o.path)
	}
	if err != nil {
		_ = o.Close() // nothing was asked of it
		return nil, nil, explain(err, o.path)
	}
	return o, info, nil
}

// checkTakesPIN refuses a token that knows no PINs at all (CTAP 2.1, section 6.4,
// option clientPin).
func checkTakesPIN(info *ctap.Info, path string) error {
	if _, takes := info.Options["clientPin"]; takes {
		return nil
	}
	return fault.New(fault.DeviceFailed, "the token %q takes no PIN", path).WithHint("use a token that does")
}

// freshPIN asks for a new PIN and refuses what the token would.
func freshPIN(ctx context.Context, o *opened, info *ctap.Info, ask keys.Passphrases) ([]byte, error) {
	pin, err := askNormal(ctx, ask, keys.Prompt{
		Kind: keys.PIN, Key: o.path, New: true,
		Warning: fmt.Sprintf("the token wants %d characters or more", info.MinPINLength),
	})
	if err != nil {
		return nil, err
	}
	if err := info.CheckPIN(pin); err != nil {
		clear(pin)
		return nil, err
	}
	return pin, nil
}

// askNormal asks for a PIN and returns it in the form that tokens compare: Unicode
// Normalization Form C (CTAP 2.1, section 6.5.1). The same letters may be typed as
// other bytes on another keyboard.
func askNormal(ctx context.Context, ask keys.Passphrases, prompt keys.Prompt) ([]byte, error) {
	pin, err := ask(ctx, prompt)
	if err != nil || norm.NFC.IsNormal(pin) {
		return pin, err
	}
	defer clear(pin)
	return norm.NFC.Bytes(pin), nil
}

// newPINFailed tells a new PIN that the token refuses by a rule of its own from an
// old one that is wrong.
func newPINFailed(ctx context.Context, o *opened, err error) error {
	if errors.Is(err, ctap.StatusPINPolicy) {
		return fault.New(fault.PINInvalid, "the token %q refuses the new PIN", o.path).
			WithHint("choose a longer PIN, other than the old one and no row of one digit")
	}
	return wrongPIN(ctx, o, err)
}

// pinCommand is the command line that sets or changes the PIN of a token.
func pinCommand(verb, path string) string {
	return fmt.Sprintf("stella keys pin %s '%s:?%s=%s'", verb, Scheme, optionDevice, escape(path))
}
