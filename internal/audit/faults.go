package audit

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// unwritable is the fault for a log that cannot take records.
func unwritable(path string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the log is known by its own name
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		err = le.Err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = errors.New("no space left")
	}
	return fault.Wrap(fault.AuditUnwritable, err, "audit log %q cannot be written", path).
		WithHint("every use of a key is recorded before its signature leaves; name a log that can be written: --audit-log FILE").
		With("path", path)
}

// unfit keeps a fault as it is and calls anything else unwritable.
func unfit(path string, err error) error {
	if fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return unwritable(path, err)
}

// brokenTail is the fault for a log that a writer finds changed.
func brokenTail(path, why string) error {
	return fault.New(fault.AuditTampered, "audit log %q: %s", path, why).
		WithHint("look closer with stella audit verify %s, keep the log as evidence, and go on in another one: --audit-log FILE", path).
		With("path", path)
}
