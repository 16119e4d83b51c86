package forensic

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic/timeline"
)

// maxDifferences bounds the entries that a difference lists; it counts all.
const maxDifferences = 10_000

// The ways in which an entry differs.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// EntryDifference is an entry that differs.
type EntryDifference struct {
	Kind string `json:"kind"`
	Path string `json:"canonicalPath"`
	Old  string `json:"oldSha256,omitempty"`
	New  string `json:"newSha256,omitempty"`
}

// The ways in which one timeline relates to another.
const (
	TimelineEqual    = "equal"
	TimelineNone     = "none" // neither manifest names one
	TimelineAdded    = "added"
	TimelineRemoved  = "removed"
	TimelineExtended = "extended"
	TimelineCut      = "cut" // the older one extends the newer
	TimelineForked   = "forked"
)

// Difference is how a snapshot differs from an older one. It is what the manifests
// say; nothing of it is verified.
type Difference struct {
	Equal bool `json:"equal"`
	// Case says both ids if they differ.
	Case []string `json:"case,omitempty"`
	// Members are the other members of the manifest that differ, by their names.
	Members []string `json:"members,omitempty"`
	// Entries are the first of those that differ.
	Entries []EntryDifference `json:"entries,omitempty"`
	Added   int               `json:"added"`
	Removed int               `json:"removed"`
	Changed int               `json:"changed"`
	// Notes says that the notes differ.
	Notes     bool      `json:"notesDiffer"`
	Timeline  string    `json:"timeline"`
	Events    [2]uint64 `json:"timelineEvents"`
	NewSigner []string  `json:"signersAdded,omitempty"` // key ids, as they claim
	OldSigner []string  `json:"signersRemoved,omitempty"`
	heads     [2]*TimelineHead
}

// Diff compares two snapshots by their manifests, which are joined in memory that does
// not grow with them, and reads one timeline to tell whether it extends the other.
// What is no snapshot is fault.SnapshotMalformed. That they differ is no error.
func Diff(ctx context.Context, older, newer Source) (*Difference, error) {
	a, err := older.head(ctx)
	if err != nil {
		return nil, err
	}
	defer a.close()
	b, err := newer.head(ctx)
	if err != nil {
		return nil, err
	}
	defer b.close()
	d := &Difference{heads: [2]*TimelineHead{a.manifest.Timeline, b.manifest.Timeline}}
	d.manifests(a.manifest, b.manifest)
	if err := d.entries(a, b); err != nil {
		return nil, err
	}
	if err := d.timeline(ctx, older, newer); err != nil {
		return nil, err
	}
	d.signers(a.keyIDs(), b.keyIDs())
	d.Equal = d.Case == nil && d.Members == nil && d.Added+d.Removed+d.Changed == 0 && !d.Notes && len(d.NewSigner)+len(d.OldSigner) == 0 &&
		(d.Timeline == TimelineEqual || d.Timeline == TimelineNone)
	return d, nil
}

// manifests compares what stands in both beside entries and timeline. Their ids and roots
// follow from the rest, and from the time.
func (d *Difference) manifests(a, b *Manifest) {
	if a.Case != b.Case {
		d.Case = []string{a.Case, b.Case}
	}
	if a.TenantID != b.TenantID {
		d.Members = append(d.Members, "tenantId")
	}
	if a.Kind != b.Kind {
		d.Members = append(d.Members, "kind")
	}
	d.Notes = !maps.Equal(a.Metadata, b.Metadata)
}

// timeline says how the newer timeline relates to the older one.
func (d *Difference) timeline(ctx context.Context, older, newer Source) error {
	a, b := d.heads[0], d.heads[1]
	for i, head := range d.heads {
		d.Events[i] = headOf(head).Events
	}
	switch {
	case a == nil && b == nil:
		d.Timeline = TimelineNone
	case a == nil:
		d.Timeline = TimelineAdded
	case b == nil:
		d.Timeline = TimelineRemoved
	case *a == *b:
		d.Timeline = TimelineEqual
	case a.Events <= b.Events:
		return unread(newer.Name, d.extends(ctx, newer, a, TimelineExtended))
	default:
		return unread(older.Name, d.extends(ctx, older, b, TimelineCut))
	}
	return nil
}

// extends reads the longer timeline: it extends the shorter one if it was once at its
// head.
func (d *Difference) extends(ctx context.Context, longer Source, head *TimelineHead, word string) error {
	hash, err := chain.ParseHash(head.Head)
	if err != nil {
		return err // cannot be: the manifest was checked
	}
	list, in, err := longer.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	for m, err := range list {
		if err != nil {
			return err
		}
		if m.Name != timelineName || m.Content == nil {
			continue
		}
		c := &chain.Checkpoint{Head: chain.Head{Size: head.Events, Hash: hash}}
		report, err := timeline.Verify(ctx, m.Content, timeline.Options{Checkpoints: []chain.Compared{chain.NewCompared(c, "the other snapshot", true)}})
		if err != nil {
			return err
		}
		d.Timeline = TimelineForked
		if report.Err() == nil && report.Anchored() == head.Events {
			d.Timeline = word
		}
		return nil
	}
	return fault.New(fault.SnapshotMissing, "a manifest has a timeline, and there is no %s in the snapshot", timelineName)
}

// keyIDs returns what the signatures of a snapshot claim.
func (v *verification) keyIDs() []string {
	if v.signature == nil || v.signature.err != nil {
		return nil
	}
	var ids []string
	for _, s := range v.signature.item.Envelope.Signatures() {
		ids = append(ids, cmp.Or(s.KeyID, "unnamed"))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (d *Difference) signers(a, b []string) {
	for _, id := range b {
		if !slices.Contains(a, id) {
			d.NewSigner = append(d.NewSigner, id)
		}
	}
	for _, id := range a {
		if !slices.Contains(b, id) {
			d.OldSigner = append(d.OldSigner, id)
		}
	}
}
