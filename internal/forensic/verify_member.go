package forensic

import (
	"bytes"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// special judges a member that is in none of the ordinary files.
func (v *verification) special(m *archive.Member, content *hashing, yield func(archive.Member, error) bool) (more bool, err error) {
	switch {
	case m.Name == SignatureName: // it counts in its own place alone
	case m.Name == timelineName:
		if err := v.settleAll(); err != nil {
			return true, err
		}
		err = v.judgeTimeline(content)
	case m.Name == checkpointName:
		v.checkpoint, err = keep(content)
	case m.Name == timelineKeyName:
		v.publicKey, err = keep(content)
	case m.Name != instructionsName:
		return v.mayBeEvidence(m, content, yield)
	}
	return true, err
}

// file judges a member that may be of any kind. It is read once, and hashed while the next ones
// are read, unless it may be evidence or somebody asked for it.
func (v *verification) file(m *archive.Member, yield func(archive.Member, error) bool) (more bool, err error) {
	if v.aside.wants(v.joined.entry, m) {
		content := newHashing(m.Content)
		kept, err := v.aside.keep(v.joined.entry, content)
		if err == nil && content.err == nil && !yield(archive.Member{Name: m.Name, Size: m.Size, Content: kept}, nil) {
			return false, nil
		}
		return true, v.read(m, content, err)
	}
	v.hashers.start(v.ctx)
	if m.Section != nil && m.Size >= minSection {
		return v.section(m, yield)
	}
	first, err := v.hashers.block(m.Content)
	if err != nil {
		return true, v.unreadable(m.Name, err)
	}
	if mayBeDocument(m, first) {
		defer func() { v.hashers.free <- first[:hashBlock] }()
		return v.document(m, first, yield)
	}
	job, err := v.hashers.hash(first, m.Content)
	if err != nil {
		return true, v.unreadable(m.Name, err)
	}
	return true, v.place(Entry{Path: m.Name}, job)
}

// section is file for a member whose place is known: only its beginning is read here.
func (v *verification) section(m *archive.Member, yield func(archive.Member, error) bool) (more bool, err error) {
	job := v.hashers.job()
	n, err := readSome(m.Content, job.head[:])
	if err != nil {
		return true, v.unreadable(m.Name, err)
	}
	if job.first = job.head[:n]; mayBeDocument(m, job.first) {
		defer v.hashers.again(job)
		return v.document(m, job.first, yield)
	}
	v.hashers.hashSection(job, m.Section)
	return true, v.place(Entry{Path: m.Name}, job)
}

// mayBeDocument reports whether a member that begins with first may be evidence.
func mayBeDocument(m *archive.Member, first []byte) bool {
	return m.Size <= input.MaxEvidence && bundle.CheckHead(first[:min(len(first), archive.HeadSize)]) == nil
}

// document yields a member of which first was read.
func (v *verification) document(m *archive.Member, first []byte, yield func(archive.Member, error) bool) (more bool, err error) {
	content := newHashing(io.MultiReader(bytes.NewReader(first), m.Content))
	if !yield(archive.Member{Name: m.Name, Size: m.Size, Content: content}, nil) {
		return false, nil
	}
	return true, v.read(m, content, nil)
}

// read reads a member to its end, and finds its place. err is what came of it before.
func (v *verification) read(m *archive.Member, content *hashing, err error) error {
	if err != nil {
		return err
	}
	if err := content.rest(); err != nil {
		return v.unreadable(m.Name, err)
	}
	return v.place(Entry{Path: m.Name, Size: content.size, SHA256: content.hex()}, nil)
}

// unreadable notes that a member could not be read.
func (v *verification) unreadable(name string, err error) error {
	return v.brokenOff(inMember(name, err))
}

func inMember(name string, err error) error {
	return fault.Wrap(fault.ReasonOf(err), err, "in %q", name)
}

// mayBeEvidence yields a member, unless it is a proof in a file of its own.
func (v *verification) mayBeEvidence(m *archive.Member, content *hashing, yield func(archive.Member, error) bool) (more bool, err error) {
	var r io.Reader = content
	switch section := sectionOf(m.Name); {
	case section == sectionTransparency, section == sectionTimestamps:
		if r, err = v.loose.read(m, content); r == nil || err != nil {
			return true, err
		}
	case section == sectionAttestations && m.Size <= maxNoticed:
		v.noticed.Reset()
		if _, err := v.noticed.ReadFrom(content); err == nil {
			v.aside.notice(v.noticed.Bytes())
		}
		r = io.MultiReader(bytes.NewReader(v.noticed.Bytes()), content)
	}
	return yield(archive.Member{Name: m.Name, Size: m.Size, Content: r}, nil), nil
}
