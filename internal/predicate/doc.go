// Package predicate knows what stella attests: it recognises SBOMs, reports
// and statements, and builds what is signed about them.
//
// There is one file for each format, with the members by which it is told from
// the others and the place where it names what it is about. Recognition looks
// at all members of the top level, in one streaming pass in constant memory:
// a program that sorts its output may put the telling member after a hundred
// megabytes of components.
//
// A draft is a statement before it is signed. What JSON can hold is embedded
// as predicate, in canonical form unless its exact bytes are asked for; the
// rest is attested by digest.
package predicate
