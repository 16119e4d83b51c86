package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// The keys of builders, beside those that may be stolen.
const (
	ci      = "ci" // revoked
	nightly = "nightly"
)

const sbomType = "https://cyclonedx.org/bom"

// scene is the story in a directory: the snapshots of two cases, and the keys.
type scene struct {
	t       *testing.T
	dir     string
	world   *world.World
	signers map[string]dsse.Signer
	policy  *verify.Policy
}

func now() time.Time { return time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC) }

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, dir: t.TempDir(), world: world.New(t.Name()), signers: make(map[string]dsse.Signer)}
	require.NoError(t, os.MkdirAll(s.path("stolen"), 0o700))
	require.NoError(t, os.MkdirAll(s.path("case"), 0o700))
	s.trust()
	s.evidence()
	s.timelines()
	s.snapshot("CASE-7", "case.ndjson", "case-7.tar.gz")
	s.snapshot("CASE-8", "case-8.ndjson", "case-8.tar.gz")
	return s
}

func (s *scene) path(name string) string { return filepath.Join(s.dir, name) }

func (s *scene) write(name, content string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(content), 0o600))
}

func (s *scene) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(s.path(name))
	require.NoError(s.t, err)
	return string(b)
}

// trust makes the keys, and says who may sign what.
func (s *scene) trust() {
	s.t.Helper()
	var list []keys.TrustedKey
	for _, k := range []struct{ name, holder, predicateType string }{
		{ci, ci, sbomType}, {nightly, nightly, sbomType}, {release, release, promotionType},
		{lab, "laboratory", forensic.PredicateType}, {oldLab, "laboratory", forensic.PredicateType},
	} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(s.t, err)
		s.signers[k.name], err = dsse.NewSigner(key)
		require.NoError(s.t, err)
		text, err := keys.MarshalPrivate(key, keys.FormatPKCS8, nil)
		require.NoError(s.t, err)
		s.write("stolen/"+k.name+".key", string(text))
		entry := keys.TrustedKey{Name: k.name, Holder: k.holder, Public: key.Public(), PredicateTypes: []string{k.predicateType}}
		if k.name == ci || k.name == oldLab {
			entry.RevokedAt = s.world.Clock.Now().Add(time.Hour)
		}
		list = append(list, entry)
	}
	trust, err := keys.NewTrust(list...)
	require.NoError(s.t, err)
	root, err := material.ParseRoot("trusted_root.json", s.world.TrustedRoot())
	require.NoError(s.t, err)
	s.policy = &verify.Policy{Trust: trust, Root: root, Threshold: 1, At: now()}
}

// attest writes a statement about a file of the case, or about an image.
func (s *scene) attest(name, subject, digest, predicateType, key string) {
	s.t.Helper()
	m, err := intoto.NewMessage(predicateType, []intoto.Subject{{Name: subject, Digest: map[string]string{"sha256": digest}}}, dsse.Bytes(`{"to":"staging"}`))
	require.NoError(s.t, err)
	var b bytes.Buffer
	if strings.HasSuffix(name, ".dsse.json") {
		_, err = bundle.WriteEnvelope(s.t.Context(), &b, m, s.signers[key])
	} else {
		_, err = bundle.Write(s.t.Context(), &b, m, s.signers[key])
	}
	require.NoError(s.t, err)
	s.write("case/"+name, b.String())
}

func (s *scene) evidence() {
	s.t.Helper()
	for name, content := range map[string]string{
		"before.cdx.json": `{"bomFormat":"CycloneDX"}`, "other.cdx.json": `{"bomFormat":"CycloneDX","version":2}`, "report.json": "{}",
		"scan.log": "a shell was started", "notes.txt": "it was stopped", "before.tsq": "a query",
	} {
		s.write("case/"+name, content)
	}
	app := sum("the image")
	s.attest("image.sigstore.json", "app", app, sbomType, nightly)
	s.attest("scan.sigstore.json", "report.json", sum(s.read("case/report.json")), sbomType, nightly)
	s.attest("staging.sigstore.json", "app", app, promotionType, release)
	s.attest("prod.sigstore.json", "app", app, promotionType, release)
	s.attest("other.dsse.json", "other.cdx.json", sum(s.read("case/other.cdx.json")), sbomType, nightly)
	s.attest("before.sigstore.json", "before.cdx.json", sum(s.read("case/before.cdx.json")), sbomType, ci)
	s.stamp("case/before")
}

// stamp puts a time stamp into a bundle, and lays it beside it.
func (s *scene) stamp(name string) {
	s.t.Helper()
	text := s.read(name + ".sigstore.json")
	var signature []byte
	inBase64("sig", func(p string) string { signature = []byte(p); return p })(text)
	response := s.world.TSA.Stamp(signature, world.Stamp{})
	value := `,"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"` + base64.StdEncoding.EncodeToString(response) + `"}]}`
	stamped := swap(`},"dsseEnvelope"`, value+`},"dsseEnvelope"`)(text)
	require.NotEqual(s.t, text, stamped)
	s.write(name+".sigstore.json", stamped)
	s.write(name+".tsr", string(response))
}

func (s *scene) timelines() {
	s.t.Helper()
	named := func(file string) string {
		return fmt.Sprintf(`{"name":"case/%s","sha256":"%s"}`, file, sum(s.read("case/"+file)))
	}
	s.events("case.ndjson", `{"rule":"shell in container"}`, `{"evidence":[`+named("scan.log")+`]}`,
		`{"evidence":[`+named("staging.sigstore.json")+`,`+named("prod.sigstore.json")+`]}`, `{"decision":"stop"}`, `{"to":"auditor"}`)
	s.events("case-8.ndjson", `{"rule":"none"}`, `{"to":"auditor"}`)
}

func (s *scene) events(name string, details ...string) {
	s.t.Helper()
	at := now().Add(-time.Hour)
	clock := func() time.Time { at = at.Add(time.Second); return at }
	_, err := timeline.Add(s.t.Context(), s.path(name), clock, func(yield func(timeline.Entry, error) bool) {
		for _, text := range details {
			if !yield(timeline.Entry{Category: timeline.Evidence, Kind: "evidence.ingested", Details: []byte(text)}, nil) {
				return
			}
		}
	})
	require.NoError(s.t, err)
}

func (s *scene) snapshot(caseID, events, name string) {
	s.t.Helper()
	draft, err := forensic.NewDraft(s.t.Context(), []string{s.path("case")}, forensic.Options{
		Case: caseID, At: now(), Notes: []string{"as found"}, Timeline: s.path(events),
	})
	require.NoError(s.t, err)
	defer draft.Close()
	var signature, out bytes.Buffer
	_, err = bundle.WriteEnvelope(s.t.Context(), &signature, draft.Message, s.signers[lab])
	require.NoError(s.t, err)
	w, err := archive.NewWriter(&out, archive.Gzip, now())
	require.NoError(s.t, err)
	require.NoError(s.t, draft.Write(w, signature.Bytes()))
	require.NoError(s.t, w.Close())
	s.write(name, out.String())
}

// tamper runs the program on the snapshot of the case.
func (s *scene) tamper(args ...string) error {
	return run(append([]string{"-other", s.path("case-8.tar.gz"), "-stolen", s.path("stolen")}, args...), &bytes.Buffer{})
}

// verify returns what the verifier prints, and its exit status.
func (s *scene) verify(ctx context.Context, snapshot string) (text string, exit int) {
	s.t.Helper()
	members, in, err := forensic.Open(snapshot, nil)
	require.NoError(s.t, err)
	defer in.Close()
	var b bytes.Buffer
	object := newObject(ctx, &b)
	v, err := forensic.Verify(ctx, members, forensic.VerifyOptions{Name: snapshot, Case: "CASE-7", Policy: s.policy}, object)
	if err != nil {
		return withoutVerdict(err)
	}
	require.NoError(s.t, object.Close(v.Whole))
	return b.String(), v.Whole.Exit
}
