package fido2

import (
	"errors"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

// explain puts a token's status into words. Other errors say themselves, and so
// does a wrong PIN, see session.wrongPIN.
func explain(err error, path string) error {
	s, ok := errors.AsType[ctap.Status](err)
	if !ok {
		return err
	}
	const replug = "unplug the token and plug it in again"
	switch s {
	case ctap.StatusChannelBusy:
		return fault.New(fault.DeviceBusy, "the token %q is in use by another program", path).WithHint("run the command again when that one is done")
	case ctap.StatusOperationDenied:
		return fault.New(fault.DeviceUntouched, "the token %q refused, as its user did", path).WithHint("run the command again and touch the token when it blinks")
	case ctap.StatusUserActionTimeout, ctap.StatusActionTimeout, ctap.StatusKeepaliveCancel:
		return fault.New(fault.DeviceUntouched, "the token %q was not touched in time", path).WithHint("run the command again and touch the token when it blinks")
	case ctap.StatusNoCredentials:
		return fault.New(fault.KeyNotFound, "the token %q does not know the key", path).
			WithHint("plug in the token that the key was made with; a token that was reset knows no old key")
	case ctap.StatusPINInvalid, ctap.StatusPINAuthInvalid:
		return fault.New(fault.PINWrong, "the token %q did not take the PIN", path)
	case ctap.StatusPINBlocked:
		return fault.New(fault.PINLocked, "the PIN of the token %q is locked after too many wrong tries", path).
			WithHint("only a reset unlocks the token, which destroys its keys")
	case ctap.StatusPINAuthBlocked:
		return fault.New(fault.PINReplug, "the token %q takes no PIN after three wrong ones", path).WithHint("%s, then give the right PIN", replug)
	case ctap.StatusPINNotSet:
		return noPIN(path)
	case ctap.StatusPINRequired:
		return fault.New(fault.PINRequired, "the token %q wants a PIN where the key was made without", path).
			WithHint("make a key with uv=required")
	case ctap.StatusPINPolicy:
		return fault.New(fault.PINInvalid, "the token %q wants its PIN changed before it takes it", path).
			WithHint("change it with: %s", pinCommand("change", path))
	case ctap.StatusUnsupportedAlgorithm:
		return fault.New(fault.KeyUnsupported, "the token %q does not have the algorithm", path).WithHint("use --algorithm ecdsa-p256")
	case ctap.StatusKeyStoreFull:
		return fault.New(fault.DeviceFailed, "the token %q has no place for another key", path)
	}
	return fault.Wrap(fault.DeviceFailed, s, "token %q", path).WithHint("%s", replug)
}

func noPIN(path string) error {
	return fault.New(fault.PINNotSet, "the token %q has no PIN set", path).
		WithHint("set one with: %s", pinCommand("set", path))
}
