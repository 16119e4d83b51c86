//go:build libfido2 && cgo && linux

package cli

import (
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/libfido2"
)

// fido2Backend is how this build reaches FIDO2 tokens: through libfido2.
func fido2Backend() fido2.Backend { return libfido2.Backend{} }
