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
	if !v.aside.wants(v.joined.entry, m) {
		first, err := v.hashers.block(m.Content)
		if err != nil {
			return true, v.unreadable(m, err)
		}
		if m.Size > input.MaxEvidence || bundle.CheckHead(first[:min(len(first), archive.HeadSize)]) != nil {
			job, size, err := v.hashers.hash(first, m.Content)
			if err != nil {
				return true, v.unreadable(m, err)
			}
			return true, v.place(m.Name, size, job.hex)
		}
		defer func() { v.hashers.free <- first[:hashBlock] }()
		content := newHashing(io.MultiReader(bytes.NewReader(first), m.Content))
		if !yield(archive.Member{Name: m.Name, Size: m.Size, Content: content}, nil) {
			return false, nil
		}
		return true, v.read(m, content, nil)
	}
	content := newHashing(m.Content)
	kept, err := v.aside.keep(v.joined.entry, content)
	if err == nil && content.err == nil && !yield(archive.Member{Name: m.Name, Size: m.Size, Content: kept}, nil) {
		return false, nil
	}
	return true, v.read(m, content, err)
}

// read reads a member to its end, and finds its place. err is what came of it before.
func (v *verification) read(m *archive.Member, content *hashing, err error) error {
	if err != nil {
		return err
	}
	if err := content.rest(); err != nil {
		return v.unreadable(m, err)
	}
	return v.place(m.Name, content.size, content.hex)
}

// unreadable notes that a member could not be read.
func (v *verification) unreadable(m *archive.Member, err error) error {
	return v.brokenOff(fault.Wrap(fault.ReasonOf(err), err, "in %q", m.Name))
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
