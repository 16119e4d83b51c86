package tpm_test

import (
	"crypto"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// providers make openssl use the TPM.
func providers(args ...string) []string {
	return append(args, "-provider", "tpm2", "-provider", "default")
}

// payload is what the tools sign: the PAE of message("{}").
func payload(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "pae")
	require.NoError(t, os.WriteFile(path, dsse.PAE(dsse.PayloadTypeInToto, []byte("{}")), 0o600))
	return path
}

// TestOpenSSLReadsOurs has tpm2-openssl sign with key files that we made.
func TestOpenSSLReadsOurs(t *testing.T) {
	for _, row := range []struct {
		name, options string
		algorithm     keys.Algorithm
		args          []string
	}{
		{"without a PIN", "?auth=none", keys.ECDSAP256, nil},
		{"with a PIN", "", keys.ECDSAP256, []string{"-passin", "pass:" + secret}},
		{"RSA", "", keys.RSA3072, []string{"-passin", "pass:" + secret}},
	} {
		t.Run(row.name, func(t *testing.T) {
			device := newTPM(t)
			path, made := generate(t, driver(secret, device.Socket), row.algorithm, row.options)
			public := device.tool(t, "openssl", append(providers("pkey", "-in", path, "-pubout"), row.args...)...)
			assert.Equal(t, string(made.PublicFile), string(public))

			sig := filepath.Join(device.Dir, "sig")
			device.tool(t, "openssl", append(providers("pkeyutl", "-sign", "-inkey", path,
				"-rawin", "-digest", "sha256", "-in", payload(t, device.Dir), "-out", sig, "-propquery", "?provider=tpm2"), row.args...)...)
			content, err := os.ReadFile(sig)
			require.NoError(t, err)
			v, err := dsse.NewVerifier(made.Public)
			require.NoError(t, err)
			require.NoError(t, v.Verify(message("{}"), dsse.Signature{Sig: content}))
		})
	}
}

// TestOursReadsOpenSSL signs with key files that tpm2-openssl made.
func TestOursReadsOpenSSL(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   []string
		want   keys.Algorithm
		driver string // its PIN
	}{
		{"P-256", []string{"-algorithm", "EC", "-pkeyopt", "group:P-256"}, keys.ECDSAP256, ""},
		{"P-384", []string{"-algorithm", "EC", "-pkeyopt", "group:P-384"}, keys.ECDSAP384, ""},
		{"with a PIN", []string{"-algorithm", "EC", "-pkeyopt", "group:P-256", "-pkeyopt", "user-auth:" + secret}, keys.ECDSAP256, secret},
		{"RSA 2048", []string{"-algorithm", "RSA", "-pkeyopt", "bits:2048"}, "rsa-2048", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			device := newTPM(t)
			path := filepath.Join(device.Dir, "k")
			device.tool(t, "openssl", append(providers("genpkey", "-out", path), row.args...)...)
			s, err := driver(row.driver, device.Socket).Open(t.Context(), ref(t, "tpm:"+path))
			require.NoError(t, err)
			a, err := keys.AlgorithmOf(s.Public())
			require.NoError(t, err)
			assert.Equal(t, row.want, a)
			sig, err := s.Sign(t.Context(), message("{}"))
			require.NoError(t, err)
			require.NoError(t, keys.Close(s))
			verifiedByOpenSSL(t, device, s.Public(), sig.Sig, "-"+hashName(a))
		})
	}
}

func hashName(a keys.Algorithm) string {
	if a == keys.ECDSAP384 {
		return "sha384"
	}
	return "sha256"
}

func verifiedByOpenSSL(t *testing.T, device *softTPM, public crypto.PublicKey, sig []byte, hash string) {
	t.Helper()
	text, err := keys.MarshalPublic(public)
	require.NoError(t, err)
	pub, out := filepath.Join(device.Dir, "pub"), filepath.Join(device.Dir, "sig")
	require.NoError(t, os.WriteFile(pub, text, 0o600))
	require.NoError(t, os.WriteFile(out, sig, 0o600))
	said := device.tool(t, "openssl", "dgst", hash, "-verify", pub, "-signature", out, payload(t, device.Dir))
	assert.Equal(t, "Verified OK\n", string(said))
}

// storageKeyArgs make tpm2_createprimary give the primary key of key files.
func storageKeyArgs(context string) []string {
	return []string{
		"-Q", "-C", "o", "-g", "sha256", "-G", "ecc256:null:aes128cfb", "-c", context,
		"-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt",
	}
}

// TestToolsLoadOurs takes a key file apart and has tpm2-tools load the key,
// verify our signature and sign for us.
func TestToolsLoadOurs(t *testing.T) {
	device := newTPM(t)
	path, made := generate(t, driver(secret, device.Socket), keys.ECDSAP256, "")
	s, err := driver(secret, device.Socket).Open(t.Context(), made.Ref)
	require.NoError(t, err)
	sig, err := s.Sign(t.Context(), message("{}"))
	require.NoError(t, err)
	require.NoError(t, keys.Close(s))

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	public, private, err := tpm.Blobs(content)
	require.NoError(t, err)
	file := func(name string, content []byte) string {
		name = filepath.Join(device.Dir, name)
		require.NoError(t, os.WriteFile(name, content, 0o600))
		return name
	}
	pae := payload(t, device.Dir)
	device.tool(t, "tpm2_createprimary", storageKeyArgs("parent.ctx")...)
	device.tool(t, "tpm2_load", "-Q", "-C", "parent.ctx", "-u", file("pub", public), "-r", file("priv", private), "-c", "key.ctx")
	device.tool(t, "tpm2_flushcontext", "-t")
	device.tool(t, "tpm2_verifysignature", "-Q", "-c", "key.ctx", "-g", "sha256", "-m", pae, "-f", "ecdsa", "-s", file("sig", sig.Sig))
	device.tool(t, "tpm2_flushcontext", "-t")
	device.tool(t, "tpm2_sign", "-Q", "-c", "key.ctx", "-p", secret, "-g", "sha256", "-f", "plain", "-o", "theirs", pae)
	theirs, err := os.ReadFile(filepath.Join(device.Dir, "theirs"))
	require.NoError(t, err)
	v, err := dsse.NewVerifier(made.Public)
	require.NoError(t, err)
	require.NoError(t, v.Verify(message("{}"), dsse.Signature{Sig: theirs}))
}

// TestPersistent has tpm2-tools make keys that the TPM keeps: one to sign with,
// one to sign with that has a PIN, and a parent.
func TestPersistent(t *testing.T) {
	device := newTPM(t)
	device.tool(t, "tpm2_createprimary", storageKeyArgs("parent.ctx")...)
	device.tool(t, "tpm2_evictcontrol", "-Q", "-C", "o", "-c", "parent.ctx", "0x81000001")
	device.tool(t, "tpm2_flushcontext", "-t")
	for handle, auth := range map[string][]string{"0x81000010": nil, "0x81000011": {"-p", secret}} {
		device.tool(t, "tpm2_create", append([]string{"-Q", "-C", "0x81000001", "-G", "ecc256:ecdsa-sha256", "-u", "u", "-r", "r", "-c", "key.ctx"}, auth...)...)
		device.tool(t, "tpm2_evictcontrol", "-Q", "-C", "o", "-c", "key.ctx", handle)
		device.tool(t, "tpm2_flushcontext", "-t")
	}
	d := driver(secret, device.Socket)

	t.Run("listed", func(t *testing.T) {
		listed, notes, err := d.List(t.Context(), ref(t, "tpm:"))
		require.NoError(t, err)
		require.Len(t, listed, 2, "the parent is not a signing key")
		assert.Equal(t, "tpm:handle=0x81000010", listed[0].Ref.String())
		assert.Equal(t, keys.ECDSAP256, listed[0].Algorithm)
		assert.Equal(t, device.Socket, listed[0].Where)
		assert.NotNil(t, listed[0].Public)
		assert.Len(t, notes, 1)
		one, _, err := d.List(t.Context(), ref(t, "tpm:handle=0x81000011"))
		require.NoError(t, err)
		require.Len(t, one, 1)
		_, _, err = d.List(t.Context(), ref(t, "tpm:handle=0x81000099"))
		assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err))
	})
	t.Run("without a PIN", func(t *testing.T) {
		s, err := d.Open(t.Context(), ref(t, "tpm:handle=0x81000010?auth=none"))
		require.NoError(t, err)
		defer keys.Close(s)
		verifies(t, s, s.Public())
	})
	t.Run("with a PIN", func(t *testing.T) {
		s, err := d.Open(t.Context(), ref(t, "tpm:handle=2164260881")) // the same in decimal
		require.NoError(t, err)
		verifies(t, s, s.Public())
		require.NoError(t, keys.Close(s))
		_, err = driver("", device.Socket).Open(t.Context(), ref(t, "tpm:handle=0x81000011"))
		assert.Equal(t, fault.PINRequired, fault.ReasonOf(err))
		assert.Contains(t, fault.HintOf(err), "tpm:handle=0x81000011?auth=none")
	})
	t.Run("as a parent", func(t *testing.T) {
		path, made := generate(t, d, keys.ECDSAP256, "?parent=0x81000001")
		s, err := d.Open(t.Context(), made.Ref)
		require.NoError(t, err)
		verifies(t, s, made.Public)
		require.NoError(t, keys.Close(s))
		device.tool(t, "tpm2_evictcontrol", "-Q", "-C", "o", "-c", "0x81000001")
		_, err = d.Open(t.Context(), ref(t, "tpm:"+path))
		assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err), "%v", err)
	})
	t.Run("near miss", func(t *testing.T) {
		_, err := d.Open(t.Context(), ref(t, "tpm:handle=0x81000012"))
		assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err))
		assert.Contains(t, fault.HintOf(err), `did you mean "handle=0x81000010"`)
	})
	t.Run("not a signing key", func(t *testing.T) {
		device.tool(t, "tpm2_createprimary", storageKeyArgs("parent.ctx")...)
		device.tool(t, "tpm2_evictcontrol", "-Q", "-C", "o", "-c", "parent.ctx", "0x81000002")
		device.tool(t, "tpm2_flushcontext", "-t")
		_, err := d.Open(t.Context(), ref(t, "tpm:handle=0x81000002"))
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
		_, err = d.Generate(t.Context(), ref(t, "tpm:"+filepath.Join(t.TempDir(), "k")+"?parent=0x81000010"), keys.ECDSAP256)
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
	})
}
