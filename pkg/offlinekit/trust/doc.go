// Package trust publishes and imports trust in keys, authorities and logs, in a TUF
// repository that travels as files.
//
// # The auditor
//
// A [Home] is a directory of trust bundles. [Home.Init] begins one with its first
// root, of which the caller knows the digest; [Home.Import] brings it to what a
// [Source] holds; [Home.Open] gives what verification rests on.
//
// An import takes the steps of the client workflow of the TUF specification
// (https://theupdateframework.github.io/specification/v1.0.33/, section 5), with a
// [Client]: each root is signed by the one before it and by itself, nothing is older
// than what is known, nothing has expired, everything belongs together. Then the new
// trust takes the place of the old one in one step on disk; or the old one stays, and
// of the new one only what was verified before the failure is remembered.
//
// Nothing goes back: not the version of a root, nor that of another role under the
// same keys, nor a revocation, nor the newest time that trust was signed at.
//
// # The publisher
//
// A [Publisher] is a directory without private keys. What is put into it is staged,
// signed wherever the keys are, and published with the last signature that a role
// needs. [Publisher.Export] is what goes on the medium; it has been through a client.
//
// # Formats
//
// docs/formats/trust-bundle.md says which targets a bundle is made of and what is
// added to its metadata, docs/formats/trust-state.md what is kept of one.
//
// # Limits
//
// A file of metadata has at most [MaxMetadata] bytes, a target [MaxTarget], all targets
// [MaxSum]; a bundle has at most [MaxTargets] targets and [MaxRoles] roles, and an
// import follows [MaxRotations] roots.
//
// All errors that a user meets are *fault.Error. Where a method lists its errors by
// reason, others may be added.
package trust
