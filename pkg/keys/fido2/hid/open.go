package hid

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// udevRule lets the group plugdev use tokens; the rules of systemd do the same
// for who sits before the machine.
const udevRule = `SUBSYSTEM=="hidraw", ENV{ID_FIDO_TOKEN}=="1", GROUP="plugdev", MODE="0660"`

// Open opens the token with the device file path and allocates a channel. While
// it is open no other stella and no libfido2 uses the token.
//
// The errors: fault.DeviceNotFound, fault.DeviceBusy, fault.DeviceFailed, those
// of NewChannel.
func Open(ctx context.Context, path string, limit time.Duration) (*Channel, error) {
	f, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	return NewChannel(ctx, f, limit)
}

// Check says why Open would fail before it sends anything; nil if it would not.
func Check(path string) error {
	f, err := openLocked(path)
	if err != nil {
		return err
	}
	_ = f.Close() // nothing was written
	return nil
}

// openLocked opens a device file for us alone.
func openLocked(path string) (*os.File, error) {
	f, err := openDevice(path)
	if err != nil {
		return nil, openError(err, path)
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&fs.ModeCharDevice == 0 {
		err = fault.New(fault.DeviceNotFound, "%q is not a device", path).
			WithHint("name the device file of a token, such as /dev/hidraw0")
	}
	if err == nil {
		err = lock(f)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, openError(err, path)
	}
	return f, nil
}

// errBusy says that another program has locked the device.
var errBusy = errors.New("locked")

func openError(err error, path string) error {
	switch {
	case fault.ReasonOf(err) != fault.Internal:
		return err
	case errors.Is(err, errBusy):
		return fault.New(fault.DeviceBusy, "the token %q is in use by another program", path).
			WithHint("run the command again when that one is done")
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.DeviceNotFound, "there is no device %q", path).WithHint("plug the token in, or name another device")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.DeviceFailed, "you may not use the token %q", path).
			WithHint("as root write a udev rule, such as %s, and join its group", udevRule)
	}
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err
	}
	return fault.Wrap(fault.DeviceFailed, err, "the token %q cannot be opened", path)
}
