package dsse

import (
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Hybrid is a group of keys of one holder that count only together, such as a
// classical and a post-quantum one.
type Hybrid struct {
	Holder, Name string
	// Signed and Missing are the group's keys that have signed the payload and
	// those that have not, as indices among the keys that were counted.
	Signed, Missing []int
}

// Tally says who signed one payload.
type Tally struct {
	// Holders are the distinct holders that have signed, in the order of the keys.
	Holders []string
	// Incomplete are the hybrids of which some keys have signed and some have
	// not. They count for nothing.
	Incomplete []Hybrid
}

// Count counts the holders among keys. signed says for each of keys, by index, whether
// there is a signature by it over the payload, whichever envelope it is in.
func Count(keys []Key, signed []bool) Tally {
	var t Tally
	for i, k := range keys {
		if !signed[i] {
			continue
		}
		if k.Hybrid != "" {
			if h := hybridOf(keys, signed, i); len(h.Missing) > 0 {
				t.addIncomplete(h)
				continue
			}
		}
		if !slices.Contains(t.Holders, k.Holder) {
			t.Holders = append(t.Holders, k.Holder)
		}
	}
	return t
}

// hybridOf returns the group of the key at index i, which is in one.
func hybridOf(keys []Key, signed []bool, i int) Hybrid {
	h := Hybrid{Holder: keys[i].Holder, Name: keys[i].Hybrid}
	for j, k := range keys {
		switch {
		case k.Hybrid != h.Name || k.Holder != h.Holder:
		case signed[j]:
			h.Signed = append(h.Signed, j)
		default:
			h.Missing = append(h.Missing, j)
		}
	}
	return h
}

func (t *Tally) addIncomplete(h Hybrid) {
	known := func(o Hybrid) bool { return o.Holder == h.Holder && o.Name == h.Name }
	if !slices.ContainsFunc(t.Incomplete, known) {
		t.Incomplete = append(t.Incomplete, h)
	}
}

// Half returns the incomplete hybrid that the key at index i has signed for in
// vain, or nil if its signature counts.
func (t *Tally) Half(i int) *Hybrid {
	for _, h := range t.Incomplete {
		if slices.Contains(h.Signed, i) {
			return &h
		}
	}
	return nil
}

// Check returns nil if at least threshold holders have signed, else
// fault.SignatureHybrid if complete hybrids would have made enough, or
// fault.SignatureThreshold. name returns what a message calls a key.
func (t *Tally) Check(threshold int, name func(key int) string) error {
	if len(t.Holders) >= threshold {
		return nil
	}
	within := slices.Clone(t.Holders)
	for _, h := range t.Incomplete {
		within = append(within, h.Holder)
	}
	slices.Sort(within)
	if len(slices.Compact(within)) < threshold {
		return fault.New(fault.SignatureThreshold, "%d of %d demanded holders signed", len(t.Holders), threshold)
	}
	return t.Incomplete[0].Err(name)
}

// Err is the finding that the hybrid is not complete.
func (h *Hybrid) Err(name func(key int) string) error {
	missing := make([]string, len(h.Missing))
	for i, k := range h.Missing {
		missing[i] = name(k)
	}
	return fault.New(fault.SignatureHybrid, "hybrid %q of %q is incomplete: no signature by %s that counts", h.Name, h.Holder, strings.Join(missing, ", ")).
		WithHint("ask the signer for the evidence with all signatures, or give the files that hold the others as well")
}
