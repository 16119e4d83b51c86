package trust

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"crypto/sha256"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// RoleKeys say who signs for a role.
type RoleKeys struct {
	Keys      []keys.TrustedKey
	Threshold int
}

// InitOptions say what trust is published.
type InitOptions struct {
	// Root are the keys that say who signs for the other roles; they are kept apart
	// from all machines that are connected.
	Root RoleKeys
	// Targets are the keys that say whom to trust. Snapshot and Timestamp, which say
	// what is newest, are theirs if they have no keys.
	Targets, Snapshot, Timestamp RoleKeys
	// RootValidity and Validity are for how long the root and the rest are good; zero
	// is the default.
	RootValidity, Validity time.Duration
	// Now is the time that is written.
	Now time.Time
}

// Init makes the directory and stages version 1 of all roles. A directory in which
// trust is published already is fault.OutputExists.
func (p *Publisher) Init(ctx context.Context, o InitOptions) (*Progress, error) {
	if _, err := os.Stat(filepath.Join(p.dir, stagedDir)); err == nil {
		return nil, fault.New(fault.OutputExists, "trust is published from %q already", p.dir).With("path", p.dir).
			WithHint("name another directory, or change what is there: trust publish add-key, rotate-root")
	}
	root, err := newRoot(&o)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.MakeDir(nil, filepath.Join(p.dir, stagedDir), 0o755); err != nil {
		return nil, err
	}
	return p.progress(ctx, func() error {
		d := &draft[metadata.RootType]{metadata.ROOT, *root}
		if err := d.stamp(o.Now, orDefault(o.RootValidity, DefaultRootValidity)); err != nil {
			return err
		}
		if err := d.stage(ctx, p); err != nil {
			return err
		}
		format := []byte(`{"format":"` + BundleFormat + "\"}\n")
		return p.putTargets(ctx, o.Now, orDefault(o.Validity, DefaultValidity), target{formatTarget, format})
	})
}

func orDefault(d, or time.Duration) time.Duration {
	if d == 0 {
		return or
	}
	return d
}

// newRoot is the first root.
func newRoot(o *InitOptions) (*metadata.RootType, error) {
	root := &metadata.Root().Signed
	for _, r := range []struct {
		role string
		by   *RoleKeys
	}{{metadata.ROOT, &o.Root}, {metadata.TARGETS, &o.Targets}, {metadata.SNAPSHOT, &o.Snapshot}, {metadata.TIMESTAMP, &o.Timestamp}} {
		by := *r.by
		if len(by.Keys) == 0 && r.role != metadata.ROOT && r.role != metadata.TARGETS {
			by = o.Targets
		}
		for i := range by.Keys {
			if err := addKey(root, r.role, &by.Keys[i]); err != nil {
				return nil, err
			}
		}
		root.Roles[r.role].Threshold = by.Threshold
		if err := reachable(root, r.role); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// reachable refuses a threshold that the role's keys cannot meet.
func reachable(root *metadata.RootType, role string) error {
	r := root.Roles[role]
	if r.Threshold >= 1 && r.Threshold <= len(r.KeyIDs) {
		return nil
	}
	return fault.New(fault.UsageInvalid, "role %s would demand signatures by %d keys and has %d", role, r.Threshold, len(r.KeyIDs)).
		WithHint("give it as many keys as the threshold says, or more")
}

func addKey(root *metadata.RootType, role string, k *keys.TrustedKey) error {
	key, id, err := namedKey(k)
	if err != nil {
		return err
	}
	if _, known := root.Keys[id]; known {
		key = root.Keys[id] // its name stays
	}
	return addID(root, role, id, key)
}

func addID(root *metadata.RootType, role, id string, key *metadata.Key) error {
	r := root.Roles[role]
	for _, known := range r.KeyIDs {
		if known == id {
			return fault.New(fault.UsageInvalid, "key %s signs for the role %s already", KeyName(key, id), role)
		}
	}
	root.Keys[id] = key
	r.KeyIDs = append(r.KeyIDs, id)
	return nil
}

// namedKey returns a key for metadata, with its id. The name is no part of what the id
// is of.
func namedKey(k *keys.TrustedKey) (*metadata.Key, string, error) {
	key, err := NewKey(k)
	if err != nil {
		return nil, "", err
	}
	canonical, err := cjson.EncodeCanonical(key)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(canonical)
	key.UnrecognizedFields = map[string]any{nameField: k.Name}
	return key, hex.EncodeToString(sum[:]), nil
}

// KeyName is how messages call a key of a role.
func KeyName(key *metadata.Key, id string) string {
	if key != nil {
		if name, ok := key.UnrecognizedFields[nameField].(string); ok && name != "" {
			return name
		}
	}
	return id[:min(len(id), 16)]
}
