package timeline

import (
	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// Kind is what a timeline is among chained files.
func Kind() *chain.Kind {
	return &chain.Kind{
		Name: "timeline", File: "timeline", Record: "event", Key: "timeline key", Origin: "stella.ops/timeline/",
		PublicKeyHint:  "it is one line as stella forensic timeline show --public-key prints it",
		GoOn:           "go on in another timeline, whose first event says why",
		UnwritableHint: "name a timeline in a directory that can be written: its key, checkpoint and lock lie beside it",
		Malformed:      fault.TimelineMalformed, Tampered: fault.TimelineTampered, Unwritable: fault.TimelineUnwritable,
	}
}

// tampered is the fault for a timeline that a writer finds changed.
func tampered(path, why string) error {
	return fault.New(fault.TimelineTampered, "timeline %q: %s", path, why).
		WithHint("look closer with stella forensic timeline verify %s, keep it as evidence, and %s", path, Kind().GoOn).
		With("path", path)
}
