//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package hid

import (
	"errors"
	"os"
	"syscall"
)

// openDevice opens without becoming its terminal's session, whatever the path
// is, and without waiting for a modem.
func openDevice(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
}

// lock takes the lock that libfido2 takes, so that two programs do not mix their
// messages.
func lock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := raw.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	if errors.Is(locked, syscall.EWOULDBLOCK) {
		return errBusy
	}
	return locked
}
