// Package filelock lets one process at a time do something: the operating
// system's lock on a file, which goes with the process that holds it, however
// that ends. It also keeps goroutines of one process apart.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrBusy says that another process kept the lock for all the time that one
// was willing to wait.
var ErrBusy = errors.New("locked by another process")

// Lock is a lock that is held. Release it once.
type Lock struct{ file *os.File }

// Acquire takes the lock on the file path, which it makes with mode 0600 if it
// is missing and never removes: a removed file could be locked under its old
// name and its new one at the same time. It waits as long as wait for the lock,
// then the error is ErrBusy, or until ctx ends, then it is its cause.
func Acquire(ctx context.Context, path string, wait time.Duration) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return take(ctx, f, wait, true)
}

// Share is Acquire for a reader: many hold the lock at a time, but none while
// somebody has acquired it. It makes no file; one that is missing is an error.
func Share(ctx context.Context, path string, wait time.Duration) (*Lock, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return take(ctx, f, wait, false)
}

func take(ctx context.Context, f *os.File, wait time.Duration, exclusive bool) (*Lock, error) {
	err := context.Cause(ctx)
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	// The system wakes who waits; asking again and again would lose against a
	// process that takes the lock in a loop. The call cannot be interrupted, so
	// one that nobody waits for any more gives the lock back when it gets it.
	locked := make(chan error, 1)
	go func() { locked <- lock(f, exclusive) }()
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case err = <-locked:
		if err == nil {
			return &Lock{f}, nil
		}
		_ = f.Close()
		return nil, err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timeout.C:
		err = ErrBusy
	}
	go func() {
		err := <-locked
		_ = errors.Join(err, f.Close()) // taken or not, it is given back
	}()
	return nil, err
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
