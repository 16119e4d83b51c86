package trust

import (
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// updateSnapshot takes the snapshot that the timestamp names (section 5.5).
func (c *Client) updateSnapshot() error {
	meta := c.timestamp.body.Meta["snapshot.json"]
	old := stored[metadata.SnapshotType](c, metadata.SNAPSHOT)
	if old != nil && old.version == meta.Version && meta.VerifyLengthHashes(old.raw) == nil {
		c.snapshot = old
		return c.expiry(&old.head, FileName(metadata.SNAPSHOT))
	}
	file := c.versioned(metadata.SNAPSHOT, meta.Version)
	raw, err := c.fetchMeta(file, meta)
	if err != nil {
		return err
	}
	next, err := parse[metadata.SnapshotType](metadata.SNAPSHOT, file, raw)
	if err == nil {
		err = verify(rootDelegator(c.root), &next.document, file)
	}
	if err == nil {
		err = agrees(&next.head, meta, file, timestampFile)
	}
	if err == nil && old != nil {
		err = keeps(old, next, file)
	}
	if err == nil {
		err = c.expiry(&next.head, file)
	}
	if err != nil {
		return err
	}
	c.snapshot = next
	return c.Store.Save(metadata.SNAPSHOT, next.version, raw)
}

// agrees refuses a version that is not the one that other metadata names.
func agrees(h *head, meta *metadata.MetaFiles, file, by string) error {
	if h.version == meta.Version {
		return nil
	}
	return mismatch(file, "it is version %d, and %s names version %d", h.version, by, meta.Version)
}

// keeps refuses a snapshot that has lost or taken back a role (section 5.5.5).
func keeps(old, next *signed[metadata.SnapshotType], file string) error {
	for name, was := range old.body.Meta {
		is := next.body.Meta[name]
		if is == nil {
			return fault.New(fault.TrustRollback, "%q says nothing about %q, which was imported already", file, name).With("path", file)
		}
		if is.Version < was.Version {
			return rollback(file, name, is.Version, was.Version)
		}
	}
	return nil
}
