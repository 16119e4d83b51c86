//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

// signOnce signs and verifies.
func signOnce(t testing.TB, s dsse.Signer) {
	t.Helper()
	m := dsse.NewMessage("text/plain", dsse.Bytes("x"))
	sig, err := s.Sign(t.Context(), m)
	require.NoError(t, err)
	v, err := dsse.NewVerifier(s.Public())
	require.NoError(t, err)
	require.NoError(t, v.Verify(m, sig))
}

func open(t testing.TB, d *pkcs11.Driver, s string) dsse.Signer {
	t.Helper()
	signer, err := d.Open(t.Context(), ref(t, s))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keys.Close(signer)) })
	return signer
}

func TestPINSources(t *testing.T) {
	h := newHSM(t, "stella")
	h.put(t, "stella", "release", 1, keys.ECDSAP256)
	place := filepath.Join(h.dir, "pin")
	require.NoError(t, os.WriteFile(place, []byte(pin+"\n"), 0o600))
	t.Setenv("STELLA_TEST_PIN", pin)
	for _, row := range []struct {
		name, options string
		want          fault.Reason
	}{
		{"none", "", fault.PINRequired},
		{"pin-source as a URI", "?pin-source=file:" + place, ""},
		{"pin-source as a URI with an authority", "?pin-source=file://" + place, ""},
		{"pin-source as a path", "?pin-source=" + place, ""},
		{"pin-source that is a command", "?pin-source=|cat%20" + place, fault.UsageInvalid},
		{"pin-source that is relative", "?pin-source=file:pin", fault.UsageInvalid},
		{"pin-file", "?pin-file=" + place, ""},
		{"pin-file that is missing", "?pin-file=" + place + "x", fault.InputNotFound},
		{"pin-env", "?pin-env=STELLA_TEST_PIN", ""},
		{"two", "?pin-env=STELLA_TEST_PIN&pin-file=" + place, fault.PassphraseSource},
	} {
		t.Run(row.name, func(t *testing.T) {
			signer, err := h.driver(keys.NoPassphrases).Open(t.Context(), ref(t, "pkcs11:token=stella;object=release"+row.options))
			if row.want != "" {
				assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
				return
			}
			require.NoError(t, err)
			require.NoError(t, keys.Close(signer))
		})
	}
}

// asker counts how often it is asked, and keeps what it gave.
type asker struct {
	pin   string
	mu    sync.Mutex
	asked []keys.Prompt
	given [][]byte
}

func (a *asker) ask(_ context.Context, p keys.Prompt) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, p)
	a.given = append(a.given, []byte(a.pin))
	return a.given[len(a.given)-1], nil
}

// TestOneLogin opens several keys of one token at once: the PIN is asked for once,
// and wiped.
func TestOneLogin(t *testing.T) {
	h := newHSM(t, "stella")
	for i, a := range []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519} {
		h.put(t, "stella", string(a), byte(i+1), a)
	}
	a := &asker{pin: pin}
	d := h.driver(a.ask)
	var wg sync.WaitGroup
	for i := range 9 {
		wg.Go(func() {
			s, err := d.Open(t.Context(), ref(t, fmt.Sprintf("pkcs11:token=stella;id=%%0%d", i%3+1)))
			if assert.NoError(t, err) {
				_, err = s.Sign(t.Context(), dsse.NewMessage("text/plain", dsse.Bytes("x")))
				assert.NoError(t, err)
				defer keys.Close(s)
			}
			time.Sleep(50 * time.Millisecond) // so that all are open at once
		})
	}
	wg.Wait()
	require.Len(t, a.asked, 1)
	assert.Equal(t, keys.PIN, a.asked[0].Kind)
	assert.Contains(t, a.asked[0].Key, "pkcs11:token=stella;id=%0")
	assert.Equal(t, make([]byte, len(pin)), a.given[0], "the PIN is wiped")

	open(t, d, "pkcs11:token=stella;id=%01")
	assert.Len(t, a.asked, 2, "the login ended with the last signer")
}

// TestLogout ends the login to one token while another of the module is in use.
func TestLogout(t *testing.T) {
	h := newHSM(t, "stella", "other")
	for _, token := range []string{"stella", "other"} {
		h.put(t, token, "release", 1, keys.ECDSAP256)
	}
	a := &asker{pin: pin}
	d := h.driver(a.ask)
	other := open(t, d, "pkcs11:token=other;object=release")
	for range 2 {
		signer, err := d.Open(t.Context(), ref(t, "pkcs11:token=stella;object=release"))
		require.NoError(t, err)
		require.NoError(t, keys.Close(signer))
		require.NoError(t, keys.Close(signer), "closing twice does nothing")
	}
	assert.Len(t, a.asked, 3)
	signOnce(t, other)
}

// TestLost opens a token anew that went away and is back, beside a signer of the
// time before.
func TestLost(t *testing.T) {
	h := newHSM(t, "stella")
	h.put(t, "stella", "release", 1, keys.ECDSAP256)
	d := h.driver(answers(pin))
	before := open(t, d, "pkcs11:token=stella;object=release")
	pkcs11.Lose(before)
	after := open(t, d, "pkcs11:token=stella;object=release")
	assert.False(t, pkcs11.SameToken(before, after))
	require.NoError(t, keys.Close(before))
	signOnce(t, after)
	assert.True(t, pkcs11.SameToken(after, open(t, d, "pkcs11:token=stella;object=release")))
}

// TestOneTry gives a wrong PIN, which is not sent again.
func TestOneTry(t *testing.T) {
	h := newHSM(t, "stella", "other")
	for _, token := range []string{"stella", "other"} {
		h.put(t, token, "release", 1, keys.ECDSAP256)
	}
	a := &asker{pin: wrongPIN}
	d := h.driver(a.ask)
	for range 3 {
		_, err := d.Open(t.Context(), ref(t, "pkcs11:token=stella;object=release"))
		assert.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
	}
	assert.Len(t, a.asked, 1)
	assert.Equal(t, make([]byte, len(wrongPIN)), a.given[0], "the PIN is wiped")
	a.pin = pin
	open(t, d, "pkcs11:token=other;object=release")
	assert.Len(t, a.asked, 2, "another token is asked for its own")
}

func TestNoPINSet(t *testing.T) {
	h := newHSM(t)
	testkit.Tool(t, h.dir, "pkcs11-tool", "--module", h.module, "--init-token", "--slot-index", "0", "--label", "fresh", "--so-pin", "12345678")
	a := &asker{pin: pin}
	_, err := h.driver(a.ask).Open(t.Context(), ref(t, "pkcs11:token=fresh;object=release"))
	assert.Equal(t, fault.PINNotSet, fault.ReasonOf(err), "%v", err)
	assert.Empty(t, a.asked)
}

// TestSeveralTokens has two tokens of one label.
func TestSeveralTokens(t *testing.T) {
	h := newHSM(t, "twin", "twin")
	d := h.driver(answers(pin))
	_, err := d.Open(t.Context(), ref(t, "pkcs11:token=twin;object=release"))
	assert.Equal(t, fault.DeviceAmbiguous, fault.ReasonOf(err), "%v", err)
	serials := regexp.MustCompile(`serial=([0-9a-f]+)`).FindAllStringSubmatch(fault.HintOf(err), -1)
	require.Len(t, serials, 2)
	name := "pkcs11:serial=" + serials[1][1] + ";object=release"
	made, err := d.Generate(t.Context(), ref(t, name), keys.ECDSAP256)
	require.NoError(t, err)
	signOnce(t, open(t, d, name))
	signOnce(t, open(t, d, made.Ref.String()))
	_, err = d.Open(t.Context(), ref(t, "pkcs11:serial="+serials[0][1]+";object=release"))
	assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "there are no keys")
}

// TestSeveralKeys has two keys of one label, and two of one id.
func TestSeveralKeys(t *testing.T) {
	h := newHSM(t, "stella")
	one := h.put(t, "stella", "twin", 1, keys.ECDSAP256)
	two := h.put(t, "stella", "twin", 2, keys.ECDSAP256)
	h.tool(t, "stella", "--keypairgen", "--key-type", "EC:prime256v1", "--id", "03", "--label", "a")
	h.tool(t, "stella", "--keypairgen", "--key-type", "EC:prime256v1", "--id", "03", "--label", "b")
	d := h.driver(answers(pin))
	_, err := d.Open(t.Context(), ref(t, "pkcs11:token=stella;object=twin"))
	assert.Equal(t, fault.KeyAmbiguous, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "id=%01")
	assert.Contains(t, fault.HintOf(err), "id=%02")
	assert.Equal(t, one.Public(), open(t, d, "pkcs11:token=stella;object=twin;id=%01").Public())
	assert.Equal(t, two.Public(), open(t, d, "pkcs11:token=stella;object=twin;id=%02").Public())
	_, err = d.Open(t.Context(), ref(t, "pkcs11:token=stella;id=%03"))
	assert.Equal(t, fault.KeyAmbiguous, fault.ReasonOf(err), "%v", err)
	signOnce(t, open(t, d, "pkcs11:token=stella;id=%03;object=a"))
	signOnce(t, open(t, d, "pkcs11:token=stella;id=%03;object=b"))
}

// TestSeveralPublicKeys has two public keys under the name of one private key.
func TestSeveralPublicKeys(t *testing.T) {
	h := newHSM(t, "stella")
	h.put(t, "stella", "release", 1, keys.ECDSAP256)
	other, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(other.Public())
	require.NoError(t, err)
	h.tool(t, "stella", "--write-object", h.write(t, "other.der", der), "--type", "pubkey", "--id", "01", "--label", "release")
	_, err = h.driver(answers(pin)).Open(t.Context(), ref(t, "pkcs11:token=stella;object=release"))
	assert.Equal(t, fault.KeyAmbiguous, fault.ReasonOf(err), "%v", err)
	assert.ErrorContains(t, err, "several public keys")
}

// TestKeys has keys that are unlike those which the suite opens.
func TestKeys(t *testing.T) {
	h := newHSM(t, "stella")
	generate := func(label, id, kind string, args ...string) {
		h.tool(t, "stella", append([]string{"--keypairgen", "--key-type", kind, "--id", id, "--label", label}, args...)...)
	}
	generate("extractable", "01", "EC:prime256v1", "--extractable")
	generate("other curve", "02", "EC:secp521r1")
	generate("small", "03", "rsa:1024")
	generate("asks each time", "04", "EC:prime256v1", "--always-auth")
	generate("public lost", "05", "EC:prime256v1")
	h.tool(t, "stella", "--delete-object", "--type", "pubkey", "--id", "05")
	generate("modulus left", "06", "rsa:2048")
	h.tool(t, "stella", "--delete-object", "--type", "pubkey", "--id", "06")
	generate("Edwards", "07", "EC:edwards25519")
	d := h.driver(answers(pin))
	require.NoError(t, d.MakeIdle(t.Context(), ref(t, "pkcs11:token=stella;object=idle;id=%08")))
	for _, row := range []struct {
		id, message string
		want        fault.Reason
	}{
		{"01", "", ""},
		{"02", "not supported", fault.KeyUnsupported},
		{"03", "1024 bits", fault.KeyUnsupported},
		{"04", "wants its PIN for each signature", fault.KeyUnsupported},
		{"05", "no public key or certificate", fault.KeyUnsupported},
		{"06", "", ""},
		{"07", "", ""},
		{"08", "may not sign", fault.KeyUnsupported},
	} {
		t.Run(row.id, func(t *testing.T) {
			s, err := d.Open(t.Context(), ref(t, "pkcs11:token=stella;id=%"+row.id))
			if row.want != "" {
				assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
				assert.ErrorContains(t, err, row.message)
				return
			}
			require.NoError(t, err)
			signOnce(t, s)
			noter, _ := s.(keys.Noter)
			assert.Len(t, noter.Notes(), map[bool]int{true: 1}[row.id == "01"])
			require.NoError(t, keys.Close(s))
		})
	}
}

// TestCertificate has a certificate in the place of the public key, as smart
// cards do.
func TestCertificate(t *testing.T) {
	h := newHSM(t, "stella")
	key, ok := h.put(t, "stella", "release", 1, keys.ECDSAP256).(*ecdsa.PrivateKey)
	require.True(t, ok)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<31, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	path := filepath.Join(h.dir, "certificate.der")
	require.NoError(t, os.WriteFile(path, der, 0o600))
	h.tool(t, "stella", "--write-object", path, "--type", "cert", "--id", "01", "--label", "anything")
	h.tool(t, "stella", "--delete-object", "--type", "pubkey", "--id", "01")
	d := h.driver(answers(pin))
	signer := open(t, d, "pkcs11:token=stella;object=release")
	assert.Equal(t, key.Public(), signer.Public())
	signOnce(t, signer)

	listed, _, err := d.List(t.Context(), ref(t, "pkcs11:token=stella"))
	require.NoError(t, err)
	require.Len(t, listed, 1)
	assert.Equal(t, key.Public(), listed[0].Public)
}

func TestOpenPublic(t *testing.T) {
	for _, kind := range []string{"public", "cert", "data"} {
		_, err := pkcs11.New(pkcs11.Config{}).Open(t.Context(), ref(t, "pkcs11:token=stella;type="+kind))
		assert.Equal(t, fault.KeyPublic, fault.ReasonOf(err), "%v", err)
	}
}

// TestModuleTwice sees the same token through two modules, which is one token.
func TestModuleTwice(t *testing.T) {
	h := newHSM(t, "stella")
	h.put(t, "stella", "release", 1, keys.ECDSAP256)
	content, err := os.ReadFile(h.module)
	require.NoError(t, err)
	module := filepath.Join(h.dir, "copy.so")
	require.NoError(t, os.WriteFile(module, content, 0o700))
	broken := filepath.Join(h.dir, "broken.so")
	require.NoError(t, os.WriteFile(broken, []byte("no library"), 0o700))
	d := pkcs11.NewIn(pkcs11.Config{Ask: answers(pin)}, h.module, module, broken)
	signOnce(t, open(t, d, "pkcs11:token=stella;object=release"))
	signOnce(t, open(t, d, "pkcs11:token=stella;object=release?module-name=copy"))
	_, err = d.Open(t.Context(), ref(t, "pkcs11:token=nosuch"))
	assert.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), broken)
	listed, notes, err := d.List(t.Context(), ref(t, "pkcs11:"))
	require.NoError(t, err)
	assert.Len(t, listed, 1)
	assert.Contains(t, fmt.Sprint(notes), broken)
}

// TestConcurrentLife opens, uses and closes at random, so that the last use of a
// token and the first of the next meet.
func TestConcurrentLife(t *testing.T) {
	h := newHSM(t, "stella", "second")
	for _, token := range []string{"stella", "second"} {
		h.put(t, token, "p256", 1, keys.ECDSAP256)
		h.put(t, token, "ed25519", 2, keys.Ed25519)
	}
	d := h.driver(answers(pin))
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 6 {
				token, object := []string{"stella", "second"}[(i+j)%2], []string{"p256", "ed25519"}[i/2%2]
				s, err := d.Open(t.Context(), ref(t, "pkcs11:token="+token+";object="+object))
				if !assert.NoError(t, err) {
					return
				}
				_, err = s.Sign(t.Context(), dsse.NewMessage("text/plain", dsse.Bytes("x")))
				assert.NoError(t, err)
				assert.NoError(t, keys.Close(s))
				done.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 48, done.Load())
}

// TestSlowSource cancels while the PIN is asked for.
func TestSlowSource(t *testing.T) {
	h := newHSM(t, "stella")
	h.put(t, "stella", "release", 1, keys.ECDSAP256)
	ctx, cancel := context.WithCancel(t.Context())
	ask := func(ctx context.Context, _ keys.Prompt) ([]byte, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err := h.driver(ask).Open(ctx, ref(t, "pkcs11:token=stella;object=release"))
	require.ErrorIs(t, err, context.Canceled)
}
