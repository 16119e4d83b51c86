package verify

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spill"
)

// documents counts signed documents, each once: a copy must not stand for one that
// went missing. Two pieces of evidence are one document if the same signers count on
// the same payload, whatever form each has, and whatever else an envelope holds.
type documents struct {
	ids      *spill.Sorter
	distinct int
	copies   int
}

func newDocuments() *documents {
	return &documents{ids: spill.NewSorter("the list of what is verified", sortMemory)}
}

// add takes in the documents of a result that is verified.
func (d *documents) add(r *Result) error {
	for _, id := range r.documents {
		if err := d.ids.Add(id); err != nil {
			return err
		}
	}
	return nil
}

// count counts all that was added.
func (d *documents) count() error {
	var last []byte
	for id, err := range d.ids.Sorted() {
		switch {
		case err != nil:
			return err
		case string(id) == string(last):
			d.copies++
		default:
			d.distinct++
			last = append(last[:0], id...)
		}
	}
	return nil
}

// inWords says how many copies there are; "" for none.
func (d *documents) inWords() string {
	of, one := "them", "one of them"
	if d.distinct == 1 {
		of, one = "it", "it"
	}
	switch d.copies {
	case 0:
		return ""
	case 1:
		return "; 1 more is a copy of " + one
	}
	return fmt.Sprintf("; %d more are copies of %s", d.copies, of)
}

// expect holds the number of documents to the one that is wanted.
func (d *documents) expect(want int, c *conclusion) {
	if d.distinct == want {
		c.whole("count", "as many as expected"+d.inWords(), nil)
		return
	}
	c.whole("count", "", fault.New(fault.EvidenceCount, "%s verified, not the %d that are expected%s", distinctDocuments(d.distinct), want, d.inWords()).
		WithHint("find out what is missing or came in addition: --format ndjson lists all that was verified"))
}

func distinctDocuments(n int) string {
	if n == 1 {
		return "1 distinct signed document is"
	}
	return fmt.Sprintf("%d distinct signed documents are", n)
}

// identify says of each piece of evidence which document it is. What was verified must
// still be open.
func (r *Result) identify() error {
	payload, err := r.payloadIdentity()
	if err != nil {
		return err
	}
	signers := make([]map[string]bool, len(r.Evidence))
	for i := range signers {
		signers[i] = make(map[string]bool)
	}
	for _, s := range r.Signers {
		if s.Counted {
			signers[s.Evidence][s.KeyID] = true
		}
	}
	for i := range signers {
		h := sha256.New()
		for _, part := range append([]string{string(payload)}, slices.Sorted(maps.Keys(wholeOf(signers, i)))...) {
			h.Write(appendText(nil, part))
		}
		r.documents = append(r.documents, h.Sum(nil))
	}
	return nil
}

// wholeOf returns the signers of the document that piece i is a copy of, in all or in
// part: an envelope from which signatures were cut out is no document of its own beside
// the one that has them.
func wholeOf(signers []map[string]bool, i int) map[string]bool {
	whole := signers[i]
	for _, other := range signers {
		if len(other) > len(whole) && contains(other, whole) {
			whole = other
		}
	}
	return whole
}

func contains(all, some map[string]bool) bool {
	for name := range some {
		if !all[name] {
			return false
		}
	}
	return true
}

// payloadIdentity is equal for two results that are over the same payload, be it one
// of the demanded artifacts.
func (r *Result) payloadIdentity() ([]byte, error) {
	if r.Message != nil {
		return r.Message.Digest(crypto.SHA256)
	}
	artifacts := slices.Sorted(maps.Keys(r.demanded))
	if len(artifacts) == 0 {
		return nil, nil // not verified, and so not counted
	}
	return fmt.Appendf(nil, "artifact %d %s", artifacts[0], r.Artifact), nil
}
