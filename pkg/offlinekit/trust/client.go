package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// Client follows the client workflow of the TUF specification (1.0, section 5): from
// the root that its store holds to the newest metadata of its source, one role after
// the other. What was verified is saved before the next step, as the specification
// has it, so that a step that fails later takes nothing back. It is not safe for
// concurrent use, and good for one update.
//
// The checks are ours, over the formats of go-tuf: each error names file, role,
// version and time, a key on a FIDO2 token counts, and nothing in hostile metadata
// makes it panic. Tests hold it to go-tuf's own verdicts.
type Client struct {
	Source Source
	Store  Store
	// Now is the start of the update (TUF, section 5.1), against which all expiry is
	// judged.
	Now time.Time

	root      *signed[metadata.RootType]
	timestamp *signed[metadata.TimestampType]
	snapshot  *signed[metadata.SnapshotType]
	targets   map[string]*signed[metadata.TargetsType]
	order     []string // of targets, as they were loaded
}

// Refresh updates the four top-level roles. An error leaves what was saved before it.
//
// The errors: fault.TrustMalformed; fault.TrustSignature, if fewer keys signed than
// must; fault.TrustRollback, if something is older than what the store holds;
// fault.TrustMismatch, if files are not from the same version of the repository;
// fault.TrustExpired; fault.TrustIncomplete, if a file is missing; and those of
// source and store.
func (c *Client) Refresh() error {
	for _, step := range []func() error{c.loadRoot, c.updateRoot, c.updateTimestamp, c.updateSnapshot} {
		if err := step(); err != nil {
			return err
		}
	}
	c.targets = make(map[string]*signed[metadata.TargetsType])
	_, err := c.loadTargets(metadata.TARGETS, rootDelegator(c.root))
	return err
}

// loadRoot reads the root that is trusted (section 5.2).
func (c *Client) loadRoot() error {
	raw, err := c.Store.Load(metadata.ROOT)
	if err != nil {
		return err
	}
	c.root, err = parseRoot("root.json", raw)
	return err
}

// expiry refuses metadata that has expired (section 5.4.4 and its like): "the
// expiration timestamp MUST be higher than the fixed update start time". It also
// refuses what is from the future: then the clock is wrong, or who signed it lies.
func (c *Client) expiry(h *head, file string) error {
	if err := c.past(h, file); err != nil || c.Now.Before(h.expires) {
		return err
	}
	return expired(h, file, c.Now)
}

func (c *Client) past(h *head, file string) error {
	if !h.created.After(c.Now) {
		return nil
	}
	return fault.New(fault.ClockBehind, "the clock says %s, and %s version %d in %q was signed at %s", stamp(c.Now), h.role, h.version, file, stamp(h.created)).
		With("now", stamp(c.Now)).With("signed", stamp(h.created)).With("role", h.role).WithHint("set the clock of this machine")
}

func expired(h *head, file string, now time.Time) error {
	return fault.New(fault.TrustExpired, "%s version %d in %q expired at %s, and it is %s",
		h.role, h.version, file, stamp(h.expires), stamp(now)).
		With("role", h.role).With("path", file).With("expires", stamp(h.expires)).
		WithHint("get newer trust from who publishes it; if the clock is wrong, set it")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// fetch reads metadata that has to be there.
func (c *Client) fetch(file string, limit int64) ([]byte, error) {
	raw, err := c.Source.Metadata(file, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.TrustIncomplete, "%q is missing", file).With("path", file).
			WithHint("copy the whole export again")
	}
	return raw, err
}

// versioned is the name of a file in a repository with consistent snapshots.
func (c *Client) versioned(role string, version int64) string {
	if c.root.body.ConsistentSnapshot {
		return fmt.Sprintf("%d.%s", version, FileName(role))
	}
	return FileName(role)
}

// fetchMeta reads a file of which other metadata says length and hashes, if it does.
func (c *Client) fetchMeta(file string, meta *metadata.MetaFiles) ([]byte, error) {
	limit := int64(MaxMetadata)
	if meta.Length > 0 {
		limit = min(limit, meta.Length)
	}
	raw, err := c.fetch(file, limit)
	if err != nil {
		return nil, err
	}
	if err := meta.VerifyLengthHashes(raw); err != nil {
		return nil, mismatch(file, "length and hashes are not those that other metadata gives")
	}
	return raw, nil
}

func mismatch(file, what string, args ...any) error {
	return fault.New(fault.TrustMismatch, "%q: %s", file, fmt.Sprintf(what, args...)).With("path", file).
		WithHint("files of several exports were mixed, or one was changed: copy one whole export again")
}

// loadTargets returns the targets metadata of a role that by delegates to, from the
// store if that is what the snapshot names, else from the source (sections 5.6 and
// 5.6.7.2).
func (c *Client) loadTargets(role string, by delegator) (*signed[metadata.TargetsType], error) {
	if known := c.targets[role]; known != nil {
		// It may have been loaded on the word of another role, with other keys.
		return known, verify(by, &known.document, FileName(role))
	}
	meta := c.snapshot.body.Meta[metaName(role)]
	if meta == nil {
		return nil, mismatch(FileName(role), "the snapshot says nothing about the role")
	}
	if known := c.storedTargets(role, by, meta); known != nil {
		c.loaded(known)
		return known, nil
	}
	file := c.versioned(role, meta.Version)
	raw, err := c.fetchMeta(file, meta)
	if err != nil {
		return nil, err
	}
	m, err := parse[metadata.TargetsType](role, file, raw)
	if err == nil {
		err = verify(by, &m.document, file)
	}
	if err == nil {
		err = agrees(&m.head, meta, file, "the snapshot")
	}
	if err == nil {
		err = c.expiry(&m.head, file)
	}
	if err != nil {
		return nil, err
	}
	c.loaded(m)
	return m, c.Store.Save(role, m.version, raw)
}

func (c *Client) loaded(m *signed[metadata.TargetsType]) {
	c.targets[m.head.role] = m
	c.order = append(c.order, m.head.role)
}

func (c *Client) storedTargets(role string, by delegator, meta *metadata.MetaFiles) *signed[metadata.TargetsType] {
	raw, err := c.Store.Load(role)
	if err != nil || meta.VerifyLengthHashes(raw) != nil {
		return nil
	}
	m, err := parse[metadata.TargetsType](role, FileName(role), raw)
	if err != nil || m.version != meta.Version || verify(by, &m.document, FileName(role)) != nil || c.expiry(&m.head, FileName(role)) != nil {
		return nil
	}
	return m
}
