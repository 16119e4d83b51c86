package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
)

// reportName is the report in each directory of the quarantine.
const reportName = "report.json"

// Quarantine is where kits are kept that failed, each in a directory of its own: as it
// came, with a report. It lies beside the channels and not in them, since what a kit
// that failed says of its channel is worth nothing.
type Quarantine struct {
	// Path is the directory.
	Path string `json:"path"`
	// Reports are those of all kits, the oldest first.
	Reports []*Report `json:"reports"`
	// Unreadable counts reports that cannot be read.
	Unreadable int `json:"unreadable,omitzero"`
}

// Quarantine returns what is in quarantine.
func (s *Store) Quarantine() (*Quarantine, error) {
	out := &Quarantine{Path: s.quarantine, Reports: []*Report{}}
	if s.quarantine == "" {
		return out, nil
	}
	if err := guard(s.quarantine); err != nil {
		return nil, err
	}
	for _, e := range entriesOf(s.quarantine) {
		if !e.IsDir() {
			continue
		}
		dir := filepath.Join(s.quarantine, e.Name())
		r, err := readReport(filepath.Join(dir, reportName))
		if err != nil {
			out.Unreadable++
			continue
		}
		r.Path = dir
		out.Reports = append(out.Reports, r)
	}
	// Names begin with the time, and end with a number.
	slices.SortStableFunc(out.Reports, func(a, b *Report) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(serial(a.Path), serial(b.Path)))
	})
	return out, nil
}

// serial is the number at the end of a directory's name.
func serial(path string) int {
	n, _ := strconv.Atoi(path[strings.LastIndexByte(path, '-')+1:]) // 0 for a name of somebody else's
	return n
}

// quarantine keeps the kit that failed, or its report alone. An error says why not even
// that is kept.
func (i *importing) quarantine(failed error) (*Report, error) {
	s, r := i.store, i.report(failed)
	if s.quarantine == "" {
		return nil, nil
	}
	if err := atomicfile.MakeDir(s.FS, s.quarantine, 0o700); err != nil {
		return nil, err
	}
	if err := guard(s.quarantine); err != nil {
		return nil, err
	}
	lock, err := filelock.Acquire(i.ctx, filepath.Join(s.quarantine, lockName), defaultWait)
	if err != nil {
		return nil, fault.Wrap(fault.KitBusy, pathCause(err), "failed to lock %q", s.quarantine)
	}
	err = i.confine(r)
	if err != nil {
		r = nil
	}
	return r, errors.Join(err, lock.Release())
}

// confine makes a directory with the kit and its report, which comes last: a directory
// without one is what an interruption left.
func (i *importing) confine(r *Report) error {
	s := i.store
	s.tidy()
	dir, err := s.newCell(r.Time)
	if err != nil {
		return err
	}
	if r.Kept, err = i.keep(dir, r); err != nil {
		return err
	}
	text, err := r.marshal()
	if err == nil {
		err = atomicfile.WriteFile(i.ctx, filepath.Join(dir, reportName), text, atomicfile.Options{Mode: 0o600, FS: s.FS})
	}
	if err != nil {
		removeTree(s.system(), dir)
		return err
	}
	r.Path = dir
	s.prune(0)
	return nil
}

// newCell makes a directory that nobody has.
func (s *Store) newCell(at time.Time) (string, error) {
	for n := 1; ; n++ {
		dir := filepath.Join(s.quarantine, at.Format("20060102T150405Z")+"-"+strconv.Itoa(n))
		err := s.system().Mkdir(dir, 0o700)
		switch {
		case errors.Is(err, fs.ErrExist) && n < 2*MaxReports:
			continue
		case err != nil:
			return "", fault.Wrap(fault.KitFailed, pathCause(err), "failed to make %q", dir)
		}
		return dir, s.system().SyncDir(s.quarantine)
	}
}

// tidy removes what interruptions left.
func (s *Store) tidy() {
	for _, e := range entriesOf(s.quarantine) {
		dir := filepath.Join(s.quarantine, e.Name())
		if _, err := os.Lstat(filepath.Join(dir, reportName)); e.IsDir() && errors.Is(err, fs.ErrNotExist) {
			removeTree(s.system(), dir)
		}
	}
}

// prune removes the oldest until the bounds hold, with room for a kit of more bytes.
// Reports without a kit have a bound of their own: whoever sends many of them does not
// push out the kits.
func (s *Store) prune(more int64) {
	q, err := s.Quarantine()
	if err != nil {
		return
	}
	kits, bytes, reports := 0, more, 0
	if more > 0 {
		kits = 1
	}
	for _, r := range slices.Backward(q.Reports) {
		tooMany := false
		if r.Kept == nil {
			reports++
			tooMany = reports > MaxReports
		} else {
			kits, bytes = kits+1, bytes+r.Kept.Size
			tooMany = kits > MaxQuarantined || bytes > MaxQuarantinedBytes
		}
		if tooMany {
			removeTree(s.system(), r.Path)
		}
	}
}

// interruptible ends a copy when ctx does.
type interruptible struct {
	ctx context.Context
	r   interface{ Read([]byte) (int, error) }
}

// Read implements io.Reader.
func (i interruptible) Read(p []byte) (int, error) {
	if err := context.Cause(i.ctx); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
