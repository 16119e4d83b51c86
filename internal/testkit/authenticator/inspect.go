package authenticator

import (
	"crypto"
	"slices"
)

// A Credential is one that the device holds, as a test may see it.
type Credential struct {
	ID        []byte
	RPID      string
	UserID    []byte
	UserName  string
	Algorithm Algorithm
	Public    crypto.PublicKey
	Resident  bool
	Protect   int // credProtect: 1, 2 or 3
}

// Credentials returns what the device holds, oldest first.
func (d *Device) Credentials() []Credential {
	d.token.mu.Lock()
	defer d.token.mu.Unlock()
	var all []Credential
	for _, c := range d.token.store.all {
		all = append(all, Credential{
			ID: slices.Clone(c.id), RPID: c.rp.ID, UserID: slices.Clone(c.user.ID), UserName: c.user.Name,
			Algorithm: c.algorithm, Public: c.key.Public(), Resident: c.resident, Protect: int(c.protection),
		})
	}
	return all
}

// PINRetries returns how many wrong PINs are left before the PIN is blocked.
func (d *Device) PINRetries() int {
	d.token.mu.Lock()
	defer d.token.mu.Unlock()
	return d.token.pin.retries
}

// SetPIN sets the PIN, as if the user had done it elsewhere; "" removes it. Tokens
// made with the old one end, and all tries are there again.
func (d *Device) SetPIN(pin string) {
	d.token.mu.Lock()
	defer d.token.mu.Unlock()
	d.token.pin = pinState{retries: maxRetries}
	if pin != "" {
		d.token.pin.hash = pinHash(pin)
	}
	clear(d.token.auth.tokens)
}

// SetCounter makes n the value of the signature counter; the next signature has
// n+1. A cloned or restored token goes back like this.
func (d *Device) SetCounter(n uint32) {
	d.token.mu.Lock()
	defer d.token.mu.Unlock()
	d.token.counter = n
}
