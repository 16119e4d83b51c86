package trust

import (
	"context"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// AddKeys stages a keys.json with more entries, or with others for keys that it has.
// A key that is revoked stays so.
func (p *Publisher) AddKeys(ctx context.Context, now time.Time, more ...keys.TrustedKey) (*Progress, error) {
	return p.progress(ctx, func() error {
		list, err := p.Keys()
		if err != nil {
			return err
		}
		revoked, err := p.revocations()
		if err != nil {
			return err
		}
		revoked = earliest(revoked, ofKeys(list))
		for _, k := range more {
			i := slices.IndexFunc(list, func(have keys.TrustedKey) bool { return keys.Equal(have.Public, k.Public) })
			if i < 0 {
				list = append(list, k)
			} else {
				list[i] = k
			}
		}
		return p.putKeys(ctx, now, revoke(list, revoked), nil)
	})
}

// Revoke stages a revocation, in revocations.json and in the entry of the key. One
// that is there already moves to an earlier time at most.
func (p *Publisher) Revoke(ctx context.Context, now time.Time, r Revocation) (*Progress, error) {
	return p.progress(ctx, func() error {
		list, err := p.Keys()
		if err != nil {
			return err
		}
		known, err := p.revocations()
		if err != nil {
			return err
		}
		if was := find(earliest(known, ofKeys(list)), r.KeyID); was != nil && r.RevokedAt.After(was.RevokedAt) {
			return fault.New(fault.KeyRevoked, "key %s is revoked since %s, and a revocation moves to an earlier time only", r.KeyID, stamp(was.RevokedAt)).
				WithHint("leave it as it is, or give an earlier --effective")
		}
		all := earliest(known, []Revocation{r})
		return p.putKeys(ctx, now, revoke(list, all), all)
	})
}

// putKeys stages keys.json and, if there is any, revocations.json.
func (p *Publisher) putKeys(ctx context.Context, now time.Time, list []keys.TrustedKey, revocations []Revocation) error {
	var targets []target
	if len(list) > 0 {
		b, err := keys.MarshalKeysJSON(list...)
		if err != nil {
			return err
		}
		targets = append(targets, target{keysTarget, b})
	}
	if len(revocations) > 0 {
		b, err := MarshalRevocations(revocations)
		if err != nil {
			return err
		}
		targets = append(targets, target{revocationsTarget, b})
	}
	return p.putTargets(ctx, now, 0, targets...)
}

func (p *Publisher) revocations() ([]Revocation, error) {
	content, err := p.Target(revocationsTarget)
	if err != nil || content == nil {
		return nil, err
	}
	return ParseRevocations(content, revocationsTarget)
}

// KeyIDOf returns the id of the entry that is called name in the staged or published
// keys.json.
func (p *Publisher) KeyIDOf(name string) (string, error) {
	list, err := p.Keys()
	if err != nil {
		return "", err
	}
	var names []string
	for i := range list {
		if list[i].Name == name {
			return dsse.KeyID(list[i].Public)
		}
		names = append(names, list[i].Name)
	}
	return "", fault.New(fault.KeyNotFound, "keys.json has no key %.100q", name).WithHint("it has: %s", joined(names))
}

// Keys returns the entries of the keys.json that is staged or published.
func (p *Publisher) Keys() ([]keys.TrustedKey, error) {
	content, err := p.Target(keysTarget)
	if err != nil || content == nil {
		return nil, err
	}
	return keys.ParseKeysJSON(content, keysTarget)
}
