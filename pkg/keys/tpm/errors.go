package tpm

import (
	"errors"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
)

// explain turns an error of a command into what a user can act on. what says
// what was tried: "load the key". A fault passes as it is.
func explain(err error, what string) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f // go-tpm may have put words around it
	}
	switch {
	case isAny(err, tpm2.TPMRCLockout):
		return locked()
	case isAny(err, tpm2.TPMRCObjectMemory, tpm2.TPMRCSessionMemory, tpm2.TPMRCMemory, tpm2.TPMRCObjectHandles,
		tpm2.TPMRCSessionHandles, tpm2.TPMRCContextGap):
		return fault.New(fault.DeviceBusy, "the TPM has no room to %s: other programs fill it", what).
			WithHint("use /dev/tpmrm0, or clear what programs left behind: tpm2_flushcontext -t -l -s")
	case isAny(err, tpm2.TPMRCRetry, tpm2.TPMRCYielded, tpm2.TPMRCTesting, tpm2.TPMRCNVRate, tpm2.TPMRCNVUnavailable):
		return fault.New(fault.DeviceBusy, "the TPM is busy and did not %s", what).WithHint("try again")
	case isAny(err, tpm2.TPMRCInitialize):
		return fault.New(fault.DeviceFailed, "the TPM was not started since power came on").
			WithHint("the firmware or the resource manager has to start it: tpm2_startup -c")
	}
	return fault.Wrap(fault.DeviceFailed, err, "the TPM did not %s", what)
}

// isAny reports whether err is one of some response codes of a TPM.
func isAny(err error, codes ...tpm2.TPMRC) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

func locked() error {
	return fault.New(fault.PINLocked, "the TPM is locked after too many wrong PINs").
		WithHint("wait until the TPM forgets a wrong PIN, or let its administrator end the lockout: tpm2_dictionarylockout -c")
}
