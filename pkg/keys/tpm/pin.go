package tpm

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// maxPIN is the longest PIN of a new key, in bytes: an auth value is at most as
// long as a digest of the key's name, SHA-256 here (TPM 2.0 Library, part 1,
// section 19.6.4.3).
const maxPIN = 32

// attempts is what the TPM says about wrong PINs. They count for all keys of
// the TPM together.
type attempts struct {
	wrong, limit uint32
	locked       bool
}

// readAttempts asks for the counters of the protection against dictionary
// attacks (TPM 2.0 Library, part 1, section 19.8).
func readAttempts(c *conn) (attempts, error) {
	var a attempts
	var permanent uint32
	for _, row := range []struct {
		property tpm2.TPMPT
		to       *uint32
	}{
		{tpm2.TPMPTPermanent, &permanent},
		{tpm2.TPMPTLockoutCounter, &a.wrong},
		{tpm2.TPMPTMaxAuthFail, &a.limit},
	} {
		value, err := c.property(row.property)
		if err != nil {
			return attempts{}, explain(err, "say how many wrong PINs it counted")
		}
		*row.to = value
	}
	a.locked = permanent&permanentInLockout != 0
	return a, nil
}

// permanentInLockout is inLockout of TPMA_PERMANENT (part 2, section 8.6).
const permanentInLockout = 1 << 9

// warning says what a wrong PIN would cost, if some were wrong already.
func (a attempts) warning() string {
	switch {
	case a.wrong == 0 || a.limit == 0:
		return ""
	case a.wrong+1 >= a.limit:
		return "one more wrong PIN locks the TPM"
	}
	return fmt.Sprintf("the TPM counts %d wrong PINs and locks at %d", a.wrong, a.limit)
}

// limited reports whether the TPM counts wrong PINs of this key.
func (k *key) limited() bool { return !k.public.ObjectAttributes.NoDA }

// checkAttempts refuses a key that is locked, and returns a warning for who
// gives the PIN.
func (k *key) checkAttempts() (string, error) {
	if !k.wantsPIN || !k.limited() {
		return "", nil
	}
	a, err := readAttempts(k.conn)
	if err != nil {
		return "", err
	}
	if a.locked {
		return "", locked()
	}
	return a.warning(), nil
}

// wrongPIN is the fault of a PIN that the TPM did not take.
func (k *key) wrongPIN() error {
	err := fault.New(fault.PINWrong, "the TPM did not take the PIN")
	if !k.wantsPIN {
		return err.WithHint("the reference or the key file says that the key has no PIN, and it has one")
	}
	if !k.limited() {
		return err
	}
	a, askErr := readAttempts(k.conn)
	switch {
	case askErr != nil:
		return err
	case a.locked:
		return err.WithHint("the TPM is locked now; %s", fault.HintOf(locked()))
	}
	return err.WithHint("the TPM counts %d wrong PINs and locks at %d, for all its keys", a.wrong, a.limit)
}

// source returns where the PIN comes from. Two places in one reference are
// refused: which one counts should not be a matter of luck.
func (d *Driver) source(ref keys.Ref) (keys.Passphrases, error) {
	file, inFile := ref.Option(keys.OptionPINFile)
	variable, inEnv := ref.Option(keys.OptionPINEnv)
	switch {
	case inFile && inEnv, (inFile || inEnv) && withoutPIN(ref):
		return nil, fault.New(fault.PassphraseSource, "key reference has two answers to where the PIN is")
	case inFile:
		return keys.PassphraseFile(file), nil
	case inEnv:
		return d.env.Passphrase(variable), nil
	}
	return d.ask, nil
}

// askPIN asks for a PIN and refuses what no TPM takes, before it costs a try.
func askPIN(ctx context.Context, ask keys.Passphrases, prompt keys.Prompt, limit int) ([]byte, error) {
	prompt.Kind = keys.PIN
	pin, err := ask(ctx, prompt)
	if err != nil {
		return nil, err
	}
	if len(pin) > limit || bytes.IndexByte(pin, 0) >= 0 {
		clear(pin)
		return nil, fault.New(fault.PINInvalid, "the PIN is over %d bytes or has a zero byte, which this TPM key cannot have", limit)
	}
	return pin, nil
}

// maxPIN returns the longest PIN that the key can have, in bytes.
func (k *key) maxPIN() int {
	hash, err := k.public.NameAlg.Hash()
	if err != nil {
		return maxPIN
	}
	return hash.Size()
}
