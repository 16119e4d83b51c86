package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"path"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// names judges the names of an archive's members, one after the other.
type names struct {
	// seen holds eight bytes of the SHA-256 of each clean name. Two names can be made
	// to share them, which refuses an archive that was made for it.
	seen map[uint64]struct{}
	n    int
}

func newNames() *names { return &names{seen: make(map[uint64]struct{})} }

// another counts a member, and fails with the first one too many.
func (n *names) another() error {
	if n.n++; n.n > maxMembers {
		return fault.New(fault.InputTooLarge, "the archive has more than %d members", maxMembers)
	}
	return nil
}

// check returns why a member may not be called so.
func (n *names) check(name string) error {
	// What another system takes for a separator or a drive counts as one.
	slashed := strings.ReplaceAll(name, `\`, "/")
	switch {
	case name == "":
		return malformed("a member has no name")
	case len(name) > maxName:
		return malformed("a member's name is longer than %d bytes", maxName)
	case strings.ContainsRune(name, 0):
		return malformed("a member's name holds a NUL")
	case strings.HasPrefix(slashed, "/"), len(name) > 1 && name[1] == ':':
		return malformed("a member's name is an absolute path")
	}
	for step := range strings.SplitSeq(slashed, "/") {
		if step == ".." {
			return malformed(`a member's name leads out of the archive ("..")`)
		}
	}
	sum := sha256.Sum256([]byte(path.Clean(name)))
	id := binary.LittleEndian.Uint64(sum[:])
	if _, twice := n.seen[id]; twice {
		return fault.Wrap(fault.ArchiveMalformed, ErrTwice, "").
			WithHint("programs differ in which of two members of one name counts; have the archive made anew")
	}
	n.seen[id] = struct{}{}
	return nil
}
