package forensic

import (
	"encoding/binary"

	"github.com/stellaops/stella/internal/fault"
)

// The roles of what is apart, in the order in which it is brought together.
const (
	isEntry byte = iota
	isMember
)

// apartRecord is sorted by path.
func apartRecord(role byte, e *Entry) []byte {
	b := append(append([]byte(e.Path), 0, role), e.SHA256...)
	return binary.BigEndian.AppendUint64(b, uint64(e.Size))
}

func parseApart(record []byte) (role byte, e *Entry) {
	path, rest := cutNUL(record)
	e = &Entry{Path: path, SHA256: string(rest[1:65]), Size: int64(binary.BigEndian.Uint64(rest[65:]))}
	return rest[0], e
}

// settleApart says of each entry that was passed over, and each member that stood
// where the manifest has something else, what is wrong.
func (v *verification) settleApart() error {
	var waiting *Entry // an entry whose member was not met yet
	for record, err := range v.joined.apart.Sorted() {
		if err != nil {
			return err
		}
		role, e := parseApart(record)
		if waiting != nil && waiting.Path != e.Path {
			if err := v.missing(waiting); err != nil {
				return err
			}
			waiting = nil
		}
		switch {
		case role == isEntry:
			waiting = e // a second one of this path was said to be there twice
		case waiting == nil:
			if err = v.observe(e, EntryUnlisted); err == nil {
				err = v.apart(e.Path, fault.SnapshotUnlisted, "the manifest does not list it")
			}
		default:
			if err = v.apart(e.Path, fault.SnapshotOrder, "it does not stand where the manifest lists it"); err == nil {
				err = v.match(waiting, e, EntryMoved)
			}
			waiting = nil
		}
		if err != nil {
			return err
		}
	}
	if waiting != nil {
		return v.missing(waiting)
	}
	return nil
}

func (v *verification) missing(e *Entry) error {
	if err := v.observe(e, EntryMissing); err != nil {
		return err
	}
	return v.apart(e.Path, fault.SnapshotMissing, "the manifest lists it, and it is not in the snapshot")
}

func (v *verification) apart(path string, r fault.Reason, why string) error {
	v.joined.bad++
	return v.put(v.result(path, 0, "entry", failure(checkEntry, r, "%s", why)))
}
