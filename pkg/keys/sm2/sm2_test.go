package sm2_test

import (
	"crypto"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gmsm "github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys/sm2"
)

func generate(t testing.TB) *sm2.PrivateKey {
	t.Helper()
	key, err := sm2.GenerateKey()
	require.NoError(t, err)
	return key
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// The example of GB/T 32918.5, appendix A.2, "message digest".
const (
	examplePoint = "04" +
		"09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" +
		"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
	exampleSignature = "3046" +
		"022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" +
		"022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
	examplePrefix = "3059301306072a8648ce3d020106082a811ccf5501822d034200" // of SubjectPublicKeyInfo
)

func TestStandardExample(t *testing.T) {
	key, err := sm2.ParsePublicKey(unhex(t, examplePrefix+examplePoint))
	require.NoError(t, err)
	sig := unhex(t, exampleSignature)
	require.NoError(t, key.VerifyInput([]byte("message digest"), sig))
	require.Error(t, key.VerifyInput([]byte("message digesT"), sig))
	sig[10] ^= 1
	require.Error(t, key.VerifyInput([]byte("message digest"), sig))
}

func TestSign(t *testing.T) {
	key := generate(t)
	public := key.Public().(*sm2.PublicKey)
	for _, message := range []string{"", "m"} {
		one, err := key.Sign(nil, []byte(message), nil)
		require.NoError(t, err)
		two, err := key.Sign(nil, []byte(message), crypto.Hash(0))
		require.NoError(t, err)
		assert.Equal(t, one, two, "deterministic")
		require.NoError(t, public.VerifyInput([]byte(message), one))
		require.Error(t, public.VerifyInput([]byte(message+"x"), one))
		require.Error(t, generate(t).Public().(*sm2.PublicKey).VerifyInput([]byte(message), one))
		require.Error(t, public.VerifyInput([]byte(message), append(slices.Clone(one), 0)), "trailing byte")
	}
	_, err := key.Sign(nil, make([]byte, 32), crypto.SHA256)
	require.Error(t, err, "a digest is not a message")
}

func TestEqual(t *testing.T) {
	key, other := generate(t), generate(t)
	public := key.Public().(*sm2.PublicKey)
	assert.True(t, key.Equal(key))
	assert.False(t, key.Equal(other))
	assert.False(t, key.Equal(public))
	assert.True(t, public.Equal(public))
	assert.False(t, public.Equal(other.Public()))
	assert.False(t, public.Equal("no key"))
}

// TestEncodings compares ours with those of the library's own X.509 package,
// which the program does not link.
func TestEncodings(t *testing.T) {
	key := generate(t)
	der, err := key.MarshalPKCS8()
	require.NoError(t, err)
	parsed, err := sm2.ParsePrivateKey(der)
	require.NoError(t, err)
	assert.True(t, parsed.Equal(key))
	theirs, err := smx509.ParsePKCS8PrivateKey(der)
	require.NoError(t, err)
	again, err := smx509.MarshalPKCS8PrivateKey(theirs)
	require.NoError(t, err)
	parsed, err = sm2.ParsePrivateKey(again)
	require.NoError(t, err)
	assert.True(t, parsed.Equal(key))

	spki, err := dsse.MarshalPKIX(key.Public())
	require.NoError(t, err)
	want, err := smx509.MarshalPKIXPublicKey(&theirs.(*gmsm.PrivateKey).PublicKey)
	require.NoError(t, err)
	assert.Equal(t, want, spki)
}

// TestParseRefuses breaks one thing at a time.
func TestParseRefuses(t *testing.T) {
	key := generate(t)
	private, err := key.MarshalPKCS8()
	require.NoError(t, err)
	public, err := dsse.MarshalPKIX(key.Public())
	require.NoError(t, err)
	other, err := dsse.MarshalPKIX(generate(t).Public())
	require.NoError(t, err)
	set := func(b []byte, i int, c byte) []byte {
		out := slices.Clone(b)
		out[(i+len(b))%len(b)] = c
		return out
	}
	for name, der := range map[string][]byte{
		"empty":          {},
		"cut":            public[:len(public)-1],
		"trailing":       append(slices.Clone(public), 0),
		"off the curve":  set(public, -1, public[len(public)-1]^1),
		"compressed":     set(public, len(public)-65, 2),
		"another curve":  set(public, 22, 0x2e),
		"at infinity":    append(slices.Clone(public[:len(public)-65]), make([]byte, 65)...),
		"unused bits":    set(public, len(public)-66, 1),
		"a private key":  private,
		"another family": set(public, 12, 2),
	} {
		t.Run("public "+name, func(t *testing.T) {
			_, err := sm2.ParsePublicKey(der)
			assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), "%v", err)
		})
	}
	scalar := slices.Index(private, 0x20) // the first OCTET STRING of 32 bytes
	require.Equal(t, byte(4), private[scalar-1])
	zero := slices.Concat(private[:scalar+1], make([]byte, 32), private[scalar+33:])
	order := unhex(t, "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123")
	for name, row := range map[string]struct {
		der  []byte
		want fault.Reason
	}{
		"empty":            {nil, fault.KeyMalformed},
		"cut":              {private[:len(private)-1], fault.KeyMalformed},
		"trailing":         {append(slices.Clone(private), 0), fault.KeyMalformed},
		"version":          {set(private, 5, 1), fault.KeyMalformed},
		"zero":             {zero, fault.KeyMalformed},
		"n":                {slices.Concat(private[:scalar+1], order, private[scalar+33:]), fault.KeyMalformed},
		"n-1":              {set(slices.Concat(private[:scalar+1], order, private[scalar+33:]), scalar+32, 0x22), fault.KeyMalformed},
		"another public":   {slices.Concat(private[:len(private)-65], other[len(other)-65:]), fault.KeySelfTest},
		"a public key":     {public, fault.KeyMalformed},
		"another encoding": {set(private, -69, 0xa2), fault.KeyMalformed},
	} {
		t.Run("private "+name, func(t *testing.T) {
			_, err := sm2.ParsePrivateKey(row.der)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestOpenSSL signs here and verifies there, and the other way round.
func TestOpenSSL(t *testing.T) {
	dir := t.TempDir()
	openssl := func(args ...string) []byte { return testkit.Tool(t, dir, "openssl", args...) }
	file := func(name string, content []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return b
	}
	const userID = "distid:" + sm2.UserID
	message := []byte("signed by two")
	file("m", message)
	openssl("genpkey", "-algorithm", "SM2", "-out", "k.pem")
	openssl("pkcs8", "-topk8", "-nocrypt", "-in", "k.pem", "-outform", "DER", "-out", "k")
	openssl("pkey", "-inform", "DER", "-in", "k", "-pubout", "-outform", "DER", "-out", "k.pub")
	key, err := sm2.ParsePrivateKey(read("k"))
	require.NoError(t, err)
	public, err := sm2.ParsePublicKey(read("k.pub"))
	require.NoError(t, err)
	assert.True(t, public.Equal(key.Public()))

	ours, err := key.Sign(nil, message, nil)
	require.NoError(t, err)
	file("ours", ours)
	openssl("pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pkeyopt", userID,
		"-pubin", "-keyform", "DER", "-inkey", "k.pub", "-in", "m", "-sigfile", "ours")
	openssl("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", userID,
		"-keyform", "DER", "-inkey", "k", "-in", "m", "-out", "theirs")
	require.NoError(t, public.VerifyInput(message, read("theirs")))

	openssl("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:another",
		"-keyform", "DER", "-inkey", "k", "-in", "m", "-out", "another")
	require.Error(t, public.VerifyInput(message, read("another")), "another user id")
}

// FuzzParsePublicKey: what parses is written back to the same bytes.
func FuzzParsePublicKey(f *testing.F) {
	f.Add(unhex(f, examplePrefix+examplePoint))
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := sm2.ParsePublicKey(der)
		if err != nil {
			require.Equal(t, fault.KeyMalformed, fault.ReasonOf(err))
			return
		}
		out, err := key.MarshalPKIX()
		require.NoError(t, err)
		require.Equal(t, der, out)
	})
}

// FuzzParsePrivateKey: what parses signs, and can be written.
func FuzzParsePrivateKey(f *testing.F) {
	der, err := generate(f).MarshalPKCS8()
	require.NoError(f, err)
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := sm2.ParsePrivateKey(der)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
			return
		}
		out, err := key.MarshalPKCS8()
		require.NoError(t, err)
		again, err := sm2.ParsePrivateKey(out)
		require.NoError(t, err)
		require.True(t, key.Equal(again))
	})
}

// FuzzVerify: a signature that was altered, in whatever encoding, never verifies.
func FuzzVerify(f *testing.F) {
	key, err := sm2.ParsePublicKey(unhex(f, examplePrefix+examplePoint))
	require.NoError(f, err)
	good := unhex(f, exampleSignature)
	f.Add(good)
	f.Fuzz(func(t *testing.T, sig []byte) {
		err := key.VerifyInput([]byte("message digest"), sig)
		require.Equal(t, slices.Equal(sig, good), err == nil)
	})
}

func BenchmarkSign(b *testing.B) {
	key := generate(b)
	message := make([]byte, 4096)
	for b.Loop() {
		_, err := key.Sign(nil, message, nil)
		require.NoError(b, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	key := generate(b)
	message := make([]byte, 4096)
	sig, err := key.Sign(nil, message, nil)
	require.NoError(b, err)
	public := key.Public().(*sm2.PublicKey)
	for b.Loop() {
		require.NoError(b, public.VerifyInput(message, sig))
	}
}
