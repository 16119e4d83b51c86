package trust

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// ImportOptions say how a bundle is imported.
type ImportOptions struct {
	// Now is the time of the import, by the system's clock.
	Now time.Time
	// CheckPolicy judges a policy.yaml; nil accepts any.
	CheckPolicy func(text []byte, source string) error
	// DryRun verifies everything and changes nothing.
	DryRun bool
}

// Imported is what an import did.
type Imported struct {
	Status *Status
	// From and To are the versions before and after, by role; 0 for none.
	Changes []Change
	// Held are revocations that the import would have taken back or moved to a later
	// time: they stay as they were.
	Held []Revocation
	// Unused are targets that mean nothing to this program.
	Unused []string
	DryRun bool

	staged *staging
}

// Open returns the trust that the import leads to, as Home.Open does; also after a dry
// run, which does not keep it.
func (i *Imported) Open(at, clock time.Time) (*Active, error) {
	return i.staged.bundle.open(i.staged.state, i.staged.load, at, clock)
}

// Change is the version of a role before and after an import.
type Change struct {
	Role string `json:"role"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
}

// Import brings the bundle called name to what source holds, as a TUF client does:
// see Client. A whole set of metadata and targets takes the place of the old one in
// one step, or the old one stays. What was verified before a failure is remembered,
// so that nothing older is taken later: a new root, above all.
//
// The errors: fault.TrustNotFound; fault.ClockBehind; those of Client and of the
// readers of the targets; fault.TrustFailed, fault.TrustBusy; the cause of ctx.
func (h *Home) Import(ctx context.Context, name string, source Source, o ImportOptions) (*Imported, error) {
	b, err := h.bundle(name)
	if err != nil {
		return nil, err
	}
	if _, err := b.read(); err != nil {
		return nil, err // before a directory is made
	}
	var done *Imported
	err = b.locked(ctx, func() error {
		var err error
		done, err = b.imports(ctx, source, o)
		return err
	})
	return done, err
}

func (b *bundle) imports(ctx context.Context, source Source, o ImportOptions) (*Imported, error) {
	s, err := b.read()
	if err != nil {
		return nil, err
	}
	if err := s.clock(o.Now); err != nil {
		return nil, err
	}
	staged := &staging{bundle: b, state: s.clone(), blobs: map[string][]byte{}, now: o.Now}
	done := &Imported{DryRun: o.DryRun, staged: staged}
	failed := staged.run(source, o, done)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	done.Changes = changes(s, staged.state)
	if !o.DryRun && (failed == nil || staged.progress) {
		if failed != nil {
			staged.state.note(o.Now, eventRefuse, failed.Error())
		}
		if err := b.commit(ctx, staged.state, staged.blobs); err != nil {
			return nil, err
		}
	}
	if failed != nil {
		return nil, failed
	}
	done.Status = staged.state.status(staged.load, o.Now)
	return done, nil
}

// clock refuses a clock that is behind what was signed already: everything would
// look as if it had not expired.
func (s *state) clock(now time.Time) error {
	if !now.Before(s.newestTime) {
		return nil
	}
	return behind(s.newestTime, now, s.name)
}

func behind(signed, now time.Time, what string) error {
	return fault.New(fault.ClockBehind, "the clock says %s, and trust %q was signed at %s", stamp(now), what, stamp(signed)).
		With("now", stamp(now)).With("signed", stamp(signed)).WithHint("set the clock of this machine")
}

// staging is the state that an import leads to. It implements Store.
type staging struct {
	bundle   *bundle
	state    *state
	blobs    map[string][]byte // new ones, by digest
	now      time.Time
	progress bool // something was verified that is newer than what is known
}

var _ Store = (*staging)(nil)

// Load implements Store.
func (t *staging) Load(role string) ([]byte, error) {
	if role == metadata.ROOT {
		return t.load(t.state.roots[len(t.state.roots)-1])
	}
	for _, f := range t.state.newest {
		if f.name == role {
			return t.load(f)
		}
	}
	return nil, fmt.Errorf("%q: %w", role, fs.ErrNotExist)
}

func (t *staging) load(f file) ([]byte, error) {
	if b, fresh := t.blobs[f.sha256]; fresh {
		return b, nil
	}
	return t.bundle.blob(f.sha256)
}

// Save implements Store.
func (t *staging) Save(role string, version int64, raw []byte) error {
	f := t.keep(role, version, raw)
	t.progress = true
	if h, err := headOf(role, raw); err == nil && h.created.After(t.state.newestTime) {
		t.state.newestTime = h.created
	}
	if role == metadata.ROOT {
		t.state.roots = append(t.state.roots, f)
		t.state.note(t.now, eventRoot, "root version "+strictjson.Number(version)+", sha256:"+f.sha256)
		return nil
	}
	i := slices.IndexFunc(t.state.newest, func(f file) bool { return f.name == role })
	if i < 0 {
		t.state.newest = append(t.state.newest, f)
		return nil
	}
	if was := t.state.newest[i].version; version < was {
		t.state.note(t.now, eventReset, fmt.Sprintf("%s from version %d to %d, as root version %d has it", role, was, version, t.state.roots[len(t.state.roots)-1].version))
	}
	t.state.newest[i] = f
	return nil
}

func (t *staging) keep(name string, version int64, b []byte) file {
	sum := digest(b)
	t.blobs[sum] = b
	return file{name, version, sum}
}

// run verifies what source holds and makes it the active trust.
func (t *staging) run(source Source, o ImportOptions, done *Imported) error {
	c := &Client{Source: source, Store: t, Now: o.Now}
	targets, contents, err := c.read("trust:"+t.state.name, o.CheckPolicy)
	if err != nil {
		return err
	}
	done.Unused = contents.Unused
	return t.activate(c, targets, contents, done)
}

func (t *staging) activate(c *Client, targets []target, contents *Contents, done *Imported) error {
	s := t.state
	known, err := t.crls()
	if err != nil {
		return err
	}
	carried, err := carry(known, targets)
	if err != nil {
		return err
	}
	says := contents.allRevocations()
	done.Held = held(s.revocations, says, contents)
	s.revocations = earliest(s.revocations, says)
	if err := tooMany(s.revocations); err != nil {
		return err
	}
	active := &activeState{importedAt: t.now.UTC().Truncate(time.Second), root: c.root.version}
	active.metadata = append(active.metadata, t.keep(metadata.TIMESTAMP, c.timestamp.version, c.timestamp.raw), t.keep(metadata.SNAPSHOT, c.snapshot.version, c.snapshot.raw))
	for _, role := range c.order {
		active.metadata = append(active.metadata, t.keep(role, c.targets[role].version, c.targets[role].raw))
	}
	for _, target := range targets {
		active.targets = append(active.targets, t.keep(target.name, 0, target.content))
	}
	for _, target := range carried {
		active.carried = append(active.carried, t.keep(target.name, 0, target.content))
	}
	// Roles that nobody delegates to any more; their versions stay in the snapshot.
	s.newest = slices.DeleteFunc(s.newest, func(f file) bool { return !IsRole(f.name) && c.targets[f.name] == nil })
	if !s.active.equal(active) {
		s.note(t.now, eventImport, "targets version "+strictjson.Number(c.targets[metadata.TARGETS].version))
	} else {
		active.importedAt = s.active.importedAt // nothing new was learned
	}
	s.active = active
	return nil
}

// crls returns the targets of the active trust that may hold CRLs.
func (t *staging) crls() ([]target, error) {
	if t.state.active == nil {
		return nil, nil
	}
	var out []target
	for _, f := range slices.Concat(t.state.active.targets, t.state.active.carried) {
		b, err := t.load(f)
		if err != nil {
			return nil, err
		}
		out = append(out, target{f.name, b})
	}
	return out, nil
}

// held are the revocations that a bundle would take back: of keys that it has and
// does not call revoked, or at a later time.
func held(known, says []Revocation, contents *Contents) []Revocation {
	var out []Revocation
	for _, k := range known {
		said := find(says, k.KeyID)
		if said != nil && said.RevokedAt.After(k.RevokedAt) || said == nil && contents.has(k.KeyID) {
			out = append(out, k)
		}
	}
	return out
}
