// Package predicate knows what stella attests: it recognises SBOMs, reports
// and statements, and builds what is signed about them.
//
// There is one file for each format, with the members by which it is told from
// the others and the place where it names what it is about. Recognition looks
// at all members of the top level, in one streaming pass in constant memory:
// a program that sorts its output may put the telling member after a hundred
// megabytes of components.
//
// Each row of the catalog has six parts, which one test demands: a builder, a JSON
// Schema, a check that agrees with it, rows that show it to people, an example and a
// page in docs/formats. What is made of a document is built from that ([SBOM],
// [Report]); what other programs know is built from Go values ([Model], [NewDraft]),
// whose examples users start from (stella predicate show --example). Statements about
// keys and kits are built where keys and kits are, by pkg/keys/statement and
// pkg/offlinekit, and what others define alone is signed as they wrote it
// ([Statement]). Of formats that others define, schema and check say what stella holds
// a document to, and no more.
//
// A draft is a statement before it is signed. What JSON can hold is embedded
// as predicate, in canonical form unless its exact bytes are asked for; the
// rest is attested by digest.
package predicate
