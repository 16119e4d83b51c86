package audit

import (
	"errors"
	"os"
	"time"
)

// errLocked says that another process holds a lock.
var errLocked = errors.New("another process holds its lock")

// patience bounds the waiting for another process's lock. A group takes
// milliseconds to write; who holds a lock for longer hangs.
const patience = 30 * time.Second

// acquire locks f exclusively and gives up after wait. Writers queue in the
// kernel, so that a busy one does not starve the others.
func acquire(f *os.File, wait time.Duration) error {
	if err := lockFile(f, true, false); !errors.Is(err, errLocked) {
		return err
	}
	got := make(chan error, 1)
	go func() { got <- lockFile(f, true, true) }()
	select {
	case err := <-got:
		return err
	case <-time.After(wait):
		// The goroutine keeps waiting, and may get the lock after all: then
		// nobody wants it.
		go func() {
			if <-got == nil {
				_ = unlockFile(f)
			}
		}()
		return errLocked
	}
}
