package timestamp_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/timestamp"
)

var signature = []byte("the bytes of a signature")

func newRequest(t testing.TB, h crypto.Hash) *timestamp.Request {
	t.Helper()
	q, err := timestamp.NewRequest(h, signature)
	require.NoError(t, err)
	return q
}

// OpenSSL grants what we ask for, and we read what it grants.
func TestExchange(t *testing.T) {
	tsa := testkit.NewTSA(t)
	past := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		t.Run(h.String(), func(t *testing.T) {
			q := newRequest(t, h)
			r, err := timestamp.ParseResponse(tsa.Reply(q.DER, past))
			require.NoError(t, err)
			assert.Equal(t, h, r.Hash)
			assert.WithinDuration(t, past, r.Time, 30*time.Second)
			assert.Equal(t, "1.2.3.4.1", r.Policy)
			require.NoError(t, r.Covers(signature))
			require.NoError(t, r.Answers(q))

			assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(r.Covers(append(signature, 0))))
			assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(r.Answers(newRequest(t, h))), "another nonce")
			other, err := timestamp.NewRequest(h, []byte("x"))
			require.NoError(t, err)
			assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(r.Answers(other)))
		})
	}
}

// OpenSSL reads our request, and we read its.
func TestRequests(t *testing.T) {
	dir := t.TempDir()
	q := newRequest(t, crypto.SHA384)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "q.tsq"), q.DER, 0o600))
	text := string(testkit.Tool(t, dir, "openssl", "ts", "-query", "-in", "q.tsq", "-text"))
	assert.Contains(t, text, "Hash Algorithm: sha384")
	assert.Contains(t, text, "Certificate required: yes")
	assert.Contains(t, text, strings.ToUpper(q.Nonce.Text(16)))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "data"), signature, 0o600))
	testkit.Tool(t, dir, "openssl", "ts", "-query", "-data", "data", "-sha512", "-no_nonce", "-out", "their.tsq")
	their, err := os.ReadFile(filepath.Join(dir, "their.tsq"))
	require.NoError(t, err)
	got, err := timestamp.ParseRequest(their)
	require.NoError(t, err)
	assert.Equal(t, crypto.SHA512, got.Hash)
	assert.Nil(t, got.Nonce)

	again, err := timestamp.ParseRequest(q.DER)
	require.NoError(t, err)
	assert.Equal(t, q, again)
	assert.NotEqual(t, q.Nonce, newRequest(t, crypto.SHA384).Nonce)
	_, err = timestamp.NewRequest(crypto.SHA1, signature)
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
}

// A bare token is the response that grants it.
func TestBareToken(t *testing.T) {
	tsa, dir := testkit.NewTSA(t), t.TempDir()
	reply := tsa.Reply(newRequest(t, crypto.SHA256).DER, time.Time{})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "r.tsr"), reply, 0o600))
	testkit.Tool(t, dir, "openssl", "ts", "-reply", "-in", "r.tsr", "-token_out", "-out", "token.der")
	token, err := os.ReadFile(filepath.Join(dir, "token.der"))
	require.NoError(t, err)
	want, err := timestamp.ParseResponse(reply)
	require.NoError(t, err)
	got, err := timestamp.ParseResponse(token)
	require.NoError(t, err)
	assert.Equal(t, want.Time, got.Time)
	again, err := timestamp.ParseResponse(got.DER)
	require.NoError(t, err, "what it was wrapped into is a response")
	assert.Equal(t, got, again)
}

// What OpenSSL refuses is said in words.
func TestRefusal(t *testing.T) {
	tsa := testkit.NewTSA(t)
	_, err := timestamp.ParseResponse(tsa.Reply([]byte("no request"), time.Time{}))
	require.Error(t, err)
	assert.Equal(t, fault.TimestampRefused, fault.ReasonOf(err))
	assert.Contains(t, err.Error(), "malformed")
}

// refused is a response without a token.
func refused(t testing.TB, code int, text string, failure ...int) []byte {
	t.Helper()
	bits := asn1.BitString{Bytes: make([]byte, 4), BitLength: 32}
	for _, f := range failure {
		bits.Bytes[f/8] |= 0x80 >> (f % 8)
	}
	type status struct {
		Code    int
		Text    []string
		Failure asn1.BitString
	}
	der, err := asn1.Marshal(struct{ Status status }{status{code, []string{text}, bits}})
	require.NoError(t, err)
	return der
}

func TestHostileResponses(t *testing.T) {
	good := testkit.NewTSA(t).Reply(newRequest(t, crypto.SHA256).DER, time.Time{})
	granted, err := asn1.Marshal(struct{ Status struct{ Code int } }{})
	require.NoError(t, err)
	replace := func(old, with string) []byte {
		require.Equal(t, 1, bytes.Count(good, []byte(old)), "%q", old)
		return bytes.Replace(good, []byte(old), []byte(with), 1)
	}
	tests := []struct {
		name string
		in   []byte
		want fault.Reason
		says string
	}{
		{"empty", nil, fault.TimestampMalformed, "malformed"},
		{"text", []byte("<html>"), fault.TimestampMalformed, "malformed"},
		{"trailing", append(bytes.Clone(good), 0), fault.TimestampMalformed, "1 bytes behind"},
		{"truncated", good[:len(good)-1], fault.TimestampMalformed, "malformed"},
		{"too large", make([]byte, timestamp.MaxResponse+1), fault.TimestampMalformed, "more than"},
		{"granted and empty", granted, fault.TimestampMalformed, "holds none"},
		{"with modifications", bytes.Replace(good, []byte{2, 1, 0}, []byte{2, 1, 1}, 1), fault.TimestampRefused, "something else than was asked"},
		{"rejection", refused(t, 2, "no \x1b[31m", 15), fault.TimestampRefused, `does not have the policy: "no \x1b[31m"`},
		{"waiting", refused(t, 3, "later"), fault.ServiceUnavailable, "cannot stamp now"},
		{"no clock", refused(t, 2, "", 14), fault.ServiceUnavailable, "cannot stamp now"},
		{"broken", refused(t, 2, "", 25), fault.ServiceUnavailable, "cannot stamp now"},
		{"another content", replace("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04\xa0", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x05\xa0"), fault.TimestampMalformed, "not a time stamp"},
		{"another hash", replace("\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", "\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x20"), fault.TimestampMalformed, "32 bytes"},
		{"unknown hash", replace("\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", "\x60\x86\x48\x01\x65\x03\x04\x02\x09\x05\x00\x04\x20"), fault.TimestampMalformed, "is not SHA-256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := timestamp.ParseResponse(tt.in)
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
		})
	}
	for i := range good { // no truncation is read as anything
		_, err := timestamp.ParseResponse(good[:i])
		require.Error(t, err)
	}
}

func TestHostileRequests(t *testing.T) {
	good := newRequest(t, crypto.SHA256).DER
	for name, in := range map[string][]byte{
		"empty": nil, "trailing": append(bytes.Clone(good), 0), "truncated": good[:len(good)-1],
		"version 2": bytes.Replace(good, []byte{2, 1, 1}, []byte{2, 1, 2}, 1), "too large": make([]byte, timestamp.MaxRequest+1),
	} {
		_, err := timestamp.ParseRequest(in)
		require.Error(t, err, name)
		assert.Equal(t, fault.TimestampMalformed, fault.ReasonOf(err), name)
	}
}

func ask(t testing.TB, address string, q *timestamp.Request) (*timestamp.Response, error) {
	t.Helper()
	u, err := timestamp.ParseURL(address)
	require.NoError(t, err)
	return timestamp.Ask(t.Context(), http.DefaultTransport, u, q)
}

// A server on loopback stamps what it is asked to.
func TestAsk(t *testing.T) {
	server := httptest.NewServer(testkit.NewTSA(t))
	defer server.Close()
	q := newRequest(t, crypto.SHA256)
	r, err := ask(t, server.URL, q)
	require.NoError(t, err)
	require.NoError(t, r.Answers(q))
	assert.WithinDuration(t, time.Now(), r.Time, time.Minute)
}

func TestHostileServers(t *testing.T) {
	tsa := testkit.NewTSA(t)
	good := httptest.NewServer(tsa)
	defer good.Close()
	reply := func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(body)
	}
	redirect := func(to string, code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, code) }
	}
	old := newRequest(t, crypto.SHA256)
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   fault.Reason
		says   string
	}{
		{"another's answer", func(w http.ResponseWriter, _ *http.Request) { reply(w, tsa.Reply(old.DER, time.Time{})) }, fault.TimestampInvalid, "nonce"},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) { reply(w, []byte("<html>")) }, fault.TimestampMalformed, "malformed"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, fault.TimestampMalformed, "text/html"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) { reply(w, make([]byte, 1<<20)) }, fault.TimestampMalformed, "more than"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			reply(w, []byte("x"))
		}, fault.ServiceUnavailable, "failed to ask"},
		{"busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, fault.ServiceUnavailable, "503"},
		{"too many", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, fault.ServiceUnavailable, "429"},
		{"not there", http.NotFound, fault.TimestampRefused, "404"},
		{"elsewhere", redirect(good.URL, http.StatusTemporaryRedirect), fault.TimestampRefused, "it redirects to"},
		{"loses the request", redirect("/other", http.StatusFound), fault.TimestampRefused, "loses the request"},
		{"in circles", redirect("/other", http.StatusPermanentRedirect), fault.TimestampRefused, "more than 3 times"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
		}, fault.ServiceUnavailable, "failed to ask"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handle)
			defer server.Close()
			_, err := ask(t, server.URL, newRequest(t, crypto.SHA256))
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
		})
	}
	t.Run("redirect on the host", func(t *testing.T) {
		mux := http.NewServeMux()
		mux.Handle("/", redirect("/tsa", http.StatusPermanentRedirect))
		mux.Handle("/tsa", tsa)
		server := httptest.NewServer(mux)
		defer server.Close()
		_, err := ask(t, server.URL, newRequest(t, crypto.SHA256))
		assert.NoError(t, err)
	})
	t.Run("nobody listens", func(t *testing.T) {
		server := httptest.NewServer(tsa)
		server.Close()
		_, err := ask(t, strings.Replace(server.URL, "http://", "http://user:secret@", 1), newRequest(t, crypto.SHA256))
		require.Error(t, err)
		assert.Equal(t, fault.ServiceUnavailable, fault.ReasonOf(err))
		assert.NotContains(t, err.Error(), "secret")
		assert.NotEmpty(t, fault.HintOf(err))
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
		}))
		defer server.Close()
		u, err := url.Parse(server.URL)
		require.NoError(t, err)
		_, err = timestamp.Ask(ctx, http.DefaultTransport, u, newRequest(t, crypto.SHA256))
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestParseURL(t *testing.T) {
	for _, text := range []string{"", "tsa.example.com", "ftp://tsa.example.com", "http://", "file:///x", "http://a b", "%"} {
		_, err := timestamp.ParseURL(text)
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), text)
	}
}

func FuzzParseResponse(f *testing.F) {
	q, err := timestamp.NewRequest(crypto.SHA256, signature)
	require.NoError(f, err)
	f.Add(q.DER)
	f.Add(refused(f, 2, "no", 2))
	for _, name := range []string{"openssl.tsr", "token.der"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := timestamp.ParseResponse(b); err == nil {
			again, err := timestamp.ParseResponse(r.DER)
			require.NoError(t, err)
			assert.Equal(t, r, again)
		} else {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), err)
		}
		if q, err := timestamp.ParseRequest(b); err == nil {
			assert.Len(t, q.Digest, q.Hash.Size())
		}
	})
}
