//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/pkcs11"

	"github.com/stellaops/stella/internal/fault"
)

// ckrCurveNotSupported is of PKCS #11 2.40 and missing in the library's list.
const ckrCurveNotSupported = pkcs11.Error(0x140)

// code returns the CKR value in err's chain, 0 if there is none.
func code(err error) pkcs11.Error {
	e, _ := errors.AsType[pkcs11.Error](err)
	return e
}

// says is how an error of a module is shown: by its name, and never by text
// from the module.
func says(err error) string {
	e := code(err)
	switch _, name, _ := strings.Cut(e.Error(), ": CKR_"); {
	case e == 0:
		return err.Error() // of the libraries in between, which quote nothing
	case name != "":
		return "CKR_" + name
	}
	return fmt.Sprintf("CKR 0x%X", uint(e))
}

// isGone tells whether an error means that the token, or this conversation with
// it, is no more.
func isGone(err error) bool {
	return slices.Contains([]pkcs11.Error{
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED,
		pkcs11.CKR_SLOT_ID_INVALID, pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED,
		pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID,
		pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED,
	}, code(err))
}

// isUnable tells whether an error means that the token cannot do this with such
// a key, whatever is tried.
func isUnable(err error) bool {
	return slices.Contains([]pkcs11.Error{
		pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_KEY_TYPE_INCONSISTENT,
		pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED, pkcs11.CKR_KEY_SIZE_RANGE, pkcs11.CKR_DOMAIN_PARAMS_INVALID,
		pkcs11.CKR_FUNCTION_NOT_SUPPORTED, pkcs11.CKR_ATTRIBUTE_VALUE_INVALID, pkcs11.CKR_ATTRIBUTE_TYPE_INVALID,
		pkcs11.CKR_TEMPLATE_INCONSISTENT, ckrCurveNotSupported,
	}, code(err))
}

// failed turns an error of a module into a fault: what was done, with which
// token, and what to do. Faults and the ends of contexts pass.
func failed(t tokenInfo, doing string, err error) error {
	if err == nil || fault.ReasonOf(err) != fault.Internal || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	message := fmt.Sprintf("token %q failed while %s: %s", t.label, doing, says(err))
	switch {
	case isGone(err):
		return fault.New(fault.DeviceFailed, "token %q went away while %s: %s", t.label, doing, says(err)).
			WithHint("plug the token in, or start its service, and run the command again").With("token", t.label)
	case code(err) == pkcs11.CKR_SESSION_COUNT:
		return fault.New(fault.DeviceBusy, "%s", message).WithHint("end other programs that use the token")
	case isUnable(err):
		return fault.New(fault.KeyUnsupported, "%s", message).WithHint("the token does not do this with such a key; use another algorithm or token")
	}
	return fault.New(fault.DeviceFailed, "%s", message).With("token", t.label)
}
