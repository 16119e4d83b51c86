package forensic

import (
	"github.com/stellaops/stella/internal/fault"
)

// pullEntries returns the entries of the manifest one after the other, nil at the end
// or where the manifest is malformed: who joins the entries themselves says so.
func pullEntries(v *verification) (next func() *Entry, stop func()) {
	pull, stop := ahead(manifestEntries(v.manifestText.file, v.manifestText.size, v.entriesAt))
	return func() *Entry {
		e, err, ok := pull()
		if !ok || err != nil {
			return nil
		}
		return e
	}, stop
}

// checksumJoin compares checksums.txt with the manifest, line by line.
type checksumJoin struct {
	*verification
	entries  func() *Entry
	stop     func()
	entry    *Entry // the next one
	begun    bool
	lines    int
	problems int
}

func (j *checksumJoin) peek() *Entry {
	if !j.begun {
		j.begun, j.entry = true, j.entries()
	}
	return j.entry
}

func (j *checksumJoin) advance() { j.entry = j.entries() }

func (j *checksumJoin) line(c *checksum) error {
	switch {
	case c.err != nil:
		return j.problem(c.n, fault.SnapshotMalformed, "the line is malformed: %v", c.err)
	case c.n == 1:
		return nil
	}
	j.lines++
	for e := j.peek(); ; e = j.peek() {
		switch {
		case e != nil && e.Path == c.path:
			j.advance()
			if e.SHA256 != c.sum {
				return j.problem(c.n, fault.SnapshotChecksum, "the digest of %q is another one than in the manifest", c.path)
			}
			return nil
		case e == nil || j.compare(c.path, e.Path) < 0:
			return j.problem(c.n, fault.SnapshotUnlisted, "the manifest does not list %q here", c.path)
		}
		if err := j.absent(e); err != nil {
			return err
		}
		j.advance()
	}
}

func (j *checksumJoin) absent(e *Entry) error {
	return j.problem(0, fault.SnapshotMissing, "there is no line where one for %q should be", e.Path)
}

// end notes the entries behind the last line.
func (j *checksumJoin) end() error {
	for e := j.peek(); e != nil; e = j.peek() {
		if err := j.absent(e); err != nil {
			return err
		}
		j.advance()
	}
	return nil
}

func (j *checksumJoin) problem(line int, r fault.Reason, format string, args ...any) error {
	j.problems++
	return j.put(j.result(ChecksumsName, line, "checksums", failure(checkChecksum, r, format, args...)))
}
