// Package mutant changes JSON documents at random, in their structure: members and
// elements are taken away, repeated, renamed, moved, and replaced by what stands at
// the same place in other documents. The same seed makes the same changes.
//
// A fuzzer that edits bytes breaks nearly every document that it touches. What comes
// from here is JSON, nearly always, and often still what it was.
package mutant
