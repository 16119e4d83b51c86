package promotion_test

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// image is what is promoted.
func image() intoto.Subject {
	return intoto.Subject{Name: "registry.example/app", Digest: map[string]string{"sha256": strings.Repeat("1", 64)}}
}

const sbom = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a"}]}`

// team is one key that signs everything, and a log that holds it all.
type team struct {
	*testing.T
	*world.World
	policy *verify.Policy
}

func newTeam(t *testing.T) *team {
	t.Helper()
	w := world.New(t.Name())
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "release", Holder: "release", Public: w.PublicKey(), AnyPredicateType: true})
	require.NoError(t, err)
	root, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	return &team{t, w, &verify.Policy{Trust: trust, Root: root, Threshold: 1, At: w.Clock.Now(), Spellings: predicate.Spellings}}
}

// sign makes a bundle of a statement.
func (w *team) sign(statement []byte, log world.Log) *input.File {
	w.Helper()
	return input.FromBytes("evidence.sigstore.json", w.Bundle(world.Options{Signer: world.Key, Payload: statement, Log: log}))
}

// sbom is a bundle of an SBOM's attestation.
func (w *team) sbom(log world.Log) *input.File { return w.sbomOf(sbom, log) }

func (w *team) sbomOf(document string, log world.Log) *input.File {
	w.Helper()
	return w.sign(sbomStatement(document), log)
}

// sbomStatement is a statement about the image that embeds an SBOM.
func sbomStatement(document string) []byte {
	return fmt.Appendf(nil, `{"_type":%q,"predicate":%s,"predicateType":%q,"subject":[{"digest":{"sha256":%q},"name":"app"}]}`,
		intoto.StatementV1, document, predicate.TypeCycloneDX, image().Digest["sha256"])
}

// assemble makes a promotion that rests on the files.
func (w *team) assemble(files ...*input.File) *predicate.Promotion {
	w.Helper()
	in := promotion.Input{Image: image(), Policy: w.policy, Step: predicate.Step{From: "dev", To: "prod", Actor: "release", Timestamp: "2026-11-23T08:00:00Z"}}
	for _, f := range files {
		in.Files = append(in.Files, promotion.File{Role: predicate.RoleSBOM, File: f})
	}
	made, err := promotion.Assemble(w.Context(), in)
	require.NoError(w, err)
	return made.Predicate
}

// promote signs a promotion.
func (w *team) promote(p *predicate.Promotion) *input.File { return w.promoteIn(p, world.NoLog) }

func (w *team) promoteIn(p *predicate.Promotion, log world.Log) *input.File {
	w.Helper()
	f := w.sign(w.statement(p), log)
	return input.FromBytes("promotion.sigstore.json", whole(w, f))
}

// statement is the payload of a promotion.
func (w *team) statement(p *predicate.Promotion) []byte {
	w.Helper()
	draft, err := p.Draft()
	require.NoError(w, err)
	var payload bytes.Buffer
	_, err = draft.Message.WriteTo(&payload)
	require.NoError(w, err)
	return payload.Bytes()
}

// verify judges the promotion with the evidence.
func (w *team) verify(named *input.File, d promotion.Demands, evidence ...*input.File) (*verify.Report, error) {
	w.Helper()
	return promotion.Verify(w.Context(), w.collect(named), w.collect(evidence...), w.policy, d)
}

func (w *team) collect(files ...*input.File) *promotion.Evidence {
	w.Helper()
	var lines bytes.Buffer
	for _, f := range files {
		lines.Write(bytes.TrimSpace(whole(w, f)))
		lines.WriteByte('\n')
	}
	if len(files) == 0 {
		return &promotion.Evidence{}
	}
	in := gather.New([]string{"-"}, gather.Options{Stdin: &lines})
	w.Cleanup(func() { in.Close() })
	e, err := promotion.Collect(w.Context(), in)
	require.NoError(w, err)
	w.Cleanup(func() { e.Close() })
	return e
}

func whole(t testing.TB, f *input.File) []byte {
	t.Helper()
	b, err := f.ReadAll()
	require.NoError(t, err)
	return b
}

// bare returns the envelope in a bundle, without what lies beside it.
func bare(t testing.TB, f *input.File) *input.File {
	t.Helper()
	var b struct {
		Envelope map[string]any `json:"dsseEnvelope"`
	}
	require.NoError(t, json.Unmarshal(whole(t, f), &b))
	out, err := json.Marshal(b.Envelope)
	require.NoError(t, err)
	return input.FromBytes("evidence.dsse.json", out)
}

// outcome is what a check of the first result came to.
func outcome(r *verify.Report, name string) string { return outcomeOf(&r.Results[0], name) }

func outcomeOf(r *verify.Result, name string) string {
	for _, c := range r.Checks {
		if c.Name == name {
			return strings.TrimSpace(string(c.Status) + " " + string(c.Reason))
		}
	}
	return "none"
}
