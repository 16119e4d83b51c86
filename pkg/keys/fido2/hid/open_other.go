//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package hid

import (
	"os"

	"github.com/stellaops/stella/internal/fault"
)

func openDevice(string) (*os.File, error) {
	return nil, fault.New(fault.DeviceFailed, "this system has no device files for FIDO2 tokens").
		WithHint("use a build with the tag libfido2")
}

func lock(*os.File) error { return nil }
