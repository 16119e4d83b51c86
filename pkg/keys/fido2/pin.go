package fido2

import (
	"context"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// SetPIN sets the first PIN of the token that ref names by its options, or
// changes the one that it has. It asks for the old PIN, if there is one, and for
// the new one.
//
// The errors are those of Open about tokens and PINs; fault.PINInvalid is a new
// PIN that the token refuses.
func (d *Driver) SetPIN(ctx context.Context, ref keys.Ref) error {
	if err := ref.CheckOptions(commonOptions()...); err != nil {
		return err
	}
	o, err := d.open(ctx, ref, nil)
	if err != nil {
		return err
	}
	defer o.Close()
	info, err := o.Info(ctx)
	if err != nil {
		return explain(err, o.path)
	}
	var old []byte
	if info.PINSet() {
		ask, err := d.pins(ref)
		if err != nil {
			return err
		}
		if old, err = d.askPIN(ctx, o, info, ask, o.path); err != nil {
			return err
		}
		defer clear(old)
	}
	pin, err := d.config.Ask(ctx, keys.Prompt{Kind: keys.PIN, Key: o.path, New: true})
	if err != nil {
		return err
	}
	defer clear(pin)
	if old != nil {
		err = o.ChangePIN(ctx, old, pin)
	} else {
		err = o.SetPIN(ctx, pin)
	}
	if err != nil {
		return newPINFailed(ctx, o, err)
	}
	return nil
}

// newPINFailed tells a new PIN that the token refuses from an old one that is
// wrong.
func newPINFailed(ctx context.Context, o *opened, err error) error {
	out := wrongPIN(ctx, o, err)
	if fault.ReasonOf(out) == fault.PINInvalid && fault.ReasonOf(err) != fault.PINInvalid {
		return fault.New(fault.PINInvalid, "the token %q refuses the new PIN", o.path).WithHint("choose a longer PIN that is not a row of one digit")
	}
	return out
}
