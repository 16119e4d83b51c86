package endtoend

import (
	"bytes"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// matchesGolden compares text with a file of testdata. After a change that is
// meant, STELLA_UPDATE=1 writes the file anew.
func matchesGolden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("STELLA_UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text, "%s: other programs read this form; run with STELLA_UPDATE=1 if the change is meant", name)
}

// neutral replaces what differs between runs: the ids of the world's keys and
// the digests that follow from their signatures.
func (w *world) neutral(text string) string {
	w.t.Helper()
	var ids struct {
		Keys []struct {
			KeyID string `json:"keyId"`
		} `json:"keys"`
	}
	for name := range keyPairs() {
		o := w.ok("keys", "show", name+".pub", "--format", "json")
		require.NoError(w.t, json.Unmarshal([]byte(o.stdout), &ids))
		require.Len(w.t, ids.Keys, 1, "%s", o)
		text = strings.ReplaceAll(text, ids.Keys[0].KeyID, "sha256:<id of "+name+">")
	}
	return text
}

// TestVerdictSchema holds the JSON form of verdicts, as other programs read it.
func TestVerdictSchema(t *testing.T) {
	w := ready(t)
	w.ok("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--key", "ed25519.key", "-o", "two.dsse.json")
	w.write("other.json", []byte(`{"a":1}`))
	at := []string{"--at", "2027-01-01T00:00:00Z", "--format", "json"}
	for name, args := range map[string][]string{
		"verified.json":    {"verify", "two.dsse.json", "--key", "p256.key.pub", "--key", "ed25519.key.pub", "--threshold", "2", "--subject", "sbom.cdx.json", "--type", "cyclonedx"},
		"undemanded.json":  {"verify", "sbom.sigstore.json", "--key", "p256.key.pub"},
		"untrusted.json":   {"verify", "sbom.sigstore.json", "--key", "ed25519.key.pub"},
		"rejected.json":    {"verify", "two.dsse.json", "--key", "p256.key.pub", "--threshold", "2", "--subject", "other.json", "--type", "spdx"},
		"several.json":     {"verify", "two.dsse.json", "sbom.sigstore.json", "--key", "p256.key.pub"},
		"show-bundle.json": {"attest", "show", "sbom.sigstore.json"},
	} {
		t.Run(name, func(t *testing.T) {
			flags := at
			if args[0] == "attest" {
				flags = at[2:]
			}
			o := w.run(stella(append(append([]string(nil), args...), flags...)...))
			assert.Empty(t, o.stderr)
			matchesGolden(t, name, in(t, w).masked(o.stdout))
		})
	}
	o := w.run(stella("verify", "absent", "--key", "p256.key.pub", "--format", "json"))
	matchesGolden(t, "error.json", o.stderr)
}

// masked is neutral, and without what a random signature makes different.
func (w *world) masked(text string) string {
	w.t.Helper()
	var out []string
	for line := range strings.Lines(w.neutral(text)) {
		for _, member := range []string{`"bundleSha256": `, `"keyHint": `, `"size": `} {
			if i := strings.Index(line, member); i >= 0 {
				line = line[:i+len(member)] + "<differs>\n"
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

// TestWrongKeys verifies with keys that did not sign.
func TestWrongKeys(t *testing.T) {
	w := ready(t)
	w.ok("sign", "blob", "sbom.cdx.json", "--key", "p256.key", "-o", "blob.sigstore.json")
	for name, pub := range map[string]string{
		"same algorithm": "other.key.pub", "p384": "p384.key.pub", "ed25519": "ed25519.key.pub", "ml-dsa": "mldsa.key.pub",
	} {
		for _, file := range []string{"sbom.sigstore.json", "sbom.dsse.json"} {
			t.Run(name+"/"+file, func(t *testing.T) {
				v := in(t, w).judged(3, fault.SignatureUntrusted, stella("verify", file, "--key", pub))
				assert.Equal(t, "failed", v.Results[0].Checks[0].Status)
				for _, c := range v.Results[0].Checks[1:] {
					assert.Equal(t, "not_run", c.Status, "after a bad signature nothing is read: %s", c.Name)
				}
			})
		}
		t.Run(name+"/blob", func(t *testing.T) {
			o := w.run(stella("verify", "blob.sigstore.json", "--key", pub, "--subject", "sbom.cdx.json"))
			assert.Equal(t, 3, o.status, "%s", o)
		})
	}
}

// TestKeysInTheWrongPlace gives a private key to verify and a public one to
// sign.
func TestKeysInTheWrongPlace(t *testing.T) {
	w := ready(t)
	w.fails(failure{2, fault.KeyPrivate, []string{`"p256.key"`, "p256.key.pub"}}, stella("verify", "sbom.sigstore.json", "--key", "p256.key"))
	w.fails(failure{2, fault.KeyPrivate, []string{`"secret.key"`, "secret.key.pub"}}, stella("verify", "sbom.sigstore.json", "--trust", "secret.key"))
	w.fails(failure{2, fault.KeyPublic, []string{`"p256.key.pub"`, "p256.key"}}, stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key.pub", "-o", "out/x"))
	w.fails(failure{2, fault.KeyMalformed, []string{`"sbom.cdx.json"`}}, stella("sign", "sbom", "sbom.cdx.json", "--key", "sbom.cdx.json", "-o", "out/x"))
	w.fails(failure{2, fault.KeyMalformed, []string{`"sbom.dsse.json"`}}, stella("verify", "sbom.sigstore.json", "--key", "sbom.dsse.json"))
	w.fails(failure{2, fault.KeyScheme, []string{"nowhere"}}, stella("sign", "sbom", "sbom.cdx.json", "--key", "nowhere:x", "-o", "out/x"))
	w.fails(failure{4, fault.TrustRequired, []string{"--key KEY.pub"}}, stella("verify", "sbom.sigstore.json"))
	w.fails(failure{2, fault.UsageInvalid, []string{"--key KEY"}}, stella("sign", "sbom", "sbom.cdx.json", "-o", "out/x"))
}

// TestNotEvidence gives the document in place of its evidence.
func TestNotEvidence(t *testing.T) {
	w := ready(t)
	w.write("sbom.cdx.json.sigstore.json", w.read("sbom.sigstore.json"))
	w.fails(failure{2, fault.NotEvidence, []string{"stella verify sbom.cdx.json.sigstore.json --subject sbom.cdx.json"}},
		stella("verify", "sbom.cdx.json", "--key", "p256.key.pub"))
	w.write("empty.dsse.json", []byte(`{"payload":"e30=","payloadType":"x","signatures":[]}`))
	w.judged(4, fault.SignatureMissing, stella("verify", "empty.dsse.json", "--key", "p256.key.pub"))
}

// TestBlobNeedsSubject verifies a signature over bare bytes: only together
// with them.
func TestBlobNeedsSubject(t *testing.T) {
	w := newWorld(t)
	w.write("other", []byte("other"))
	for _, key := range []string{"p256.key", "p384.key", "ed25519.key", "mldsa.key"} {
		t.Run(key, func(t *testing.T) {
			w, out := in(t, w), key+".sigstore.json"
			w.ok("sign", "blob", "sbom.cdx.json", "--key", key, "-o", out)
			verify := stella("verify", out, "--key", key+".pub")
			w.judged(4, fault.SubjectRequired, verify)
			w.judged(0, "", verify.with("--subject", "sbom.cdx.json"))
			w.judged(3, fault.SubjectMismatch, verify.with("--subject", "other"))
		})
	}
}

// TestSeveralKeys signs with several keys in one go.
func TestSeveralKeys(t *testing.T) {
	w := newWorld(t)
	sign := []string{"sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--key", "ed25519.key", "--key", "mldsa.key"}
	w.ok(append(sign, "-o", "all.dsse.json")...)
	e := w.envelopeOf("all.dsse.json")
	assert.Len(t, e.Signatures, 3)
	assert.Equal(t, dsse.PayloadTypeInToto, e.PayloadType)
	verify := stella("verify", "all.dsse.json", "--key", "p256.key.pub", "--key", "ed25519.key.pub", "--key", "mldsa.key.pub")
	v := w.judged(0, "", verify.with("--threshold", "3", "--subject", "sbom.cdx.json"))
	assert.Len(t, v.Results[0].Signers, 3)
	w.judged(3, fault.SignatureThreshold, verify.with("--threshold", "4"))
	w.judged(3, fault.SignatureThreshold, stella("verify", "all.dsse.json", "--key", "p256.key.pub", "--threshold", "2"))
	w.fails(failure{2, fault.BundleSignatures, []string{"--envelope dsse"}}, stella(append(sign, "--envelope", "bundle", "-o", "out/x")...))
	w.fails(failure{2, fault.UsageInvalid, []string{"same key"}},
		stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--key", "./p256.key", "-o", "out/x"))
	w.fails(failure{2, fault.UsageInvalid, []string{"--threshold"}}, verify.with("--threshold", "0"))
}

// TestThresholdAcrossFiles counts the holders of all evidence for one payload,
// each of them once.
func TestThresholdAcrossFiles(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"p256.key", "ed25519.key"} {
		w.ok("sign", "sbom", "sbom.cdx.json", "--key", key, "-o", key+".sigstore.json")
	}
	w.ok("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--envelope", "dsse", "-o", "again.dsse.json")
	trust := []string{"--key", "p256.key.pub", "--key", "ed25519.key.pub", "--threshold", "2"}
	verify := func(files ...string) call { return stella(append([]string{"verify"}, files...)...).with(trust...) }
	w.judged(0, "", verify("p256.key.sigstore.json", "ed25519.key.sigstore.json"))
	w.judged(0, "", verify("again.dsse.json", "ed25519.key.sigstore.json", "p256.key.sigstore.json"))
	w.judged(3, fault.SignatureThreshold, verify("p256.key.sigstore.json"))
	w.judged(3, fault.SignatureThreshold, verify("p256.key.sigstore.json", "again.dsse.json", "p256.key.sigstore.json"))

	// One holder with two keys is one holder.
	w.write("keys.json", w.keysJSON(
		entry{key: "p256.key", holder: "team", types: []string{"*"}},
		entry{key: "ed25519.key", holder: "team", types: []string{"*"}}))
	w.judged(3, fault.SignatureThreshold, stella("verify", "p256.key.sigstore.json", "ed25519.key.sigstore.json", "--key", "keys.json", "--threshold", "2"))

	// Another payload is another matter.
	w.write("sbom2.cdx.json", swapped(t, "zlib", "zlib2"))
	w.ok("sign", "sbom", "sbom2.cdx.json", "--key", "ed25519.key", "-o", "second.sigstore.json")
	v := w.judged(3, fault.SignatureThreshold, verify("p256.key.sigstore.json", "second.sigstore.json"))
	assert.Len(t, v.Results, 2)
}

// TestJSONLines verifies several pieces of evidence in one file.
func TestJSONLines(t *testing.T) {
	w := ready(t)
	bundle, dsseLine := w.read("sbom.sigstore.json"), w.read("sbom.dsse.json")
	verify := stella("verify", "all.intoto.jsonl", "--key", "p256.key.pub", "--subject", "sbom.cdx.json")
	for name, content := range map[string][][]byte{
		"lines":          {bundle, dsseLine},
		"blank lines":    {bundle, []byte("\n  \r\n"), dsseLine, []byte("\n")},
		"no last end":    {bundle, bytes.TrimSpace(dsseLine)},
		"carriage":       {bytes.ReplaceAll(bundle, []byte("\n"), []byte("\r\n")), dsseLine},
		"ignored object": {bundle, []byte("{\"a\":1}\n"), dsseLine},
	} {
		t.Run(name, func(t *testing.T) {
			w.write("all.intoto.jsonl", bytes.Join(content, nil))
			v := in(t, w).judged(0, "", verify)
			assert.Len(t, v.Results, 1, "one payload")
		})
	}
	for name, bad := range map[string]struct {
		line   string
		reason fault.Reason
	}{
		"truncated": {string(dsseLine[:100]) + "\n", fault.EnvelopeMalformed},
		"malformed": {`{"payload":1,"payloadType":"x","signatures":[]}` + "\n", fault.EnvelopeMalformed},
		"version":   {`{"mediaType":"application/vnd.dev.sigstore.bundle.v9+json"}` + "\n", fault.BundleVersion},
	} {
		t.Run(name, func(t *testing.T) {
			w.write("all.intoto.jsonl", bytes.Join([][]byte{bundle, []byte(bad.line), dsseLine}, nil))
			in(t, w).failsBeside(failure{2, bad.reason, []string{"all.intoto.jsonl", "line 2"}}, verify)
		})
	}
}

// TestNumbers is about the numbers that a canonical form would change.
func TestNumbers(t *testing.T) {
	w := newWorld(t)
	for text, canonical := range map[string]string{
		"9.8": "9.8", "1.0": "1", "1e2": "100", "-0": "0", "9007199254740993": "", "0.1000000000000000055511151231257827": "", "1e400": "", "1e-400": "",
	} {
		t.Run(text, func(t *testing.T) {
			w := in(t, w)
			w.write("n.cdx.json", swapped(t, `"version":1,`, `"n":`+text+`,`))
			c := stella("sign", "sbom", "n.cdx.json", "--key", "p256.key", "--force", "-o", "n.sigstore.json")
			if canonical == "" {
				w.fails(failure{2, fault.NumberInexact, []string{text, "/n", "--preserve"}}, c)
			} else {
				w.okay(c)
				assert.Contains(t, string(w.payload("n.sigstore.json")), `"n":`+canonical+`,`)
			}
			w.okay(c.with("--preserve"))
			assert.Contains(t, string(w.payload("n.sigstore.json")), `"n":`+text+`,`)
			w.judged(0, "", stella("verify", "n.sigstore.json", "--key", "p256.key.pub", "--subject", "n.cdx.json"))
		})
	}
}
