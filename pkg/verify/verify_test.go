package verify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

const predicateType = "https://cyclonedx.org/bom"

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// key is one signer of the test's world.
type key struct {
	private crypto.Signer
	trusted keys.TrustedKey
}

func newKey(t testing.TB, name string, a keys.Algorithm) key {
	t.Helper()
	private, err := keys.Generate(a)
	require.NoError(t, err)
	return key{private, keys.TrustedKey{Name: name, Public: private.Public(), Holder: name, AnyPredicateType: true, Source: name + ".pub"}}
}

func (k key) signer(t testing.TB) dsse.Signer {
	t.Helper()
	s, err := dsse.NewSigner(k.private)
	require.NoError(t, err)
	return s
}

func trust(t testing.TB, list ...key) *keys.Trust {
	t.Helper()
	var trusted []keys.TrustedKey
	for _, k := range list {
		trusted = append(trusted, k.trusted)
	}
	tr, err := keys.NewTrust(trusted...)
	require.NoError(t, err)
	return tr
}

func sum256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func sum512(s string) string {
	sum := sha512.Sum512([]byte(s))
	return hex.EncodeToString(sum[:])
}

func statement(t testing.TB, subjects ...intoto.Subject) dsse.Message {
	t.Helper()
	m, err := intoto.NewMessage(predicateType, subjects, dsse.Bytes(`{"bomFormat":"CycloneDX"}`))
	require.NoError(t, err)
	return m
}

func appSubject() intoto.Subject {
	return intoto.Subject{Name: "app", Digest: map[string]string{"sha256": sum256("app")}}
}

func sealed(t testing.TB, m dsse.Message, list ...key) []byte {
	t.Helper()
	var buf bytes.Buffer
	var signers []dsse.Signer
	for _, k := range list {
		signers = append(signers, k.signer(t))
	}
	_, err := bundle.WriteEnvelope(context.Background(), &buf, m, signers...)
	require.NoError(t, err)
	return buf.Bytes()
}

func sealedBlob(t testing.TB, artifact string, k key) []byte {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, bundle.WriteBlob(context.Background(), &buf, dsse.Bytes(artifact), k.signer(t)))
	return buf.Bytes()
}

func evidence(t testing.TB, files ...[]byte) *verify.Evidence {
	t.Helper()
	e := &verify.Evidence{}
	for _, f := range files {
		require.NoError(t, e.Read("evidence.json", bytes.NewReader(f), int64(len(f))))
	}
	return e
}

// status returns the report's checks of one result by name.
func status(r verify.Result) map[string]verify.Status {
	out := make(map[string]verify.Status)
	for _, c := range r.Checks {
		out[c.Name] = c.Status
	}
	return out
}

func artifact(content string) verify.Artifact {
	return verify.Artifact{Name: "app", Content: dsse.Bytes(content)}
}

func TestVerify(t *testing.T) {
	ann, bob, eve := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.Ed25519), newKey(t, "eve", keys.ECDSAP256)
	with := func(k key, change func(*keys.TrustedKey)) key { change(&k.trusted); return k }
	past, future := now().Add(-time.Hour), now().Add(time.Hour)
	good := sealed(t, statement(t, appSubject()), ann)
	tests := []struct {
		name     string
		evidence [][]byte
		policy   verify.Policy
		want     fault.Reason // "" for success
	}{
		{"one signature", [][]byte{good}, verify.Policy{Trust: trust(t, ann)}, ""},
		{"subject and type", [][]byte{good}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("app")}, PredicateType: predicateType}, ""},
		{"subject by digest", [][]byte{good}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{{Name: "x", Digest: map[string]string{"sha256": sum256("app")}}}}, ""},
		{"other artifact", [][]byte{good}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("other")}}, fault.SubjectMismatch},
		{"one of two artifacts", [][]byte{good}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("app"), artifact("other")}}, fault.SubjectMismatch},
		{"other type", [][]byte{good}, verify.Policy{Trust: trust(t, ann), PredicateType: "https://spdx.dev/Document"}, fault.PredicateType},
		{"no trust", [][]byte{good}, verify.Policy{}, fault.TrustRequired},
		{"another key", [][]byte{good}, verify.Policy{Trust: trust(t, eve)}, fault.SignatureUntrusted},
		{"several other keys", [][]byte{good}, verify.Policy{Trust: trust(t, eve, bob)}, fault.SignatureUntrusted},
		{"threshold not met", [][]byte{good}, verify.Policy{Trust: trust(t, ann, bob), Threshold: 2}, fault.SignatureThreshold},
		{"threshold in one envelope", [][]byte{sealed(t, statement(t, appSubject()), ann, bob)}, verify.Policy{Trust: trust(t, ann, bob), Threshold: 2}, ""},
		{"threshold over two envelopes", [][]byte{good, sealed(t, statement(t, appSubject()), bob)}, verify.Policy{Trust: trust(t, ann, bob), Threshold: 2}, ""},
		{"two envelopes with other payloads do not add up", [][]byte{good, sealed(t, statement(t, intoto.Subject{Name: "x", Digest: map[string]string{"sha256": sum256("x")}}), bob)}, verify.Policy{Trust: trust(t, ann, bob), Threshold: 2}, fault.SignatureThreshold},
		{"an untrusted file beside a trusted one", [][]byte{good, sealed(t, statement(t, appSubject()), eve)}, verify.Policy{Trust: trust(t, ann)}, fault.SignatureUntrusted},
		{"one signature twice", [][]byte{good, good}, verify.Policy{Trust: trust(t, ann, bob), Threshold: 2}, fault.SignatureThreshold},
		{"revoked", [][]byte{good}, verify.Policy{Trust: trust(t, with(ann, func(k *keys.TrustedKey) { k.RevokedAt = future }))}, fault.KeyRevoked},
		{"expired", [][]byte{good}, verify.Policy{Trust: trust(t, with(ann, func(k *keys.TrustedKey) { k.NotAfter = past }))}, fault.KeyExpired},
		{"not yet valid", [][]byte{good}, verify.Policy{Trust: trust(t, with(ann, func(k *keys.TrustedKey) { k.NotBefore = future }))}, fault.KeyNotYetValid},
		{"type not allowed", [][]byte{good}, verify.Policy{Trust: trust(t, with(ann, func(k *keys.TrustedKey) { k.AnyPredicateType = false }))}, fault.KeyTypeForbidden},
		{"type allowed", [][]byte{good}, verify.Policy{Trust: trust(t, with(ann, func(k *keys.TrustedKey) {
			k.AnyPredicateType, k.PredicateTypes = false, []string{predicateType}
		}))}, ""},
		{"blob without artifact", [][]byte{sealedBlob(t, "app", ann)}, verify.Policy{Trust: trust(t, ann)}, fault.SubjectRequired},
		{"blob", [][]byte{sealedBlob(t, "app", ann)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("app")}}, ""},
		{"blob by digest", [][]byte{sealedBlob(t, "app", ann)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{{Name: "d", Digest: map[string]string{"sha256": sum256("app")}}}}, ""},
		{"blob by another digest", [][]byte{sealedBlob(t, "app", ann)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{{Name: "d", Digest: map[string]string{"sha512": sum512("app")}}}}, fault.SubjectRequired},
		{"blob of a pure scheme", [][]byte{sealedBlob(t, "app", bob)}, verify.Policy{Trust: trust(t, bob), Subjects: []verify.Artifact{artifact("app")}}, ""},
		{"blob of a pure scheme by digest", [][]byte{sealedBlob(t, "app", bob)}, verify.Policy{Trust: trust(t, bob), Subjects: []verify.Artifact{{Name: "d", Digest: map[string]string{"sha256": sum256("app")}}}}, fault.SubjectRequired},
		{"blob of another artifact", [][]byte{sealedBlob(t, "app", ann)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("other")}}, fault.SubjectMismatch},
		{"blob by another key", [][]byte{sealedBlob(t, "app", eve)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("app")}}, fault.SignatureMismatch},
		{"blob with a type demanded", [][]byte{sealedBlob(t, "app", ann)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("app")}, PredicateType: predicateType}, fault.PredicateType},
		{"not a statement", [][]byte{sealed(t, dsse.NewMessage("text/plain", dsse.Bytes("x")), ann)}, verify.Policy{Trust: trust(t, ann)}, ""},
		{"not a statement, subject demanded", [][]byte{sealed(t, dsse.NewMessage("text/plain", dsse.Bytes("x")), ann)}, verify.Policy{Trust: trust(t, ann), Subjects: []verify.Artifact{artifact("app")}}, fault.StatementInvalid},
		{"signed nonsense", [][]byte{sealed(t, dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes("{}")), ann)}, verify.Policy{Trust: trust(t, ann)}, fault.StatementInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.policy.At = now()
			tt.policy.Threshold = max(1, tt.policy.Threshold)
			r, err := verify.Verify(context.Background(), evidence(t, tt.evidence...), &tt.policy)
			if tt.want == "" {
				require.NoError(t, err)
				assert.True(t, r.Verified)
				assert.Equal(t, len(tt.policy.Subjects) > 0, r.Compared)
				return
			}
			require.Error(t, err)
			assert.Equal(t, tt.want, fault.ReasonOf(err), err)
			if r != nil {
				assert.False(t, r.Verified)
				assert.Equal(t, tt.want, r.Reason)
				assert.Equal(t, tt.want.Exit(), r.Exit)
			}
		})
	}
}

func TestSeveralDigestsMustAllMatch(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	subject := func(second string) intoto.Subject {
		return intoto.Subject{Name: "app", Digest: map[string]string{"sha256": sum256("app"), "sha512": second, "gitCommit": "x"}}
	}
	policy := verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), Subjects: []verify.Artifact{artifact("app")}}
	_, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, subject(sum512("app"))), ann)), &policy)
	require.NoError(t, err)
	_, err = verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, subject(sum512("other"))), ann)), &policy)
	assert.Equal(t, fault.SubjectMismatch, fault.ReasonOf(err))
	// A weak digest alone identifies nothing.
	weak := intoto.Subject{Name: "app", Digest: map[string]string{"sha1": "d2a3c5ef9fe5e1aa0fe6d0e8b4e1a7b3d2a3c5ef"}}
	_, err = verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, weak), ann)), &policy)
	assert.Equal(t, fault.SubjectMismatch, fault.ReasonOf(err))
}

// If the signature fails, nothing of the payload is shown and nothing else is
// said to have been checked.
func TestNothingIsReadOfAnUntrustedPayload(t *testing.T) {
	ann, eve := newKey(t, "ann", keys.ECDSAP256), newKey(t, "eve", keys.ECDSAP256)
	policy := verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), PredicateType: predicateType, Subjects: []verify.Artifact{artifact("app")}}
	r, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), eve)), &policy)
	require.Error(t, err)
	result := r.Results[0]
	assert.Nil(t, result.Claims)
	assert.Equal(t, map[string]verify.Status{
		"signature": verify.Failed, "statement": verify.NotRun, "subject": verify.NotRun,
		"type": verify.NotRun, "time": verify.NotRun, "key": verify.NotRun,
		"log": verify.NotRun, "sct": verify.NotRun, "threshold": verify.NotRun,
		"policy": verify.NotRun, "conditions": verify.NotRun, "freshness": verify.NotRun,
	}, status(result))
}

// After a good signature one report names everything that is wrong.
func TestAllChecksRunAfterTheSignature(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	ann.trusted.NotAfter = now().Add(-time.Hour)
	policy := verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), PredicateType: "x", Subjects: []verify.Artifact{artifact("other")}}
	r, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), ann)), &policy)
	require.Error(t, err)
	assert.Equal(t, map[string]verify.Status{
		"signature": verify.Passed, "statement": verify.Passed, "subject": verify.Failed,
		"type": verify.Failed, "time": verify.NotDemanded, "key": verify.Failed,
		"log": verify.NotDemanded, "sct": verify.NotDemanded, "threshold": verify.Failed,
		"policy": verify.NotDemanded, "conditions": verify.NotDemanded, "freshness": verify.NotDemanded,
	}, status(r.Results[0]))
}

func TestNothingCheckedIsNeverSuccess(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	policy := verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now()}
	r, err := verify.Verify(context.Background(), &verify.Evidence{}, &policy)
	require.Error(t, err)
	assert.False(t, r.Verified)
	assert.Equal(t, fault.ExitMissing, r.Exit)
	for name, p := range map[string]*verify.Policy{"nil": nil, "zero": {}, "no time": {Trust: trust(t, ann), Threshold: 1}, "no threshold": {Trust: trust(t, ann), At: now()}} {
		_, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), ann)), p)
		assert.Error(t, err, name)
	}
}

func TestEnvelopeWithoutSignatures(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	policy := verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now()}
	r, err := verify.Verify(context.Background(), evidence(t, []byte(`{"payload":"e30=","payloadType":"t","signatures":[]}`)), &policy)
	assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
	assert.Equal(t, fault.ExitMissing, r.Exit)
}

func TestSpellingsOfAType(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	policy := verify.Policy{
		Trust: trust(t, ann), Threshold: 1, At: now(), PredicateType: predicateType + "/v1.6",
		Spellings: func(uri string) []string { return []string{uri, predicateType} },
	}
	_, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), ann)), &policy)
	assert.NoError(t, err)
}

// countedContent counts how often it is read.
type countedContent struct {
	dsse.Bytes
	reads int
}

func (c *countedContent) WriteTo(w io.Writer) (int64, error) {
	c.reads++
	return c.Bytes.WriteTo(w)
}

// A statement may list many subjects; the artifact is read once for each
// algorithm and not once for each subject.
func TestArtifactIsHashedOnceForEachAlgorithm(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	var subjects []intoto.Subject
	for i := range 100 {
		other := fmt.Sprintf("other %d", i)
		subjects = append(subjects, intoto.Subject{Name: other, Digest: map[string]string{"sha256": sum256(other), "sha512": sum512(other)}})
	}
	subjects = append(subjects, intoto.Subject{Name: "app", Digest: map[string]string{"sha256": sum256("app"), "sha512": sum512("app")}})
	content := &countedContent{Bytes: dsse.Bytes("app")}
	policy := verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), Subjects: []verify.Artifact{{Name: "app", Content: content}}}
	_, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, subjects...), ann)), &policy)
	require.NoError(t, err)
	assert.Equal(t, 2, content.reads)
}

// What is wrong with a statement may be the evidence's words: it stands among the claims,
// and the finding says so.
func TestWhyAStatementIsInvalid(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	one := `{"name":"app","digest":{"sha256":"` + sum256("app") + `"}}`
	tooMany := `{"_type":"` + intoto.StatementV1 + `","predicateType":"x","subject":[` + strings.Repeat(one+",", intoto.MaxSubjects) + one + `]}`
	for payload, problem := range map[string]string{
		`{}`: `member "_type" is missing`, `{"_type":"mine"}`: `missing`, tooMany: "it has more than 10000 subjects",
	} {
		m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(payload))
		r, err := verify.Verify(t.Context(), evidence(t, sealed(t, m, ann)), &verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now()})
		require.NotNil(t, r, "%v", err)
		assert.Equal(t, fault.StatementInvalid, r.Reason)
		assert.Contains(t, r.Results[0].Claims.Problem, problem)
		check := r.Results[0].Checks[1]
		assert.Equal(t, "statement", check.Name)
		assert.NotContains(t, check.Message, problem)
		assert.Contains(t, check.Hint, "as its problem")
		assert.Contains(t, fault.HintOf(err), "ask the signer")
	}
}
