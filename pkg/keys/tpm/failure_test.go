package tpm_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// TestWrongPIN follows a TPM into its lockout: each wrong PIN costs one try,
// the next question warns, and a locked TPM is not asked.
func TestWrongPIN(t *testing.T) {
	device := newTPM(t) // which locks at 3
	path, _ := generate(t, driver(secret, device.Socket), keys.ECDSAP256, "")
	var warnings []string
	ask := func(_ context.Context, p keys.Prompt) ([]byte, error) {
		assert.Equal(t, keys.PIN, p.Kind)
		warnings = append(warnings, p.Warning)
		return []byte(wrong), nil
	}
	d := tpm.New(ask, nil, device.Socket)
	for i, hint := range []string{"counts 1 wrong PINs and locks at 3", "counts 2 wrong", "is locked now"} {
		_, err := d.Open(t.Context(), ref(t, "tpm:"+path))
		require.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
		assert.Contains(t, fault.HintOf(err), hint, "try %d", i)
		assert.NotContains(t, err.Error()+fault.HintOf(err), wrong)
	}
	_, err := d.Open(t.Context(), ref(t, "tpm:"+path))
	require.Equal(t, fault.PINLocked, fault.ReasonOf(err), "%v", err)
	assert.Equal(t, []string{"", "the TPM counts 1 wrong PINs and locks at 3", "one more wrong PIN locks the TPM"}, warnings)

	device.tool(t, "tpm2_dictionarylockout", "-c") // as the hint says
	s, err := driver(secret, device.Socket).Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	require.NoError(t, keys.Close(s))
}

func TestPINThatCannotBe(t *testing.T) {
	device := newTPM(t)
	for name, pin := range map[string]string{"zero byte": "ab\x00cd", "long": strings.Repeat("x", 33)} {
		path := filepath.Join(t.TempDir(), "k")
		_, err := driver(pin, device.Socket).Generate(t.Context(), ref(t, "tpm:"+path), keys.ECDSAP256)
		assert.Equal(t, fault.PINInvalid, fault.ReasonOf(err), name)
		assert.NoFileExists(t, path)
	}
	path, _ := generate(t, driver(strings.Repeat("x", 32), device.Socket), keys.ECDSAP256, "")
	_, err := driver(strings.Repeat("x", 33), device.Socket).Open(t.Context(), ref(t, "tpm:"+path))
	assert.Equal(t, fault.PINInvalid, fault.ReasonOf(err), "%v", err)
	said := device.tool(t, "tpm2_getcap", "properties-variable")
	assert.Contains(t, string(said), "TPM2_PT_LOCKOUT_COUNTER: 0x0", "it cost no try")
}

func TestPINSources(t *testing.T) {
	device := newTPM(t)
	file := filepath.Join(t.TempDir(), "pin")
	require.NoError(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
	t.Setenv("TPM_TEST_PIN", secret)
	nobody := driver("", device.Socket)
	path, made := generate(t, nobody, keys.ECDSAP256, "?pin-file="+file)
	assert.Contains(t, made.Ref.String(), "pin-file=", "the new reference keeps the place of the PIN")
	for name, options := range map[string]string{"file": "?pin-file=" + file, "variable": "?pin-env=TPM_TEST_PIN"} {
		s, err := nobody.Open(t.Context(), ref(t, "tpm:"+path+options))
		require.NoError(t, err, name)
		require.NoError(t, keys.Close(s))
	}
	for name, row := range map[string]struct {
		options string
		reason  fault.Reason
	}{
		"none":            {"", fault.PINRequired},
		"both":            {"?pin-env=A&pin-file=" + file, fault.PassphraseSource},
		"one and none":    {"?auth=none&pin-file=" + file, fault.PassphraseSource},
		"absent file":     {"?pin-file=" + file + "x", fault.InputNotFound},
		"denied":          {"?auth=none", fault.PINWrong},
		"unknown option":  {"?pcrs=sha256:1", fault.UsageInvalid},
		"unknown auth":    {"?auth=perhaps", fault.UsageInvalid},
		"passphrase file": {"?passphrase-file=" + file, fault.UsageInvalid},
	} {
		_, err := nobody.Open(t.Context(), ref(t, "tpm:"+path+row.options))
		assert.Equal(t, row.reason, fault.ReasonOf(err), "%s: %v", name, err)
	}
}

// TestDeviceGone takes the TPM away under a signer. The same driver serves the
// TPM that comes back, and the old signer does not come to life.
func TestDeviceGone(t *testing.T) {
	device := newTPM(t)
	d := driver(secret, device.Socket)
	path, made := generate(t, d, keys.ECDSAP256, "")
	s, err := d.Open(t.Context(), made.Ref)
	require.NoError(t, err)
	device.Kill()
	_, err = s.Sign(t.Context(), message("{}"))
	require.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "went away")
	_, err = d.Open(t.Context(), made.Ref)
	require.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err), "%v", err)

	device.Start(t)
	again, err := d.Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	verifies(t, again, made.Public)
	_, err = s.Sign(t.Context(), message("{}"))
	require.Equal(t, fault.DeviceFailed, fault.ReasonOf(err))
	require.NoError(t, keys.Close(s))
	verifies(t, again, made.Public)
	require.NoError(t, keys.Close(again))
}

// TestBusy has another program hold the software TPM.
func TestBusy(t *testing.T) {
	device := newTPM(t)
	d := driver(secret, device.Socket)
	path, made := generate(t, d, keys.ECDSAP256, "")
	other, err := net.Dial("unix", device.Socket)
	require.NoError(t, err)
	_, err = d.Open(t.Context(), ref(t, "tpm:"+path))
	require.Equal(t, fault.DeviceBusy, fault.ReasonOf(err), "%v", err)
	require.NoError(t, other.Close())
	s, err := d.Open(t.Context(), ref(t, "tpm:"+path))
	require.NoError(t, err)
	verifies(t, s, made.Public)
	require.NoError(t, keys.Close(s))
}

// TestSignersShare opens several keys at once: they share one connection, and
// its end waits for the last.
func TestSignersShare(t *testing.T) {
	d := driver(secret, newTPM(t).Socket)
	_, one := generate(t, d, keys.ECDSAP256, "")
	_, two := generate(t, d, keys.ECDSAP384, "?auth=none")
	first, err := d.Open(t.Context(), one.Ref)
	require.NoError(t, err)
	second, err := d.Open(t.Context(), two.Ref)
	require.NoError(t, err)
	verifies(t, first, one.Public)
	verifies(t, second, two.Public)
	require.NoError(t, keys.Close(first))
	verifies(t, second, two.Public)
	require.NoError(t, keys.Close(second))
}

func TestNoDevice(t *testing.T) {
	path, _ := generate(t, driver(secret, newTPM(t).Socket), keys.ECDSAP256, "")
	directory := t.TempDir()
	dead := filepath.Join(directory, "dead")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	require.NoError(t, err)
	listener.SetUnlinkOnClose(false)
	require.NoError(t, listener.Close())
	for _, row := range []struct {
		name, device string
		reason       fault.Reason
	}{
		{"absent", filepath.Join(directory, "absent"), fault.DeviceNotFound},
		{"socket without a server", dead, fault.DeviceNotFound},
		{"plain file", path, fault.DeviceFailed},
		{"another device", "/dev/null", fault.DeviceFailed},
		{"noise", "/dev/zero", fault.DeviceFailed},
	} {
		_, err := driver(secret, row.device).Open(t.Context(), ref(t, "tpm:"+path))
		assert.Equal(t, row.reason, fault.ReasonOf(err), "%s: %v", row.name, err)
		assert.Contains(t, err.Error(), row.device, row.name)
	}
	for _, device := range []string{"/dev/tpm0", "/dev/tpmrm0"} {
		if _, err := os.Stat(device); err == nil {
			t.Skipf("this machine has %s", device)
		}
	}
	_, err = driver(secret, "").Open(t.Context(), ref(t, "tpm:"+path))
	assert.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err))
	assert.Contains(t, err.Error(), "/dev/tpmrm0")
}

func TestGenerateRefuses(t *testing.T) {
	device := newTPM(t)
	d := driver(secret, device.Socket)
	existing, _ := generate(t, d, keys.ECDSAP256, "")
	before, err := os.ReadFile(existing)
	require.NoError(t, err)
	fresh := filepath.Join(t.TempDir(), "k")
	for _, row := range []struct {
		name, ref string
		algorithm keys.Algorithm
		reason    fault.Reason
	}{
		{"existing file", "tpm:" + existing, keys.ECDSAP256, fault.OutputExists},
		{"Ed25519", "tpm:" + fresh, keys.Ed25519, fault.KeyUnsupported},
		{"ML-DSA", "tpm:" + fresh, keys.MLDSA65, fault.KeyUnsupported},
		{"RSA that the TPM lacks", "tpm:" + fresh, keys.RSA4096, fault.KeyUnsupported},
		{"handle", "tpm:handle=0x81000001", keys.ECDSAP256, fault.UsageInvalid},
		{"nothing", "tpm:", keys.ECDSAP256, fault.UsageInvalid},
		{"no handle", "tpm:handle=0x40000001", keys.ECDSAP256, fault.UsageInvalid},
		{"absent parent", "tpm:" + fresh + "?parent=0x81000009", keys.ECDSAP256, fault.KeyNotFound},
		{"odd parent", "tpm:" + fresh + "?parent=srk", keys.ECDSAP256, fault.UsageInvalid},
		{"odd bank", "tpm:" + fresh + "?pcrs=sha1:0", keys.ECDSAP256, fault.UsageInvalid},
		{"no PCR", "tpm:" + fresh + "?pcrs=sha256:", keys.ECDSAP256, fault.UsageInvalid},
		{"PCR too many", "tpm:" + fresh + "?pcrs=sha256:24", keys.ECDSAP256, fault.UsageInvalid},
		{"PCR twice", "tpm:" + fresh + "?pcrs=sha256:7,7", keys.ECDSAP256, fault.UsageInvalid},
		{"no directory", "tpm:" + fresh + "/no/k", keys.ECDSAP256, fault.OutputFailed},
	} {
		_, err := d.Generate(t.Context(), ref(t, row.ref), row.algorithm)
		assert.Equal(t, row.reason, fault.ReasonOf(err), "%s: %v", row.name, err)
		assert.NoFileExists(t, fresh, row.name)
	}
	after, err := os.ReadFile(existing)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	_, err = driver("", device.Socket).Generate(t.Context(), ref(t, "tpm:"+fresh), keys.ECDSAP256)
	assert.Equal(t, fault.PINRequired, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), "auth=none")
}

func TestGenerated(t *testing.T) {
	d := driver("", newTPM(t).Socket)
	path, made := generate(t, d, keys.ECDSAP256, "?auth=none")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Len(t, made.Notes, 1)
	assert.Contains(t, made.Notes[0].Message, "no PIN")
	s, err := d.Open(t.Context(), made.Ref)
	require.NoError(t, err)
	noter, ok := s.(keys.Noter)
	require.True(t, ok)
	assert.Empty(t, noter.Notes(), "the key stays in its TPM")
	require.NoError(t, keys.Close(s))

	odd := filepath.Join(t.TempDir(), "a?b c&d")
	made, err = d.Generate(t.Context(), ref(t, "tpm:"+odd+"?auth=none"), keys.ECDSAP256)
	require.NoError(t, err)
	assert.FileExists(t, odd)
	s, err = d.Open(t.Context(), made.Ref)
	require.NoError(t, err)
	verifies(t, s, made.Public)
	require.NoError(t, keys.Close(s))
}
