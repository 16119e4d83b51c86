//go:build libfido2 && cgo && linux

package libfido2

/*
#cgo pkg-config: libfido2
#cgo LDFLAGS: -Wl,--wrap=fido_dev_open -Wl,--wrap=fido_dev_close
#cgo LDFLAGS: -Wl,--wrap=fido_dev_get_cbor_info -Wl,--wrap=fido_dev_get_retry_count
#cgo LDFLAGS: -Wl,--wrap=fido_dev_set_pin -Wl,--wrap=fido_dev_make_cred -Wl,--wrap=fido_dev_get_assert
#cgo LDFLAGS: -Wl,--wrap=fido_credman_get_dev_rp -Wl,--wrap=fido_credman_get_dev_rk
#include <stdlib.h>
#include "hooks.h"
*/
import "C"

import (
	"runtime"
	"time"
	"unsafe"

	"github.com/stellaops/stella/internal/fault"
)

// A command is one call of a token, see hooks.h.
type command struct{ c *C.struct_stella_command }

// newCommand returns a command, each exchange of which ends within limit. The
// caller frees it.
func newCommand(limit time.Duration) (command, error) {
	c := C.stella_command_new(C.int(limit.Milliseconds()))
	if c == nil {
		return command{}, fault.New(fault.DeviceFailed, "no memory to speak to the token")
	}
	return command{c}, nil
}

func (c command) free() { C.stella_command_free(c.c) }

// cancel ends the command; safe at any time before free.
func (c command) cancel() { C.stella_command_cancel(c.c) }

// do runs work, whose calls of libfido2 belong to the command. They find it by
// their thread.
func (c command) do(work func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.stella_command_enter(c.c)
	defer C.stella_command_leave()
	return work()
}

// statement is the attestation statement of the credential that was made.
func (c command) statement() []byte {
	var size C.size_t
	p := C.stella_command_statement(c.c, &size)
	if p == nil {
		return nil
	}
	return C.GoBytes(unsafe.Pointer(p), C.int(size))
}

// minPIN is the shortest PIN that the token takes, in code points; 0 if it does not
// say. outdated says that its PIN has to be changed.
func (c command) minPIN() (length int, outdated bool) {
	length = int(min(C.stella_command_min_pin(c.c), maxMinPIN))
	return length, bool(C.stella_command_pin_outdated(c.c))
}

// maxMinPIN is the longest PIN that a token may demand (CTAP 2.1, section 6.5.1).
const maxMinPIN = 63

// selectToken waits until the token is touched; only within do.
func selectToken(path string) error {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	return errorOf(int(C.stella_select(p)))
}
