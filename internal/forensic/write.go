package forensic

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// Sink takes the members of a snapshot.
type Sink interface {
	// Add takes a member of size bytes, which r has.
	Add(name string, size int64, executable bool, r io.Reader) error
}

var (
	_ Sink = (*archive.Writer)(nil)
	_ Sink = (*atomicfile.Directory)(nil)
)

// Write gives all members to a sink: the manifest, the signature over Message, the
// checksums, the entries. A file that is no longer what it was is fault.InputChanged.
func (d *Draft) Write(to Sink, signature []byte) error {
	if err := to.Add(ManifestName, d.manifest.size, false, d.manifest.reader()); err != nil {
		return err
	}
	if err := to.Add(SignatureName, int64(len(signature)), false, bytes.NewReader(signature)); err != nil {
		return err
	}
	head := rootPrefix + d.Manifest.HashSummary.MerkleRoot + "\n"
	sums := io.MultiReader(bytes.NewReader([]byte(head)), d.checksums.reader())
	if err := to.Add(ChecksumsName, int64(len(head))+d.checksums.size, false, sums); err != nil {
		return err
	}
	for record, err := range d.sorter.Sorted() {
		if err != nil {
			return err
		}
		i := decodeItem(record)
		if err := d.writeItem(to, &i); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) writeItem(to Sink, i *item) error {
	r, err := d.open(i)
	if err != nil {
		return err
	}
	defer r.Close()
	var content io.Reader = r
	if i.Path == timelineName {
		content = io.LimitReader(r, i.Size) // others may have added to it
	}
	sum := sha256.New()
	err = to.Add(i.Path, i.Size, i.executable, io.TeeReader(content, sum))
	reason := fault.ReasonOf(err)
	if reason == fault.ArchiveMalformed || reason == fault.InputChanged || err == nil && hex.EncodeToString(sum.Sum(nil)) != i.SHA256 {
		return changed(i.source)
	}
	return err
}
