package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/filelock"
)

const (
	// patience bounds the waiting for another process's lock. A group takes
	// milliseconds to write; who holds a lock for longer hangs.
	patience = 30 * time.Second
	// segmentSize is the size in bytes at which a log goes on in a new file.
	segmentSize = 64 << 20
	// checkpointEvery is how many records there are between checkpoints.
	checkpointEvery = 10_000
)

// Log is a log that is open for writing. It is safe for concurrent use, also
// with other processes on the same machine.
type Log struct {
	path string
	now  func() time.Time
	key  note.Signer

	// Fields so that tests need no gigabytes, no minutes and no broken disk.
	segmentSize     int64
	checkpointEvery uint64
	patience        time.Duration
	openSegment     func(path string) (segment, error)

	mu    sync.Mutex
	queue []*batch
	turn  chan struct{} // held by the caller of Append that writes for all

	// What follows belongs to who holds the turn.
	file   segment
	head   Head
	end    int64 // bytes of file up to head
	newest Head  // of the newest checkpoint
	failed error // after a failed fsync nobody knows what is on disk
	buf    []byte
}

// Open opens the log at path for writing, and makes it with its directory and
// its key if there is none. The caller closes it. now is the clock of the
// records.
//
// A log that cannot be written is fault.AuditUnwritable, one whose end does not
// continue what is before it fault.AuditTampered, and one whose key cannot be
// read fault.AuditMalformed.
func Open(path string, now func() time.Time) (*Log, error) {
	l := newLog(path, now)
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

func newLog(path string, now func() time.Time) *Log {
	return &Log{
		path: path, now: now, openSegment: openSegment,
		segmentSize: segmentSize, checkpointEvery: checkpointEvery, patience: patience,
	}
}

func (l *Log) open() error {
	if other, err := asChain().IsOther(l.path); err == nil && other { // an error shows when it is written
		return noLog(l.path)
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return unwritable(l.path, err)
	}
	l.turn = make(chan struct{}, 1)
	if err := l.locked(l.begin); err != nil {
		return errors.Join(err, l.release())
	}
	return nil
}

// begin opens the log's key and finds out where the log stands.
func (l *Log) begin() error {
	key, created, err := Kind().OpenKey(l.path)
	if err != nil {
		return err
	}
	l.key = key
	if created {
		return l.renew()
	}
	if l.newest, err = Kind().Checkpointed(l.path); err != nil {
		return err
	}
	return l.catchUp()
}

// renew begins with a new key. A log that has records already had one: it says
// that the key is gone, and what that signed is put aside.
func (l *Log) renew() error {
	if err := l.catchUp(); err != nil || l.head.Size == 0 {
		return err
	}
	if err := l.about(aboutLog("the audit key was missing, and a new one was made: " + l.key.Name())); err != nil {
		return err
	}
	err := os.Rename(l.path+chain.CheckpointSuffix, l.path+chain.CheckpointSuffix+".old")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(l.path, err)
	}
	return nil
}

// locked runs f while no other process writes.
func (l *Log) locked(f func() error) error {
	lock, err := filelock.Acquire(context.Background(), l.path+chain.LockSuffix, l.patience)
	if err != nil {
		return unwritable(l.path, err)
	}
	err = f()
	if unlock := lock.Release(); err == nil && unlock != nil {
		return unwritable(l.path, unlock)
	}
	return err
}

// Checkpoint writes a checkpoint if the newest is not over the last record.
func (l *Log) Checkpoint() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.failed != nil || l.head.Size <= l.newest.Size {
		return l.failed
	}
	return l.locked(l.checkpoint)
}

// Close writes a checkpoint if the newest is not over the last record, and
// closes the log. Nothing can be appended any more.
func (l *Log) Close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	var err error
	if l.failed == nil && l.head.Size > l.newest.Size {
		err = l.locked(l.checkpoint)
	}
	l.failed = errors.New("the audit log is closed")
	return errors.Join(err, l.release())
}

func (l *Log) release() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// checkpoint signs where the log stands, unless another process has done so
// further on. The caller holds the lock.
func (l *Log) checkpoint() error {
	newest, err := Kind().Checkpointed(l.path)
	if err != nil {
		return err
	}
	if newest.Size < l.head.Size {
		if err := Kind().WriteCheckpoint(l.path, l.key, l.head); err != nil {
			return err
		}
		newest = l.head
	}
	l.newest = newest
	return nil
}
