//go:build !libfido2 || !cgo || !linux

package cli

import "github.com/stellaops/stella/pkg/keys/fido2"

// fido2Backend is how this build reaches FIDO2 tokens: in pure Go.
func fido2Backend() fido2.Backend { return fido2.USB{} }
