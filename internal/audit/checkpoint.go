package audit

import (
	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// Kind is what an audit log is among chained files.
func Kind() *chain.Kind {
	return &chain.Kind{
		Name: "audit log", File: "log", Record: "record", Key: "audit key", Origin: "stella.ops/audit/", RenewsKey: true,
		PublicKeyHint:  "it is one line as stella audit show --public-key prints it",
		GoOn:           "keep the log as it is and go on in another one: --audit-log FILE",
		UnwritableHint: "every use of a key is recorded before its signature leaves; name a log that can be written: --audit-log FILE",
		Malformed:      fault.AuditMalformed, Tampered: fault.AuditTampered, Unwritable: fault.AuditUnwritable,
	}
}

// unwritable is the fault for a log that cannot take records.
func unwritable(path string, err error) error { return Kind().WriteFault(path, err) }
