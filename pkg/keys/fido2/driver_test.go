package fido2_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const pin = "correct horse 1"

// person answers prompts and remembers them.
type person struct {
	mu       sync.Mutex
	pin      string
	pass     string
	asked    []keys.Prompt
	heard    []string
	declines bool
}

func (p *person) ask(ctx context.Context, what keys.Prompt) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, what)
	switch {
	case p.declines:
		return keys.NoPassphrases(ctx, what)
	case what.Kind == keys.PIN:
		return []byte(p.pin), ctx.Err()
	}
	return []byte(p.pass), ctx.Err()
}

func (p *person) hear(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, s)
}

// config is that of a driver whose only token is at path.
func (p *person) config(path string) fido2.Config {
	return fido2.Config{
		Ask: p.ask, Env: keys.NewEnvironment(os.LookupEnv, os.Unsetenv), Say: p.hear, Device: path,
		Backend: fido2.USB{TouchTimeout: 20 * time.Second, Places: hid.Places{Sysfs: "/nonexistent"}},
	}
}

func driver(d *authenticator.Device, pin string) (*fido2.Driver, *person) {
	p := &person{pin: pin}
	return fido2.New(p.config(d.Path())), p
}

func ref(t testing.TB, s string) keys.Ref {
	t.Helper()
	r, err := keys.ParseRef(s)
	require.NoError(t, err)
	return r
}

// made generates a key on a token.
func made(t testing.TB, d *fido2.Driver, a keys.Algorithm, options string) *keys.Generated {
	t.Helper()
	g, err := d.Generate(t.Context(), ref(t, "fido2:"+filepath.Join(t.TempDir(), "release.fido2")+options), a)
	require.NoError(t, err)
	return g
}

func message(s string) dsse.Message { return dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(s)) }

func TestSuiteWrapped(t *testing.T) {
	for name, row := range map[string]struct {
		options    []authenticator.Option
		pin        string
		query      string
		algorithms []keys.Algorithm
	}{
		"PIN":      {[]authenticator.Option{authenticator.WithPIN(pin)}, pin, "", []keys.Algorithm{keys.ECDSAP256, keys.Ed25519, keys.RSA3072, keys.MLDSA65}},
		"touch":    {nil, "", "?uv=discouraged", []keys.Algorithm{keys.ECDSAP384}},
		"CTAP 2.0": {[]authenticator.Option{authenticator.WithCTAP20(), authenticator.WithPIN(pin)}, pin, "", []keys.Algorithm{keys.ECDSAP256}},
	} {
		t.Run(name, func(t *testing.T) {
			keystest.Run(t, keystest.Suite{
				Algorithms: row.algorithms, Deterministic: row.algorithms,
				New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
					token := authenticator.Start(t, row.options...)
					d, _ := driver(token, row.pin)
					g := made(t, d, a, row.query)
					f := keystest.Fixture{
						Driver: d, Ref: g.Ref, Public: published(t, g),
						Missing: ref(t, "fido2:"+filepath.Join(t.TempDir(), "absent")),
						MissingDevice: keystest.Refusal{
							Ref: ref(t, g.Ref.String()+"?device=/dev/hidraw-absent"), Reason: fault.DeviceNotFound, Hint: "plug the token in",
						},
					}
					if row.pin != "" {
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

func TestSuiteAssertion(t *testing.T) {
	for name, row := range map[string]struct {
		options []authenticator.Option
		pin     string
		query   string
	}{
		"PIN":      {[]authenticator.Option{authenticator.WithPIN(pin)}, pin, "?mode=assertion"},
		"touch":    {nil, "", "?mode=assertion&uv=discouraged"},
		"always":   {[]authenticator.Option{authenticator.WithPIN(pin), authenticator.WithAlwaysUV()}, pin, "?mode=assertion"},
		"CTAP 2.0": {[]authenticator.Option{authenticator.WithCTAP20(), authenticator.WithPIN(pin)}, pin, "?mode=assertion"},
	} {
		t.Run(name, func(t *testing.T) {
			keystest.Run(t, keystest.Suite{
				Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.Ed25519},
				New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
					d, _ := driver(authenticator.Start(t, row.options...), row.pin)
					g := made(t, d, a, row.query)
					trusted := trust(t, g)
					verifier, err := trusted.Verifier()
					require.NoError(t, err)
					return keystest.Fixture{
						Driver: d, Ref: g.Ref, Public: trusted.Public, Verifier: verifier,
						Missing: ref(t, "fido2:"+filepath.Join(t.TempDir(), "absent")),
					}
				},
			})
		})
	}
}

// published returns the key that is given to those who verify.
func published(t testing.TB, g *keys.Generated) any {
	t.Helper()
	list, err := keys.ParsePublic(g.PublicFile)
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0].Key
}

// trust loads what is given to those who verify, as they do.
func trust(t testing.TB, g *keys.Generated) keys.TrustedKey {
	t.Helper()
	path := filepath.Join(t.TempDir(), "release.pub")
	require.NoError(t, os.WriteFile(path, g.PublicFile, 0o600))
	loaded, err := keys.LoadTrust(path)
	require.NoError(t, err)
	require.Len(t, loaded.Keys(), 1)
	return loaded.Keys()[0]
}

func TestGenerateWrapped(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, p := driver(token, pin)
	g := made(t, d, keys.ECDSAP256, "?rp=stella:test")
	assert.Contains(t, g.Notes[0].Message, "mode fido2")
	info, err := os.Stat(g.Ref.Name())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	content, err := os.ReadFile(g.Ref.Name())
	require.NoError(t, err)
	f, err := fido2.ParseKeyFile(content)
	require.NoError(t, err)
	assert.Equal(t, fido2.ModeWrapped, f.Mode)
	held := token.Credentials()
	require.Len(t, held, 1)
	assert.Equal(t, held[0].ID, f.CredentialID)
	assert.Equal(t, "stella:test", held[0].RPID)
	assert.False(t, held[0].Resident)
	assert.Equal(t, 3, held[0].Protect, "the token itself wants the PIN")
	assert.Len(t, p.asked, 1, "the PIN is asked for once")
	assert.Len(t, p.heard, 2, "and two touches")

	signer, err := d.Open(t.Context(), g.Ref)
	require.NoError(t, err)
	assert.Empty(t, dsse.ExtensionKind(signer))
	commands := len(token.Log())
	for range 3 {
		_, err = signer.Sign(t.Context(), message("{}"))
		require.NoError(t, err)
	}
	assert.Len(t, token.Log(), commands, "an unlocked key needs the token no more")
	require.NoError(t, keys.Close(signer))
	require.NoError(t, keys.Close(signer))
	_, err = signer.Sign(t.Context(), message("{}"))
	require.Error(t, err, "a closed key does not sign")
	assert.Equal(t, g.Public, signer.Public())
	assert.False(t, strings.Contains(string(content), pin))
}

// TestUnlockedKeyIsClosed: what Close overwrites is gone.
func TestUnlockedKeyIsClosed(t *testing.T) {
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.Ed25519} {
		d, _ := driver(authenticator.Start(t), "")
		g := made(t, d, a, "?uv=discouraged")
		signer, err := d.Open(t.Context(), g.Ref)
		require.NoError(t, err)
		want := signer.Public()
		require.NoError(t, keys.Close(signer))
		assert.Equal(t, want, signer.Public())
		assert.Equal(t, g.Public, signer.Public())
	}
}

// TestHeaderIsAuthenticated: no member of a key file can be changed.
func TestHeaderIsAuthenticated(t *testing.T) {
	token := authenticator.Start(t)
	d, _ := driver(token, "")
	g := made(t, d, keys.Ed25519, "?uv=discouraged")
	other := made(t, d, keys.Ed25519, "?uv=discouraged")
	content, err := os.ReadFile(g.Ref.Name())
	require.NoError(t, err)
	otherFile := parse(t, other.Ref.Name())
	for name, change := range map[string]func(*fido2.KeyFile){
		"public key": func(f *fido2.KeyFile) { f.PublicKey = otherFile.PublicKey },
		"salt":       func(f *fido2.KeyFile) { f.Wrapped.Salt[0] ^= 1 },
		"nonce":      func(f *fido2.KeyFile) { f.Wrapped.Nonce[0] ^= 1 },
		"ciphertext": func(f *fido2.KeyFile) { f.Wrapped.Ciphertext[0] ^= 1 },
		"credential": func(f *fido2.KeyFile) { f.CredentialID = otherFile.CredentialID },
		"all of another's wrapping": func(f *fido2.KeyFile) {
			f.Wrapped, f.CredentialID = otherFile.Wrapped, otherFile.CredentialID
		},
	} {
		f, err := fido2.ParseKeyFile(content)
		require.NoError(t, err)
		change(f)
		path := filepath.Join(t.TempDir(), "changed")
		require.NoError(t, os.WriteFile(path, fido2.MarshalForTest(t, f), 0o600))
		_, err = d.Open(t.Context(), ref(t, "fido2:"+path))
		assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), "%s: %v", name, err)
	}
	f, err := fido2.ParseKeyFile(content)
	require.NoError(t, err)
	f.UserVerification = "required"
	path := filepath.Join(t.TempDir(), "changed")
	require.NoError(t, os.WriteFile(path, fido2.MarshalForTest(t, f), 0o600))
	_, err = d.Open(t.Context(), ref(t, "fido2:"+path))
	require.Error(t, err, "a key made without PIN is not opened with one")
}

func parse(t testing.TB, path string) *fido2.KeyFile {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := fido2.ParseKeyFile(content)
	require.NoError(t, err)
	return f
}

// TestSecretsDoNotMix: a key made with a PIN is not opened without, and the
// other way round, also by a token that would answer.
func TestSecretsDoNotMix(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, p := driver(token, pin)
	g := made(t, d, keys.Ed25519, "?uv=discouraged")
	assert.Empty(t, p.asked, "a token of CTAP 2.1 enrols without the PIN")
	signer, err := d.Open(t.Context(), g.Ref)
	require.NoError(t, err)
	require.NoError(t, keys.Close(signer))
	assert.Empty(t, p.asked)

	old := authenticator.Start(t, authenticator.WithCTAP20(), authenticator.WithPIN(pin))
	d, p = driver(old, pin)
	g = made(t, d, keys.Ed25519, "?uv=discouraged")
	assert.Len(t, p.asked, 1, "one of CTAP 2.0 wants the PIN to enrol")
	_, err = d.Open(t.Context(), g.Ref)
	require.NoError(t, err)
	assert.Len(t, p.asked, 1, "and not to use")
}

func TestGenerateRefuses(t *testing.T) {
	existing := filepath.Join(t.TempDir(), "k")
	require.NoError(t, os.WriteFile(existing, nil, 0o600))
	require.NoError(t, os.WriteFile(existing+"2.attestation", nil, 0o600))
	for name, row := range map[string]struct {
		reference string
		algorithm keys.Algorithm
		token     []authenticator.Option
		want      fault.Reason
	}{
		"no name":                {"fido2:", keys.ECDSAP256, nil, fault.UsageInvalid},
		"standard output":        {"fido2:-", keys.ECDSAP256, nil, fault.UsageInvalid},
		"a file that is there":   {"fido2:" + existing, keys.ECDSAP256, nil, fault.OutputExists},
		"a statement is there":   {"fido2:" + existing + "2?mode=assertion&uv=discouraged", keys.ECDSAP256, nil, fault.OutputExists},
		"unknown option":         {"fido2:k?slot=1", keys.ECDSAP256, nil, fault.UsageInvalid},
		"unknown mode":           {"fido2:k?mode=magic", keys.ECDSAP256, nil, fault.UsageInvalid},
		"sshsig":                 {"fido2:k?mode=sshsig", keys.ECDSAP256, nil, fault.UsageInvalid},
		"a web page's rp":        {"fido2:k?rp=example.com", keys.ECDSAP256, nil, fault.UsageInvalid},
		"an empty rp":            {"fido2:k?rp=stella:", keys.ECDSAP256, nil, fault.UsageInvalid},
		"unknown uv":             {"fido2:k?uv=preferred", keys.ECDSAP256, nil, fault.UsageInvalid},
		"no PIN set":             {"fido2:k", keys.ECDSAP256, nil, fault.PINNotSet},
		"the token signs no RSA": {"fido2:k?mode=assertion", keys.RSA3072, nil, fault.KeyUnsupported},
		"the token has no EdDSA": {"fido2:k?mode=assertion&uv=discouraged", keys.Ed25519,
			[]authenticator.Option{authenticator.WithAlgorithms(authenticator.ES256)}, fault.KeyUnsupported},
		"touch refused": {"fido2:k?uv=discouraged", keys.ECDSAP256,
			[]authenticator.Option{authenticator.WithTouch(authenticator.TouchRefused())}, fault.DeviceUntouched},
		"wrong PIN": {"fido2:k", keys.ECDSAP256, []authenticator.Option{authenticator.WithPIN("another")}, fault.PINWrong},
		"locked":    {"fido2:k", keys.ECDSAP256, []authenticator.Option{authenticator.WithPIN(pin), authenticator.WithPINRetries(0)}, fault.PINLocked},
		"always verifies": {"fido2:k?uv=discouraged", keys.ECDSAP256,
			[]authenticator.Option{authenticator.WithPIN(pin), authenticator.WithAlwaysUV()}, fault.PINRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			token := authenticator.Start(t, row.token...)
			d, _ := driver(token, pin)
			_, err := d.Generate(t.Context(), ref(t, row.reference), row.algorithm)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.NotEmpty(t, fault.HintOf(err)+string(row.want))
			left, err := os.ReadDir(".")
			require.NoError(t, err)
			assert.Empty(t, left, "nothing is written")
			assert.Empty(t, token.Credentials(), "nothing is made")
		})
	}
}

// TestAssertionIsForEnvelopes: the signer says what its signatures are.
func TestAssertionIsForEnvelopes(t *testing.T) {
	d, p := driver(authenticator.Start(t, authenticator.WithPIN(pin)), pin)
	g := made(t, d, keys.ECDSAP256, "?mode=assertion")
	trusted := trust(t, g)
	assert.Equal(t, &keys.FIDO2{RPID: "stella:release", Flags: []string{"up", "uv"}}, trusted.FIDO2)
	assert.Equal(t, "release", trusted.Name)
	signer, err := d.Open(t.Context(), g.Ref)
	require.NoError(t, err)
	assert.Equal(t, keys.KindFIDO2, dsse.ExtensionKind(signer))
	p.asked, p.heard = nil, nil
	for range 3 {
		_, err := signer.Sign(t.Context(), message("{}"))
		require.NoError(t, err)
	}
	assert.Len(t, p.asked, 1, "the PIN is asked for once in a session")
	assert.Len(t, p.heard, 3, "and a touch for each signature")
	assert.Contains(t, p.heard[0], "touch your token")
	_, err = signer.Sign(t.Context(), dsse.NewBlob(dsse.Bytes("bytes")))
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))
	require.NoError(t, keys.Close(signer))
	_, err = signer.Sign(t.Context(), message("{}"))
	require.Error(t, err)
}

// TestWrongPINIsNotTriedAgain: one wrong PIN costs one try, the next signature
// asks anew, and the user is told what is left.
func TestWrongPINIsNotTriedAgain(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, p := driver(token, pin)
	g := made(t, d, keys.ECDSAP256, "?mode=assertion")
	p.pin, p.asked = "wrong", nil
	signer, err := d.Open(t.Context(), g.Ref)
	require.NoError(t, err)
	_, err = signer.Sign(t.Context(), message("{}"))
	require.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "7 tries")
	assert.Equal(t, 7, token.PINRetries())
	_, err = signer.Sign(t.Context(), message("{}"))
	require.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
	assert.Len(t, p.asked, 2)
	_, err = signer.Sign(t.Context(), message("{}"))
	require.Equal(t, fault.PINReplug, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "unplug")
	p.asked = nil
	_, err = signer.Sign(t.Context(), message("{}"))
	require.Equal(t, fault.PINReplug, fault.ReasonOf(err))
	assert.Empty(t, p.asked, "nobody is asked for a PIN that is not taken")
}

func TestPINWarnings(t *testing.T) {
	for left, want := range map[int]string{8: "", 4: "", 3: "3 tries", 2: "2 tries", 1: "last try"} {
		token := authenticator.Start(t, authenticator.WithPIN(pin), authenticator.WithPINRetries(left))
		d, p := driver(token, pin)
		made(t, d, keys.ECDSAP256, "?mode=assertion")
		require.Len(t, p.asked, 1)
		assert.Equal(t, keys.PIN, p.asked[0].Kind)
		if want == "" {
			assert.Empty(t, p.asked[0].Warning)
		} else {
			assert.Contains(t, p.asked[0].Warning, want)
		}
	}
}

func TestSourcesOfThePIN(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	dir := t.TempDir()
	file := filepath.Join(dir, "pin")
	require.NoError(t, os.WriteFile(file, []byte(pin+"\n"), 0o600))
	t.Setenv("TOKEN_PIN", pin)
	d, p := driver(token, "")
	p.declines = true
	g := made(t, d, keys.Ed25519, "?pin-file="+file)
	_, err := d.Open(t.Context(), g.Ref)
	require.NoError(t, err, "the reference that is returned still says where the PIN is")
	name := "fido2:" + g.Ref.Name()
	_, err = d.Open(t.Context(), ref(t, name+"?pin-env=TOKEN_PIN"))
	require.NoError(t, err)
	assert.Empty(t, p.asked)
	_, err = d.Open(t.Context(), ref(t, name))
	assert.Equal(t, fault.PINRequired, fault.ReasonOf(err))
	_, err = d.Open(t.Context(), ref(t, name+"?pin-env=TOKEN_PIN&pin-file="+file))
	assert.Equal(t, fault.PassphraseSource, fault.ReasonOf(err))
	assert.Equal(t, 8, token.PINRetries())
}

// TestOpenRefuses: failures of the token have their reasons, before and in the
// middle of its work.
func TestOpenRefuses(t *testing.T) {
	token := authenticator.Start(t)
	d, p := driver(token, "")
	g := made(t, d, keys.ECDSAP256, "?uv=discouraged")

	token.SetTouch(authenticator.TouchRefused())
	_, err := d.Open(t.Context(), g.Ref)
	assert.Equal(t, fault.DeviceUntouched, fault.ReasonOf(err), "%v", err)

	token.SetTouch(authenticator.TouchNever())
	impatient := fido2.New(fido2.Config{Ask: p.ask, Device: token.Path(), Backend: fido2.USB{TouchTimeout: 300 * time.Millisecond}})
	_, err = impatient.Open(t.Context(), g.Ref)
	assert.Equal(t, fault.DeviceUntouched, fault.ReasonOf(err), "%v", err)

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		token.AwaitTouch(t)
		cancel()
	}()
	_, err = d.Open(ctx, g.Ref)
	require.ErrorIs(t, err, context.Canceled)

	stranger, _ := driver(authenticator.Start(t), "")
	_, err = stranger.Open(t.Context(), g.Ref)
	assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err), "%v", err)

	go func() {
		token.AwaitTouch(t)
		token.Unplug()
	}()
	_, err = d.Open(t.Context(), g.Ref)
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
	_, err = d.Open(t.Context(), g.Ref)
	assert.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err), "%v", err)
	for _, name := range []string{"fido2:", "fido2:-", g.Ref.String() + "?slot=1"} {
		_, err = d.Open(t.Context(), ref(t, name))
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), name)
	}
}

// TestDriverNeverWrites: the secret half does not show in a key file.
func TestKeyFileHoldsNoSecret(t *testing.T) {
	d, _ := driver(authenticator.Start(t), "")
	g := made(t, d, keys.Ed25519, "?uv=discouraged")
	content, err := os.ReadFile(g.Ref.Name())
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(g.Public)
	require.NoError(t, err)
	assert.Contains(t, string(content), base64.StdEncoding.EncodeToString(public))
	assert.NotContains(t, string(content), "PRIVATE")
}
