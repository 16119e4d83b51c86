package forensic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strconv"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spill"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// collectMemory bounds what is held of all entries while a snapshot is made, in bytes.
// The rest is in a temporary file.
const collectMemory = 16 << 20

// Options say what a snapshot is of.
type Options struct {
	// Case is the id of the case.
	Case string
	// Tenant is a UUID of version 4 without hyphens; "" for none.
	Tenant string
	// At is when the snapshot is made, as it says itself.
	At time.Time
	// Notes are notes on the case.
	Notes []string
	// Timeline is the path of the timeline; "" for none.
	Timeline string
	// Output is where the snapshot will be; "" for nowhere. What is there now is no part
	// of it.
	Output string
}

// Draft is a snapshot before it is signed: everything was read once. Close it.
type Draft struct {
	Manifest Manifest
	Entries  uint64
	Size     int64 // of all entries, in bytes
	// PassedOver is what is in the directories and is no regular file.
	PassedOver []string
	// Message is what is signed, and Subjects what it is about.
	Message  dsse.Message
	Subjects []intoto.Subject

	sorter              *spill.Sorter
	inline              map[string][]byte // contents that are no files, by path
	manifest, checksums *scratch
}

// NewDraft reads what the snapshot of a case is made of: files and directories. The
// errors are those of reading; two files for one entry are fault.SnapshotMalformed,
// and a timeline that does not verify is fault.TimelineTampered.
func NewDraft(ctx context.Context, inputs []string, o Options) (*Draft, error) {
	d := &Draft{sorter: spill.NewSorter("the entries of the snapshot", collectMemory), inline: make(map[string][]byte)}
	err := d.collect(ctx, inputs, &o)
	if err == nil {
		err = d.summarise(&o)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Empty reports whether there is nothing of a case in it: no file, no timeline, no note.
func (d *Draft) Empty() bool {
	return d.Entries <= uint64(len(d.inline)) && d.Manifest.Timeline == nil && len(d.Manifest.Metadata) == 0
}

// Close releases what is kept aside.
func (d *Draft) Close() {
	_ = d.sorter.Close() // only read
	d.manifest.close()
	d.checksums.close()
}

// summarise makes manifest, checksums and statement of what was collected.
func (d *Draft) summarise(o *Options) error {
	root, err := d.writeChecksums()
	if err != nil {
		return err
	}
	d.Manifest.Format, d.Manifest.Kind, d.Manifest.Case = Format, kindExport, o.Case
	d.Manifest.TenantID = o.Tenant
	if o.Tenant == "" {
		d.Manifest.TenantID = unknownTenant
	}
	d.Manifest.CreatedAt = o.At.UTC().Truncate(time.Second)
	d.Manifest.BundleID = bundleID(o.Case, root, d.Manifest.CreatedAt)
	d.Manifest.Metadata = notes(o.Notes)
	d.Manifest.HashSummary = HashSummary{Algorithm: "sha256", MerkleRecipe: RecipeRFC6962, MerkleRoot: root, ChecksumsPath: ChecksumsName}
	if err := d.Manifest.check(true); err != nil {
		return fault.Wrap(fault.SnapshotMalformed, err, "malformed snapshot")
	}
	if d.manifest, err = newScratch("the manifest"); err != nil {
		return err
	}
	if err := writeManifest(d.manifest, &d.Manifest, d.entries()); err != nil {
		return err
	}
	if err := d.manifest.flush(); err != nil {
		return err
	}
	p := Predicate{
		BundleID: d.Manifest.BundleID, Case: o.Case, CreatedAt: d.Manifest.CreatedAt, Entries: d.Entries, Size: d.Size,
		Merkle: Merkle{RecipeRFC6962, root}, Timeline: d.Manifest.Timeline,
	}
	d.Message, d.Subjects, err = p.message(d.manifest.digest())
	return err
}

// writeChecksums keeps checksums.txt without its first line, and returns its root.
func (d *Draft) writeChecksums() (root string, err error) {
	if d.checksums, err = newScratch("the checksums"); err != nil {
		return "", err
	}
	t := newMerkle(nil)
	var line []byte
	last := ""
	for e, err := range d.entries() {
		if err != nil {
			return "", err
		}
		if e.Path == last {
			return "", fault.New(fault.SnapshotMalformed, "two files would be the entry %q", e.Path).
				WithHint("name the directory above both of them, so that their paths differ")
		}
		last = e.Path
		d.Entries++
		d.Size += e.Size
		if d.Entries > maxEntries {
			return "", fault.New(fault.InputTooLarge, "there are more than %d files", maxEntries)
		}
		line = appendChecksum(line[:0], e)
		if err := t.add(line); err != nil {
			return "", err
		}
		if _, err := d.checksums.Write(line); err != nil {
			return "", err
		}
	}
	if err := d.checksums.flush(); err != nil {
		return "", err
	}
	return t.root()
}

// entries yields the entries in their order.
func (d *Draft) entries() iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		for record, err := range d.sorter.Sorted() {
			if err != nil {
				yield(nil, err)
				return
			}
			if i := decodeItem(record); !yield(&i.Entry, nil) {
				return
			}
		}
	}
}

// notes are the metadata of a manifest.
func notes(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for i, note := range list {
		m["note."+strconv.Itoa(i+1)] = note
	}
	return m
}

// bundleID returns an id in the form of a UUID of version 4 that depends on the
// content alone: the same snapshot has the same id.
func bundleID(caseID, root string, at time.Time) string {
	sum := sha256.Sum256([]byte(caseID + "\x00" + root + "\x00" + at.Format(time.RFC3339)))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return hex.EncodeToString(sum[:16])
}
