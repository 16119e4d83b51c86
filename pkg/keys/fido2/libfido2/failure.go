//go:build libfido2 && cgo && linux

package libfido2

import (
	"errors"

	"github.com/keys-pub/go-libfido2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

// statuses are the errors of go-libfido2 that stand for a status of the token. It
// passes on other statuses as numbers.
func statuses() map[error]ctap.Status {
	return map[error]ctap.Status{
		libfido2.ErrInvalidCommand:     ctap.StatusInvalidCommand,
		libfido2.ErrInvalidLength:      0x03,
		libfido2.ErrMissingParameter:   0x14,
		libfido2.ErrInvalidCredential:  0x22,
		libfido2.ErrOperationDenied:    ctap.StatusOperationDenied,
		libfido2.ErrUnsupportedOption:  ctap.StatusUnsupportedOption,
		libfido2.ErrInvalidOption:      ctap.StatusInvalidOption,
		libfido2.ErrKeepaliveCancel:    ctap.StatusKeepaliveCancel,
		libfido2.ErrNoCredentials:      ctap.StatusNoCredentials,
		libfido2.ErrNotAllowed:         0x30,
		libfido2.ErrPinInvalid:         ctap.StatusPINInvalid,
		libfido2.ErrPinAuthBlocked:     ctap.StatusPINAuthBlocked,
		libfido2.ErrPinNotSet:          ctap.StatusPINNotSet,
		libfido2.ErrPinRequired:        ctap.StatusPINRequired,
		libfido2.ErrPinPolicyViolation: ctap.StatusPINPolicy,
		libfido2.ErrActionTimeout:      ctap.StatusActionTimeout,
		libfido2.ErrUPRequired:         ctap.StatusUserPresenceRequired,
		libfido2.ErrOther:              0x7f,
	}
}

// errorOf is an error of libfido2 by its number.
func errorOf(code int) error {
	if code == 0 {
		return nil
	}
	return libfido2.Error{Code: code}
}

// failure turns an error of the library into a ctap.Status or a fault. Of what
// the library says itself only its own fixed words are passed on.
func failure(err error, path string) error {
	if err == nil || fault.ReasonOf(err) != fault.Internal {
		return err
	}
	for known, status := range statuses() {
		if errors.Is(err, known) {
			return status
		}
	}
	if e, ok := errors.AsType[libfido2.Error](err); ok && e.Code > 0 && e.Code <= 0xff {
		return ctap.Status(e.Code)
	}
	const replug = "unplug the token and plug it in again; check that the device is a FIDO2 token"
	gone := hid.Check(path)
	switch {
	case errors.Is(err, libfido2.ErrNotFIDO2) && gone == nil: // else it was pulled out before it could say so
		return fault.New(fault.DeviceFailed, "the token %q speaks no FIDO2", path).WithHint("use a token that does; one for U2F is too old")
	case errors.Is(err, libfido2.ErrTX), errors.Is(err, libfido2.ErrRX):
		return fault.New(fault.DeviceFailed, "the token %q does not answer, or was unplugged", path).WithHint(replug)
	case errors.Is(err, libfido2.ErrRXNotCBOR), errors.Is(err, libfido2.ErrRXInvalidCBOR):
		return fault.New(fault.DeviceFailed, "malformed answer of the token %q", path).WithHint(replug)
	}
	if gone != nil {
		return gone // what libfido2 calls an internal error
	}
	return fault.New(fault.DeviceFailed, "libfido2 cannot use the token %q", path).WithHint(replug)
}
