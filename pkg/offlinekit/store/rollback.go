package store

import (
	"context"
	"io"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// RollbackOptions say how to go back.
type RollbackOptions struct {
	// Now is the time of it, by the system's clock.
	Now time.Time
	// Trust are the trust bundles. The one called TrustName judges the kit; it does not
	// change.
	Trust     *trust.Home
	TrustName string
	// Judge verifies the statement.
	Judge Judge
	// Reason is why, for the history; it must be there.
	Reason string
	// By names who goes back, for the history; it may be empty.
	By string
}

// RolledBack is what became of it.
type RolledBack struct {
	Channel string
	// Kit is active now, and Path its directory.
	Kit  *Kit
	Path string
	// Before was active until then. It is kept as the previous one.
	Before *Kit
}

// Rollback makes the kit that was active before the active one of a channel again. It
// is read once more: it must be whole, and signed by whom the trust says today. The
// kit that was active takes its place as the previous one. Trust stays as it is, and
// so does the highest version: what is imported next must be newer than that.
//
// The errors: fault.KitNotFound; those of offlinekit.Read, trust.Home.Open and Judge;
// fault.KitFailed, KitBusy, StateUnusable; the cause of ctx.
func (s *Store) Rollback(ctx context.Context, name string, o RollbackOptions) (out *RolledBack, err error) {
	c, err := s.channel(name)
	if err != nil {
		return nil, err
	}
	if _, err := c.current(); err != nil {
		return nil, err // before a directory is made
	}
	lock, err := c.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if released := lock.Release(); err == nil && released != nil {
			err = fault.Wrap(fault.KitFailed, released, "failed to unlock channel %q", name)
		}
	}()
	return c.rollback(ctx, &o)
}

func (c *channel) rollback(ctx context.Context, o *RollbackOptions) (*RolledBack, error) {
	state, err := c.current()
	if err != nil {
		return nil, err
	}
	kit, before := state.previous, state.active
	if kit == nil {
		return nil, fault.New(fault.KitNotFound, "channel %q has no kit to go back to: version %d is the only one that is kept", c.name, before.Version).
			WithHint("import the kit that you want: stella offline-kit import KIT")
	}
	active, err := o.Trust.Open(o.TrustName, o.Now, o.Now)
	if err != nil {
		return nil, err
	}
	err = c.check(ctx, kit, func(h *offlinekit.Header) error {
		_, err := o.Judge(ctx, h, active)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := state.activate(kit, Event{Time: o.Now, What: EventRollback, Reason: o.Reason, By: clip(o.By, maxName)}); err != nil {
		return nil, err
	}
	if err := c.commit(ctx, state); err != nil {
		return nil, err
	}
	return &RolledBack{Channel: c.name, Kit: kit, Path: c.path(kit), Before: before}, nil
}

// check reads a kit that is unpacked once more.
func (c *channel) check(ctx context.Context, k *Kit, judge func(*offlinekit.Header) error) error {
	source, err := offlinekit.Open(c.path(k), nil)
	if err == nil {
		defer source.Close()
		_, err = offlinekit.Read(ctx, source, &again{k, judge})
	}
	if err == nil || context.Cause(ctx) != nil {
		return err
	}
	return fault.Wrap(fault.ReasonOf(err), err, "the kept version %d cannot be used", k.Version).With("path", c.path(k))
}

// again is the sink of a kit that was unpacked.
type again struct {
	kit   *Kit
	judge func(*offlinekit.Header) error
}

var _ offlinekit.Sink = (*again)(nil)

// Header implements offlinekit.Sink.
func (a *again) Header(h *offlinekit.Header) error {
	if found := h.ManifestSHA256(); found != a.kit.ManifestSHA256 {
		return fault.New(fault.KitMismatch, "%s is sha256:%s, not sha256:%s", offlinekit.ManifestName, found, a.kit.ManifestSHA256).
			WithHint("import the kit again, from its medium")
	}
	return a.judge(h)
}

// Entry implements offlinekit.Sink. The caller reads what is left unread.
func (a *again) Entry(*offlinekit.Entry, io.Reader) error { return nil }
