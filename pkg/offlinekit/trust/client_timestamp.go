package trust

import (
	"strconv"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// updateTimestamp takes the newest timestamp (section 5.4). One that is trusted
// already and that the newest root does not vouch for counts for nothing: that is
// the way back from a fast-forward attack (section 5.3.11).
func (c *Client) updateTimestamp() error {
	const file = timestampFile
	old := stored[metadata.TimestampType](c, metadata.TIMESTAMP)
	raw, err := c.fetch(file, MaxMetadata)
	if err != nil {
		return err
	}
	next, err := parse[metadata.TimestampType](metadata.TIMESTAMP, file, raw)
	if err == nil {
		err = verify(rootDelegator(c.root), &next.document, file)
	}
	if err != nil {
		return err
	}
	if old != nil {
		if err := notOlder(&next.head, &old.head, file); err != nil {
			return err
		}
		was, is := old.body.Meta["snapshot.json"].Version, next.body.Meta["snapshot.json"].Version
		if next.version == old.version {
			next = old // "discard the new one": what has this version is known
		} else if is < was {
			return rollback(file, metadata.SNAPSHOT, is, was)
		}
	}
	if err := c.expiry(&next.head, file); err != nil {
		return err
	}
	c.timestamp = next
	if next == old {
		return nil
	}
	return c.Store.Save(metadata.TIMESTAMP, next.version, raw)
}

// stored returns what the store holds of a role, if the trusted root vouches for it.
func stored[T metadata.Roles](c *Client, role string) *signed[T] {
	raw, err := c.Store.Load(role)
	if err != nil {
		return nil
	}
	m, err := parse[T](role, FileName(role), raw)
	if err != nil || verify(rootDelegator(c.root), &m.document, FileName(role)) != nil {
		return nil
	}
	return m
}

func notOlder(next, old *head, file string) error {
	if next.version >= old.version {
		return nil
	}
	return fault.Wrap(fault.TrustRollback, rollback(file, next.role, next.version, old.version), "%s version %d%s is older than version %d%s", next.role, next.version, next.made(), old.version, old.made())
}

func rollback(file, role string, is, was int64) error {
	return fault.New(fault.TrustRollback, "%q gives %s version %d, and version %d was imported already", file, role, is, was).
		With("path", file).With("role", role).With("version", strconv.FormatInt(is, 10)).With("known", strconv.FormatInt(was, 10)).
		WithHint("trust never goes back; take the newest export. Is this an old medium?")
}
