package trust

import (
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// Status is where a bundle stands.
type Status struct {
	Name string `json:"name"`
	// PinnedRoot is the SHA-256 of the root that it began with.
	PinnedRoot string `json:"pinnedRoot"`
	// Roles are the newest metadata that was verified.
	Roles []RoleStatus `json:"roles"`
	// Imported says what verification rests on; nil before the first whole import.
	Imported *ImportStatus `json:"imported,omitempty"`
	// NewestTime is the newest time that verified metadata was signed at.
	NewestTime time.Time `json:"newestTime,omitzero"`
	// Usable says whether verification may rest on it now, and Reason and Problem why
	// not.
	Usable  bool         `json:"usable"`
	Reason  fault.Reason `json:"reason,omitempty"`
	Problem string       `json:"problem,omitempty"`
	// Revocations are all that were ever imported.
	Revocations []Revocation `json:"revocations"`
	History     []Event      `json:"history"`

	err error
}

// RoleStatus is the newest metadata of one role.
type RoleStatus struct {
	Role    string    `json:"role"`
	Version int64     `json:"version"`
	Expires time.Time `json:"expires"`
}

// ImportStatus is the last whole import.
type ImportStatus struct {
	ImportedAt time.Time `json:"importedAt"`
	Root       int64     `json:"rootVersion"`
	Targets    int64     `json:"targetsVersion"`
	// SignedAt is when its newest metadata was signed; zero if it does not say.
	SignedAt time.Time `json:"signedAt,omitzero"`
	// Expires is when the first of its metadata expires.
	Expires time.Time `json:"expires"`
	// AgeSeconds is the time since SignedAt, or else since ImportedAt, in seconds.
	AgeSeconds int64 `json:"ageSeconds"`
	// CarriedCRLs counts CRLs of earlier imports that go on to count.
	CarriedCRLs int `json:"carriedCrls,omitzero"`
}

// Err returns why verification may not rest on the bundle now: fault.TrustIncomplete,
// fault.TrustSuperseded, fault.ClockBehind or fault.TrustExpired; nil if it may.
func (s *Status) Err() error { return s.err }

// Status says where the bundle called name stands at a time. Nothing is written.
func (h *Home) Status(name string, now time.Time) (*Status, error) {
	b, err := h.bundle(name)
	if err != nil {
		return nil, err
	}
	var out *Status
	err = b.steadily(func(s *state) error {
		out = s.status(b.load, now)
		return out.Err()
	})
	if out != nil {
		return out, nil // what is wrong with the trust is in there
	}
	return nil, err
}

// status judges a state. load gives the content of its files.
func (s *state) status(load func(file) ([]byte, error), now time.Time) *Status {
	out := &Status{Name: s.name, PinnedRoot: "sha256:" + s.pinned, NewestTime: s.newestTime, Revocations: s.revocations, History: s.history}
	if out.Revocations == nil {
		out.Revocations = []Revocation{}
	}
	a, err := s.assess(load, now)
	out.Roles, out.Imported = a.roles, a.imported
	if err == nil {
		err = a.err
	}
	out.err, out.Usable = err, err == nil
	if err != nil {
		out.Reason, out.Problem = fault.ReasonOf(err), err.Error()
	}
	return out
}

// assessment is what can be told of a state.
type assessment struct {
	roles    []RoleStatus
	imported *ImportStatus
	err      error // why it is not usable
}

// assess reads the metadata of a state again, down to the signatures of the active
// targets under the newest root.
func (s *state) assess(load func(file) ([]byte, error), now time.Time) (*assessment, error) {
	a := &assessment{}
	newest := s.roots[len(s.roots)-1]
	for _, f := range append([]file{newest}, s.newest...) {
		raw, err := load(f)
		if err != nil {
			return a, err
		}
		h, err := headOf(f.name, raw)
		if err != nil {
			return a, malformed(f.name, f.sha256, err)
		}
		a.roles = append(a.roles, RoleStatus{f.name, h.version, h.expires})
	}
	if s.active == nil {
		a.err = fault.New(fault.TrustIncomplete, "trust %q holds a root, and nothing was imported yet", s.name).
			WithHint("import what the publisher exported: stella trust import FILE|DIR")
		return a, nil
	}
	raw, err := load(newest)
	if err != nil {
		return a, err
	}
	root, err := parseRoot("root.json", raw)
	if err != nil {
		return a, err
	}
	first, err := s.active.heads(load, a, &root.head)
	if err != nil {
		return a, err
	}
	a.imported.AgeSeconds = int64(now.Sub(a.imported.Since()).Seconds())
	a.err = s.usable(load, root, first, now)
	return a, nil
}

// Since is when what was imported was true: SignedAt, or else ImportedAt.
func (i *ImportStatus) Since() time.Time {
	if i.SignedAt.IsZero() {
		return i.ImportedAt
	}
	return i.SignedAt
}

// heads reads when the active metadata was signed and expires, and returns what
// expires first.
func (a *activeState) heads(load func(file) ([]byte, error), to *assessment, root *head) (first *head, err error) {
	to.imported = &ImportStatus{ImportedAt: a.importedAt, Root: a.root, CarriedCRLs: len(a.carried)}
	first = root
	for _, f := range a.metadata {
		raw, err := load(f)
		if err != nil {
			return nil, err
		}
		h, err := headOf(f.name, raw)
		if err != nil {
			return nil, malformed(f.name, f.sha256, err)
		}
		if h.expires.Before(first.expires) {
			first = &h
		}
		if h.created.After(to.imported.SignedAt) {
			to.imported.SignedAt = h.created
		}
		if f.name == metadata.TARGETS {
			to.imported.Targets = h.version
		}
	}
	to.imported.Expires = first.expires
	return first, nil
}

// usable says why verification may not rest on the active trust.
func (s *state) usable(load func(file) ([]byte, error), root *signed[metadata.RootType], first *head, now time.Time) error {
	if err := s.active.vouched(load, root, s.name); err != nil {
		return err
	}
	if now.Before(first.expires) {
		return nil
	}
	return fault.New(fault.TrustExpired, "trust %q expired at %s: %s version %d; it is %s", s.name, stamp(first.expires), first.role, first.version, stamp(now)).
		With("role", first.role).With("expires", stamp(first.expires)).
		WithHint("get newer trust from who publishes it and import it; if the clock is wrong, set it")
}

// vouched holds the active targets to the newest root: one that took their keys away
// takes them with it.
func (a *activeState) vouched(load func(file) ([]byte, error), root *signed[metadata.RootType], name string) error {
	for _, f := range a.metadata {
		if f.name != metadata.TARGETS || a.root == root.version {
			continue
		}
		raw, err := load(f)
		if err != nil {
			return err
		}
		m, err := parse[metadata.TargetsType](f.name, FileName(f.name), raw)
		if err != nil {
			return err
		}
		if err := verify(rootDelegator(root), &m.document, FileName(f.name)); err != nil {
			return fault.New(fault.TrustSuperseded, "root version %d of trust %q does not vouch for its targets version %d any more", root.version, name, m.version).
				WithHint("import the whole export that came with that root")
		}
	}
	return nil
}
