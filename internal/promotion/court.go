package promotion

import (
	"context"
	"fmt"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
)

// court gives payloads to package verify, all at once, and finds its results again.
type court struct {
	evidence *Evidence
	// taken are the payloads in the order in which they were taken, which is the order
	// of the results.
	taken []string
	// items are those of a payload, with the receipts that were added to them, in the
	// order of the result's evidence.
	items   map[string][]bundle.Item
	results map[string]*verify.Result
}

func newCourt(e *Evidence) *court {
	return &court{evidence: e, items: make(map[string][]bundle.Item), results: make(map[string]*verify.Result)}
}

// take takes all envelopes with a payload. Each material that names it may bring a log
// receipt with it, which then counts as if it lay beside the signature.
func (c *court) take(payload string, m *predicate.Material) {
	envelopes := c.evidence.withPayload(payload)
	if len(envelopes) == 0 {
		return
	}
	if _, ok := c.items[payload]; !ok {
		c.taken = append(c.taken, payload)
		for _, e := range envelopes {
			c.items[payload] = append(c.items[payload], e.item)
		}
	}
	if m == nil || m.Rekor == nil {
		return
	}
	for i, e := range envelopes {
		if m.Attestation.BundleSHA256 == e.ref.BundleSHA256 {
			addReceipt(&c.items[payload][i], m.Rekor)
		}
	}
}

// judge verifies everything that was taken. The error says why that was not possible;
// what was found is in the report and the results.
func (c *court) judge(ctx context.Context, p *verify.Policy) (*verify.Report, error) {
	own := *p
	own.Subjects, own.JudgesPromotions = nil, true
	given := &verify.Evidence{}
	given.Ignore(c.evidence.ignored...)
	for _, payload := range c.taken {
		given.Add(c.items[payload]...)
	}
	report, err := verify.Verify(ctx, given, &own)
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
