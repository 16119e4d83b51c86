// Package policy reads policy files: what is demanded of evidence, written down.
//
// A policy is YAML or JSON (docs/formats/policy.md). It holds an ordered list of
// rules; the first that is about a statement is applied to it. [Parse] reads a
// file strictly and bounded, and compiles its patterns and conditions, so that
// what is wrong is found before anything is verified. [Policy.Apply] adds it to
// a [verify.Policy].
//
// Conditions are expressions of CEL (https://cel.dev). They look at what the
// statement says and at who signed, within named limits. What cannot be judged
// does not hold.
package policy
