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

// How long to wait between two tries. There is no portable way to be told.
const (
	firstPause = 2 * time.Millisecond
	lastPause  = 50 * time.Millisecond
)

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
	if err := poll(ctx, f, wait); err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return &Lock{f}, nil
}

func poll(ctx context.Context, f *os.File, wait time.Duration) error {
	deadline := time.After(wait)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if taken, err := try(f); taken || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-deadline:
			return ErrBusy
		case <-time.After(pause):
		}
	}
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
