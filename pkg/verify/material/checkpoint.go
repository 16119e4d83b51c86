package material

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	formats "github.com/transparency-dev/formats/log"

	"github.com/stellaops/stella/internal/fault"
)

// treeID is what Rekor v1 puts between a log's name and the id of its tree.
const treeID = " - "

// splitOrigin returns the name in a checkpoint's first line, and whether the id of a tree
// follows, which Rekor v1 alone writes there.
func splitOrigin(checkpoint string) (name string, tree bool) {
	origin, _, _ := strings.Cut(checkpoint, "\n")
	i := strings.LastIndex(origin, treeID)
	if i < 0 || i+len(treeID) == len(origin) || strings.Trim(origin[i+len(treeID):], "0123456789") != "" {
		return origin, false
	}
	return origin[:i], true
}

// agrees checks that a proof says of the tree what its checkpoint says, which has
// been verified. The library of Rekor v2 does not look at the proof's own words,
// that of v1 at the root alone.
func agrees(p *rekorpb.InclusionProof) error {
	var c formats.Checkpoint
	if _, err := c.Unmarshal([]byte(p.GetCheckpoint().GetEnvelope())); err != nil {
		return inWords(err)
	}
	if p.GetTreeSize() < 0 || uint64(p.GetTreeSize()) != c.Size {
		return fmt.Errorf("it is of a tree of size %d, its checkpoint of %d", p.GetTreeSize(), c.Size)
	}
	if !bytes.Equal(p.GetRootHash(), c.Hash) {
		return errors.New("it is of another root than its checkpoint")
	}
	return nil
}

// called checks that a checkpoint of Rekor v1 is of the log that the trusted root
// calls so. In v2, the verifier of the checkpoint has the name.
func (l *log) called(name string) error {
	u, err := url.Parse(l.lib.BaseURL)
	if err != nil || u.Host == "" || name == u.Host || name == u.Hostname() {
		return nil
	}
	return fault.New(fault.LogInvalid, "its checkpoint is of the log %.100q, not of %q", name, u.Host).
		WithHint("if it is the same log, write its name into the trusted root as baseUrl")
}
