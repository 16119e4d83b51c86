package keys

import (
	"crypto"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// MaxTrustedKeys bounds the keys of one Trust: each signature is tried with
// each of them.
const MaxTrustedKeys = 1024

// Trust is the set of keys that verification rests on. It does not change once
// made. The zero value trusts nothing.
type Trust struct {
	keys    []TrustedKey
	ignored []Ignored
}

// Ignored is a file of a trust directory that gave no key.
type Ignored struct {
	Path string
	Why  string
}

// NewTrust returns the Trust of a list of keys, with one entry for each public
// key:
//
//   - A key alone, without an entry in keys.json or a certificate, gives way to
//     an entry that describes the same key: a PEM file beside a keys.json does
//     not lift its bounds.
//   - Entries that say the same are one.
//   - Any other two entries with the same public key are fault.TrustMalformed:
//     one key under two holders would count twice.
//   - A hybrid has at least two keys, and its holder no other key that is good
//     for ever: else fault.TrustMalformed.
func NewTrust(list ...TrustedKey) (*Trust, error) {
	t := &Trust{}
	for _, k := range list {
		if err := t.add(k); err != nil {
			return nil, err
		}
	}
	if err := checkHybrids(t.keys); err != nil {
		return nil, err
	}
	if len(t.keys) > MaxTrustedKeys {
		return nil, fault.New(fault.TrustMalformed, "%d trusted keys are more than the limit of %d", len(t.keys), MaxTrustedKeys)
	}
	return t, nil
}

// With returns the trust in t's keys and in those of list, by the rules of
// NewTrust.
func (t *Trust) With(list ...TrustedKey) (*Trust, error) {
	return t.Replace(slices.Concat(t.keys, list))
}

// Replace returns the trust in list, which are t's keys with changes, and with
// what t ignored.
func (t *Trust) Replace(list []TrustedKey) (*Trust, error) {
	out, err := NewTrust(list...)
	if err != nil {
		return nil, err
	}
	out.ignored = t.ignored
	return out, nil
}

// Keys returns the keys, in the order in which they were given.
func (t *Trust) Keys() []TrustedKey { return slices.Clone(t.keys) }

// Ignored returns the files of directories that gave no key, and why.
func (t *Trust) Ignored() []Ignored { return slices.Clone(t.ignored) }

// Find returns the entry of a public key, or nil.
func (t *Trust) Find(pub crypto.PublicKey) *TrustedKey {
	for i := range t.keys {
		if Equal(t.keys[i].Public, pub) {
			k := t.keys[i]
			return &k
		}
	}
	return nil
}

// add puts k into the set or merges it. It fills what may be left out.
func (t *Trust) add(k TrustedKey) error {
	if err := k.Complete(); err != nil {
		return err
	}
	i := slices.IndexFunc(t.keys, func(have TrustedKey) bool { return Equal(have.Public, k.Public) })
	switch {
	case i < 0:
		t.keys = append(t.keys, k)
	case k.equal(t.keys[i]):
	case t.keys[i].bare && (!k.bare || k.FIDO2 != nil): // an OpenSSH line says more than PEM of its key
		t.keys[i] = k
	case k.bare:
	default:
		return fault.New(fault.TrustMalformed, "%q and %q are the same public key with different entries (%s and %s)",
			t.keys[i].Name, k.Name, t.keys[i].Source, k.Source).
			WithHint("keep one entry for each key: one key has one holder and one set of bounds")
	}
	return nil
}

// Complete derives the algorithm from the key, and scheme and holder where they
// are left out. A scheme that does not fit the key is fault.TrustMalformed.
func (k *TrustedKey) Complete() error {
	algorithm, err := AlgorithmOf(k.Public)
	if err != nil {
		return err
	}
	k.Algorithm = algorithm
	if k.Scheme == "" {
		k.Scheme = schemesOf(algorithm)[0]
	}
	if !slices.Contains(schemesOf(algorithm), k.Scheme) {
		return fault.New(fault.TrustMalformed, "key %q is %s, which does not sign with %q", k.Name, algorithm, k.Scheme)
	}
	if k.Holder == "" {
		k.Holder, err = keyID(k.Public)
	}
	return err
}

// equal reports whether two entries of one public key say the same. Name and
// Source may differ.
func (k *TrustedKey) equal(o TrustedKey) bool {
	sameFIDO2 := k.FIDO2 == o.FIDO2 ||
		k.FIDO2 != nil && o.FIDO2 != nil && k.FIDO2.RPID == o.FIDO2.RPID && slices.Equal(k.FIDO2.Flags, o.FIDO2.Flags)
	return k.Scheme == o.Scheme && k.Holder == o.Holder && k.Hybrid == o.Hybrid && k.Tenant == o.Tenant && k.Reason == o.Reason &&
		k.NotBefore.Equal(o.NotBefore) && k.NotAfter.Equal(o.NotAfter) && k.RevokedAt.Equal(o.RevokedAt) &&
		k.AnyPredicateType == o.AnyPredicateType && slices.Equal(k.PredicateTypes, o.PredicateTypes) &&
		slices.Equal(k.Roles, o.Roles) && sameFIDO2 && k.Hardware.equal(o.Hardware)
}
