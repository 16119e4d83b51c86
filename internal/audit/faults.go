package audit

import "github.com/stellaops/stella/internal/fault"

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

// noLog is the fault for another file, which stays as it is.
func noLog(path string) error {
	return fault.New(fault.AuditMalformed, "%q is no audit log", path).
		WithHint("name a file that is one or that is not there yet: --audit-log FILE").With("path", path)
}
