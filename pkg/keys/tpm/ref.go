package tpm

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// Options of a reference, beside those that say where the PIN is.
const (
	optionDevice = "device" // the TPM's character device or socket
	optionAuth   = "auth"   // "pin", or "none" for a key without one
	optionPCRs   = "pcrs"   // when generating: the PCRs that the key is bound to
	optionParent = "parent" // when generating: "owner" or a persistent handle
	optionNonce  = "nonce"  // when attesting: what the verifier asked for, in hex
)

// handlePrefix begins the name of a persistent key.
const handlePrefix = "handle="

// The handles of persistent objects (TPM 2.0 Library, part 2, section 7.2).
const (
	firstPersistent = tpm2.TPMHandle(0x81000000)
	lastPersistent  = tpm2.TPMHandle(0x81FFFFFF)
)

// place is where a key is: in a file, or in the TPM under a handle.
type place struct {
	path   string
	handle tpm2.TPMHandle // if path is empty
}

// parsePlace reads the name of a reference.
func parsePlace(ref keys.Ref) (place, error) {
	text, isHandle := strings.CutPrefix(ref.Name(), handlePrefix)
	switch {
	case isHandle:
		handle, err := parseHandle(text)
		return place{handle: handle}, err
	case ref.Name() == "" || ref.Name() == "-":
		return place{}, fault.New(fault.UsageInvalid, "key reference %q names no key file", ref).
			WithHint("write tpm:PATH, or tpm:handle=0x81000001 for a persistent key; \"stella keys list --driver tpm\" lists those")
	}
	return place{path: ref.Name()}, nil
}

// parseHandle reads the handle of a persistent object.
func parseHandle(text string) (tpm2.TPMHandle, error) {
	n, err := strconv.ParseUint(text, 0, 32)
	h := tpm2.TPMHandle(n)
	if err != nil || h < firstPersistent || h > lastPersistent {
		return 0, fault.New(fault.UsageInvalid, "%q is not the handle of a persistent key", text).
			WithHint("write a number from %#x to %#x", uint32(firstPersistent), uint32(lastPersistent))
	}
	return h, nil
}

// checkOptions refuses what none of the driver's operations knows, and what
// this one does not know: extra are its own.
func checkOptions(ref keys.Ref, extra ...string) error {
	common := []string{optionDevice, optionAuth, keys.OptionPINFile, keys.OptionPINEnv}
	if err := ref.CheckOptions(slices.Concat(common, extra)...); err != nil {
		return err
	}
	if auth, given := ref.Option(optionAuth); given && auth != "pin" && auth != "none" {
		return fault.New(fault.UsageInvalid, "unknown value %q of option %q in a key reference", auth, optionAuth).
			WithHint("write auth=pin, or auth=none for a key without a PIN")
	}
	return nil
}

// withoutPIN reports whether the reference says that the key has no PIN.
func withoutPIN(ref keys.Ref) bool {
	auth, _ := ref.Option(optionAuth)
	return auth == "none"
}

// keptOptions returns the options of ref that go with the key that it makes or
// finds, as they end a reference: which TPM, and where the PIN is.
func keptOptions(ref keys.Ref) string {
	values := url.Values{}
	for _, name := range []string{optionDevice, keys.OptionPINFile, keys.OptionPINEnv} {
		if value, given := ref.Option(name); given {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + strings.ReplaceAll(values.Encode(), "+", "%20")
}

// fileRef returns the reference of a key file for the TPM that ref names.
func fileRef(path string, ref keys.Ref) (keys.Ref, error) {
	options := keptOptions(ref)
	if options == "" && strings.Contains(path, "?") {
		options = "?" // the last one begins the options
	}
	return keys.ParseRef(Scheme + ":" + path + options)
}
