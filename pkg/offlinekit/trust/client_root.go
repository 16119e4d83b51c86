package trust

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
)

// parseRoot reads a root and holds it to its own signatures.
func parseRoot(file string, raw []byte) (*signed[metadata.RootType], error) {
	root, err := parse[metadata.RootType](metadata.ROOT, file, raw)
	if err != nil {
		return nil, err
	}
	return root, verify(rootDelegator(root), &root.document, file)
}

// updateRoot follows the roots, each signed by the one before it and by itself
// (section 5.3). Only the last must not have expired.
func (c *Client) updateRoot() error {
	first := c.root.version + 1
	for version := first; ; version++ {
		if version-first >= MaxRotations {
			return fault.New(fault.TrustRollback, "there are more than %d roots after version %d", MaxRotations, first-1).
				WithHint("import again: it goes on from the roots that were followed")
		}
		file := fmt.Sprintf("%d.root.json", version)
		raw, err := c.Source.Metadata(file, MaxMetadata)
		if errors.Is(err, fs.ErrNotExist) {
			return c.lastRoot(version)
		}
		if err != nil {
			return err
		}
		if err := c.nextRoot(file, raw, version); err != nil {
			return err
		}
	}
}

// lastRoot judges the root after which none follows.
func (c *Client) lastRoot(next int64) error {
	if lister, ok := c.Source.(interface{ newestRoot() int64 }); ok && lister.newestRoot() > next {
		return fault.New(fault.TrustIncomplete, "%d.root.json is missing: the trusted root is version %d and there is a version %d", next, next-1, lister.newestRoot()).
			With("role", metadata.ROOT).WithHint("each root is followed step by step: get all of them, from version %d on", next)
	}
	return c.expiry(&c.root.head, metadata.ROOT+".json")
}

func (c *Client) nextRoot(file string, raw []byte, version int64) error {
	next, err := parse[metadata.RootType](metadata.ROOT, file, raw)
	if err != nil {
		return err
	}
	if err := verify(rootDelegator(c.root), &next.document, file); err != nil {
		return err
	}
	if err := verify(rootDelegator(next), &next.document, file); err != nil {
		return err
	}
	if next.version != version {
		return fault.New(fault.TrustRollback, "%q holds root version %d, and version %d follows the trusted one", file, next.version, version).
			With("path", file).With("role", metadata.ROOT)
	}
	if err := c.past(&next.head, file); err != nil {
		return err
	}
	c.root = next
	return c.Store.Save(metadata.ROOT, version, raw)
}
