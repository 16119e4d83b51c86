package promotion

import (
	"context"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
)

// court gives payloads to package verify, all at once, and finds its results again.
type court struct {
	evidence *Evidence
	given    verify.Evidence
	// taken are the payloads in the order in which they were taken, which is the order
	// of the results.
	taken   []string
	results map[string]*verify.Result
}

func newCourt(e *Evidence) *court {
	return &court{evidence: e, results: make(map[string]*verify.Result)}
}

// take takes all envelopes with a payload. The material that names it may bring a log
// receipt with it, which then counts as if it lay beside the signature.
func (c *court) take(payload string, m *predicate.Material) {
	envelopes := c.evidence.withPayload(payload)
	if len(envelopes) == 0 || slices.Contains(c.taken, payload) {
		return
	}
	c.taken = append(c.taken, payload)
	for _, e := range envelopes {
		c.given.Add(withReceipt(e, m))
	}
}

// judge verifies everything that was taken. The error says why that was not possible;
// what was found is in the report and the results.
func (c *court) judge(ctx context.Context, p *verify.Policy) (*verify.Report, error) {
	own := *p
	own.Subjects, own.JudgesPromotions = nil, true
	report, err := verify.Verify(ctx, &c.given, &own)
	if report == nil {
		return nil, err
	}
	if len(report.Results) != len(c.taken) {
		return nil, fmt.Errorf("%d results over %d payloads", len(report.Results), len(c.taken))
	}
	for i, payload := range c.taken {
		c.results[payload] = &report.Results[i]
	}
	return report, nil
}

// withReceipt returns the envelope's item, with the receipt of the material among its
// log entries if it is about this envelope and not there already. A receipt that
// cannot be read is left out here: the check of receipts says so.
func withReceipt(e *envelope, m *predicate.Material) bundle.Item {
	item := e.item
	if m == nil || m.Rekor == nil || m.Attestation.BundleSHA256 != e.ref.BundleSHA256 || len(item.Envelope.Signatures()) != 1 {
		return item
	}
	if m.Rekor.InclusionProof == nil && item.Version != "" && item.Version != "v0.1" {
		return item // a promise alone counts in no newer bundle
	}
	for _, raw := range item.Material.LogEntries {
		if there, err := receiptOf(raw); err == nil && there.UUID == m.Rekor.UUID && there.LogIndex == m.Rekor.LogIndex {
			return item
		}
	}
	raw, err := entryOf(m.Rekor)
	if err != nil {
		return item
	}
	item.Material.LogEntries = append(slices.Clone(item.Material.LogEntries), raw)
	return item
}
