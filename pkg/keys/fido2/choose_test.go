package fido2_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

// descriptor is the beginning of a FIDO token's HID report descriptor.
const descriptor = "\x06\xd0\xf1\x09\x01\xa1\x01\xc0"

// plugged makes the files of a system into which tokens are plugged.
func plugged(t *testing.T, tokens ...*authenticator.Device) hid.Places {
	t.Helper()
	p := hid.Places{Sysfs: t.TempDir(), Dev: t.TempDir()}
	for i, token := range tokens {
		name := "hidraw" + strconv.Itoa(i)
		dir := filepath.Join(p.Sysfs, "class", "hidraw", name, "device")
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "report_descriptor"), []byte(descriptor), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "uevent"), []byte("HID_NAME=token\x1b[2J "+strconv.Itoa(i)+"\n"), 0o600))
		require.NoError(t, os.Symlink(token.Path(), filepath.Join(p.Dev, name)))
	}
	return p
}

func (p *person) among(places hid.Places) *fido2.Driver {
	c := p.config("")
	c.Backend = fido2.USB{Places: places, TouchTimeout: 3 * time.Second}
	return fido2.New(c)
}

func TestChoice(t *testing.T) {
	one, two := authenticator.Start(t), authenticator.Start(t)
	first, _ := driver(one, "")
	g := made(t, first, keys.ECDSAP256, "?mode=assertion&uv=discouraged")
	p := &person{}

	_, err := sign(t, p.among(plugged(t)), g.Ref)
	assert.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err), "%v", err)
	_, err = sign(t, p.among(plugged(t, one)), g.Ref)
	require.NoError(t, err, "the only token")

	before := len(two.Log())
	_, err = sign(t, p.among(plugged(t, two, one)), g.Ref)
	require.NoError(t, err, "the token that knows the key")
	assert.NotContains(t, two.Commands()[before:], authenticator.Selection)

	places := plugged(t, two, one)
	_, err = sign(t, p.among(places), ref(t, g.Ref.String()+"?device="+filepath.Join(places.Dev, "hidraw0")))
	assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err), "the token that is named, and no other: %v", err)
}

func sign(t *testing.T, d *fido2.Driver, r keys.Ref) ([]byte, error) {
	t.Helper()
	signer, err := d.Open(t.Context(), r)
	require.NoError(t, err)
	s, err := signer.Sign(t.Context(), message("{}"))
	return s.Sig, err
}

// TestChoiceByTouch: where nothing else tells, the token that is touched is meant.
func TestChoiceByTouch(t *testing.T) {
	one := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	// Not at once: by then the other one blinks as well.
	two := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchAfter(300*time.Millisecond)))
	p := &person{}
	g, err := p.among(plugged(t, one, two)).Generate(t.Context(),
		ref(t, "fido2:"+filepath.Join(t.TempDir(), "k")+"?uv=discouraged&mode=assertion"), keys.ECDSAP256)
	require.NoError(t, err)
	assert.Contains(t, p.heard[0], "2 tokens are plugged in")
	assert.Empty(t, one.Credentials())
	assert.Len(t, two.Credentials(), 1)
	assert.Eventually(t, func() bool {
		return slices.ContainsFunc(one.Log(), func(e authenticator.Entry) bool { return e.Status() == authenticator.KeepaliveCancel })
	}, 10*time.Second, 10*time.Millisecond, "the other one does not blink on")
	_, err = sign(t, p.among(plugged(t, one, two)), g.Ref)
	require.NoError(t, err)

	two.SetTouch(authenticator.TouchNever())
	_, err = p.among(plugged(t, one, two)).Generate(t.Context(), ref(t, "fido2:"+filepath.Join(t.TempDir(), "k")+"?uv=discouraged"), keys.ECDSAP256)
	assert.Equal(t, fault.DeviceAmbiguous, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "device=")
	assert.NotContains(t, err.Error(), "\x1b")

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		one.AwaitTouch(t)
		cancel()
	}()
	_, err = p.among(plugged(t, one, two)).Generate(ctx, ref(t, "fido2:"+filepath.Join(t.TempDir(), "k")+"?uv=discouraged"), keys.ECDSAP256)
	require.ErrorIs(t, err, context.Canceled)
}

// TestChoiceOfProtected: a token keeps silent about a key that wants a PIN, so
// the user says which one is meant.
func TestChoiceOfProtected(t *testing.T) {
	one := authenticator.Start(t, authenticator.WithPIN(pin), authenticator.WithTouch(authenticator.TouchNever()))
	two := authenticator.Start(t, authenticator.WithPIN(pin))
	first, _ := driver(two, pin)
	g := made(t, first, keys.ECDSAP256, "?mode=assertion")
	p := &person{pin: pin}
	_, err := sign(t, p.among(plugged(t, one, two)), g.Ref)
	require.NoError(t, err)
}

func TestList(t *testing.T) {
	one, two := authenticator.Start(t, authenticator.WithPIN(pin)), authenticator.Start(t)
	sshKey(t, one, "ed25519-sk", pin, "-N", "", "-O", "resident")
	p := &person{pin: pin}
	d := p.among(plugged(t, one, two))
	listed, notes, err := d.List(t.Context(), ref(t, "fido2:"))
	require.NoError(t, err)
	require.Len(t, listed, 2)
	assert.NotEmpty(t, notes)
	assert.Empty(t, p.asked, "listing asks for no secret")
	assert.Contains(t, listed[0].Where, "hidraw0")
	assert.Contains(t, listed[0].Ref.String(), "device=")

	file := filepath.Join(t.TempDir(), "pin")
	require.NoError(t, os.WriteFile(file, []byte(pin), 0o600))
	listed, _, err = d.List(t.Context(), ref(t, "fido2:?device="+one.Path()+"&pin-file="+file))
	require.NoError(t, err)
	require.Len(t, listed, 2)
	assert.Equal(t, keys.Ed25519, listed[1].Algorithm)
	assert.Contains(t, listed[1].Label, "ssh:stella")
	assert.Equal(t, one.Credentials()[0].Public, listed[1].Public)

	require.NoError(t, os.WriteFile(file, []byte("wrong"), 0o600))
	_, _, err = d.List(t.Context(), ref(t, "fido2:?device="+one.Path()+"&pin-file="+file))
	assert.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
	assert.Equal(t, 7, one.PINRetries())
	listed, notes, err = d.List(t.Context(), ref(t, "fido2:?device=/dev/hidraw-absent"))
	require.NoError(t, err)
	assert.Len(t, listed, 1)
	assert.Contains(t, notes[1].Message, "no device")
}
