// Package plugin is the driver of keys that live behind plugins: programs of
// their own that speak the sigstore KMS plugin protocol, see package protocol
// below this one. Cloud services, Vault and GOST keys are reached this way, so
// that no cloud library and no vendor's code is part of the program that signs.
//
//	awskms:///alias/release           NAME://RESOURCE; the plugin judges the resource
//	gcpkms://projects/p/locations/…
//	hashivault://release
//	gost:///etc/keys/gost.pem
//
// # What a plugin may do
//
// A reference alone starts nothing. [Options.Allow] lists the plugins that may
// run, and [Options.Dirs] the directories they are taken from; PATH is never
// looked at. The program must be a regular file that only root or the user can
// change, and so must be everything above it; a permission may name its SHA-256
// on top. It runs with the environment variables of its kind and no others, in a
// process group of its own that ends with the context, and what it says is
// bounded and escaped.
//
// What a plugin answers is not believed: the public key is asked for once, and
// each signature is verified with it before it is given away.
package plugin
