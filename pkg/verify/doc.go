// Package verify judges signed evidence against explicit trust and policy,
// without a network.
//
// [Read] turns files into [Evidence], of which nothing is believed yet.
// [Verify] runs an ordered list of checks over it and returns a [Report] that
// names every check: what passed, what failed and why, what was not run
// because an earlier check failed, and what nobody demanded. Its error is nil
// if and only if every demanded check passed and at least one was made.
//
// The order is: signature, statement, subject, type, time, key, log, sct,
// threshold, policy, conditions, freshness. If the signature fails, nothing in the
// payload is read and the rest is not run.
// After it all checks run, so that one report names everything that is wrong.
//
// All evidence with one payload is judged together: signatures may be spread
// over several envelopes and bundles. Each of them must hold at least one
// signature by a trusted key, so that no file is passed over in silence. Only a
// demanded predicate type leaves something out: what is not of the type, where one
// file holds several pieces, and the report lists it.
package verify
