package promotion

import (
	"encoding/json/jsontext"
	"fmt"
	"reflect"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// addReceipt puts a receipt that is about an item's signature among its log entries. If
// one of them says all of it already, nothing is added; one about the same place in the
// log that says something else makes room, so that it is the receipt which is judged.
// A receipt that cannot be read is left out here: the check of receipts says so.
func addReceipt(item *bundle.Item, r *predicate.Receipt) {
	if item.Envelope.SignatureCount() != 1 {
		return // entries are about the one signature of an item
	}
	if r.InclusionProof == nil && item.Version != "" && item.Version != "v0.1" {
		return // a promise alone counts in no newer bundle
	}
	raw, want, err := normalized(r)
	if err != nil {
		return
	}
	entries := slices.Clone(item.Material.LogEntries)
	item.Material.LogEntries = entries
	for i, entry := range entries {
		there, err := receiptOf(entry)
		switch {
		case err != nil || !samePlace(there, want):
		case says(there, want):
			return
		default:
			entries[i] = raw
			return
		}
	}
	item.Material.LogEntries = append(entries, raw)
}

// normalized returns a receipt as an entry, and as the receipt of that: in one spelling.
func normalized(r *predicate.Receipt) (jsontext.Value, *predicate.Receipt, error) {
	raw, err := entryOf(r)
	if err != nil {
		return nil, nil, err
	}
	same, err := receiptOf(raw)
	return raw, same, err
}

// samePlace reports whether two receipts are about one place in one log.
func samePlace(a, b *predicate.Receipt) bool { return a.LogID == b.LogID && a.LogIndex == b.LogIndex }

// sameEntry reports whether two receipts are about one entry, which the log took at one
// time.
func sameEntry(a, b *predicate.Receipt) bool {
	return samePlace(a, b) && a.UUID == b.UUID && a.IntegratedTime == b.IntegratedTime
}

// says reports whether a says all that b does.
func says(a, b *predicate.Receipt) bool {
	return sameEntry(a, b) &&
		(b.SignedEntryTimestamp == "" || b.SignedEntryTimestamp == a.SignedEntryTimestamp) &&
		(b.InclusionProof == nil || reflect.DeepEqual(a.InclusionProof, b.InclusionProof))
}

// checkReceipt holds the log receipts to the logs that are trusted. A receipt of
// another log must at least lead to the checkpoint that it brings: it establishes
// nothing then, and says so.
func checkReceipt(v *verdict, s *step) (string, error) {
	held, strange := 0, 0
	for _, m := range s.materials() {
		if m.Rekor == nil {
			continue
		}
		proven, err := v.receipt(&m)
		switch {
		case err != nil:
			return "", fault.Wrap(fault.LogInvalid, err, "the log receipt of the %s", m.Role)
		case proven:
			held++
		default:
			strange++
		}
	}
	switch {
	case held+strange == 0:
		return "", undemanded("the promotion brings no log receipt")
	case strange > 0:
		return "", undemanded(fmt.Sprintf("%d of %d log receipts are of a trusted log; the rest establishes nothing", held, held+strange))
	}
	return fmt.Sprintf("%d of trusted logs", held), nil
}

// receipt reports whether a trusted log proves the receipt: an entry that says all that
// it does was judged beside the signature, and passed.
func (v *verdict) receipt(m *predicate.Material) (proven bool, err error) {
	raw, want, err := normalized(m.Rekor)
	if err != nil {
		return false, err
	}
	if m.Rekor.InclusionProof != nil {
		if err := material.CheckInclusion(raw); err != nil {
			return false, err
		}
	}
	r := v.results[m.Attestation.PayloadSHA256]
	if r == nil {
		return false, nil
	}
	for i, item := range v.items[m.Attestation.PayloadSHA256] {
		for _, entry := range item.Material.LogEntries {
			there, err := receiptOf(entry)
			if err != nil || !samePlace(there, want) {
				continue
			}
			passed, err := entryPassed(r, i, there)
			switch {
			case err != nil:
				return false, err
			case passed && !sameEntry(there, want):
				return false, fault.New(fault.LogInvalid, "the log has another entry at index %d", want.LogIndex)
			}
			proven = proven || passed && says(there, want)
		}
	}
	return proven, nil
}

// entryPassed reports what became of an entry beside the signatures of one piece of
// evidence.
func entryPassed(r *verify.Result, evidence int, e *predicate.Receipt) (passed bool, err error) {
	for i := range r.Signers {
		if r.Signers[i].Evidence != evidence {
			continue
		}
		for _, p := range r.Signers[i].Proofs {
			if p.Kind != verify.ProofLog || p.LogIndex == nil || *p.LogIndex != e.LogIndex || p.LogID != e.LogID {
				continue
			}
			if p.Status == verify.Failed {
				return false, fault.New(p.Reason, "%s", p.Message)
			}
			passed = passed || p.Status == verify.Passed
		}
	}
	return passed, nil
}
