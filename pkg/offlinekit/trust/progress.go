package trust

import (
	"cmp"
	"context"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Progress is what is published, and what waits for signatures.
type Progress struct {
	Dir string `json:"dir"`
	// Published are the newest versions that are published; empty before the first.
	Published []RoleStatus `json:"published"`
	Staged    []Pending    `json:"staged"`
	// RootSHA256 is the digest of the first root, for trust init; empty until it is
	// published.
	RootSHA256 string `json:"rootSha256,omitempty"`
}

// Pending is a role that waits for signatures.
type Pending struct {
	Role    string    `json:"role"`
	Version int64     `json:"version"`
	Expires time.Time `json:"expires"`
	// Needs are what it lacks: by the root, and for a root by the one before it too.
	Needs []Need `json:"needs"`
}

// Need is how many signatures one root demands.
type Need struct {
	Root int64 `json:"rootVersion"`
	Have int   `json:"have"`
	Want int   `json:"want"`
	// Of are the keys that have not signed.
	Of []string `json:"of,omitempty"`
}

// Complete reports whether nothing waits.
func (p *Progress) Complete() bool { return len(p.Staged) == 0 }

// Progress says what is published and what waits.
func (p *Publisher) Progress() (*Progress, error) {
	staged, err := p.stagedRoles()
	if err != nil {
		return nil, err
	}
	out := &Progress{Dir: p.dir, Published: []RoleStatus{}, Staged: []Pending{}}
	for i := range staged {
		out.Staged = append(out.Staged, staged[i].pending())
	}
	for _, role := range topRoles() {
		raw, err := p.published(role)
		if err != nil {
			return nil, err
		}
		if raw == nil {
			continue
		}
		h, err := headOf(role, raw)
		if err != nil {
			return nil, malformed(role, FileName(role), err)
		}
		out.Published = append(out.Published, RoleStatus{role, h.version, h.expires})
	}
	first, err := p.FirstRoot()
	if first != nil {
		out.RootSHA256 = digest(first)
	}
	return out, err
}

// progress changes the directory while no other process does, and says where it
// stands then.
func (p *Publisher) progress(ctx context.Context, change func() error) (*Progress, error) {
	var out *Progress
	err := p.locked(ctx, func() error {
		if err := change(); err != nil {
			return err
		}
		var err error
		out, err = p.Progress()
		return err
	})
	return out, err
}

func (r *stagedRole) pending() Pending {
	out := Pending{Role: r.role, Version: r.version, Expires: r.expires}
	for _, d := range r.by {
		ids, threshold, _ := d.role(r.role)
		have, _ := tally(d, r.document, ids)
		need := Need{Root: d.version, Have: have, Want: threshold}
		for _, id := range ids {
			if n, _ := tally(d, r.document, []string{id}); n == 0 {
				need.Of = append(need.Of, KeyName(d.keys[id], id))
			}
		}
		out.Needs = append(out.Needs, need)
	}
	return out
}

func compare(a, b string) int { return cmp.Compare(a, b) }

// FirstRoot returns the root that clients begin with; nil before it is published.
func (p *Publisher) FirstRoot() ([]byte, error) {
	return p.read(p.metadataPath(metadata.ROOT, 1), MaxMetadata)
}
