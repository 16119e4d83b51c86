package keys_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func day(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

func TestJudge(t *testing.T) {
	const sbom = "https://cyclonedx.org/bom"
	window := keys.TrustedKey{Name: "k", NotBefore: day(2), NotAfter: day(20), PredicateTypes: []string{sbom}}
	revoked := window
	revoked.RevokedAt, revoked.Reason = day(10), "stolen"
	anyType := keys.TrustedKey{Name: "k", AnyPredicateType: true}
	for _, row := range []struct {
		name   string
		key    keys.TrustedKey
		typ    string
		at     time.Time
		proven bool
		want   fault.Reason
	}{
		{"good", window, sbom, day(5), false, ""},
		{"good, proven", window, sbom, day(5), true, ""},
		{"first instant", window, sbom, day(2), true, ""},
		{"before", window, sbom, day(2).Add(-time.Nanosecond), true, fault.KeyNotYetValid},
		{"last instant", window, sbom, day(20), true, ""},
		{"after", window, sbom, day(20).Add(time.Nanosecond), true, fault.KeyExpired},
		{"after, unproven", window, sbom, day(21), false, fault.KeyExpired},
		{"revoked, proven before", revoked, sbom, day(10).Add(-time.Nanosecond), true, ""},
		{"revoked, proven at that instant", revoked, sbom, day(10), true, fault.KeyRevoked},
		{"revoked, proven after", revoked, sbom, day(11), true, fault.KeyRevoked},
		{"revoked, unproven, whatever the time", revoked, sbom, day(3), false, fault.KeyRevoked},
		{"revoked, proven before the window", revoked, sbom, day(1), true, fault.KeyNotYetValid},
		{"another type", window, "https://spdx.dev/Document", day(5), true, fault.KeyTypeForbidden},
		{"longer type", window, sbom + "/v1.4", day(5), true, fault.KeyTypeForbidden},
		{"no type", window, "", day(5), true, fault.KeyTypeForbidden},
		{"no types allowed", keys.TrustedKey{}, sbom, day(5), true, fault.KeyTypeForbidden},
		{"no types allowed and none asked", keys.TrustedKey{PredicateTypes: []string{""}}, "", day(5), true, fault.KeyTypeForbidden},
		{"any type", anyType, sbom, day(5), false, ""},
		{"any type and none", anyType, "", day(5), false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.key.Judge(row.typ, keys.SigningTime{Time: row.at, Proven: row.proven})
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
	t.Run("spellings of one type", func(t *testing.T) {
		assert.NoError(t, window.Allows(sbom+"/v1.4", sbom))
		assert.Error(t, window.Allows())
	})
}

// trustDir writes files into a new directory.
func trustDir(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, dir, name, content, 0o644)
	}
	return dir
}

func publicPEM(t testing.TB, a keys.Algorithm) string {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	return pemText("PUBLIC KEY", publicDER(t, key.Public()))
}

func TestLoadTrustDirectory(t *testing.T) {
	key, private := marshal(t, keys.ECDSAP256, keys.FormatPKCS8)
	cert := certificate(t, key, func(c *x509.Certificate) { c.EmailAddresses = []string{"a@b"} })
	other, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	ca := certificate(t, other, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	dir := trustDir(t, map[string]string{
		"b.pub":       publicPEM(t, keys.Ed25519),
		"a.pub":       publicPEM(t, keys.ECDSAP256) + publicPEM(t, keys.MLDSA65),
		"c.crt":       pemText("CERTIFICATE", cert),
		"keys.json":   document(entry(publicPEM(t, keys.RSA3072), "rsa-3072", `"name":"z","holder":"ops"`)),
		"release.key": string(private),
		"ca.crt":      pemText("CERTIFICATE", ca),
		"README.md":   "# keys\n",
		"sbom.json":   `{"bomFormat":"CycloneDX"}`,
		"empty":       "",
		"random.bin":  "\x1f\x8b\x00",
	})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	write(t, filepath.Join(dir, "sub"), "d.pub", publicPEM(t, keys.Ed25519), 0o644)

	trust, err := keys.LoadTrust(dir)
	require.NoError(t, err)
	var names []string
	for _, k := range trust.Keys() {
		names = append(names, k.Name)
	}
	assert.Equal(t, []string{"a.pub#1", "a.pub#2", "b.pub", "c.crt", "z"}, names, "in the order of names, not below")
	ignored := map[string]string{}
	for _, i := range trust.Ignored() {
		ignored[filepath.Base(i.Path)] = i.Why
	}
	assert.Equal(t, map[string]string{
		"README.md": "not a key", "empty": "the key file is empty", "random.bin": "not a key", "release.key": "a private key",
		"sbom.json": "not a key", "sub": "not a regular file",
		"ca.crt": "the certificate is a CA's: it issues certificates and signs no evidence",
	}, ignored)

	pinned := trust.Find(key.Public())
	require.NotNil(t, pinned)
	assert.Equal(t, `certificate issuer="CN=release" san="a@b"`, pinned.Holder)
	assert.Equal(t, 2026, pinned.NotAfter.Year())
	assert.True(t, pinned.AnyPredicateType)
	assert.Nil(t, trust.Find(other.Public()), "a CA is never a key")
	id, err := dsse.KeyID(trust.Keys()[2].Public)
	require.NoError(t, err)
	assert.Equal(t, id, trust.Keys()[2].Holder, "the holder of a bare key is the key")
	assert.Equal(t, "ops", trust.Keys()[4].Holder)
}

func TestLoadTrustRefuses(t *testing.T) {
	good := publicPEM(t, keys.Ed25519)
	_, private := marshal(t, keys.ECDSAP256, keys.FormatPKCS8)
	for _, row := range []struct {
		name  string
		files map[string]string
		open  string
		want  fault.Reason
		hints string
	}{
		{"missing", nil, "no.pub", fault.InputNotFound, ""},
		{"empty directory", nil, "", fault.TrustRequired, "KEY.pub"},
		{"directory of other things", map[string]string{"README": "x"}, "", fault.TrustRequired, ""},
		{"private key", map[string]string{"k": string(private)}, "k", fault.KeyPrivate, "stella keys export"},
		{"private key beside its public one", map[string]string{"k": string(private), "k.pub": good}, "k", fault.KeyPrivate, "k.pub"},
		{"other file", map[string]string{"README": "x"}, "README", fault.KeyMalformed, ""},
		{"other JSON", map[string]string{"sbom.json": "{}"}, "sbom.json", fault.KeyMalformed, ""},
		{"empty file", map[string]string{"k.pub": ""}, "k.pub", fault.InputEmpty, ""},
		{"broken key in a directory", map[string]string{"a.pub": good, "b.pub": good[:50]}, "", fault.KeyMalformed, ""},
		{"broken key of another name", map[string]string{"a.pub": good, "b": good[:50]}, "", fault.KeyMalformed, ""},
		{"text with the name of a key", map[string]string{"a.pub": good, "b.pub": "x"}, "", fault.KeyMalformed, ""},
		{"broken keys.json", map[string]string{"a.pub": good, "keys.json": "{"}, "", fault.TrustMalformed, ""},
		{"keys.json that is something else", map[string]string{"a.pub": good, "keys.json": "[]"}, "", fault.KeyMalformed, ""},
		{"keys under another name", map[string]string{"a.pub": good, "trust.json": `{"format":"stella.ops/keys@v2","keys":[]}`}, "", fault.TrustMalformed, ""},
		{"too large", map[string]string{"a.pub": strings.Repeat("#", keys.MaxPublicFileSize+1)}, "a.pub", fault.InputTooLarge, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := trustDir(t, row.files)
			_, err := keys.LoadTrust(filepath.Join(dir, row.open))
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), row.hints)
		})
	}
	t.Run("nothing named", func(t *testing.T) {
		_, err := keys.LoadTrust()
		assert.Equal(t, fault.TrustRequired, fault.ReasonOf(err))
	})
	t.Run("standard input", func(t *testing.T) {
		_, err := keys.LoadTrust("-")
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
	})
}

// TestTrustMerge is about several files that hold the same public key.
func TestTrustMerge(t *testing.T) {
	pub := publicPEM(t, keys.ECDSAP256)
	revoked := document(entry(pub, "ecdsa-p256", `"name":"k","holder":"ops","revokedAt":"2026-03-01T00:00:00Z"`))
	for _, row := range []struct {
		name  string
		files map[string]string
		keys  int
		want  fault.Reason
	}{
		{name: "bare twice", files: map[string]string{"a.pub": pub, "b.pub": pub}, keys: 1},
		{name: "bare before an entry", files: map[string]string{"a.pub": pub, "keys.json": revoked}, keys: 1},
		{name: "bare after an entry", files: map[string]string{"keys.json": revoked, "z.pub": pub}, keys: 1},
		{name: "equal entries", files: map[string]string{"keys.json": revoked, "more.json": revoked}, keys: 1},
		{
			name: "two holders", files: map[string]string{
				"keys.json": revoked, "more.json": document(entry(pub, "ecdsa-p256", `"name":"k","holder":"dev","revokedAt":"2026-03-01T00:00:00Z"`)),
			}, want: fault.TrustMalformed,
		},
		{
			name: "one holder, not revoked", files: map[string]string{
				"keys.json": revoked, "more.json": document(entry(pub, "ecdsa-p256", `"name":"k","holder":"ops"`)),
			}, want: fault.TrustMalformed,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			trust, err := keys.LoadTrust(trustDir(t, row.files))
			if row.want != "" {
				assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
				return
			}
			require.NoError(t, err)
			require.Len(t, trust.Keys(), row.keys)
			if _, described := row.files["keys.json"]; described {
				assert.Equal(t, "ops", trust.Keys()[0].Holder, "the entry governs the key")
				assert.False(t, trust.Keys()[0].RevokedAt.IsZero())
				assert.False(t, trust.Keys()[0].AnyPredicateType)
			}
		})
	}
}

func TestNewTrust(t *testing.T) {
	_, err := keys.NewTrust(keys.TrustedKey{Public: "no key"})
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
	key, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	_, err = keys.NewTrust(keys.TrustedKey{Public: key.Public(), Scheme: keys.SchemeRSAPSS})
	assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err))
	trust, err := keys.NewTrust(keys.TrustedKey{Public: key.Public()})
	require.NoError(t, err)
	assert.Equal(t, keys.SchemeECDSASHA256, trust.Keys()[0].Scheme)
}

// TestVerifier proves that the entry's scheme, and nothing else, chooses how a
// signature is verified.
func TestVerifier(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	key, err := keys.Generate(keys.RSA3072)
	require.NoError(t, err)
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	sig, err := signer.Sign(t.Context(), m)
	require.NoError(t, err)
	for scheme, good := range map[keys.Scheme]bool{"": true, keys.SchemeRSAPKCS1: true, keys.SchemeRSAPSS: false} {
		trust, err := keys.NewTrust(keys.TrustedKey{Public: key.Public(), Scheme: scheme})
		require.NoError(t, err)
		verifier, err := trust.Keys()[0].Verifier()
		require.NoError(t, err)
		assert.Equal(t, good, verifier.Verify(m, sig) == nil, scheme)
		assert.Equal(t, key.Public(), verifier.Public())
	}
	for _, scheme := range []keys.Scheme{keys.SchemeFIDO2, keys.SchemeSSHSig} {
		_, err = (&keys.TrustedKey{Scheme: scheme}).Verifier()
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
	}
	_, err = (&keys.TrustedKey{Scheme: keys.SchemeRSAPSS}).Verifier()
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
}
