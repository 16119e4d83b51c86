package fault

import "slices"

// Exit statuses, one table for all verbs.
const (
	ExitOK        = 0  // done; for verify: every demanded check passed and at least one was made
	ExitFailed    = 1  // could not do it (unreadable, device, bug)
	ExitUsage     = 2  // wrong usage or malformed input
	ExitRejected  = 3  // evidence was checked and rejected
	ExitMissing   = 4  // something demanded is missing
	ExitOffline   = 5  // the work needs the network and it was not allowed
	ExitRefused   = 6  // refused by the remote signer
	ExitTemporary = 10 // try again
	ExitInterrupt = 130
	ExitTerminate = 143
)

// severity is the order in which one exit status is chosen among several
// outcomes of one run: the first of these that occurred.
func severity() []int {
	return []int{ExitRejected, ExitUsage, ExitMissing, ExitOffline, ExitRefused, ExitTemporary, ExitFailed}
}

// Worst returns the exit status that stands for several outcomes.
func Worst(statuses ...int) int {
	for _, s := range severity() {
		if slices.Contains(statuses, s) {
			return s
		}
	}
	if len(statuses) == 0 {
		return ExitOK
	}
	return slices.Max(statuses)
}

// Status is one row of the table of exit statuses.
type Status struct {
	Exit    int
	Short   string // a word or two, for a line of help
	Meaning string
}

// Statuses returns every exit status, in ascending order.
func Statuses() []Status {
	return []Status{
		{ExitOK, "done", "done; for verify: every demanded check passed, and at least one was made"},
		{ExitFailed, "failed", "could not do it (unreadable, device, bug)"},
		{ExitUsage, "wrong usage or input", "wrong usage or malformed input"},
		{ExitRejected, "rejected", "evidence was checked and rejected, or no trusted key signed it"},
		{ExitMissing, "something missing", "something demanded is missing: an input, a signature, trust"},
		{ExitOffline, "network not allowed", "the work needs the network and it was not allowed"},
		{ExitRefused, "refused", "refused by the remote signer (token, entitlement, release, quota)"},
		{ExitTemporary, "try again", "temporary: try again (network, service unavailable, device busy)"},
		{ExitInterrupt, "interrupted", "interrupted"},
		{ExitTerminate, "terminated", "terminated"},
	}
}
