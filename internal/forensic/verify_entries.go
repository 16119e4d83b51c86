package forensic

import (
	"errors"
	"fmt"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spill"
	"github.com/stellaops/stella/pkg/verify"
)

// join is the entries of the manifest beside the members of the snapshot.
type join struct {
	next  func() (*Entry, error, bool)
	stop  func()
	entry *Entry // the next one, nil at the end
	last  string // the path before it
	// apart holds the entries that were passed over, and the members that were met
	// where the manifest has something else: both may belong together.
	apart  *spill.Sorter
	listed int
	bad    int // members that are not as listed
	unread int // entries whose members could not be read
}

func (j *join) close() {
	if j.stop != nil {
		j.stop()
	}
	if j.apart != nil {
		_ = j.apart.Close() // nothing was kept
	}
}

// evidence yields each entry that may be evidence, while it judges all members as they
// come.
func (v *verification) evidence(yield func(archive.Member, error) bool) {
	v.joined.apart = spill.NewSorter("the entries of the snapshot", collectMemory)
	v.joined.next, v.joined.stop = ahead(manifestEntries(v.manifestText.file, v.manifestText.size, v.entriesAt))
	if v.stopped(v.advance()) {
		return
	}
	for !v.broken {
		m, err := v.member()
		if err != nil && v.stopped(v.brokenOff(err)) {
			return
		}
		if m == nil {
			break
		}
		more, err := v.entryMember(m, yield)
		if v.stopped(err) || !more {
			return
		}
	}
	if !v.stopped(v.settleAll()) && !v.stopped(v.timelineMissing()) {
		v.stopped(v.reconcile())
	}
}

// advance goes to the next entry of the manifest, and judges its place.
func (v *verification) advance() error {
	for {
		again, err := v.advanceOne()
		if err != nil || !again {
			return err
		}
	}
}

// advanceOne is advance for one entry; again says that it is the one before.
func (v *verification) advanceOne() (again bool, err error) {
	j := &v.joined
	e, err, ok := j.next()
	j.entry = e
	if err != nil {
		j.entry = nil
		return false, v.put(v.result(ManifestName, 0, "manifest", verify.FailedCheck(checkManifest, fault.Wrap(fault.SnapshotMalformed, err, "malformed manifest"))))
	}
	if !ok {
		return false, nil
	}
	j.listed++
	last := j.last
	j.last = e.Path
	why := ""
	switch order := v.compare(last, e.Path); {
	case last == "" || order < 0:
		return false, nil
	case order == 0:
		why = "is listed twice"
	default:
		why = "stands out of order"
	}
	check := failure(checkManifest, fault.SnapshotOrder, "entry %d, %q, %s", j.listed, e.Path, why)
	return last == e.Path, v.put(v.result(ManifestName, 0, "manifest", check))
}

// entryMember judges a member behind the head.
func (v *verification) entryMember(m *archive.Member, yield func(archive.Member, error) bool) (more bool, err error) {
	switch {
	case m.Err != nil:
		v.joined.bad++
		if err := v.observe(&Entry{Path: m.Name}, EntryRefused); err != nil {
			return false, err
		}
		return true, v.put(v.result(m.Name, 0, "entry", failure(checkEntry, reasonOfRefused(m.Err), "%v", m.Err)))
	case m.Kind != "":
		v.joined.bad++
		if err := v.observe(&Entry{Path: m.Name}, EntryUnlisted); err != nil {
			return false, err
		}
		return true, v.put(v.result(m.Name, 0, "entry", failure(checkEntry, fault.SnapshotUnlisted, "it is %s, and no entry is", m.Kind)))
	}
	if v.o.Progress != nil {
		v.o.Progress(v.found)
	}
	in, name := v.layouts.of(m.Name)
	if in == nil && sectionOf(m.Name) == sectionFiles && m.Name != SignatureName && !bundle.LooksLikeEvidence(m.Name) {
		return v.file(m, yield)
	}
	content := newHashing(m.Content)
	if in != nil {
		return true, v.read(m, content, v.layouts.keep(in, name, m, content))
	}
	more, err = v.special(m, content, yield)
	if !more {
		return false, err
	}
	return true, v.read(m, content, err)
}

// reasonOfRefused is why a snapshot is not as it should be if it has a member that no
// archive may have.
func reasonOfRefused(err error) fault.Reason {
	switch reason := fault.ReasonOf(err); {
	case errors.Is(err, archive.ErrTwice):
		return fault.SnapshotOrder
	case reason == fault.ArchiveMalformed: // a name that no manifest can list
		return fault.SnapshotUnlisted
	default:
		return reason
	}
}

// keep returns the beginning of a small member.
func keep(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, 8<<10))
	if err != nil {
		return nil, nil //nolint:nilerr // the reader keeps it for whoever reads on
	}
	return b, nil
}

// match compares a member with its entry; s is what becomes of it if they are equal.
func (v *verification) match(want, got *Entry, s EntryStatus) error {
	v.found++
	v.size += got.Size
	if err := v.references.entry(want, got); err != nil {
		return err
	}
	got.Section, got.Name = want.Section, want.Name
	if got.Size != want.Size || got.SHA256 != want.SHA256 {
		s = EntryChanged
	}
	if err := v.observe(got, s); err != nil {
		return err
	}
	switch {
	case got.Size != want.Size:
		v.joined.bad++
		return v.put(v.result(got.Path, 0, "entry", failure(checkChecksum, fault.SnapshotChecksum, "it has %d bytes, and the manifest says %d", got.Size, want.Size)))
	case got.SHA256 != want.SHA256:
		v.joined.bad++
		return v.put(v.result(got.Path, 0, "entry", failure(checkChecksum, fault.SnapshotChecksum, "it has sha256:%s, and the manifest says sha256:%s", got.SHA256, want.SHA256)))
	}
	return nil
}

// reconcile brings together what was passed over, and says how the entries are as a
// whole.
func (v *verification) reconcile() error {
	j := &v.joined
	missing := j.unread
	for j.entry != nil {
		missing++
		pass := func() error { return j.apart.Add(apartRecord(isEntry, j.entry)) }
		if v.broken { // said of all together
			pass = func() error { return v.observe(j.entry, EntryMissing) }
		}
		if err := pass(); err != nil {
			return err
		}
		if err := v.advance(); err != nil {
			return err
		}
	}
	if err := v.settleApart(); err != nil {
		return err
	}
	switch {
	case v.broken && missing > 0:
		return v.put(v.result("", 0, "entries", failure(checkEntry, fault.SnapshotMissing, "%d of %d entries are missing behind the place where the archive breaks off", missing, j.listed)))
	case j.bad == 0 && v.found == j.listed && v.found > 0:
		return v.put(v.result("", 0, "entries", passed(checkChecksum, fmt.Sprintf("%d entries, as the manifest says", v.found))))
	case j.listed == 0:
		return v.put(v.result(ManifestName, 0, "manifest", failure(checkManifest, fault.SnapshotMalformed, "it lists no entry")))
	}
	return nil
}
