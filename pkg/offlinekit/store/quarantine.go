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

// Quarantine returns what is in quarantine. The errors: fault.KitFailed for a directory
// that cannot be listed; fault.StateUnusable.
func (s *Store) Quarantine() (*Quarantine, error) {
	out := &Quarantine{Path: s.quarantine, Reports: []*Report{}}
	if s.quarantine == "" {
		return out, nil
	}
	if err := guard(s.quarantine); err != nil {
		return nil, err
	}
	cells, err := s.cells()
	if err != nil {
		return nil, err
	}
	for _, dir := range cells {
		r, err := readReport(filepath.Join(dir, reportName))
		if err != nil {
			out.Unreadable++
			continue
		}
		r.Path = dir
		out.Reports = append(out.Reports, r)
	}
	return out, nil
}

// cells are the directories in quarantine, the oldest first: their names begin with the
// time, and end with a number.
func (s *Store) cells() ([]string, error) {
	entries, err := os.ReadDir(s.quarantine)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.KitFailed, atomicfile.Cause(err), "failed to read %q", s.quarantine).With("path", s.quarantine)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, filepath.Join(s.quarantine, e.Name()))
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		at, n := serial(a)
		other, m := serial(b)
		return cmp.Or(strings.Compare(at, other), cmp.Compare(n, m))
	})
	return out, nil
}

// serial is the number at the end of a directory's name, and what stands before it.
func serial(path string) (string, int) {
	i := strings.LastIndexByte(path, '-') + 1
	n, _ := strconv.Atoi(path[i:]) // 0 for a name of somebody else's
	return path[:i], n
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
		return nil, fault.Wrap(fault.KitBusy, atomicfile.Cause(err), "failed to lock %q", s.quarantine)
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
	s.prune()
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
			return "", fault.Wrap(fault.KitFailed, atomicfile.Cause(err), "failed to make %q", dir)
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

// prune removes the oldest until the bounds hold. Reports without a kit have a bound of
// their own: whoever sends many of them does not push out the kits. What is there is
// counted, and no report is asked: one may be unreadable.
func (s *Store) prune() {
	cells, _ := s.cells() // the next failure prunes again
	var kits, bytes, reports int64
	for _, dir := range slices.Backward(cells) {
		tooMany := false
		if size, kept := sizeOfKit(dir); kept {
			kits, bytes = kits+1, bytes+size
			tooMany = kits > MaxQuarantined || bytes > MaxQuarantinedBytes
		} else {
			reports++
			tooMany = reports > MaxReports
		}
		if tooMany {
			removeTree(s.system(), dir)
		}
	}
}

// sizeOfKit is how many bytes lie beside the report in a directory, and whether anything
// does.
func sizeOfKit(dir string) (n int64, kept bool) {
	for _, e := range entriesOf(dir) {
		if info, err := e.Info(); err == nil && e.Name() != reportName {
			n, kept = n+info.Size(), true
		}
	}
	return n, kept
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
