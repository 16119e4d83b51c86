// Package registry asks image registries which image a name stands for and whether it is
// there (OCI distribution specification 1.1). It is for commands whose user allowed the
// network.
//
// An answer is believed as far as its digest goes: the digest of a manifest is computed
// from what came, and must be the one that was asked for. Which image a tag stands for is
// the registry's word, so connections are encrypted, but to this machine itself or where
// the user says otherwise.
//
// What the image has in it is not fetched: an index commits to the manifests of its
// platforms by their digests, which is all that promotions compare.
package registry

import "time"

// Limits on asking a registry.
const (
	// Patience bounds one question, log-in and redirects included.
	Patience = 30 * time.Second
	// maxRedirects bounds how often a registry may send a question elsewhere.
	maxRedirects = 5
)
