package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
)

func clock() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC) }

// entry is a use of a key like that of every day.
func entry(n int) Entry {
	return Entry{
		Request: Request{
			Caller: "uid:1000/alice@build-7", Operation: "sign sbom", Issuer: "keyed", Entitlement: "n/a",
			RequestID: "4f1c0d0ad0f64f2f9c8c7a1f1b1d3e55",
		},
		Key: Key{Source: "file", Ref: "ci.key", ID: "sha256:" + strings.Repeat("ab", 32)},
		Content: Content{
			Subjects: []string{"sha256:" + strings.Repeat("cd", 32)}, SubjectCount: 1,
			PredicateType: "https://cyclonedx.org/bom", PayloadSHA256: strings.Repeat("ef", 32),
		},
		Outcome: Outcome{SignatureSHA256: strings.Repeat("01", 32), Decision: Allowed, Note: fmt.Sprint(n)},
	}
}

func logPath(t testing.TB) string { return filepath.Join(t.TempDir(), "audit", "audit.jsonl") }

// openLog opens a log whose limits prepare may lower first.
func openLog(t testing.TB, path string, prepare ...func(*Log)) *Log {
	t.Helper()
	l := newLog(path, clock)
	for _, p := range prepare {
		p(l)
	}
	require.NoError(t, l.open())
	return l
}

// write makes a log of n records, one after the other.
func write(t testing.TB, path string, n int, prepare ...func(*Log)) {
	t.Helper()
	l := openLog(t, path, prepare...)
	for i := range n {
		_, err := l.Append(entry(i))
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
}

func verifyLog(t testing.TB, path string, checkpoints ...chain.Compared) *Report {
	t.Helper()
	r, err := OpenReader(path)
	require.NoError(t, err)
	defer r.Close()
	report, err := Verify(r, checkpoints...)
	require.NoError(t, err)
	return report
}

func records(t testing.TB, path string) []*Record {
	t.Helper()
	r, err := OpenReader(path)
	require.NoError(t, err)
	defer r.Close()
	var all []*Record
	for record, err := range r.Records() {
		require.NoError(t, err)
		all = append(all, record)
	}
	return all
}

func TestAppendAndVerify(t *testing.T) {
	path := logPath(t)
	write(t, path, 3)
	l := openLog(t, path)
	first, err := l.Append(entry(3), entry(4))
	require.NoError(t, err)
	assert.EqualValues(t, 4, first)
	require.NoError(t, l.Close())

	all := records(t, path)
	require.Len(t, all, 5)
	for i, r := range all {
		assert.EqualValues(t, i+1, r.Seq)
		assert.Equal(t, entry(i), r.Entry)
		assert.Equal(t, clock().Truncate(time.Microsecond), r.Time)
	}
	assert.Equal(t, Hash{}.String(), all[0].Prev)
	report := verifyLog(t, path)
	require.NoError(t, report.Err())
	assert.EqualValues(t, 5, report.Records)
	assert.Zero(t, report.Anchored())

	for _, file := range []string{"", chain.KeySuffix, chain.LockSuffix} {
		info, err := os.Stat(path + file)
		require.NoError(t, err)
		assert.EqualValues(t, 0o600, info.Mode().Perm(), file)
	}
	info, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	assert.EqualValues(t, 0o700, info.Mode().Perm())
}

// TestNothingWritten opens and closes without a record, which leaves an empty
// log that verifies.
func TestNothingWritten(t *testing.T) {
	path := logPath(t)
	write(t, path, 0)
	report := verifyLog(t, path)
	require.NoError(t, report.Err())
	assert.Zero(t, report.Records)
	assert.NoFileExists(t, path+chain.CheckpointSuffix)
}

// TestGroups lets many callers append at once: every record is there once, each
// call's records stand together, and there are far fewer fsyncs than records.
func TestGroups(t *testing.T) {
	path := logPath(t)
	counted := &countedSegment{}
	l := openLog(t, path, func(l *Log) { l.openSegment = counted.open })
	const callers, each = 16, 50
	var wg sync.WaitGroup
	seen := make([]uint64, callers*each)
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				first, err := l.Append(entry(c), entry(c))
				assert.NoError(t, err)
				seen[c*each+i] = first
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close())

	all := records(t, path)
	require.Len(t, all, 2*callers*each)
	unique := make(map[uint64]bool)
	for i, first := range seen {
		unique[first] = true
		assert.Equal(t, fmt.Sprint(i/each), all[first-1].Note)
		assert.Equal(t, fmt.Sprint(i/each), all[first].Note)
	}
	assert.Len(t, unique, callers*each)
	assert.Less(t, counted.syncs, callers*each, "calls are joined")
	require.NoError(t, verifyLog(t, path).Err())
}

type countedSegment struct {
	segment
	syncs int
}

func (c *countedSegment) open(path string) (segment, error) {
	var err error
	c.segment, err = openSegment(path)
	return c, err
}

func (c *countedSegment) Sync() error {
	c.syncs++
	return c.segment.Sync()
}

// TestAppendReturnsAfterFsync is the promise that signatures rest on.
func TestAppendReturnsAfterFsync(t *testing.T) {
	stuck := &stuckSegment{release: make(chan struct{}), entered: make(chan struct{}, 1)}
	l := openLog(t, logPath(t), func(l *Log) { l.openSegment = stuck.open })
	done := make(chan error, 1)
	go func() {
		_, err := l.Append(entry(0))
		done <- err
	}()
	<-stuck.entered
	select {
	case <-done:
		t.Fatal("Append returned before fsync did")
	case <-time.After(50 * time.Millisecond):
	}
	close(stuck.release)
	require.NoError(t, <-done)
	require.NoError(t, l.Close())
}

type stuckSegment struct {
	segment
	release, entered chan struct{}
}

func (s *stuckSegment) open(path string) (segment, error) {
	var err error
	s.segment, err = openSegment(path)
	return s, err
}

func (s *stuckSegment) Sync() error {
	s.entered <- struct{}{}
	<-s.release
	return s.segment.Sync()
}

// TestSegments has the log go on in new files; the chain runs through them.
func TestSegments(t *testing.T) {
	path := logPath(t)
	small := func(l *Log) { l.segmentSize = 2500 }
	write(t, path, 7, small)
	write(t, path, 7, small)
	segments, err := older(path)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(segments), 4)
	report := verifyLog(t, path)
	require.NoError(t, report.Err())
	assert.EqualValues(t, 14, report.Records)
	assert.Equal(t, len(segments)+1, report.Segments)

	t.Run("interrupted between two names", func(t *testing.T) {
		require.NoError(t, os.Rename(path, segmentName(path, len(segments)+1)))
		require.NoError(t, verifyLog(t, path).Err())
		write(t, path, 1, small)
		report := verifyLog(t, path)
		require.NoError(t, report.Err())
		assert.EqualValues(t, 15, report.Records)
	})
	t.Run("a segment is gone", func(t *testing.T) {
		require.NoError(t, os.Remove(segments[1]))
		err := verifyLog(t, path).Err()
		assert.Equal(t, fault.AuditTampered, fault.ReasonOf(err))
		assert.ErrorContains(t, err, "were removed or moved")
	})
}

// TestTwoLogs has two writers of one log in one process, which is as good as two
// processes: the lock is one of open files.
func TestTwoLogs(t *testing.T) {
	path := logPath(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			l := newLog(path, clock)
			l.segmentSize = 20_000
			if !assert.NoError(t, l.open()) {
				return
			}
			for i := range 50 {
				_, err := l.Append(entry(i))
				assert.NoError(t, err)
			}
			assert.NoError(t, l.Close())
		})
	}
	wg.Wait()
	report := verifyLog(t, path)
	require.NoError(t, report.Err())
	assert.EqualValues(t, 200, report.Records)
	assert.Greater(t, report.Segments, 3)
}

func TestLockedForTooLong(t *testing.T) {
	path := logPath(t)
	write(t, path, 1)
	holder, err := filelock.Acquire(t.Context(), path+chain.LockSuffix, time.Second)
	require.NoError(t, err)
	l := newLog(path, clock)
	l.patience = 20 * time.Millisecond
	err = l.open()
	assert.Equal(t, fault.AuditUnwritable, fault.ReasonOf(err))
	assert.ErrorContains(t, err, "locked by another process")
	require.NoError(t, holder.Release())
	write(t, path, 1)
}

func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	for name, path := range map[string]string{
		"under a file": filepath.Join(file, "audit.jsonl"), "a directory": filepath.Join(dir, "folder"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(path, clock)
			assert.Equal(t, fault.AuditUnwritable, fault.ReasonOf(err), err)
			assert.Contains(t, fault.HintOf(err), "--audit-log")
		})
	}
}

// failingSegment fails at one operation, after it did a part of it.
type failingSegment struct {
	segment
	write, sync error
}

func (f *failingSegment) open(path string) (segment, error) {
	var err error
	f.segment, err = openSegment(path)
	return f, err
}

func (f *failingSegment) WriteAt(p []byte, off int64) (int, error) {
	if f.write != nil {
		n, _ := f.segment.WriteAt(p[:len(p)/2], off)
		return n, f.write
	}
	return f.segment.WriteAt(p, off)
}

func (f *failingSegment) Sync() error {
	if f.sync != nil {
		return f.sync
	}
	return f.segment.Sync()
}

// TestFullDisk leaves nothing of a record that could not be written, and goes on
// when there is room again.
func TestFullDisk(t *testing.T) {
	path := logPath(t)
	disk := &failingSegment{}
	l := openLog(t, path, func(l *Log) { l.openSegment = disk.open })
	_, err := l.Append(entry(0))
	require.NoError(t, err)
	disk.write = fmt.Errorf("disk full")
	_, err = l.Append(entry(1), entry(2))
	assert.Equal(t, fault.AuditUnwritable, fault.ReasonOf(err))
	assert.ErrorContains(t, err, "disk full")
	disk.write = nil
	first, err := l.Append(entry(1))
	require.NoError(t, err)
	assert.EqualValues(t, 2, first)
	require.NoError(t, l.Close())
	require.NoError(t, verifyLog(t, path).Err())
	assert.Len(t, records(t, path), 2)
}

// TestFailedFsync is not tried again: what is on disk is unknown.
func TestFailedFsync(t *testing.T) {
	disk := &failingSegment{}
	l := openLog(t, logPath(t), func(l *Log) { l.openSegment = disk.open })
	disk.sync = fmt.Errorf("disk gone")
	_, err := l.Append(entry(0))
	assert.Equal(t, fault.AuditUnwritable, fault.ReasonOf(err))
	disk.sync = nil
	_, err = l.Append(entry(0))
	assert.Equal(t, fault.AuditUnwritable, fault.ReasonOf(err))
	require.NoError(t, l.Close())
	_, err = l.Append(entry(0))
	assert.Error(t, err, "closed")
}

// TestWriterFindsTampering refuses to continue a log that was changed where a
// writer sees it.
func TestWriterFindsTampering(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string){
		"last record edited": func(t *testing.T, path string) {
			edit(t, path, func(lines [][]byte) [][]byte {
				lines[4] = bytes.Replace(lines[4], []byte("sign sbom"), []byte("sign blob"), 1)
				return lines
			})
		},
		"a record edited": func(t *testing.T, path string) {
			edit(t, path, func(lines [][]byte) [][]byte {
				lines[2] = bytes.Replace(lines[2], []byte("sign sbom"), []byte("sign blob"), 1)
				return lines
			})
		},
		"tail cut off": func(t *testing.T, path string) {
			edit(t, path, func(lines [][]byte) [][]byte { return lines[:3] })
		},
		"cut off within a record": func(t *testing.T, path string) {
			edit(t, path, func(lines [][]byte) [][]byte { return append(lines[:4], lines[4][:40]) })
		},
		"log removed":       func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"checkpoint forged": func(t *testing.T, path string) { forge(t, path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := logPath(t)
			write(t, path, 5)
			change(t, path)
			_, err := Open(path, clock)
			assert.Equal(t, fault.AuditTampered, fault.ReasonOf(err), err)
			assert.Contains(t, fault.HintOf(err), "--audit-log")
		})
	}
	t.Run("while it is open", func(t *testing.T) {
		path := logPath(t)
		l := openLog(t, path)
		_, err := l.Append(entry(0), entry(1))
		require.NoError(t, err)
		edit(t, path, func(lines [][]byte) [][]byte { return lines[:1] })
		_, err = l.Append(entry(0))
		assert.Equal(t, fault.AuditTampered, fault.ReasonOf(err), err)
	})
}

// edit changes the lines of a log.
func edit(t *testing.T, path string, f func([][]byte) [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.SplitAfter(b, []byte("\n"))
	require.NoError(t, os.WriteFile(path, bytes.Join(f(lines[:len(lines)-1]), nil), 0o600))
}

// forge puts a checkpoint of another key beside a log.
func forge(t *testing.T, path string) {
	t.Helper()
	other := logPath(t)
	write(t, other, 1)
	b, err := os.ReadFile(other + chain.CheckpointSuffix)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+chain.CheckpointSuffix, b, 0o600))
}

// TestNewKey records that the audit key was gone.
func TestNewKey(t *testing.T) {
	path := logPath(t)
	write(t, path, 2)
	require.NoError(t, os.Remove(path+chain.KeySuffix))
	write(t, path, 1)
	report := verifyLog(t, path)
	require.NoError(t, report.Err())
	require.Len(t, report.Recovered, 1)
	assert.Contains(t, report.Recovered[0].Note, "the audit key was missing")
	assert.FileExists(t, path+chain.CheckpointSuffix+".old")
	newest, err := Kind().NewestCheckpoint(path)
	require.NoError(t, err)
	public, err := Kind().VerifierKey(path)
	require.NoError(t, err)
	c, err := Kind().Open(newest, public)
	require.NoError(t, err)
	assert.EqualValues(t, 4, c.Size)
}

func TestMalformedKey(t *testing.T) {
	path := logPath(t)
	write(t, path, 1)
	key, err := os.ReadFile(path + chain.KeySuffix)
	require.NoError(t, err)
	for name, text := range map[string]string{"empty": "", "large": strings.Repeat("x", 4000), "cut": string(key[:60])} {
		require.NoError(t, os.WriteFile(path+chain.KeySuffix, []byte(text), 0o600))
		_, err = Open(path, clock)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "PRIVATE", "no secret in an error")
	}
}

func TestCheckpointEveryN(t *testing.T) {
	path := logPath(t)
	l := openLog(t, path, func(l *Log) { l.checkpointEvery = 3 })
	public, err := Kind().VerifierKey(path)
	require.NoError(t, err)
	for i, want := range []uint64{0, 0, 3, 3, 3, 6, 6} {
		_, err := l.Append(entry(i))
		require.NoError(t, err)
		text, err := Kind().NewestCheckpoint(path)
		if want == 0 {
			assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))
			continue
		}
		require.NoError(t, err)
		c, err := Kind().Open(text, public)
		require.NoError(t, err)
		assert.Equal(t, want, c.Size)
	}
	require.NoError(t, l.Close())
}
