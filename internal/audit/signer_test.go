package audit

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

func newKey(t testing.TB) dsse.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	s, err := dsse.NewSigner(key)
	require.NoError(t, err)
	return s
}

// brokenSigner is a device that fails.
type brokenSigner struct {
	dsse.Signer
	err error
}

func (b brokenSigner) Sign(context.Context, dsse.Message) (dsse.Signature, error) {
	return dsse.Signature{Sig: []byte("half a signature")}, b.err
}

func use() Use {
	e := entry(0)
	content := e.Content
	content.PayloadSHA256 = ""
	return Use{Request: e.Request, Key: Key{Source: "pkcs11", Ref: "pkcs11:object=k"}, Content: content}
}

func TestSigner(t *testing.T) {
	inner := newKey(t)
	id, err := dsse.KeyID(inner.Public())
	require.NoError(t, err)
	payload := []byte(`{"a":1}`)
	sum := sha256.Sum256(payload)
	m := dsse.NewMessage("t", dsse.Bytes(payload))
	tests := map[string]struct {
		inner    dsse.Signer
		decision Decision
		reason   string
	}{
		"done":          {inner, Allowed, ""},
		"wrong PIN":     {brokenSigner{inner, fault.New(fault.PINWrong, "x")}, Refused, "pin.wrong"},
		"not touched":   {brokenSigner{inner, fault.New(fault.DeviceUntouched, "x")}, Refused, "device.untouched"},
		"revoked":       {brokenSigner{inner, fault.New(fault.KeyRevoked, "x")}, Refused, "key.revoked"},
		"device failed": {brokenSigner{inner, fault.New(fault.DeviceFailed, "x")}, Failed, "device.failed"},
		"unknown":       {brokenSigner{inner, errors.New("x")}, Failed, "internal"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := logPath(t)
			l := openLog(t, path)
			var seqs []uint64
			s, err := NewSigner(tt.inner, l, use(), func(seq uint64) { seqs = append(seqs, seq) })
			require.NoError(t, err)
			assert.Equal(t, inner.Public(), s.Public())
			signature, err := s.Sign(t.Context(), m)
			all := records(t, path) // before the log is closed
			require.Len(t, all, 1)
			assert.Equal(t, []uint64{1}, seqs)
			assert.Equal(t, tt.decision, all[0].Decision)
			assert.Equal(t, tt.reason, all[0].Reason)
			assert.Equal(t, id, all[0].Key.ID)
			assert.Equal(t, "pkcs11", all[0].Source)
			if tt.decision != Allowed {
				require.Error(t, err)
				assert.Empty(t, signature.Sig, "no part of a signature is released")
				assert.Empty(t, all[0].SignatureSHA256)
				return
			}
			require.NoError(t, err)
			made := sha256.Sum256(signature.Sig)
			assert.Equal(t, hex.EncodeToString(made[:]), all[0].SignatureSHA256)
			assert.Equal(t, hex.EncodeToString(sum[:]), all[0].PayloadSHA256)
			verifier, err := dsse.NewVerifier(s.Public())
			require.NoError(t, err)
			require.NoError(t, verifier.Verify(m, signature))
			require.NoError(t, l.Close())
		})
	}
}

// TestHold has several signatures share an fsync: their records are those that Sign
// writes of the same messages, and nothing is written before they are appended.
func TestHold(t *testing.T) {
	key := brokenAt{Signer: newKey(t), nth: 2}
	u := use()
	u.Subjects = []string{"sha256:aa", "sha256:\"\u00e4"} // one that is quoted
	payloads := []string{"first", "second", "third", ""}
	wantPath := logPath(t)
	l := openLog(t, wantPath)
	one, err := NewSigner(&key, l, u, nil)
	require.NoError(t, err)
	for _, payload := range payloads {
		_, _ = one.Sign(t.Context(), dsse.NewMessage("t", dsse.Bytes(payload)))
	}
	require.NoError(t, l.Close())
	want := records(t, wantPath)

	key.calls = 0
	path := logPath(t)
	l = openLog(t, path)
	var seqs []uint64
	held, err := NewSigner(&key, l, u, func(seq uint64) { seqs = append(seqs, seq) })
	require.NoError(t, err)
	var h Held
	subject := []byte("sha256:aa")
	for i, payload := range payloads {
		sum := sha256.Sum256([]byte(payload))
		brief := &Brief{Subjects: [][]byte{subject, []byte(u.Subjects[1])}, SubjectCount: u.SubjectCount, PredicateType: u.PredicateType, Payload: sum}
		signature, err := held.Hold(t.Context(), &h, dsse.NewMessage("t", dsse.Bytes(payload)), brief)
		assert.Equal(t, i == 2, err != nil)
		assert.Equal(t, i == 2, signature.Sig == nil)
	}
	copy(subject, "used again")
	assert.Empty(t, records(t, path))
	require.Equal(t, len(payloads), h.Len())
	require.NoError(t, held.Log().AppendHeld(&h))
	assert.Equal(t, []uint64{1, 2, 3, 4}, seqs)
	got := records(t, path)
	require.Len(t, got, len(want))
	for i := range want {
		// After an error Sign did not read the payload.
		want[i].PayloadSHA256 = got[i].PayloadSHA256
		assert.Equal(t, want[i].Entry, got[i].Entry, payloads[i])
		sum := sha256.Sum256([]byte(payloads[i]))
		assert.Equal(t, hex.EncodeToString(sum[:]), got[i].PayloadSHA256)
	}
	h.Reset()
	require.NoError(t, held.Log().AppendHeld(&h))
	assert.Len(t, records(t, path), len(want), "nothing is held any more")
	require.NoError(t, l.Close())
}

// brokenAt is a device that fails once.
type brokenAt struct {
	dsse.Signer
	calls, nth int
}

func (b *brokenAt) Sign(ctx context.Context, m dsse.Message) (dsse.Signature, error) {
	if b.calls++; b.calls == b.nth+1 {
		return dsse.Signature{Sig: []byte("half a signature")}, fault.New(fault.DeviceFailed, "x")
	}
	return b.Signer.Sign(ctx, m)
}

// TestNoRecordNoSignature is the promise of the whole package.
func TestNoRecordNoSignature(t *testing.T) {
	disk := &failingSegment{}
	l := openLog(t, logPath(t), func(l *Log) { l.openSegment = disk.open })
	s, err := NewSigner(newKey(t), l, use(), nil)
	require.NoError(t, err)
	disk.write = errors.New("disk full")
	signature, err := s.Sign(t.Context(), dsse.NewMessage("t", dsse.Bytes("x")))
	assert.Equal(t, fault.AuditUnwritable, fault.ReasonOf(err))
	assert.Empty(t, signature)
}

// TestObserve writes an envelope with keys of both kinds, those that sign a
// digest and those that sign all bytes: the payload's digest is in the record,
// and its bytes were read for nothing else.
func TestObserve(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	pure, err := dsse.NewSigner(private)
	require.NoError(t, err)
	for reads, inner := range map[int]dsse.Signer{1: newKey(t), 2: pure} {
		path := logPath(t)
		l := openLog(t, path)
		content := &countedContent{Bytes: dsse.Bytes("payload")}
		u := use()
		u.Message = Observe(dsse.NewMessage("t", content))
		s, err := NewSigner(inner, l, u, nil)
		require.NoError(t, err)
		var out bytes.Buffer
		_, err = dsse.Write(t.Context(), &out, u.Message, false, s)
		require.NoError(t, err)
		sum := sha256.Sum256([]byte("payload"))
		assert.Equal(t, hex.EncodeToString(sum[:]), records(t, path)[0].PayloadSHA256)
		assert.Equal(t, reads, content.reads)
		e, err := dsse.ParseEnvelope(bytes.NewReader(out.Bytes()), int64(out.Len()))
		require.NoError(t, err)
		verifier, err := dsse.NewVerifier(s.Public())
		require.NoError(t, err)
		_, err = dsse.Open(e, 1, dsse.Key{Verifier: verifier})
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}

type countedContent struct {
	dsse.Bytes
	reads int
}

func (c *countedContent) WriteTo(w io.Writer) (int64, error) {
	c.reads++
	return c.Bytes.WriteTo(w)
}
