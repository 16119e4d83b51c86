// Package plugins holds the tests of the plugins below cmd: programs of their
// own, in a module of their own, so that no cloud library gets near the program
// that signs. "make plugins" builds them.
//
// Those of the cloud services are the providers of github.com/sigstore/sigstore
// behind the plugin protocol; sigstore-kms-gost is the reference for a plugin
// that stands alone.
package plugins
