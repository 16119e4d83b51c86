package trust

import (
	"context"
	"path/filepath"

	"github.com/stellaops/stella/internal/fault"
)

// Merge adds the signatures that are in another copy of the directory, where that has
// the same metadata staged.
func (p *Publisher) Merge(ctx context.Context, other string) (*Progress, error) {
	return p.progress(ctx, func() error {
		staged, err := p.stagedRoles()
		if err != nil {
			return err
		}
		found := 0
		for i := range staged {
			r := &staged[i]
			raw, err := NewPublisher(other).signedAs(r)
			if err != nil {
				return err
			}
			if raw == nil {
				continue
			}
			theirs, err := readDocument(r.role, raw)
			if err != nil {
				return err
			}
			if string(theirs.payload) != string(r.payload) {
				return mismatch(filepath.Join(other, stagedDir, FileName(r.role)), "it is not what is staged in %q", p.dir)
			}
			found += len(theirs.signatures)
			if err := p.addSignatures(ctx, r, theirs.signatures...); err != nil {
				return err
			}
		}
		if found == 0 {
			return fault.New(fault.TrustUnsigned, "%q holds no signature of what is staged in %q", other, p.dir).With("path", other)
		}
		return p.publish(ctx)
	})
}

// signedAs returns a role's metadata in another copy: staged there or, if its
// signature was the last one wanted, published.
func (p *Publisher) signedAs(r *stagedRole) ([]byte, error) {
	raw, err := p.read(p.staged(r.role), MaxMetadata)
	if raw != nil || err != nil {
		return raw, err
	}
	return p.read(p.metadataPath(r.role, r.version), MaxMetadata)
}
