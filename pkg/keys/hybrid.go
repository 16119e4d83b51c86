package keys

import (
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// checkHybrids holds the groups of a list of keys to their two rules. A group of
// one key is a slip. A key of the same holder outside of any group must end:
// who moved to a hybrid keeps the old key for old signatures only, and one that
// is good for ever would undo what the hybrid is for.
func checkHybrids(list []TrustedKey) error {
	size := make(map[[2]string]int)
	hybrid := make(map[string]string) // a hybrid of each holder
	for _, k := range list {
		if k.Hybrid != "" {
			size[[2]string{k.Holder, k.Hybrid}]++
			hybrid[k.Holder] = k.Hybrid
		}
	}
	for _, k := range list {
		name, has := hybrid[k.Holder]
		switch {
		case k.Hybrid != "" && size[[2]string{k.Holder, k.Hybrid}] < 2:
			return hybridError(k, "is the only one of hybrid %q of %q", k.Hybrid, k.Holder).
				WithHint("a hybrid has two keys or more, all with the same holder")
		case k.Hybrid == "" && has && k.NotAfter.IsZero() && k.RevokedAt.IsZero():
			return hybridError(k, "of %q counts alone and for ever, beside the hybrid %q", k.Holder, name).
				WithHint("put the key into the hybrid, or end it with notAfter or revokedAt")
		}
	}
	return nil
}

func hybridError(k TrustedKey, format string, args ...any) *fault.Error {
	return fault.New(fault.TrustMalformed, "malformed %s: key %q %s", input.Display(k.Source), k.Name, fmt.Sprintf(format, args...)).
		With("path", k.Source)
}

// Hybrid returns trust in which the keys of t count only together: one holder
// who has signed if all of them have. It is for bare keys, two at least; where
// an entry says who holds a key, it also says what the key counts with, and
// fault.UsageInvalid is returned.
func (t *Trust) Hybrid() (*Trust, error) {
	if len(t.keys) < 2 {
		return nil, fault.New(fault.UsageInvalid, "a hybrid has two keys or more, and %d was given", len(t.keys))
	}
	out := &Trust{ignored: t.ignored}
	for _, k := range t.keys {
		if !k.bare {
			return nil, fault.New(fault.UsageInvalid, "%q is more than a bare key, and only bare keys are put together", k.Name).
				WithHint("say it in keys.json: give the entries one holder and the same \"hybrid\"")
		}
		k.Holder, k.Hybrid = "the keys given together", "all" // there is no other holder
		out.keys = append(out.keys, k)
	}
	return out, nil
}
