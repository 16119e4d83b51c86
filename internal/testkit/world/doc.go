// Package world is a Sigstore of its own, in memory: certificate authorities, a
// Certificate Transparency log, Rekor of version 1 and 2, witnesses, a timestamp
// authority, and a clock that tests move. It makes evidence for verifiers to
// judge: valid evidence of every shape, and evidence with one thing wrong.
//
//	w := world.New(t.Name())
//	e := w.Evidence(world.Options{})         // keyless, version 0.3, logged, stamped
//	for _, m := range world.Mutations() {    // one thing wrong each
//		bad := m.Evidence(w)
//	}
//
// # What it makes
//
// [World.Evidence] makes a Sigstore bundle with the trusted root, the artifact and
// the demand by which it is to be accepted; [World.Shapes] lists every valid
// combination. [Mutations] is the table of what must be refused, each with the
// reason in words. Older forms are [World.Detached] and [World.CosignBundle]; what
// registries and forges serve are [World.NPM], [World.GitHub] and
// [World.PyPIProvenance]; [World.Layout] is an image with its evidence in an OCI
// layout. The timestamp authority is an [net/http.Handler].
//
// # How far it can be trusted
//
// The tests give every shape and every mutation to stock sigstore-go (package
// oracle). What it answers is in testdata/sigstore-go.txt; where it accepts what should be refused,
// [Mutation.Accepted] says why, and these are the named differences between it and
// us. OpenSSL verifies timestamps, revocation lists and detached signatures,
// transparency-dev's library cosignatures, go-containerregistry the layouts.
//
// Keys, serial numbers and signatures (RFC 6979) follow from the name of the world
// and from the order of calls: the same calls make the same bytes, in every run.
// They protect nothing. A bundle costs about a millisecond, of which the
// certificate is half.
//
// # What it is not
//
// Logs and authorities do not check what they are given, so that they can be made
// to say anything. The transparency logs keep their trees, and no entries. There
// is no OIDC issuer: who is named is certified.
package world
