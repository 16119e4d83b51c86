package forensic

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/stellaops/stella/internal/archive"
)

// hashJob is a member that is hashed: the beginning of it, and what is behind that. When it is
// done, size, digest and error are there.
type hashJob struct {
	head    [archive.HeadSize]byte // that first may lie in
	first   []byte
	more    chan []byte      // nil for no more
	section *archive.Section // all of it, in place of more
	done    chan struct{}    // gets a value
	size    int64
	sum     [sha256.Size]byte
	err     error // of reading, but for the end
}

// read hashes the beginning as it was read, and reads on behind it, block by block.
func (j *hashJob) read(ctx context.Context, sum hash.Hash, block []byte) error {
	sum.Write(j.first)
	j.size = int64(len(j.first))
	for j.size < j.section.Size() {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := j.section.ReadAt(block, j.size)
		sum.Write(block[:n])
		j.size += int64(n)
		if err != nil && !errors.Is(err, io.EOF) { // which is that of the section
			return err
		}
	}
	return nil
}
