package forensic

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// The names of the checks of a snapshot, beside those of package verify.
const (
	checkManifest  = "manifest"
	checkCase      = "case"
	checkChecksum  = "checksum"
	checkRoot      = "root"
	checkEntry     = "entry"
	checkTimeline  = "timeline"
	checkReference = "reference"
	checkArchive   = "archive"
)

// result returns the verdict over one part of a snapshot.
func (v *verification) result(member string, line int, shape string, checks ...verify.Check) *verify.Result {
	return verify.Part(verify.Source{File: v.o.Name, Member: member, Line: line, Shape: shape}, checks...)
}

func passed(name, found string) verify.Check {
	return verify.Check{Name: name, Status: verify.Passed, Message: found}
}

// failure is a failed check whose message is our own words, what they repeat quoted.
func failure(name string, r fault.Reason, format string, args ...any) verify.Check {
	return verify.FailedCheck(name, fault.New(r, format, args...))
}

// unestablished is a finding that neither proves nor refutes, and is no failure.
func unestablished(name, why string) verify.Check {
	return verify.Check{Name: name, Status: verify.NotDemanded, Message: "not established: " + why}
}
