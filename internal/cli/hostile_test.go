package cli

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
)

// hostileStrings is what evidence may try on a terminal, a log or a CI runner.
// They are all valid JSON strings.
func hostileStrings() map[string]string {
	return map[string]string{
		"colour":           "\x1b[31mred\x1b[0m",
		"title":            "\x1b]0;owned\x07",
		"hyperlink":        "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
		"C1":               "\u009b31m\u0085",
		"bidi":             "\u202egpj.exe\u2066x\u2069",
		"zero width":       "ad\u200bmin\u200d\ufeff",
		"line breaks":      "a\r\nstella: error: forged\n\u2028\u2029x",
		"workflow command": "::error title=x::forged",
		"on a new line":    "x\n::add-mask::secret\n##[error]forged\n##vso[task.complete]",
		"tag characters":   "x\U000e0041\U000e0042",
		"delete":           "a\x7fb\x00c",
		"overlong":         strings.Repeat("A\x1b", 2000),
	}
}

// hostileEvidence is an envelope that says the string wherever it can, signed by
// a key that is trusted: so everything of it is shown.
func hostileEvidence(t *testing.T, key crypto.Signer, s string) map[string][]byte {
	t.Helper()
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	subject := intoto.Subject{Name: s, Digest: map[string]string{"sha256": strings.Repeat("0", 64), s: s}}
	m, err := intoto.NewMessage(s, []intoto.Subject{subject}, dsse.Bytes(mustJSON(t, map[string]any{"said": s})))
	require.NoError(t, err)
	payloadType := s
	if len(payloadType) > dsse.MaxPayloadTypeSize {
		payloadType = payloadType[:dsse.MaxPayloadTypeSize/4]
	}
	files := make(map[string][]byte)
	for name, message := range map[string]dsse.Message{
		"statement":    m,
		"payload type": dsse.NewMessage(payloadType, dsse.Bytes(s)),
		"no statement": dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(mustJSON(t, map[string]any{s: s}))),
	} {
		signature, err := signer.Sign(context.Background(), message)
		require.NoError(t, err)
		named := dsse.Signature{KeyID: payloadType, Sig: signature.Sig}
		foreign := dsse.Signature{KeyID: s[:min(len(s), 1000)], Sig: []byte("x"), Extension: &dsse.Extension{Kind: payloadType, Ext: []byte(`{}`)}}
		var b bytes.Buffer
		require.NoError(t, dsse.WriteSigned(context.Background(), &b, message, []dsse.Signature{named, foreign}))
		files[name] = b.Bytes()
	}
	return files
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// TestHostileEvidence shows hostile evidence with every command that shows
// evidence, in every rendering, as a pass and as a refusal, and looks at the
// bytes that come out.
func TestHostileEvidence(t *testing.T) {
	dir := t.TempDir()
	key, err := keys.Generate(keys.ECDSAP256)
	require.NoError(t, err)
	second, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	other := keys.TrustedKey{Name: "other", Public: second.Public(), Holder: "other", AnyPredicateType: true}
	public, err := keys.MarshalPublic(key.Public())
	require.NoError(t, err)
	pub := filepath.Join(dir, "key.pub")
	require.NoError(t, os.WriteFile(pub, public, 0o600))
	artifact := filepath.Join(dir, "artifact")
	require.NoError(t, os.WriteFile(artifact, []byte("artifact"), 0o600))

	demands := filepath.Join(dir, "policy.yaml")
	require.NoError(t, os.WriteFile(demands, []byte(`format: stella.ops/verificationPolicy@v1
name: p
rules:
- {name: artifacts, subjects: [{name: app}], signers: [{}]}
- {name: rest, signers: [{threshold: 1, roles: [none]}, {name: us}], conditions: [{name: c, cel: 'subjects[0].digest[subjects[0].name] == "x" && predicate[subjects[0].name] == 1'}], required: true}
`), 0o600))
	roles := filepath.Join(dir, "keys.json")
	entry, err := keys.MarshalKeysJSON(keys.TrustedKey{Name: "k", Public: key.Public(), Holder: "h", Roles: []string{"none"}, AnyPredicateType: true}, other)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(roles, entry, 0o600))

	shown, verified := 0, 0
	for name, s := range hostileStrings() {
		for kind, content := range hostileEvidence(t, key, s) {
			file := filepath.Join(dir, "evidence.dsse.json")
			require.NoError(t, os.WriteFile(file, content, 0o600))
			for _, args := range [][]string{
				{"attest", "show", file},
				{"attest", "show", file, "--key", pub},
				{"verify", file, "--key", pub},
				{"verify", file, "--key", pub, "--subject", artifact, "--type", "cyclonedx", "--threshold", "2"},
				{"verify", file, "--trust", roles, "--policy", demands},
				{"sign", "sbom", file, "--key", pub},
			} {
				available := formats()
				if args[0] == "verify" {
					available = verdictFormats()
				}
				for _, format := range available {
					summary := filepath.Join(dir, "summary.md")
					require.NoError(t, os.WriteFile(summary, nil, 0o600))
					w := newWorld("GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+summary)
					Main(append(args, "--format", format), w.Env)
					what := name + ", " + kind + ": " + strings.Join(args[:2], " ") + " as " + format
					assertTame(t, what, w.stdout.Bytes())
					assertTame(t, what, withoutAnnotations(w.stderr.Bytes()))
					written, err := os.ReadFile(summary)
					require.NoError(t, err)
					assertTame(t, what+", summary", written)
					if format == "json" && args[0] == "verify" && w.stdout.Len() > 0 {
						assertOnlyClaims(t, what, w.stdout.Bytes(), s)
					}
					shown += w.stdout.Len()
					verified += strings.Count(w.stdout.String(), `"verified": true`)
				}
			}
		}
	}
	assert.Positive(t, shown, "something was shown")
	assert.GreaterOrEqual(t, verified, len(hostileStrings()), "statements by the trusted key are shown as verified")
}

// withoutAnnotations removes the commands that we mean the runner to find: what is in
// them is looked at in internal/report.
func withoutAnnotations(stderr []byte) []byte {
	return regexp.MustCompile(`(?m)^::(error|warning) (file=[^,:\n]*,)?(line=[0-9]+,)?title=stella verify%3A [a-z._]+::`).ReplaceAll(stderr, nil)
}

// assertTame asserts that a terminal, a log and a CI runner take out for text.
func assertTame(t *testing.T, what string, out []byte) {
	t.Helper()
	assert.True(t, utf8.Valid(out), "%s: not UTF-8: %q", what, out)
	for _, r := range string(out) {
		harmless := r == '\n' || !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) && r != '\u2028' && r != '\u2029' && !(r >= 0xe0000 && r <= 0xe007f)
		if !harmless {
			t.Errorf("%s: %U is shown as it is: %q", what, r, out)
			return
		}
	}
	for line := range strings.Lines(string(out)) {
		text := strings.TrimSpace(line)
		assert.False(t, strings.HasPrefix(text, "::") || strings.HasPrefix(text, "##["), "%s: a workflow command: %q", what, line)
		assert.False(t, strings.HasPrefix(text, "stella: error: forged"), "%s: a forged line: %q", what, line)
	}
}

// assertOnlyClaims asserts that a verdict quotes the evidence under claims only.
func assertOnlyClaims(t *testing.T, what string, out []byte, s string) {
	t.Helper()
	var verdict map[string]any
	require.NoError(t, json.Unmarshal(out, &verdict), what)
	results, ok := verdict["results"].([]any)
	require.True(t, ok, what)
	for _, r := range results {
		delete(r.(map[string]any), "claims")
	}
	rest := string(mustJSON(t, verdict))
	quoted := string(mustJSON(t, s))
	assert.NotContains(t, rest, quoted[1:len(quoted)-1], what)
}
