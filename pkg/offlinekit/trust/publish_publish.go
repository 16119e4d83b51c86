package trust

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// publish makes what is staged the newest, if nothing lacks a signature. Targets are
// there already; the timestamp, by which clients find the rest, comes last.
func (p *Publisher) publish(ctx context.Context) error {
	staged, err := p.stagedRoles()
	if err != nil {
		return err
	}
	for i := range staged {
		if !staged[i].complete() {
			return nil
		}
	}
	order := func(r stagedRole) int { return -slices.Index(topRoles(), r.role) }
	slices.SortStableFunc(staged, func(a, b stagedRole) int {
		if a.role == metadata.ROOT || b.role == metadata.ROOT {
			return order(b) - order(a)
		}
		return order(a) - order(b)
	})
	for i := range staged {
		r := &staged[i]
		if err := p.write(ctx, filepath.Join(p.dir, metadataDir, versionedName(r.role, r.version)), r.raw); err != nil {
			return err
		}
	}
	for i := range staged {
		if err := os.Remove(p.staged(staged[i].role)); err != nil {
			return fault.Wrap(fault.OutputFailed, atomicfile.Cause(err), "failed to clear %q", p.staged(staged[i].role))
		}
	}
	return nil
}

func (r *stagedRole) complete() bool {
	for _, d := range r.by {
		if verify(d, r.document, FileName(r.role)) != nil {
			return false
		}
	}
	return true
}
