package trust

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// Rotation is a change of the keys of one role. The zero value of a field changes
// nothing.
type Rotation struct {
	// Role is one of the four; "" is the root.
	Role string
	Add  []keys.TrustedKey
	// Remove are names or ids of keys, or beginnings of ids.
	Remove    []string
	Threshold int
	// Validity is for how long the new root is good; zero is what it was.
	Validity time.Duration
	Now      time.Time
}

// RotateRoot stages the next root, with other keys for a role. As many keys of the
// root before it must sign it as that demands, and as many of its own. Roles that it
// takes their keys from are staged anew, to be signed by those that they have then.
func (p *Publisher) RotateRoot(ctx context.Context, r Rotation) (*Progress, error) {
	return p.progress(ctx, func() error {
		d, err := openDraft(p, metadata.ROOT, metadata.RootType{})
		if err != nil {
			return err
		}
		if err := r.apply(&d.body); err != nil {
			return err
		}
		if err := d.stamp(r.Now, r.Validity); err != nil {
			return err
		}
		if err := d.stage(ctx, p); err != nil {
			return err
		}
		return p.restage(ctx, r.Now)
	})
}

func (r *Rotation) apply(root *metadata.RootType) error {
	role := r.Role
	if role == "" {
		role = metadata.ROOT
	}
	if root.Roles[role] == nil {
		return fault.New(fault.UsageInvalid, "there is no role %q", role).WithHint("the roles are root, targets, snapshot and timestamp")
	}
	for i := range r.Add {
		if err := addKey(root, role, &r.Add[i]); err != nil {
			return err
		}
	}
	for _, name := range r.Remove {
		id, err := findKey(root, role, name)
		if err != nil {
			return err
		}
		if err := root.RevokeKey(id, role); err != nil {
			return err
		}
	}
	if r.Threshold != 0 {
		root.Roles[role].Threshold = r.Threshold
	}
	return reachable(root, role)
}

// findKey returns the id of a key of a role by its name, its id, or the beginning of
// that.
func findKey(root *metadata.RootType, role, text string) (string, error) {
	const shortest = 8 // digits of an id that are enough
	var found, names []string
	for _, id := range root.Roles[role].KeyIDs {
		name := KeyName(root.Keys[id], id)
		names = append(names, name)
		if name == text || len(text) >= shortest && strings.HasPrefix(id, text) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fault.New(fault.KeyNotFound, "role %s has no key %.100q", role, text).WithHint("it has: %s", joined(names))
	}
	return "", fault.New(fault.KeyAmbiguous, "role %s has %d keys %.100q", role, len(found), text).WithHint("give the key's id instead")
}

// restage stages the published roles anew that the staged root does not vouch for.
func (p *Publisher) restage(ctx context.Context, now time.Time) error {
	raw, _, err := p.current(metadata.ROOT)
	if err != nil {
		return err
	}
	root, err := parse[metadata.RootType](metadata.ROOT, FileName(metadata.ROOT), raw)
	if err != nil {
		return err
	}
	for _, role := range []string{metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP} {
		raw, isStaged, err := p.current(role)
		if err != nil {
			return err
		}
		if isStaged || raw == nil {
			continue
		}
		doc, err := readDocument(role, raw)
		if err != nil {
			return err
		}
		if verify(rootDelegator(root), doc, FileName(role)) != nil {
			return p.putTargets(ctx, now, 0)
		}
	}
	return nil
}

// readDocument reads metadata of any role for its signatures.
func readDocument(role string, raw []byte) (*document, error) {
	switch role {
	case metadata.ROOT:
		m, err := parse[metadata.RootType](role, FileName(role), raw)
		return docOf(m), err
	case metadata.SNAPSHOT:
		m, err := parse[metadata.SnapshotType](role, FileName(role), raw)
		return docOf(m), err
	case metadata.TIMESTAMP:
		m, err := parse[metadata.TimestampType](role, FileName(role), raw)
		return docOf(m), err
	}
	m, err := parse[metadata.TargetsType](role, FileName(role), raw)
	return docOf(m), err
}

func docOf[T metadata.Roles](m *signed[T]) *document {
	if m == nil {
		return nil
	}
	return &m.document
}

// topRoles are the roles in the order in which clients read them.
func topRoles() []string { return slices.Clone(metadata.TOP_LEVEL_ROLE_NAMES[:]) }
