//go:build libfido2 && cgo && linux

package libfido2_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
	"github.com/stellaops/stella/pkg/keys/fido2/libfido2"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const pin = "correct horse 1"

// person answers prompts and counts them.
type person struct {
	mu    sync.Mutex
	pin   string
	asked int
	heard int
}

func (p *person) ask(ctx context.Context, what keys.Prompt) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return []byte(p.pin), ctx.Err()
}

func (p *person) hear(string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard++
}

// nowhere is a system without devices: tests name theirs.
func nowhere() hid.Places { return hid.Places{Sysfs: "/nonexistent"} }

func backends() map[string]fido2.Backend {
	return map[string]fido2.Backend{
		"libfido2": libfido2.Backend{TouchTimeout: 20 * time.Second, Places: nowhere()},
		"pure Go":  fido2.USB{TouchTimeout: 20 * time.Second, Places: nowhere()},
	}
}

func driverOver(b fido2.Backend, d *authenticator.Device, pin string) (*fido2.Driver, *person) {
	p := &person{pin: pin}
	return fido2.New(fido2.Config{
		Ask: p.ask, Env: keys.NewEnvironment(os.LookupEnv, os.Unsetenv), Say: p.hear, Device: d.Path(), Backend: b,
	}), p
}

func driver(d *authenticator.Device, pin string) (*fido2.Driver, *person) {
	return driverOver(backends()["libfido2"], d, pin)
}

func ref(t testing.TB, s string) keys.Ref {
	t.Helper()
	r, err := keys.ParseRef(s)
	require.NoError(t, err)
	return r
}

func made(t testing.TB, d *fido2.Driver, a keys.Algorithm, options string) *keys.Generated {
	t.Helper()
	g, err := d.Generate(t.Context(), ref(t, "fido2:"+filepath.Join(t.TempDir(), "release.fido2")+options), a)
	require.NoError(t, err)
	return g
}

func message(s string) dsse.Message { return dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(s)) }

// trusted loads a public key file as those who verify do.
func trusted(t testing.TB, content []byte) keys.TrustedKey {
	t.Helper()
	path := filepath.Join(t.TempDir(), "release.pub")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	loaded, err := keys.LoadTrust(path)
	require.NoError(t, err)
	require.Len(t, loaded.Keys(), 1)
	return loaded.Keys()[0]
}

// tokens are the tokens that the suite runs with: options of the token, its PIN
// and whether keys want it.
func tokens() map[string]struct {
	options []authenticator.Option
	pin     string
	query   string
} {
	return map[string]struct {
		options []authenticator.Option
		pin     string
		query   string
	}{
		"PIN":      {[]authenticator.Option{authenticator.WithPIN(pin)}, pin, "?uv=required"},
		"touch":    {nil, "", "?uv=discouraged"},
		"CTAP 2.0": {[]authenticator.Option{authenticator.WithCTAP20(), authenticator.WithPIN(pin)}, pin, "?uv=required"},
	}
}

func TestSuite(t *testing.T) {
	for name, row := range tokens() {
		for mode, query := range map[string]string{"fido2": "", "fido2-assertion": "&mode=assertion"} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				keystest.Run(t, keystest.Suite{
					Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.Ed25519},
					New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
						token := authenticator.Start(t, row.options...)
						d, _ := driver(token, row.pin)
						g := made(t, d, a, row.query+query)
						key := trusted(t, g.PublicFile)
						verifier, err := key.Verifier()
						require.NoError(t, err)
						f := keystest.Fixture{
							Driver: d, Ref: g.Ref, Public: key.Public, Verifier: verifier,
							Missing: ref(t, "fido2:"+filepath.Join(t.TempDir(), "absent")),
						}
						if mode == "fido2" {
							f.MissingDevice = keystest.Refusal{
								Ref: ref(t, g.Ref.String()+"?device=/dev/hidraw-absent"), Reason: fault.DeviceNotFound, Hint: "plug the token in",
							}
						}
						if mode == "fido2" && row.pin != "" {
							f.Secrets = []string{row.pin, "wrong pin"}
							f.WrongSecret, _ = driver(token, "wrong pin")
							f.WrongSecretReason = fault.PINWrong
						}
						return f
					},
				})
			})
		}
	}
}

// sshKey has stock ssh-keygen make a key on a token.
func sshKey(t *testing.T, token *authenticator.Device, kind string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id_sk")
	testkit.Tool(t, "", "ssh-keygen",
		"-q", "-t", kind, "-O", "device="+token.Path(), "-O", "application=ssh:stella", "-N", "", "-f", path)
	return path
}

func TestSuiteSSHSig(t *testing.T) {
	for kind, algorithm := range map[string]keys.Algorithm{"ecdsa-sk": keys.ECDSAP256, "ed25519-sk": keys.Ed25519} {
		t.Run(kind, func(t *testing.T) {
			token := authenticator.Start(t)
			path := sshKey(t, token, kind)
			public, err := os.ReadFile(path + ".pub")
			require.NoError(t, err)
			key := trusted(t, public)
			verifier, err := key.Verifier()
			require.NoError(t, err)
			d, _ := driver(token, "")
			keystest.Run(t, keystest.Suite{
				Algorithms: []keys.Algorithm{algorithm},
				New: func(t *testing.T, _ keys.Algorithm) keystest.Fixture {
					return keystest.Fixture{
						Driver: d, Ref: ref(t, "fido2:"+path), Public: key.Public, Verifier: verifier,
						Missing: ref(t, "fido2:"+path+"-absent"),
					}
				},
			})
		})
	}
}

// TestBackendsAgree: what one backend makes, the other opens, with each of the
// two secrets that a token has for a credential.
func TestBackendsAgree(t *testing.T) {
	for maker, one := range backends() {
		for opener, other := range backends() {
			for name, row := range tokens() {
				for _, mode := range []string{"fido2", "assertion"} {
					t.Run(maker+" to "+opener+"/"+name+"/"+mode, func(t *testing.T) {
						token := authenticator.Start(t, row.options...)
						d, _ := driverOver(one, token, row.pin)
						g := made(t, d, keys.ECDSAP256, row.query+"&mode="+mode)
						d, _ = driverOver(other, token, row.pin)
						signer, err := d.Open(t.Context(), g.Ref)
						require.NoError(t, err)
						sig, err := signer.Sign(t.Context(), message("{}"))
						require.NoError(t, err)
						key := trusted(t, g.PublicFile)
						verifier, err := key.Verifier()
						require.NoError(t, err)
						require.NoError(t, verifier.Verify(message("{}"), sig))
						require.NoError(t, keys.Close(signer))
					})
				}
			}
		}
	}
}

// TestTouchIsAskedFor: once for each command that waits for one.
func TestTouchIsAskedFor(t *testing.T) {
	d, p := driver(authenticator.Start(t, authenticator.WithPIN(pin)), pin)
	g := made(t, d, keys.ECDSAP256, "")
	assert.Equal(t, 2, p.heard)
	assert.Equal(t, 1, p.asked)
	signer, err := d.Open(t.Context(), g.Ref)
	require.NoError(t, err)
	require.NoError(t, keys.Close(signer))
	assert.Equal(t, 3, p.heard)
}
