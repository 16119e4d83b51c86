//go:build !pkcs11 || !cgo || windows

package pkcs11

import (
	"context"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// Driver stands for the driver that this build does not have.
type Driver struct{}

var _ keys.Absent = Driver{}

// New returns a Driver that opens nothing.
func New(Config) Driver { return Driver{} }

// Scheme returns Scheme.
func (Driver) Scheme() string { return Scheme }

// Open fails with what Absent returns.
func (d Driver) Open(context.Context, keys.Ref) (dsse.Signer, error) { return nil, d.Absent() }

// Absent says which build has the driver.
func (Driver) Absent() error {
	return fault.New(fault.KeyScheme, "this build has no PKCS #11 driver, because it loads no libraries of vendors").
		WithHint("use stella-hardware, which has it: a release brings it, and \"make build-hardware\" builds it").
		With("scheme", Scheme)
}
