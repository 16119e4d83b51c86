package keys_test

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// openWith writes an envelope with one signature and opens it with trust.
func openWith(t *testing.T, m dsse.Message, s dsse.Signature, trust *keys.Trust) error {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, dsse.WriteSigned(t.Context(), &b, m, []dsse.Signature{s}))
	e, err := dsse.ParseEnvelope(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	var list []dsse.Key
	for _, k := range trust.Keys() {
		verifier, err := k.Verifier()
		require.NoError(t, err)
		list = append(list, dsse.Key{Holder: k.Holder, Verifier: verifier})
	}
	_, err = dsse.Open(e, 1, list...)
	return err
}

// skPublic returns the key of a token as OpenSSH encodes it.
func skPublic(t testing.TB, k *token, application string) []byte {
	t.Helper()
	pub, err := ssh.NewPublicKey(k.key.Public())
	require.NoError(t, err)
	if pub.Type() == ssh.KeyAlgoED25519 {
		return append(ssh.Marshal(struct{ Kind string }{ssh.KeyAlgoSKED25519}),
			append(pub.Marshal()[4+len(ssh.KeyAlgoED25519):], ssh.Marshal(struct{ A string }{application})...)...)
	}
	return append(ssh.Marshal(struct{ Kind string }{ssh.KeyAlgoSKECDSA256}),
		append(pub.Marshal()[4+len(ssh.KeyAlgoECDSA256):], ssh.Marshal(struct{ A string }{application})...)...)
}

func skLine(t testing.TB, k *token, application string) string {
	t.Helper()
	pub, err := ssh.ParsePublicKey(skPublic(t, k, application))
	require.NoError(t, err)
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub))) + " comment"
}

// skPrivate returns the key file that ssh-keygen would have written.
func skPrivate(t testing.TB, k *token, application string, flags byte) []byte {
	t.Helper()
	public := skPublic(t, k, application)
	check := make([]byte, 4)
	rand.Read(check)
	private := append(append(append([]byte(nil), check...), check...), public...)
	private = append(private, flags)
	private = append(private, ssh.Marshal(struct{ Handle, Reserved, Comment string }{"credential", "", "comment"})...)
	for i := byte(1); len(private)%8 != 0; i++ {
		private = append(private, i)
	}
	content := append([]byte("openssh-key-v1\x00"), ssh.Marshal(struct {
		Cipher, KDF, Options string
		Count                uint32
		Public, Private      []byte
	}{"none", "none", "", 1, public, private})...)
	return pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: content})
}

func tokens(t testing.TB, flags byte) []*token {
	t.Helper()
	return []*token{newToken(t, keys.ECDSAP256, rpID, flags), newToken(t, keys.Ed25519, rpID, flags)}
}

// TestSSHKeygenVerifies proves the format against stock OpenSSH: what it takes
// is what the verifier here takes.
func TestSSHKeygenVerifies(t *testing.T) {
	const payload = `{"_type":"https://in-toto.io/Statement/v1"}`
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload))
	for _, k := range tokens(t, 0x05) {
		dir := t.TempDir()
		sig := k.assert(t, keys.SchemeSSHSig, m)
		armored, err := keys.FormatSSHSig(k.key.Public(), rpID, sig)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sig"), armored, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "allowed"), []byte("release "+skLine(t, k, rpID)+"\n"), 0o600))
		verify := func(message []byte) error {
			path, err := exec.LookPath("ssh-keygen")
			if err != nil {
				testkit.Tool(t, dir, "ssh-keygen") // fails or skips
			}
			cmd := exec.CommandContext(t.Context(), path, "-Y", "verify", "-f", "allowed", "-I", "release", "-n", keys.SSHSigNamespace, "-s", "sig")
			cmd.Dir, cmd.Stdin = dir, bytes.NewReader(message)
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			return err
		}
		require.NoError(t, verify(dsse.PAE(dsse.PayloadTypeInToto, []byte(payload))))
		require.Error(t, verify(dsse.PAE(dsse.PayloadTypeInToto, []byte(payload+" "))))

		trust := filepath.Join(dir, "release.pub")
		require.NoError(t, os.WriteFile(trust, []byte(skLine(t, k, rpID)+"\n"), 0o600))
		loaded, err := keys.LoadTrust(trust)
		require.NoError(t, err)
		require.NoError(t, openWith(t, m, sig, loaded))
	}
}

func TestFormatSSHSigRefuses(t *testing.T) {
	m := dsse.NewMessage("t", dsse.Bytes("{}"))
	k := newToken(t, keys.ECDSAP256, rpID, 0x01)
	good := k.assert(t, keys.SchemeSSHSig, m)
	_, err := keys.FormatSSHSig(k.key.Public(), rpID, k.assert(t, keys.SchemeFIDO2, m))
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))
	_, err = keys.FormatSSHSig(k.key.Public(), rpID, dsse.Signature{Sig: good.Sig})
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))
	_, err = keys.FormatSSHSig(k.key.Public(), rpID, withExt(good, `{}`))
	assert.Equal(t, fault.SignatureMalformed, fault.ReasonOf(err))
	bad := good
	bad.Sig = good.Sig[:10]
	_, err = keys.FormatSSHSig(k.key.Public(), rpID, bad)
	assert.Equal(t, fault.SignatureMalformed, fault.ReasonOf(err))
	_, err = keys.FormatSSHSig(newToken(t, keys.RSA3072, rpID, 1).key.Public(), rpID, good)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
}

// TestSecurityKeyLines: a line of OpenSSH is trust in SchemeSSHSig.
func TestSecurityKeyLines(t *testing.T) {
	for _, k := range tokens(t, 0x01) {
		for line, flags := range map[string][]string{
			skLine(t, k, rpID):                      {"up"},
			"verify-required " + skLine(t, k, rpID): {"up", "uv"},
		} {
			path := filepath.Join(t.TempDir(), "k.pub")
			require.NoError(t, os.WriteFile(path, []byte("# ours\n"+line+"\n"), 0o600))
			trust, err := keys.LoadTrust(path)
			require.NoError(t, err)
			require.Len(t, trust.Keys(), 1)
			got := trust.Keys()[0]
			assert.Equal(t, keys.SchemeSSHSig, got.Scheme)
			assert.Equal(t, &keys.FIDO2{RPID: rpID, Flags: flags}, got.FIDO2)
			assert.Equal(t, k.key.Public(), got.Public)
		}
		for name, line := range map[string]string{
			"another option":        "no-touch-required " + skLine(t, k, rpID),
			"an option twice":       "verify-required verify-required " + skLine(t, k, rpID),
			"an application of web": skLine(t, k, "example.com"),
			"a space in it":         skLine(t, k, "ssh:a b"),
			"cut short":             skLine(t, k, rpID)[:60],
		} {
			_, err := keys.ParsePublic([]byte(line))
			assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), "%s: %v", name, err)
		}
	}
}

// TestBareSecurityKey: the line of OpenSSH wins over PEM of the same key,
// whichever comes first, and an entry wins over both.
func TestBareSecurityKey(t *testing.T) {
	k := newToken(t, keys.ECDSAP256, rpID, 0x01)
	dir := t.TempDir()
	pemText, err := keys.MarshalPublic(k.key.Public())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "k.pem"), pemText, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "k.pub"), []byte(skLine(t, k, rpID)), 0o600))
	for _, order := range [][]string{{"k.pem", "k.pub"}, {"k.pub", "k.pem"}} {
		trust, err := keys.LoadTrust(filepath.Join(dir, order[0]), filepath.Join(dir, order[1]))
		require.NoError(t, err)
		require.Len(t, trust.Keys(), 1)
		assert.Equal(t, keys.SchemeSSHSig, trust.Keys()[0].Scheme, order)
	}
	entry := keys.TrustedKey{Name: "release", Public: k.key.Public(), Scheme: keys.SchemeSSHSig, AnyPredicateType: true,
		FIDO2: &keys.FIDO2{RPID: rpID, Flags: []string{"uv"}}, Holder: "team"}
	text, err := keys.MarshalKeysJSON(entry)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys.json"), text, 0o600))
	trust, err := keys.LoadTrust(dir)
	require.NoError(t, err)
	require.Len(t, trust.Keys(), 1)
	assert.Equal(t, "team", trust.Keys()[0].Holder)
}

func TestParseSecurityKey(t *testing.T) {
	const passphrase = "correct horse"
	for _, k := range tokens(t, 0x01) {
		for _, verify := range []bool{false, true} {
			flags := byte(0x01)
			if verify {
				flags |= 0x04
			}
			text := skPrivate(t, k, rpID, flags)
			want := &keys.SecurityKey{Public: k.key.Public(), Application: rpID, Credential: []byte("credential"), VerifyUser: verify}
			got, err := keys.ParseSecurityKey(text, nil)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.True(t, keys.IsOpenSSH(text))

			for _, cipher := range []string{"aes256-ctr", "aes256-cbc"} {
				path := filepath.Join(t.TempDir(), "k")
				require.NoError(t, os.WriteFile(path, text, 0o600))
				testkit.Tool(t, "", "ssh-keygen", "-p", "-q", "-f", path, "-N", passphrase, "-Z", cipher, "-a", "2")
				encrypted, err := os.ReadFile(path)
				require.NoError(t, err)
				got, err = keys.ParseSecurityKey(encrypted, func() ([]byte, error) { return []byte(passphrase), nil })
				require.NoError(t, err)
				assert.Equal(t, want, got)
				_, err = keys.ParseSecurityKey(encrypted, func() ([]byte, error) { return []byte("another"), nil })
				assert.Equal(t, fault.PassphraseWrong, fault.ReasonOf(err))
				_, _, err = keys.ParsePrivate(encrypted, nil)
				assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
				assert.Contains(t, fault.HintOf(err), "fido2:")
			}
		}
	}
}

func TestParseSecurityKeyRefuses(t *testing.T) {
	k := newToken(t, keys.Ed25519, rpID, 0x01)
	text := skPrivate(t, k, rpID, 1)
	block, _ := pem.Decode(text)
	for i := range block.Bytes { // no truncation parses or panics
		cut := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes[:i]})
		_, err := keys.ParseSecurityKey(cut, nil)
		require.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%d bytes", i)
	}
	other := skPrivate(t, newToken(t, keys.Ed25519, rpID, 0x01), rpID, 1)
	otherBlock, _ := pem.Decode(other)
	mixed := append([]byte(nil), block.Bytes...)
	at := bytes.Index(mixed, skPublic(t, k, rpID))
	copy(mixed[at:], otherBlock.Bytes[at:at+len(skPublic(t, k, rpID))])
	_, err := keys.ParseSecurityKey(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: mixed}), nil)
	assert.Equal(t, fault.KeySelfTest, fault.ReasonOf(err))
	ordinary, err := ssh.MarshalPrivateKey(k.key, "")
	require.NoError(t, err)
	_, err = keys.ParseSecurityKey(pem.EncodeToMemory(ordinary), nil)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return out
}

func TestMarshalKeysJSON(t *testing.T) {
	k := newToken(t, keys.ECDSAP256, rpID, 0x01)
	list := []keys.TrustedKey{
		{
			Name: "release", Public: k.key.Public(), Algorithm: keys.ECDSAP256, Scheme: keys.SchemeSSHSig, Holder: "Örtliche Stelle",
			Roles: []string{"release"}, NotBefore: instant(t, "2026-01-01T00:00:00Z"), NotAfter: instant(t, "2027-01-01T00:00:00.5Z"),
			RevokedAt: instant(t, "2026-05-01T00:00:00Z"), Reason: "lost", PredicateTypes: []string{"a", "b"}, Tenant: "acme",
			FIDO2: &keys.FIDO2{RPID: rpID, Flags: []string{"up"}}, Source: "keys.json",
		},
		{Name: "any", Public: newToken(t, keys.Ed25519, "", 0).key.Public(), AnyPredicateType: true},
	}
	text, err := keys.MarshalKeysJSON(list...)
	require.NoError(t, err)
	assert.True(t, schematest.Accepts(compileSchema(t), string(text)))
	got, err := keys.ParseKeysJSON(text, "keys.json")
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.Equal(t, list[0], got[0])
	assert.True(t, got[1].AnyPredicateType)
	again, err := keys.MarshalKeysJSON(got...)
	require.NoError(t, err)
	_, err = keys.ParseKeysJSON(again, "keys.json")
	require.NoError(t, err)
	for name, bad := range map[string]keys.TrustedKey{
		"name":    {Name: "a b", Public: k.key.Public(), AnyPredicateType: true},
		"no rpId": {Name: "a", Public: k.key.Public(), Scheme: keys.SchemeFIDO2, AnyPredicateType: true},
	} {
		_, err := keys.MarshalKeysJSON(bad)
		assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), name)
	}
}

func FuzzParseSecurityKey(f *testing.F) {
	for _, k := range tokens(f, 0x01) {
		block, _ := pem.Decode(skPrivate(f, k, rpID, 5))
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		text := pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: content})
		key, err := keys.ParseSecurityKey(text, func() ([]byte, error) { return nil, fault.New(fault.PassphraseRequired, "declined") })
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
			return
		}
		require.True(t, strings.HasPrefix(key.Application, keys.SSHSigApplication))
		require.NotEmpty(t, key.Credential)
	})
}

// sshKeygen runs stock ssh-keygen -Y verify over a file and its signature.
func sshKeygen(t *testing.T, line, namespace string, armored, content []byte) error {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sig"), armored, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "allowed"), []byte("me "+line+"\n"), 0o600))
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		testkit.Tool(t, dir, "ssh-keygen") // fails or skips
	}
	cmd := exec.CommandContext(t.Context(), path, "-Y", "verify", "-f", "allowed", "-I", "me", "-n", namespace, "-s", "sig")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(content)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	return err
}

// TestSSHSigOfOrdinaryKeys: what any key signs that OpenSSH knows, ssh-keygen
// verifies, in its namespace only.
func TestSSHSigOfOrdinaryKeys(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 1<<17) // more than a pipe holds
	for _, a := range []keys.Algorithm{keys.Ed25519, keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072} {
		t.Run(string(a), func(t *testing.T) {
			key, err := keys.Generate(a)
			require.NoError(t, err)
			signer, err := dsse.NewSigner(key)
			require.NoError(t, err)
			s, err := keys.NewSSHSig(keys.SSHSigFile, dsse.Bytes(content))
			require.NoError(t, err)
			armored, err := s.Sign(t.Context(), signer)
			require.NoError(t, err)
			line, err := keys.MarshalSSHPublic(&keys.TrustedKey{Name: "release", Public: key.Public()})
			require.NoError(t, err)
			assert.Regexp(t, "^[a-z0-9-]+ [A-Za-z0-9+/=]+ release\n$", string(line))
			require.NoError(t, sshKeygen(t, string(line), "file", armored, content))
			require.Error(t, sshKeygen(t, string(line), "git", armored, content), "another namespace")
			require.Error(t, sshKeygen(t, string(line), "file", armored, content[1:]), "other content")

			read, err := keys.ParsePublic(line)
			require.NoError(t, err)
			assert.Equal(t, key.Public(), read[0].Key, "what is written for OpenSSH is read again")
		})
	}
}

func TestSSHSigRefuses(t *testing.T) {
	for name, namespace := range map[string]string{
		"empty": "", "of envelopes": keys.SSHSigNamespace, "control": "a\x1bb", "line": "a\nb", "long": strings.Repeat("n", 256),
	} {
		_, err := keys.NewSSHSig(namespace, dsse.Bytes("content"))
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), name)
	}
	s, err := keys.NewSSHSig(strings.Repeat("n", 255), dsse.Bytes("content"))
	require.NoError(t, err)
	for _, a := range []keys.Algorithm{keys.MLDSA65} {
		key, err := keys.Generate(a)
		require.NoError(t, err)
		signer, err := dsse.NewSigner(key)
		require.NoError(t, err)
		_, err = s.Sign(t.Context(), signer)
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
	}
	for name, k := range map[string]keys.TrustedKey{
		"assertion":   {Public: newToken(t, keys.ECDSAP256, rpID, 1).key.Public(), Scheme: keys.SchemeFIDO2, FIDO2: &keys.FIDO2{RPID: rpID}},
		"PSS":         {Public: newToken(t, keys.RSA3072, "", 0).key.Public(), Scheme: keys.SchemeRSAPSS},
		"RSA token":   {Public: newToken(t, keys.RSA3072, "", 0).key.Public(), Scheme: keys.SchemeSSHSig, FIDO2: &keys.FIDO2{RPID: rpID}},
		"no rp id":    {Public: newToken(t, keys.ECDSAP256, "", 0).key.Public(), Scheme: keys.SchemeSSHSig},
		"P-384 token": {Public: newToken(t, keys.ECDSAP384, "", 0).key.Public(), Scheme: keys.SchemeSSHSig, FIDO2: &keys.FIDO2{RPID: rpID}},
	} {
		_, err := keys.MarshalSSHPublic(&k)
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%s: %v", name, err)
	}
}

// TestTokensSignSSHSIGOnly: of all bare bytes an OpenSSH key on a token signs what
// SSHSIG signs, and not in the namespace of envelopes.
func TestTokensSignSSHSIGOnly(t *testing.T) {
	signed := func(namespace, reserved, hash string, digest int) []byte {
		return append([]byte("SSHSIG"), ssh.Marshal(struct {
			Namespace, Reserved, Hash string
			Digest                    []byte
		}{namespace, reserved, hash, make([]byte, digest)})...)
	}
	good := signed("file", "", "sha512", 64)
	for name, row := range map[string]struct {
		bytes []byte
		want  fault.Reason
	}{
		"as ssh-keygen":          {good, ""},
		"envelopes":              {signed(keys.SSHSigNamespace, "", "sha512", 64), fault.SignatureScheme},
		"no namespace":           {signed("", "", "sha512", 64), fault.SignatureScheme},
		"something reserved":     {signed("file", "x", "sha512", 64), fault.SignatureScheme},
		"another hash":           {signed("file", "", "sha256", 32), fault.SignatureScheme},
		"digest of another size": {signed("file", "", "sha512", 63), fault.SignatureScheme},
		"cut":                    {good[:len(good)-1], fault.SignatureScheme},
		"more":                   {append(bytes.Clone(good), 0), fault.SignatureScheme},
		"large":                  {signed(strings.Repeat("n", 500), "", "sha512", 64), fault.SignatureScheme},
	} {
		m, err := dsse.NewSSHSIG(row.bytes)
		require.NoError(t, err)
		_, err = keys.ClientDataHash(keys.SchemeSSHSig, m)
		if row.want == "" {
			require.NoError(t, err, name)
			continue
		}
		assert.Equal(t, row.want, fault.ReasonOf(err), "%s: %v", name, err)
		_, err = keys.ClientDataHash(keys.SchemeFIDO2, m)
		assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err), "another kind of key signs no bytes at all")
	}
}
