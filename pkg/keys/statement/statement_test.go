package statement_test

import (
	"bytes"
	"context"
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/statement"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func newKey(t testing.TB, a keys.Algorithm) crypto.Signer {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	return key
}

func signer(t testing.TB, key crypto.Signer) dsse.Signer {
	t.Helper()
	s, err := dsse.NewSigner(key)
	require.NoError(t, err)
	return s
}

func requireFault(t testing.TB, err error, reason fault.Reason) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
}

// pair is a rotation with its keys.
type pair struct {
	statement.Rotation
	old, next crypto.Signer
}

func newPair(t testing.TB) *pair {
	t.Helper()
	p := &pair{old: newKey(t, keys.ECDSAP256), next: newKey(t, keys.Ed25519)}
	p.Rotation = statement.Rotation{
		Reason: statement.Planned, Holder: "release team", Roles: []string{"release"},
		Old:       keys.TrustedKey{Name: "old", Public: p.old.Public(), Holder: "release team", Roles: []string{"release", "build"}},
		New:       keys.TrustedKey{Public: p.next.Public()},
		NotBefore: noon(), OverlapUntil: noon().AddDate(0, 0, 30), IssuedAt: noon(),
	}
	require.NoError(t, p.Old.Complete())
	return p
}

func (p *pair) write(t testing.TB) *dsse.Envelope {
	t.Helper()
	var b bytes.Buffer
	old := signer(t, p.old)
	if p.Reason != statement.Planned {
		old = nil
	}
	require.NoError(t, p.Write(t.Context(), &b, old, signer(t, p.next)))
	return parse(t, b.Bytes())
}

func parse(t testing.TB, b []byte) *dsse.Envelope {
	t.Helper()
	e, err := dsse.ParseEnvelope(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	return e
}

// envelope signs a statement that Write would not.
func envelope(t testing.TB, m dsse.Message, signers ...dsse.Signer) *dsse.Envelope {
	t.Helper()
	var b bytes.Buffer
	_, err := dsse.Write(context.Background(), &b, m, false, signers...)
	require.NoError(t, err)
	return parse(t, b.Bytes())
}

func at(t time.Time) keys.SigningTime { return keys.SigningTime{Time: t} }

func TestRotation(t *testing.T) {
	p := newPair(t)
	r, err := statement.VerifyRotation(p.write(t), &p.Old, at(noon()))
	require.NoError(t, err)
	assert.Equal(t, "release team", r.Holder)
	assert.Equal(t, []string{"release"}, r.Roles)
	assert.True(t, keys.Equal(r.New.Public, p.next.Public()))
	assert.Equal(t, noon(), r.NotBefore)
	assert.Equal(t, p.OverlapUntil, r.OverlapUntil)
	_, err = statement.VerifyNew(p.write(t))
	requireFault(t, err, fault.StatementInvalid)
}

// A planned rotation is refused for each thing that is wrong with it.
func TestRotationRefused(t *testing.T) {
	other := newKey(t, keys.Ed25519)
	for name, row := range map[string]struct {
		change  func(*pair)                 // of the statement and what is trusted
		signers func(*pair) []crypto.Signer // nil for both
		trusted func(*keys.TrustedKey)      // what is trusted by then
		reason  fault.Reason
	}{
		"old key alone":    {signers: func(p *pair) []crypto.Signer { return []crypto.Signer{p.old} }, reason: fault.SignatureThreshold},
		"new key alone":    {signers: func(p *pair) []crypto.Signer { return []crypto.Signer{p.next} }, reason: fault.SignatureThreshold},
		"old key twice":    {signers: func(p *pair) []crypto.Signer { return []crypto.Signer{p.old, p.old} }, reason: fault.SignatureThreshold},
		"another old key":  {signers: func(p *pair) []crypto.Signer { return []crypto.Signer{other, p.next} }, reason: fault.SignatureThreshold},
		"another new key":  {signers: func(p *pair) []crypto.Signer { return []crypto.Signer{p.old, other} }, reason: fault.SignatureThreshold},
		"a third signer":   {signers: func(p *pair) []crypto.Signer { return []crypto.Signer{p.old, p.next, other} }, reason: fault.SignatureThreshold},
		"strangers":        {signers: func(*pair) []crypto.Signer { return []crypto.Signer{other, other} }, reason: fault.SignatureUntrusted},
		"from another key": {change: func(p *pair) { p.Old.Public = other.Public() }, reason: fault.StatementInvalid},
		"another holder":   {change: func(p *pair) { p.Holder = "somebody" }, reason: fault.StatementInvalid},
		"another role":     {change: func(p *pair) { p.Roles = []string{"admin"} }, reason: fault.StatementInvalid},
		"old key revoked":  {trusted: func(k *keys.TrustedKey) { k.RevokedAt = noon().Add(time.Hour) }, reason: fault.KeyRevoked},
		"old key expired":  {trusted: func(k *keys.TrustedKey) { k.NotAfter = noon().Add(-1) }, reason: fault.KeyExpired},
		"window grows":     {trusted: func(k *keys.TrustedKey) { k.NotAfter = noon().Add(time.Hour) }, reason: fault.StatementInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			trusted := p.Old
			if row.change != nil {
				row.change(p)
			}
			if row.trusted != nil {
				row.trusted(&trusted)
			}
			by := []crypto.Signer{p.old, p.next}
			if row.signers != nil {
				by = row.signers(p)
			}
			var signers []dsse.Signer
			for _, key := range by {
				signers = append(signers, signer(t, key))
			}
			m, err := p.Message()
			require.NoError(t, err)
			_, err = statement.VerifyRotation(envelope(t, m, signers...), &trusted, at(noon()))
			requireFault(t, err, row.reason)
		})
	}
}

// A key that is trusted as the old one cannot sign for both halves.
func TestRotationByOneKeyForBoth(t *testing.T) {
	p := newPair(t)
	trusted := p.Old
	p.Old.Public, p.New.Public = p.next.Public(), p.old.Public()
	p.Old.Scheme, p.New.Scheme = "", ""
	m, err := p.Message()
	require.NoError(t, err)
	_, err = statement.VerifyRotation(envelope(t, m, signer(t, p.old), signer(t, p.old)), &trusted, at(noon()))
	requireFault(t, err, fault.StatementInvalid)
}

func TestRotationWithoutTheOldKey(t *testing.T) {
	for _, reason := range []statement.Reason{statement.Lost, statement.Compromised} {
		p := newPair(t)
		p.Reason = reason
		e := p.write(t)
		r, err := statement.VerifyNew(e)
		require.NoError(t, err)
		assert.Equal(t, reason, r.Reason)
		_, err = statement.VerifyRotation(e, &p.Old, at(noon()))
		requireFault(t, err, fault.SignatureUntrusted)
		assert.Contains(t, fault.HintOf(err), "trust bundle")

		m, err := p.Message()
		require.NoError(t, err)
		_, err = statement.VerifyNew(envelope(t, m, signer(t, p.old)))
		require.Error(t, err, "the old key cannot speak for the new one")
		_, err = statement.VerifyRotation(envelope(t, m, signer(t, p.old), signer(t, p.next)), &p.Old, at(noon()))
		requireFault(t, err, fault.SignatureUntrusted)
	}
}

func TestRotationThatIsNotWritten(t *testing.T) {
	for name, change := range map[string]func(*pair){
		"one key":      func(p *pair) { p.New.Public = p.Old.Public },
		"a gap":        func(p *pair) { p.OverlapUntil = p.NotBefore.Add(-time.Second) },
		"a bad role":   func(p *pair) { p.Roles = []string{"a b"} },
		"other reason": func(p *pair) { p.Reason = "whim" },
	} {
		p := newPair(t)
		change(p)
		_, err := p.Message()
		require.Error(t, err, name)
	}
	p := newPair(t)
	require.Error(t, p.Write(t.Context(), &bytes.Buffer{}, nil, signer(t, p.next)), "planned without the old key")
	var b bytes.Buffer
	require.Error(t, p.Write(t.Context(), &b, signer(t, newKey(t, keys.Ed25519)), signer(t, p.next)), "another key than the statement's")
	assert.Zero(t, b.Len())
}

// Every change of a byte of the payload is refused.
func TestRotationAltered(t *testing.T) {
	p := newPair(t)
	var b bytes.Buffer
	require.NoError(t, p.Write(t.Context(), &b, signer(t, p.old), signer(t, p.next)))
	for i := 0; i < b.Len(); i += 7 {
		altered := bytes.Clone(b.Bytes())
		altered[i] ^= 1
		e, err := dsse.ParseEnvelope(bytes.NewReader(altered), int64(len(altered)))
		if err != nil {
			continue
		}
		if bytes.Equal(payload(t, e), payload(t, parse(t, b.Bytes()))) && len(e.Signatures()) == 2 &&
			bytes.Equal(e.Signatures()[0].Sig, parse(t, b.Bytes()).Signatures()[0].Sig) &&
			bytes.Equal(e.Signatures()[1].Sig, parse(t, b.Bytes()).Signatures()[1].Sig) {
			continue // a key id, or a member that nobody knows
		}
		_, err = statement.VerifyRotation(e, &p.Old, at(noon()))
		require.Error(t, err, "byte %d", i)
	}
}

func payload(t testing.TB, e *dsse.Envelope) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := e.UnverifiedMessage().WriteTo(&b); err != nil {
		return nil
	}
	return append([]byte(e.UnverifiedMessage().PayloadType()), b.Bytes()...)
}

func TestRotationToAnAuthenticator(t *testing.T) {
	p := newPair(t)
	p.New.Scheme, p.New.FIDO2 = keys.SchemeFIDO2, &keys.FIDO2{RPID: "stella", Flags: []string{"up"}}
	m, err := p.Message()
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = m.WriteTo(&b)
	require.NoError(t, err)
	assert.Contains(t, b.String(), `"fido2":{"flags":["up"],"rpId":"stella"}`)
	assert.Contains(t, b.String(), `"scheme":"fido2"`)
	_, err = statement.VerifyRotation(envelope(t, m, signer(t, p.old), signer(t, p.next)), &p.Old, at(noon()))
	require.Error(t, err, "a plain signature is none of an authenticator")
}

// What an assertion must hold belongs to a scheme of assertions, and such a
// scheme to what its assertions must hold.
func TestRotationWithHalfAnAuthenticator(t *testing.T) {
	for _, change := range []func(*keys.TrustedKey){
		func(k *keys.TrustedKey) { k.FIDO2 = &keys.FIDO2{RPID: "stella", Flags: []string{"up"}} },
		func(k *keys.TrustedKey) { k.Scheme = keys.SchemeFIDO2 },
	} {
		p := newPair(t)
		change(&p.New)
		m, err := p.Message()
		require.NoError(t, err)
		_, err = statement.VerifyRotation(envelope(t, m, signer(t, p.old), signer(t, p.next)), &p.Old, at(noon()))
		require.Error(t, err)
	}
}

func TestRevocation(t *testing.T) {
	key := newKey(t, keys.ECDSAP256)
	r := statement.Revocation{Public: key.Public(), RevokedAt: noon().Add(-time.Hour + 900*time.Millisecond), Reason: "keyCompromise", IssuedAt: noon()}
	b, err := r.Marshal()
	require.NoError(t, err)
	got, err := statement.ParseRevocation(b)
	require.NoError(t, err)
	assert.Equal(t, noon().Add(-time.Hour), got.RevokedAt, "rounded to the earlier second")
	assert.True(t, keys.Equal(key.Public(), got.Public))
	assert.Equal(t, "keyCompromise", got.Reason)
	id, err := dsse.KeyID(key.Public())
	require.NoError(t, err)
	s, err := intoto.ParseStatement(bytes.NewReader(b))
	require.NoError(t, err)
	assert.Equal(t, id, s.Subjects[0].Name)

	for _, reason := range []string{"certificateHold", "removeFromCRL", "stolen", ""} {
		r.Reason = reason
		_, err = r.Marshal()
		requireFault(t, err, fault.PredicateInvalid)
	}
	text := string(b)
	for name, altered := range map[string]string{
		"another key id":  strings.ReplaceAll(text, id, "sha256:"+strings.Repeat("0", 64)),
		"another subject": strings.Replace(text, `"digest":{"sha256":"`+id[7:], `"digest":{"sha256":"`+strings.Repeat("0", 64), 1),
		"in the future":   strings.ReplaceAll(text, "2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z"),
		"another type":    strings.ReplaceAll(text, predicate.TypeKeyRevocation, predicate.TypeKeyRotation),
		"a fifth member":  strings.Replace(text, `{"_type"`, `{"more":1,"_type"`, 1),
		"too large":       text + strings.Repeat(" ", 1<<20),
	} {
		_, err := statement.ParseRevocation([]byte(altered))
		require.Error(t, err, name)
	}
}

// FuzzParseRevocation: what is read is written again, but for the spelling of
// the subject's name.
func FuzzParseRevocation(f *testing.F) {
	r := statement.Revocation{Public: newKey(f, keys.Ed25519).Public(), RevokedAt: noon(), Reason: "superseded", IssuedAt: noon()}
	b, err := r.Marshal()
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := statement.ParseRevocation(b)
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
			return
		}
		again, err := r.Marshal()
		require.NoError(t, err)
		_, err = statement.ParseRevocation(again)
		require.NoError(t, err)
	})
}

// FuzzVerifyRotation: no payload by the right keys makes the verifier panic, or
// counts with another holder.
func FuzzVerifyRotation(f *testing.F) {
	p := newPair(f)
	m, err := p.Message()
	require.NoError(f, err)
	var b bytes.Buffer
	_, err = m.WriteTo(&b)
	require.NoError(f, err)
	f.Add(b.Bytes())
	old, next := signer(f, p.old), signer(f, p.next)
	f.Fuzz(func(t *testing.T, content []byte) {
		e := envelope(t, dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(content)), old, next)
		r, err := statement.VerifyRotation(e, &p.Old, at(noon()))
		if err == nil {
			assert.Equal(t, p.Holder, r.Holder)
		}
	})
}
