package forensic

import (
	"encoding/json/v2"
	"iter"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spill"
)

// entries joins the entries of both manifests.
func (d *Difference) entries(a, b *verification) error {
	nextA, stopA := iter.Pull2(a.sorted())
	defer stopA()
	nextB, stopB := iter.Pull2(b.sorted())
	defer stopB()
	x, err, _ := nextA()
	if err != nil {
		return err
	}
	y, err, _ := nextB()
	for err == nil && (x != nil || y != nil) {
		order := d.pair(x, y)
		if order <= 0 {
			x, err, _ = nextA()
		}
		if err == nil && order >= 0 {
			y, err, _ = nextB()
		}
	}
	return err
}

// pair notes how two entries differ, of which one may be nil for the end, and returns their
// order.
func (d *Difference) pair(x, y *Entry) (order int) {
	switch {
	case x == nil:
		order = 1
	case y == nil:
		order = -1
	default:
		order = compare(x.Path, y.Path)
	}
	switch {
	case order < 0:
		d.add(EntryDifference{Removed, x.Path, x.SHA256, ""}, &d.Removed)
	case order > 0:
		d.add(EntryDifference{Added, y.Path, "", y.SHA256}, &d.Added)
	case *x != *y && !d.goesOn(x.Path):
		d.add(EntryDifference{Changed, x.Path, x.SHA256, y.SHA256}, &d.Changed)
	}
	return order
}

// goesOn reports whether how the entry called path differs is said by its heads.
func (d *Difference) goesOn(path string) bool {
	a, b := d.heads[0], d.heads[1]
	return path == timelineName && a != nil && b != nil && *a != *b
}

func (d *Difference) add(e EntryDifference, count *int) {
	*count++
	if len(d.Entries) < maxDifferences {
		d.Entries = append(d.Entries, e)
	}
}

// listed yields the entries of the manifest, which stand in its order.
func (v *verification) listed() iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		last := ""
		for e, err := range manifestEntries(v.manifestText.file, v.manifestText.size, v.entriesAt) {
			switch {
			case err != nil:
				err = fault.Wrap(fault.SnapshotMalformed, err, "malformed manifest")
			case last != "" && v.compare(last, e.Path) >= 0:
				err = fault.New(fault.SnapshotMalformed, "the entry %q of a manifest stands out of order", e.Path).
					WithHint("see what else is wrong: stella forensic verify")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if last = e.Path; !yield(e, nil) {
				return
			}
		}
	}
}

// sorted is listed in the order of our manifests, also where the manifest has another one.
func (v *verification) sorted() iter.Seq2[*Entry, error] {
	if v.manifest.bySection() {
		return v.listed()
	}
	return func(yield func(*Entry, error) bool) {
		sorter := spill.NewSorter("the entries of the snapshot", collectMemory)
		defer sorter.Close()
		if err := sortEntries(sorter, v.listed()); err != nil {
			yield(nil, err)
			return
		}
		for record, err := range sorter.Sorted() {
			e := &Entry{}
			if err == nil {
				_, text := cutNUL(record[1:])
				err = json.Unmarshal(text, e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// sortEntries adds the record of each entry: the place of its section, its path, a NUL, and
// all that is said of it.
func sortEntries(to *spill.Sorter, entries iter.Seq2[*Entry, error]) error {
	for e, err := range entries {
		if err != nil {
			return err
		}
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		record := append(append([]byte{rank(e.Path)}, e.Path...), 0)
		if err := to.Add(append(record, text...)); err != nil {
			return err
		}
	}
	return nil
}
