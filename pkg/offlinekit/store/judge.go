package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/verify"
)

// Verify judges the statement over a kit by a policy, as evidence on manifest.json and
// checksums.txt of the type of offline kits, and holds it to the manifest. It sets the
// policy's type and subjects. It returns the holders of the signatures that count; the
// error is nil if and only if every check that the policy demands passed.
func Verify(ctx context.Context, h *offlinekit.Header, p *verify.Policy) ([]string, error) {
	var evidence verify.Evidence
	files := slices.Concat([]offlinekit.File{{Name: offlinekit.StatementName, Content: h.Statement}}, h.Evidence)
	for _, f := range files {
		if err := evidence.ReadInput(input.FromBytes(f.Name, f.Content)); err != nil {
			return nil, err
		}
	}
	p.PredicateType, p.Subjects = predicate.TypeOfflineKit, nil
	for _, s := range h.Subjects() {
		p.Subjects = append(p.Subjects, verify.Artifact{Name: s.Name, Digest: s.Digest})
	}
	report, err := verify.Verify(ctx, &evidence, p)
	if err != nil {
		return nil, err
	}
	if len(report.Results) != 1 || len(report.Ignored) > 0 {
		return nil, fault.New(fault.KitStatement, "the evidence on the statement of the kit is about several statements").
			With("file", offlinekit.StatementName).WithHint("get the kit anew from where it came")
	}
	r := &report.Results[0]
	var payload bytes.Buffer
	if _, err := r.Message.WriteTo(&payload); err != nil {
		return nil, err
	}
	if err := h.CheckStatement(payload.Bytes()); err != nil {
		return nil, err
	}
	return signers(r), nil
}

// signers are the holders of the signatures that counted.
func signers(r *verify.Result) []string {
	var out []string
	for _, s := range r.Signers {
		if s.Counted && !slices.Contains(out, s.Holder) {
			out = append(out, s.Holder)
		}
	}
	slices.Sort(out)
	return out
}
