package keys

import "crypto"

// Resolve gives each key the means to verify that lie outside this package, such
// as a plugin. resolve returns the key that it gets, ready to verify or able to
// say why not; one that is not Equal to it is not taken.
func (t *Trust) Resolve(resolve func(crypto.PublicKey) crypto.PublicKey) {
	for i := range t.keys {
		if ready := resolve(t.keys[i].Public); Equal(t.keys[i].Public, ready) {
			t.keys[i].Public = ready
		}
	}
}
