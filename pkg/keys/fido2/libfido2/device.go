//go:build libfido2 && cgo && linux

package libfido2

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/keys-pub/go-libfido2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

// device is a token with a device file. Each command opens it anew: the binding
// keeps none open.
type device struct {
	path         string
	touchTimeout time.Duration
}

var _ fido2.Device = (*device)(nil)

// Close does nothing: no command is under way.
func (d *device) Close() error { return nil }

func (d *device) Info(ctx context.Context) (*ctap.Info, error) {
	out := &ctap.Info{Options: map[string]bool{}}
	i, err := run(ctx, d, answerTimeout, func(l *libfido2.Device, c command) (*libfido2.DeviceInfo, error) {
		i, err := l.Info()
		out.MinPINLength, out.ForcePINChange = c.minPIN()
		return i, err
	})
	if err != nil {
		return nil, err
	}
	if len(i.AAGUID) != 16 || len(i.Versions) == 0 {
		return nil, fault.New(fault.DeviceFailed, "malformed answer of the token: information without versions or model")
	}
	out.Versions, out.Extensions, out.AAGUID = i.Versions, i.Extensions, [16]byte(i.AAGUID)
	out.MinPINLength = cmp.Or(out.MinPINLength, ctap.DefaultMinPINLength)
	for _, o := range i.Options {
		out.Options[o.Name] = o.Value == libfido2.True
	}
	for _, p := range i.Protocols {
		out.PINProtocols = append(out.PINProtocols, int(p))
	}
	return out, nil
}

func (d *device) MakeCredential(ctx context.Context, n ctap.NewCredential) (*ctap.Credential, error) {
	options := &libfido2.MakeCredentialOpts{}
	if n.HMACSecret {
		options.Extensions = append(options.Extensions, libfido2.HMACSecretExtension)
	}
	if n.Resident {
		options.RK = libfido2.True
	}
	if n.ProtectUV {
		info, err := d.Info(ctx)
		if err != nil {
			return nil, err
		}
		if info.Has(string(libfido2.CredProtectExtension)) {
			options.CredProtect = libfido2.CredProtectUVRequired
		}
	}
	if err := checkHash(n.ClientDataHash); err != nil {
		return nil, err
	}
	tell(n.Touched)
	return run(ctx, d, d.touchTimeout, func(l *libfido2.Device, c command) (*ctap.Credential, error) {
		pin, forget := pinString(n.PIN)
		defer forget()
		name := cmp.Or(n.UserName, n.RPID) // the binding wants one
		made, err := l.MakeCredential(n.ClientDataHash,
			libfido2.RelyingParty{ID: n.RPID, Name: n.RPID}, libfido2.User{ID: n.UserID, Name: name, DisplayName: name},
			libfido2.CredentialType(n.Algorithm), pin, options)
		if err != nil {
			return nil, err
		}
		data, err := ctap.DecodeBytes(made.AuthData)
		if err != nil {
			return nil, err
		}
		return n.Accept(made.Format, data, c.statement())
	})
}

func (d *device) Assert(ctx context.Context, q ctap.AssertionRequest) (*ctap.Assertion, error) {
	if err := checkHash(q.ClientDataHash); err != nil {
		return nil, err
	}
	if len(q.Credential) == 0 {
		return nil, ctap.StatusNoCredentials
	}
	options := &libfido2.AssertionOpts{HMACSalt: q.Salt}
	if q.Salt != nil {
		options.Extensions = []libfido2.Extension{libfido2.HMACSecretExtension}
	}
	limit := d.touchTimeout
	if q.Silent {
		options.UP, limit = libfido2.False, answerTimeout
	} else {
		tell(q.Touched)
	}
	return run(ctx, d, limit, func(l *libfido2.Device, _ command) (*ctap.Assertion, error) {
		pin, forget := pinString(q.PIN)
		defer forget()
		a, err := l.Assertion(q.RPID, q.ClientDataHash, [][]byte{q.Credential}, pin, options)
		if err != nil {
			return nil, err
		}
		data, err := ctap.DecodeBytes(a.AuthDataCBOR)
		if err != nil {
			return nil, err
		}
		return q.Accept(a.CredentialID, data, a.Sig, a.HMACSecret)
	})
}

func (d *device) PINRetries(ctx context.Context) (ctap.Retries, error) {
	left, err := run(ctx, d, answerTimeout, func(l *libfido2.Device, _ command) (int, error) { return l.RetryCount() })
	return ctap.Retries{Left: left}, err
}

func (d *device) SetPIN(ctx context.Context, pin []byte) error { return d.ChangePIN(ctx, nil, pin) }

func (d *device) ChangePIN(ctx context.Context, old, pin []byte) error {
	_, err := run(ctx, d, answerTimeout, func(l *libfido2.Device, _ command) (bool, error) {
		before, forgetBefore := pinString(old)
		defer forgetBefore()
		after, forgetAfter := pinString(pin)
		defer forgetAfter()
		return true, l.SetPIN(after, before)
	})
	return err
}

// Select implements fido2.Device with a function of libfido2 that the binding
// does not have. It takes a token that is gone for one that is not touched.
func (d *device) Select(ctx context.Context, touched func()) error {
	tell(touched)
	_, err := run(ctx, d, d.touchTimeout, func(*libfido2.Device, command) (bool, error) {
		return true, selectToken(d.path)
	})
	if errors.Is(err, ctap.StatusUserActionTimeout) {
		return cmp.Or(hid.Check(d.path), err)
	}
	return err
}

// Residents asks with the PIN once for the relying parties, and if it was right,
// once for each of them.
func (d *device) Residents(ctx context.Context, pin []byte) ([]ctap.Resident, error) {
	return run(ctx, d, answerTimeout, func(l *libfido2.Device, _ command) ([]ctap.Resident, error) {
		pin, forget := pinString(pin)
		defer forget()
		rps, err := l.RelyingParties(pin)
		if errors.Is(err, libfido2.ErrNoCredentials) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var out []ctap.Resident
		for _, rp := range rps {
			list, err := l.Credentials(rp.ID, pin)
			if err != nil {
				return nil, err
			}
			for _, c := range list {
				out = append(out, ctap.Resident{RPID: rp.ID, UserName: c.User.Name, Credential: c.ID})
			}
		}
		return out, nil
	})
}

// checkHash keeps from the library what it would index out of range.
func checkHash(hash []byte) error {
	if len(hash) != 32 {
		return fault.New(fault.Internal, "a client data hash of %d bytes", len(hash))
	}
	return nil
}

// tell asks the user for a touch.
func tell(touched func()) {
	if touched != nil {
		touched()
	}
}
