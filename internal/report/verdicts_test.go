package report_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/report"
	sigstore "github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func options() report.Options {
	return report.Options{Version: "v1.2.3", Inputs: []string{"evidence"}}
}

// render gives a verdict to a Writer as verifying does.
func render(t testing.TB, w report.Writer, whole *verify.Report) {
	t.Helper()
	defer w.Abort()
	require.NoError(t, report.Write(w, whole))
}

// world has one key that is trusted and one that is not.
type world struct {
	t              testing.TB
	trusted, stray crypto.Signer
	trust          *keys.Trust
	documents      *verify.Evidence
	files          int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, documents: &verify.Evidence{}}
	var err error
	w.trusted, err = keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	w.stray, err = keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	w.trust, err = keys.NewTrust(keys.TrustedKey{
		Name: "release-2026", Public: w.trusted.Public(), Holder: "release@example.org", Roles: []string{"release"},
		AnyPredicateType: true, Source: "keys.json", NotAfter: now().AddDate(0, 6, 0),
	})
	require.NoError(t, err)
	return w
}

// sealed adds an envelope about a subject by some keys.
func (w *world) sealed(subject string, signers ...crypto.Signer) *world {
	w.t.Helper()
	sum := sha256.Sum256([]byte(subject))
	m, err := intoto.NewMessage("https://cyclonedx.org/bom",
		[]intoto.Subject{{Name: subject, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}}, dsse.Bytes(`{"bomFormat":"CycloneDX"}`))
	require.NoError(w.t, err)
	var signatures []dsse.Signature
	for _, key := range signers {
		signer, err := dsse.NewSigner(key)
		require.NoError(w.t, err)
		s, err := signer.Sign(w.t.Context(), m)
		require.NoError(w.t, err)
		signatures = append(signatures, s)
	}
	var b bytes.Buffer
	if len(signatures) == 0 {
		fmt.Fprintf(&b, `{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}`)
	} else {
		require.NoError(w.t, dsse.WriteSigned(w.t.Context(), &b, m, signatures))
	}
	w.files++
	require.NoError(w.t, w.documents.Read(fmt.Sprintf("dist/%s-%d.dsse.json", subject, w.files), bytes.NewReader(b.Bytes()), int64(b.Len())))
	return w
}

// judged verifies everything for real.
func (w *world) judged(change func(*verify.Policy)) *verify.Report {
	w.t.Helper()
	p := &verify.Policy{Trust: w.trust, Threshold: 1, At: now()}
	if change != nil {
		change(p)
	}
	r, _ := verify.Verify(w.t.Context(), w.documents, p)
	require.NotNil(w.t, r)
	r.Time.Source = "system clock"
	return r
}

// verdicts are the outcomes that a verification has, by name: all but the last are
// real verdicts over real evidence.
func verdicts(t testing.TB) map[string]*verify.Report {
	t.Helper()
	about := func(names ...string) func(*verify.Policy) {
		return func(p *verify.Policy) {
			for _, name := range names {
				sum := sha256.Sum256([]byte(name))
				p.Subjects = append(p.Subjects, verify.Artifact{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}})
			}
		}
	}
	all := make(map[string]*verify.Report)
	w := newWorld(t)
	all["good"] = w.sealed("app", w.trusted).judged(about("app"))
	w = newWorld(t)
	all["good, compared with nothing"] = w.sealed("app", w.trusted).sealed("app", w.stray, w.trusted).judged(nil)
	w = newWorld(t)
	all["rejected"] = w.sealed("app", w.stray).judged(nil)
	w = newWorld(t)
	all["of another artifact"] = w.sealed("app", w.trusted).judged(about("tool"))
	w = newWorld(t)
	all["mixed"] = w.sealed("app", w.trusted).sealed("tool", w.stray).sealed("lib", w.trusted).judged(about("app", "absent"))
	w = newWorld(t)
	all["missing"] = w.sealed("app").judged(nil)
	w = newWorld(t)
	id, err := dsse.KeyID(w.trusted.Public())
	require.NoError(t, err)
	all["assumed"] = w.sealed("app", w.trusted).judged(func(p *verify.Policy) {
		p.AssumeRevoked = []verify.AssumedRevocation{{KeyID: id, RevokedAt: now().AddDate(-1, 0, 0)}}
	})
	all["nothing checked"] = &verify.Report{
		Schema: verify.Schema, Exit: fault.ExitMissing, Reason: fault.SignatureMissing, Network: "not used",
		Profile: verify.Profile{Name: "default"}, Time: verify.TimeUsed{At: now(), Source: "--at"}, Results: []verify.Result{},
	}
	all["keyless by a workflow"] = worldly(t)
	all["keyless"] = keyless()
	return all
}

// worldly is a real verdict over keyless evidence with log entry, time stamp and SCT.
func worldly(t testing.TB) *verify.Report {
	t.Helper()
	e := sigstore.New("report").Evidence(sigstore.Options{})
	root, err := material.ParseRoot("trusted_root.json", e.TrustedRoot)
	require.NoError(t, err)
	documents := &verify.Evidence{}
	require.NoError(t, documents.Read("app.tar.gz.sigstore.json", bytes.NewReader(e.Bundle), int64(len(e.Bundle))))
	r, err := verify.Verify(t.Context(), documents, &verify.Policy{
		Root: root, RootSources: []string{"trusted_root.json"}, Threshold: 1, At: e.At, Proofs: verify.Proofs{Log: 1, Timestamp: 1, SCT: 1},
		Identities: []verify.Identity{{SubjectAlternativeName: verify.Exactly(e.Demand.Identity), Issuer: verify.Exactly(e.Demand.Issuer), Holder: "release", Roles: []string{"release"}}},
		Subjects:   []verify.Artifact{{Name: "app.tar.gz", Content: dsse.Bytes(e.Artifact)}},
	})
	require.NoError(t, err)
	r.Time.Source = "system clock"
	return r
}

// keyless is a verdict with everything that a report can say.
func keyless() *verify.Report {
	index := int64(81234567)
	signed := time.Date(2026, 11, 2, 10, 14, 7, 0, time.UTC)
	certificate := &verify.Certificate{
		Authority: "https://fulcio.sigstore.dev", Identity: "https://github.com/example/app/.github/workflows/release.yml@refs/tags/v1.4.0",
		Issuer: "https://token.actions.githubusercontent.com", Subject: "CN=release,O=example", Algorithm: "ecdsa-p256", Serial: "2ac1f0e1d8b94bfa9a0bfe5dcd6e9b2f1c7a4e55",
		SHA256: strings.Repeat("5fe3", 16), NotBefore: signed.Add(-5 * time.Second), NotAfter: signed.Add(595 * time.Second),
		Extensions: map[string]string{
			"sourceRepositoryURI": "https://github.com/example/app", "sourceRepositoryRef": "refs/tags/v1.4.0",
			"sourceRepositoryDigest": strings.Repeat("ab", 20), "runnerEnvironment": "github-hosted", "buildTrigger": "push",
		},
	}
	good := verify.Result{
		Verified: true,
		Evidence: []verify.Source{{File: "dist/app-1.4.0.tar.gz.sigstore.json", Shape: "Sigstore bundle v0.3"}},
		Checks: []verify.Check{
			{Name: "signature", Status: verify.Passed, Message: "2 of 3 by a trusted key"},
			{Name: "statement", Status: verify.Passed, Message: "https://in-toto.io/Statement/v1"},
			{Name: "subject", Status: verify.Passed, Message: "about 1 of 1 demanded artifacts"},
			{Name: "type", Status: verify.NotDemanded, Message: "any predicate type"},
			{Name: "key", Status: verify.Passed, Message: "good at 2026-11-02T10:14:07Z"},
			{Name: "threshold", Status: verify.Passed, Message: "2 of 2 demanded holders signed"},
			{Name: "policy", Status: verify.Passed, Message: `rule "release": one of release and one of security`},
		},
		Rules: []verify.AppliedRule{{
			Policy: "release.yaml", Rule: "release",
			Signers: []verify.FilledRequirement{
				{Name: "release", Threshold: 1, Holders: []string{"release-workflow"}},
				{Name: "security", Threshold: 1, Holders: []string{"security@example.org"}},
			},
			Barred: []verify.BarredSigner{{Signer: 2, Reason: fault.KeyForbidden, Message: "the key is in nobody's hardware"}},
		}},
		Signers: []verify.Signer{
			{
				Verified: true, Counted: true, Holder: "release-workflow", KeyID: "sha256:" + strings.Repeat("7c0d", 16), Roles: []string{"release"},
				Certificate: certificate,
				Time:        &verify.SigningTime{At: signed, Source: "timestamp", Authority: "timestamp.sigstore.dev", Proven: true},
				Proofs: []verify.Proof{
					{Kind: verify.ProofSCT, Status: verify.Passed, Authority: "ctfe.sigstore.dev/2022", Time: signed.Add(-4 * time.Second)},
					{Kind: verify.ProofLog, Status: verify.Passed, Authority: "rekor.sigstore.dev", LogIndex: &index, Time: signed.Add(time.Second)},
					{Kind: verify.ProofTimestamp, Status: verify.Passed, Authority: "timestamp.sigstore.dev", Time: signed},
					{Kind: verify.ProofTimestamp, Status: verify.Failed, Authority: "tsa.example.org", Reason: fault.TimestampInvalid, Message: "the time stamp is about another signature"},
					{Kind: verify.ProofWitness, Status: verify.NotDemanded, Message: "of a key that is not in the trust"},
				},
			},
			{
				Index: 1, Verified: true, Counted: true, Holder: "security@example.org", Name: "security-2026", Tenant: "acme",
				KeyID: "sha256:" + strings.Repeat("19ef", 16), Roles: []string{"security", "audit"},
				Time: &verify.SigningTime{At: now(), Source: "system clock"},
			},
			{Index: 2, Reason: fault.SignatureMismatch, Message: "the signature is by no trusted key"},
		},
		Claims: &verify.Claims{
			PayloadType: "application/vnd.in-toto+json", StatementType: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1",
			Subjects: []verify.Subject{
				{Name: "app-1.4.0.tar.gz", Digest: map[string]string{"sha256": strings.Repeat("9f2c", 16), "sha512": strings.Repeat("41aa", 32)}, Matched: true},
				{Name: "app-1.4.0.zip", Digest: map[string]string{"sha256": strings.Repeat("77b0", 16)}},
			},
			PayloadSize: 48213,
		},
	}
	bad := verify.Result{
		Evidence: []verify.Source{{File: "dist/attestations.intoto.jsonl", Line: 3, Shape: "DSSE envelope"}},
		Checks: []verify.Check{
			{Name: "signature", Status: verify.Passed, Message: "1 of 1 by a trusted key"},
			{Name: "statement", Status: verify.NotDemanded, Message: "the payload is not an in-toto statement"},
			{Name: "subject", Status: verify.Failed, Reason: fault.SubjectMismatch, Message: "no subject of the statement is the demanded artifact", Hint: "ask for evidence about this build"},
			{Name: "type", Status: verify.NotRun, Message: "an earlier check failed"},
		},
		Signers: []verify.Signer{{Verified: true, Holder: "ci", KeyID: "sha256:" + strings.Repeat("0a1b", 16), Reason: fault.KeyRevoked, Message: "the key is revoked since 2026-10-01T00:00:00Z"}},
		Claims:  &verify.Claims{PayloadType: "application/json", PayloadSize: 17, Problem: "it has no subject"},
	}
	return &verify.Report{
		Schema: verify.Schema, Exit: fault.ExitRejected, Reason: fault.SubjectMismatch, Compared: true,
		Time: verify.TimeUsed{At: now(), Source: "system clock"}, Network: "not used", Profile: verify.Profile{Name: "fips", Standing: "not validated"},
		Trust: verify.TrustUsed{Rooted: true, Bundle: &verify.Bundle{
			Name: "acme", RootVersion: 3, TargetsVersion: 41, SignedAt: now().AddDate(0, 0, -12), ImportedAt: now().AddDate(0, 0, -10),
			Expires: now().AddDate(0, 0, 78), AgeSeconds: 12 * 24 * 3600,
		}, Sources: []string{"trust:acme/keys.json", "trust:acme"}, Keys: []verify.TrustedKey{
			{Name: "security-2026", Holder: "security@example.org", KeyID: "sha256:" + strings.Repeat("19ef", 16), Algorithm: "ecdsa-p256"},
			{Holder: "ci", Hybrid: "ci-2026", KeyID: "sha256:" + strings.Repeat("0a1b", 16), Algorithm: "ml-dsa-65"},
		}, Identities: []verify.TrustedIdentity{
			{Identity: "/https://github[.]com/example/app/.*/", Issuer: "https://token.actions.githubusercontent.com", Holder: "release-workflow", Roles: []string{"release"}},
		}, Authorities: []verify.Authority{
			{Kind: material.KindCA, Name: "https://fulcio.sigstore.dev", ID: strings.Repeat("b5c2", 16), From: signed.AddDate(-4, 0, 0)},
			{Kind: material.KindLog, Name: "https://rekor.sigstore.dev", ID: strings.Repeat("c0d2", 16), From: signed.AddDate(-5, 0, 0)},
			{Kind: material.KindTSA, Name: "https://timestamp.sigstore.dev", ID: strings.Repeat("e1f0", 16), From: signed.AddDate(-1, 0, 0), Until: signed.AddDate(9, 0, 0)},
		}},
		Policies: []string{"release.yaml"}, Loosened: []string{"no log entry is demanded"},
		Results: []verify.Result{good, bad},
		Ignored: []verify.Ignored{{Source: "dist/attestations.intoto.jsonl", Line: 2, Reason: fault.NotEvidence, Message: "an empty line"}},
	}
}
