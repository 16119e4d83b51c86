//go:build !linux

package authenticator

import "errors"

// A line exists on Linux only: elsewhere clients do not take a terminal for a
// HID device.
type line struct{ path string }

func openLine() (*line, error) { return nil, errors.ErrUnsupported }

func (*line) forget() error            { return errors.ErrUnsupported }
func (*line) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }
func (*line) write([]byte) error       { return errors.ErrUnsupported }
func (*line) close()                   {}
