package offlinekit

import (
	"context"
	"fmt"
	"io"

	"github.com/stellaops/stella/internal/fault"
)

// Repack writes the kit in source to t, with another statement, further evidence on it,
// or in another form. Everything else stays byte for byte. prepare is given the header
// of the kit, may change its Statement and Evidence, and makes t. The errors are those
// of Read, of prepare and of t.
func Repack(ctx context.Context, source *Source, prepare func(*Header) (Target, error)) (*Manifest, error) {
	r := &repacker{ctx: ctx, prepare: prepare}
	contents, err := Read(ctx, source, r)
	if err != nil {
		return nil, err
	}
	return contents.Manifest, nil
}

type repacker struct {
	ctx     context.Context
	prepare func(*Header) (Target, error)
	target  Target
}

var _ Sink = (*repacker)(nil)

// Header implements Sink.
func (r *repacker) Header(h *Header) error {
	own := *h
	var err error
	if r.target, err = r.prepare(&own); err != nil {
		return err
	}
	return writeHeader(r.target, &own)
}

// Entry implements Sink. A file that is not what it should be is found by Read, which
// then fails.
func (r *repacker) Entry(e *Entry, content io.Reader) error {
	return r.target.Add(e.Name, e.Size, e.Executable, content)
}

// AddEvidence adds bundles to the evidence on the statement. All of it, and the statement
// itself, must be around what NewStatement makes; who signed it is not judged.
func (h *Header) AddEvidence(bundles ...[]byte) error {
	all := h.Evidence
	h.Evidence = nil
	for _, b := range bundles {
		all = append(all, File{Content: b})
	}
	for i, f := range all {
		h.Evidence = append(h.Evidence, File{fmt.Sprintf("statement-%02d.sigstore.json", i+1), f.Content})
	}
	switch {
	case len(h.Evidence) > MaxEvidence:
		return fault.New(fault.KitInput, "there would be more than %d files of evidence on the statement", MaxEvidence)
	case h.Statement == nil && len(h.Evidence) > 0:
		return fault.New(fault.KitUnsigned, "the kit has no %s yet, and evidence on it was given", StatementName)
	case h.Statement == nil:
		return nil
	}
	for _, f := range append([]File{{StatementName, h.Statement}}, h.Evidence...) {
		payload, err := unverifiedPayload(f)
		if err == nil {
			err = h.CheckStatement(payload)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
