package authenticator

import (
	"crypto/rand"
	"sync"
	"time"
)

// A token is the device's CTAP2 layer, with all that it remembers. mu guards
// everything that changes; commands hold it except while they wait for a touch.
type token struct {
	config
	user   *user
	aaguid [16]byte
	issuer *issuer // of attestation certificates

	mu        sync.Mutex
	store     store
	pin       pinState
	auth      *pinAuth // key agreement and PIN tokens, new with each power-up
	poweredUp time.Time
	next      *iteration // what getNextAssertion and its like go on with
	previous  *iteration // the same before the running command
}

func newToken(c config) (*token, error) {
	k := &token{config: c, user: newUser(c.touch), store: store{slots: c.slots}}
	copy(k.aaguid[:], "stella test key.")
	k.pin.retries = c.retries
	if c.pin != "" {
		k.pin.hash, k.pin.outdated = pinHash(c.pin), c.forceChange
	}
	var err error
	k.issuer, err = newIssuer(k.aaguid)
	return k, err
}

// powerUp forgets what a real device holds in its working memory.
func (k *token) powerUp() error {
	auth, err := newPINAuth()
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.auth, k.pin.wrong, k.next, k.poweredUp = auth, 0, nil, time.Now()
	return nil
}

// makeCredUVNotRequired tells whether credentials may be made without a PIN
// although one is set (makeCredUvNotRqd).
func (k *token) makeCredUVNotRequired() bool { return !k.uvRequired && !k.alwaysUV }

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: it would end the program
	return b
}
