package ctap_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

const (
	rpID = "stella:test"
	pin  = "1234"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

func connect(t testing.TB, d *authenticator.Device) *ctap.Client {
	t.Helper()
	return connectWithin(t, d, patience)
}

func connectWithin(t testing.TB, d *authenticator.Device, limit time.Duration) *ctap.Client {
	t.Helper()
	channel, err := hid.Open(t.Context(), d.Path(), limit)
	require.NoError(t, err)
	t.Cleanup(func() { _ = channel.Close() })
	return ctap.NewClient(channel)
}

func clientDataHash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func enrolment(algorithm int, pin []byte) ctap.NewCredential {
	return ctap.NewCredential{
		RPID: rpID, UserID: []byte("user"), UserName: "release", ClientDataHash: clientDataHash("enrolment"),
		Algorithm: algorithm, HMACSecret: true, PIN: pin,
	}
}

func verifies(pub crypto.PublicKey, signed, sig []byte) bool {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(signed)
		return ecdsa.VerifyASN1(k, digest[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(k, signed, sig)
	}
	return false
}

func TestInfo(t *testing.T) {
	d := authenticator.Start(t)
	info, err := connect(t, d).Info(t.Context())
	require.NoError(t, err)
	assert.Contains(t, info.Versions, "FIDO_2_1")
	assert.True(t, info.Has("hmac-secret"))
	assert.False(t, info.PINSet())
	assert.True(t, info.EnrolsUnverified())
	assert.Equal(t, 4, info.MinPINLength)
	assert.Contains(t, info.Algorithms, ctap.ES256)
}

// TestSigns makes a credential and signs with it on every kind of token, with
// and without a PIN.
func TestSigns(t *testing.T) {
	for name, options := range map[string][]authenticator.Option{
		"CTAP 2.1":                 nil,
		"CTAP 2.1, PIN protocol 1": {authenticator.WithPINProtocols(1)},
		"CTAP 2.1, PIN protocol 2": {authenticator.WithPINProtocols(2)},
		"CTAP 2.0":                 {authenticator.WithCTAP20()},
	} {
		for algorithm, kind := range map[int]string{ctap.ES256: "ES256", ctap.EdDSA: "EdDSA"} {
			for _, with := range []string{"", pin} {
				t.Run(fmt.Sprintf("%s/%s/PIN %q", name, kind, with), func(t *testing.T) {
					var secret []byte
					all := options
					if with != "" {
						secret = []byte(with)
						all = append([]authenticator.Option{authenticator.WithPIN(with)}, all...)
					}
					c := connect(t, authenticator.Start(t, all...))
					made, err := c.MakeCredential(t.Context(), enrolment(algorithm, secret))
					require.NoError(t, err)
					hash := clientDataHash("message")
					got, err := c.Assert(t.Context(), ctap.AssertionRequest{
						RPID: rpID, ClientDataHash: hash, Credential: made.AuthData.Credential, PIN: secret,
					})
					require.NoError(t, err)
					assert.Len(t, got.AuthData.Raw, 37)
					assert.Equal(t, with != "", got.AuthData.Flags&ctap.FlagUserVerified != 0)
					assert.True(t, verifies(made.AuthData.Public, append(got.AuthData.Raw, hash...), got.Signature))
				})
			}
		}
	}
}

// TestSecrets: hmac-secret gives the same secret for one salt, and on CTAP 2.1
// another with the PIN than without.
func TestSecrets(t *testing.T) {
	for name, row := range map[string]struct {
		options []authenticator.Option
		two     bool
	}{
		"CTAP 2.1":                 {nil, true},
		"CTAP 2.1, PIN protocol 1": {[]authenticator.Option{authenticator.WithPINProtocols(1)}, true},
		"CTAP 2.0":                 {[]authenticator.Option{authenticator.WithCTAP20()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, authenticator.Start(t, append(row.options, authenticator.WithPIN(pin))...))
			made, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, []byte(pin)))
			require.NoError(t, err)
			secret := func(salt string, pin []byte) string {
				got, err := c.Assert(t.Context(), ctap.AssertionRequest{
					RPID: rpID, ClientDataHash: clientDataHash("unwrap"), Credential: made.AuthData.Credential,
					Salt: clientDataHash(salt), PIN: pin,
				})
				require.NoError(t, err)
				require.Len(t, got.Secret, 32)
				return string(got.Secret)
			}
			first := secret("a", []byte(pin))
			assert.Equal(t, first, secret("a", []byte(pin)))
			assert.NotEqual(t, first, secret("b", []byte(pin)))
			without := secret("a", nil)
			assert.Equal(t, row.two, first != without)
			assert.Equal(t, without, secret("a", nil))
		})
	}
}

func TestSetAndChangePIN(t *testing.T) {
	for name, options := range map[string][]authenticator.Option{
		"CTAP 2.1": nil,
		"CTAP 2.0": {authenticator.WithCTAP20()},
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t, options...)
			c := connect(t, d)
			for _, bad := range []string{"123", "\xff\xff\xff\xff", string(make([]byte, 64))} {
				assert.Equal(t, fault.PINInvalid, fault.ReasonOf(c.SetPIN(t.Context(), []byte(bad))), "%q", bad)
			}
			require.NoError(t, c.SetPIN(t.Context(), []byte(pin)))
			require.Error(t, c.SetPIN(t.Context(), []byte("5678")), "a PIN that is set is changed, not set")
			require.ErrorIs(t, c.ChangePIN(t.Context(), []byte("4321"), []byte("5678")), ctap.StatusPINInvalid)
			retries, err := c.PINRetries(t.Context())
			require.NoError(t, err)
			assert.Equal(t, ctap.Retries{Left: 7}, retries)
			require.NoError(t, c.ChangePIN(t.Context(), []byte(pin), []byte("5678äöü")))
			_, err = c.MakeCredential(t.Context(), enrolment(ctap.ES256, []byte("5678äöü")))
			require.NoError(t, err)
		})
	}
	c := connect(t, authenticator.Start(t, authenticator.WithMinPINLength(6)))
	assert.Equal(t, fault.PINInvalid, fault.ReasonOf(c.SetPIN(t.Context(), []byte("12345"))))
}

func TestWrongPINs(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithPIN(pin))
	c := connect(t, d)
	for left := 7; left >= 6; left-- {
		_, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, []byte("0000")))
		require.ErrorIs(t, err, ctap.StatusPINInvalid)
		assert.Equal(t, left, d.PINRetries())
	}
	_, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, []byte("0000")))
	require.ErrorIs(t, err, ctap.StatusPINAuthBlocked)
	retries, err := c.PINRetries(t.Context())
	require.NoError(t, err)
	assert.Equal(t, ctap.Retries{Left: 5, PowerCycle: true}, retries)

	locked := connect(t, authenticator.Start(t, authenticator.WithPIN(pin), authenticator.WithPINRetries(0)))
	_, err = locked.MakeCredential(t.Context(), enrolment(ctap.ES256, []byte(pin)))
	require.ErrorIs(t, err, ctap.StatusPINBlocked)
}

func TestRefusals(t *testing.T) {
	c := connect(t, authenticator.Start(t, authenticator.WithAlgorithms(authenticator.ES256)))
	_, err := c.MakeCredential(t.Context(), enrolment(ctap.EdDSA, nil))
	require.ErrorIs(t, err, ctap.StatusUnsupportedAlgorithm)
	_, err = c.Assert(t.Context(), ctap.AssertionRequest{RPID: rpID, ClientDataHash: clientDataHash(""), Credential: []byte("nobody's"), Silent: true})
	require.ErrorIs(t, err, ctap.StatusNoCredentials)
	made, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
	require.NoError(t, err)
	_, err = c.Assert(t.Context(), ctap.AssertionRequest{RPID: "stella:other", ClientDataHash: clientDataHash(""), Credential: made.AuthData.Credential})
	require.ErrorIs(t, err, ctap.StatusNoCredentials)
	_, err = c.Assert(t.Context(), ctap.AssertionRequest{RPID: rpID, ClientDataHash: clientDataHash(""), Credential: made.AuthData.Credential, Silent: true})
	require.NoError(t, err)
}

// TestTouch: the user is told once, and who does not touch is told apart from a
// token that fails.
func TestTouch(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchAfter(300*time.Millisecond)))
	var told atomic.Int32
	n := enrolment(ctap.ES256, nil)
	n.Touched = func() { told.Add(1) }
	_, err := connect(t, d).MakeCredential(t.Context(), n)
	require.NoError(t, err)
	assert.EqualValues(t, 1, told.Load())
}

func TestTouchRefused(t *testing.T) {
	c := connect(t, authenticator.Start(t, authenticator.WithTouch(authenticator.TouchRefused())))
	_, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
	require.ErrorIs(t, err, ctap.StatusOperationDenied)
}

func TestTouchTooLate(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	c := connectWithin(t, d, 500*time.Millisecond)
	_, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
	require.Equal(t, fault.DeviceUntouched, fault.ReasonOf(err), "%v", err)
	assert.Empty(t, d.Credentials(), "the token was told to stop")
	assert.Equal(t, authenticator.KeepaliveCancel, d.Log()[len(d.Log())-1].Status())
}

func TestTouchTimeoutOfToken(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()), authenticator.WithTouchTimeout(200*time.Millisecond))
	_, err := connect(t, d).MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
	require.ErrorIs(t, err, ctap.StatusUserActionTimeout)
}

func TestCancelled(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	c := connect(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	n := enrolment(ctap.ES256, nil)
	n.Touched = cancel
	_, err := c.MakeCredential(ctx, n)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, authenticator.KeepaliveCancel, d.Log()[len(d.Log())-1].Status())
	_, err = c.Info(t.Context())
	require.Error(t, err, "a channel with an answer under way is not used again")
	require.NoError(t, func() error { _, err := connectAgain(t, d, c).Info(t.Context()); return err }())
}

// connectAgain opens the token anew; the old channel is closed by then.
func connectAgain(t *testing.T, d *authenticator.Device, _ *ctap.Client) *ctap.Client {
	t.Helper()
	d.Replug(t)
	return connect(t, d)
}

func TestUnplugged(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	n := enrolment(ctap.ES256, nil)
	n.Touched = func() { go d.Unplug() }
	_, err := connect(t, d).MakeCredential(t.Context(), n)
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "taken away")
}

func TestSelect(t *testing.T) {
	for name, options := range map[string][]authenticator.Option{
		"CTAP 2.1":          nil,
		"CTAP 2.1 with PIN": {authenticator.WithPIN(pin)},
		"CTAP 2.0":          {authenticator.WithCTAP20()},
		"CTAP 2.0 with PIN": {authenticator.WithCTAP20(), authenticator.WithPIN(pin)},
	} {
		t.Run(name, func(t *testing.T) {
			told := false
			d := authenticator.Start(t, append(options, authenticator.WithTouch(authenticator.TouchAfter(200*time.Millisecond)))...)
			require.NoError(t, connect(t, d).Select(t.Context(), func() { told = true }))
			assert.True(t, told)
			assert.Empty(t, d.Credentials())
			d.SetTouch(authenticator.TouchRefused())
			require.Error(t, connectAgain(t, d, nil).Select(t.Context(), nil))
		})
	}
}

func TestResidents(t *testing.T) {
	c := connect(t, authenticator.Start(t, authenticator.WithPIN(pin)))
	none, err := c.Residents(t.Context(), []byte(pin))
	require.NoError(t, err)
	assert.Empty(t, none)
	want := map[string]crypto.PublicKey{}
	for i, algorithm := range []int{ctap.ES256, ctap.EdDSA, ctap.ES256} {
		n := enrolment(algorithm, []byte(pin))
		n.Resident, n.UserID, n.UserName = true, []byte{byte(i)}, fmt.Sprintf("user %d", i)
		n.RPID = fmt.Sprintf("stella:%d", i/2)
		made, err := c.MakeCredential(t.Context(), n)
		require.NoError(t, err)
		want[n.RPID+" "+n.UserName] = made.AuthData.Public
	}
	list, err := c.Residents(t.Context(), []byte(pin))
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, r := range list {
		assert.Equal(t, want[r.RPID+" "+r.UserName], r.Public)
		assert.NotEmpty(t, r.Credential)
	}
	_, err = c.Residents(t.Context(), []byte("0000"))
	require.ErrorIs(t, err, ctap.StatusPINInvalid)
	old := connect(t, authenticator.Start(t, authenticator.WithCTAP20(), authenticator.WithPIN(pin)))
	_, err = old.Residents(t.Context(), []byte(pin))
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err))
}

// TestProtected: a credential that is protected cannot be used without the PIN.
func TestProtected(t *testing.T) {
	c := connect(t, authenticator.Start(t, authenticator.WithPIN(pin)))
	n := enrolment(ctap.ES256, []byte(pin))
	n.ProtectUV = true
	made, err := c.MakeCredential(t.Context(), n)
	require.NoError(t, err)
	q := ctap.AssertionRequest{RPID: rpID, ClientDataHash: clientDataHash("m"), Credential: made.AuthData.Credential}
	_, err = c.Assert(t.Context(), q)
	require.ErrorIs(t, err, ctap.StatusNoCredentials)
	q.PIN = []byte(pin)
	_, err = c.Assert(t.Context(), q)
	require.NoError(t, err)
}

// TestSilentDevice: a token that says no more is given up.
func TestSilentDevice(t *testing.T) {
	for name, broken := range map[string]authenticator.Fault{
		"a false length":  authenticator.FaultLength(7000),
		"another channel": authenticator.FaultChannel(),
		"missing packets": authenticator.FaultMissingReports(1),
		"a short report":  authenticator.FaultShortReport(10),
		"silence":         authenticator.FaultSilence(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := authenticator.Start(t)
			c := connect(t, d)
			d.Inject(authenticator.GetInfo, broken)
			_, err := c.Info(t.Context())
			assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), "does not answer")
		})
	}
}

// TestBrokenDevice: whatever a token sends, the answer is an error that says so.
func TestBrokenDevice(t *testing.T) {
	for name, broken := range map[string]authenticator.Fault{
		"no status":           authenticator.FaultAnswer(),
		"status and junk":     authenticator.FaultAnswer(0, 0xff, 0xff),
		"not CBOR":            authenticator.FaultMalformedCBOR(),
		"cut by one":          authenticator.FaultTruncated(1),
		"nothing but status":  authenticator.FaultAnswer(0),
		"an empty map":        authenticator.FaultAnswer(0, 0xa0),
		"a list":              authenticator.FaultAnswer(0, 0x80),
		"indefinite length":   authenticator.FaultAnswer(0, 0xbf, 0xff),
		"a tag":               authenticator.FaultAnswer(0, 0xc0, 0xa0),
		"duplicate keys":      authenticator.FaultAnswer(0, 0xa2, 0x01, 0x00, 0x01, 0x00),
		"unsorted keys":       authenticator.FaultAnswer(0, 0xa2, 0x02, 0x00, 0x01, 0x00),
		"nested too deep":     authenticator.FaultAnswer(0, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x80),
		"a huge list":         authenticator.FaultAnswer(0, 0x9a, 0xff, 0xff, 0xff, 0xff),
		"a huge string":       authenticator.FaultAnswer(0, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"trailing bytes":      authenticator.FaultTrailing(0),
		"oversized":           authenticator.FaultOversized(7000),
		"beyond the protocol": authenticator.FaultOversized(9000),
		"an unlimited length": authenticator.FaultLength(65535),
		"another command":     authenticator.FaultCommand(),
		"a lost packet":       authenticator.FaultSequence(),
		"an error of HID":     authenticator.FaultHIDError(authenticator.ErrInvalidLength),
		"unplugged":           authenticator.FaultUnplugged(),
		"an unknown status":   authenticator.FaultStatus(0xdf),
	} {
		for command, run := range map[authenticator.Command]func(*ctap.Client) error{
			authenticator.GetInfo: func(c *ctap.Client) error { _, err := c.Info(t.Context()); return err },
			authenticator.MakeCredential: func(c *ctap.Client) error {
				_, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
				return err
			},
			authenticator.ClientPIN: func(c *ctap.Client) error { return c.SetPIN(t.Context(), []byte(pin)) },
		} {
			t.Run(fmt.Sprintf("%s/%#02x", name, byte(command)), func(t *testing.T) {
				t.Parallel()
				d := authenticator.Start(t)
				c := connect(t, d)
				d.Inject(command, broken)
				err := run(c)
				require.Error(t, err)
				var status ctap.Status
				if !errors.As(err, &status) {
					assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
				}
			})
		}
	}
}

// TestBusy: a token that works for another program is a thing to try again.
func TestBusy(t *testing.T) {
	d := authenticator.Start(t)
	c := connect(t, d)
	d.Inject(authenticator.GetInfo, authenticator.FaultHIDError(authenticator.ErrChannelBusy))
	_, err := c.Info(t.Context())
	assert.Equal(t, fault.DeviceBusy, fault.ReasonOf(err))
	_, err = hid.Open(t.Context(), d.Path(), patience)
	assert.Equal(t, fault.DeviceBusy, fault.ReasonOf(err), "the device is locked while it is open")
}

// TestPatient: many keepalives are no failure.
func TestPatient(t *testing.T) {
	d := authenticator.Start(t)
	c := connect(t, d)
	d.Inject(authenticator.GetInfo, authenticator.FaultKeepalives(500))
	_, err := c.Info(t.Context())
	require.NoError(t, err)
}

// TestLyingDevice: a token that answers about something else is not believed.
func TestLyingDevice(t *testing.T) {
	for name, edit := range map[string]func([]byte){
		"another relying party": func(data []byte) { data[0] ^= 1 },
		"nobody touched":        func(data []byte) { data[32] &^= 0x01 },
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t)
			c := connect(t, d)
			made, err := c.MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
			require.NoError(t, err)
			hash := sha256.Sum256([]byte(rpID))
			tamper := authenticator.FaultEdited(func(answer []byte) []byte {
				out := append([]byte(nil), answer...)
				at := indexOf(out, hash[:8])
				edit(out[at:])
				return out
			})
			d.Inject(authenticator.MakeCredential, tamper)
			_, err = c.MakeCredential(t.Context(), enrolment(ctap.ES256, nil))
			assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
			d.Inject(authenticator.GetAssertion, tamper)
			_, err = c.Assert(t.Context(), ctap.AssertionRequest{RPID: rpID, ClientDataHash: clientDataHash("m"), Credential: made.AuthData.Credential})
			assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
		})
	}
	t.Run("user not verified", func(t *testing.T) {
		d := authenticator.Start(t, authenticator.WithPIN(pin))
		hash := sha256.Sum256([]byte(rpID))
		d.Inject(authenticator.MakeCredential, authenticator.FaultEdited(func(answer []byte) []byte {
			answer[indexOf(answer, hash[:8])+32] &^= 0x04
			return answer
		}))
		_, err := connect(t, d).MakeCredential(t.Context(), enrolment(ctap.ES256, []byte(pin)))
		assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
	})
}

func indexOf(b, sub []byte) int {
	for i := range b {
		if len(b)-i >= len(sub) && string(b[i:i+len(sub)]) == string(sub) {
			return i
		}
	}
	panic("not there")
}
