package authenticator

import "time"

// reset is authenticatorReset (CTAP 2.1, 6.6): soon after power-up and with a
// touch it forgets everything but the signature counter.
func (k *token) reset(c call) error {
	if time.Since(k.poweredUp) > k.resetWindow {
		return NotAllowed
	}
	if err := k.presence(c); err != nil {
		return err
	}
	auth, err := newPINAuth()
	if err != nil {
		return err
	}
	k.auth, k.pin, k.store.all = auth, pinState{retries: maxRetries}, nil
	return nil
}

// selection is authenticatorSelection (CTAP 2.1, 6.9): the user touches the
// device that is meant.
func (k *token) selection(c call) error {
	if k.ctap20 {
		return InvalidCommand
	}
	return k.presence(c)
}
