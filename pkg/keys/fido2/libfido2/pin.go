//go:build libfido2 && cgo && linux

package libfido2

import (
	"bytes"
	"unsafe"
)

// pinString lends a PIN to the binding, which wants strings: a string over bytes
// of our own, which forget overwrites. The copy is needed because a command that
// is left behind may outlive the caller's PIN.
func pinString(pin []byte) (s string, forget func()) {
	own := bytes.Clone(pin)
	return unsafe.String(unsafe.SliceData(own), len(own)), func() { clear(own) } //nolint:gosec // G103: a string that can be overwritten
}
