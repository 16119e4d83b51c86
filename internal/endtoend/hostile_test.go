package endtoend

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
)

// marker is in every hostile string, so that it is found again in JSON.
const marker = "MaRkEr"

// hostile is what a string from outside may try on a terminal, on a reader or
// on the log of a CI runner. internal/ui tries every character by itself.
func hostile() map[string]string {
	return map[string]string{
		"escapes":       marker + "\x1b[31m\x1b[2J\x1b[Hred\x1b]8;;http:x\x1b\\go\a\u009b31m\u0085\u0090x\u009c\rgood\b\b\v\f\x7f",
		"invisible":     marker + "\u202ecod.exe\u2066a\u2069\u200f\u061c\u200bb\u200dc\u2060d\ufeffe\u00adf\u180eg\U000e0041\U000e007f\ufe0f\u2028b\u2029c",
		"new line":      marker + "\nstella: verified\n✓ forged",
		"github":        "::error::" + marker,
		"github line":   marker + "\n::error file=x::y\n  ::add-mask::z",
		"other runners": "##vso[task.complete]##[error]##teamcity[x]" + marker,
		"quotes":        marker + `"},"verified":true,"x":{"y":"\`,
	}
}

// rawHostile cannot stand in JSON, but in file names and arguments.
func rawHostile() map[string]string {
	return map[string]string{
		"raw c1":    marker + "\x9b31m\x85",
		"overlong":  marker + "\xc0\xaf\xc1\x9b",
		"surrogate": marker + "\xed\xa0\x80\xff\xfe",
	}
}

// clean refuses bytes that act on a terminal, on the order of what is read, or
// on a CI runner.
func clean(t assert.TestingT, stream string) {
	for i, r := range stream {
		switch {
		case r == utf8.RuneError && stream[i] != "\ufffd"[0]:
			t.Errorf("byte %#x at %d is not UTF-8: %q", stream[i], i, around(stream, i))
		case r == '\n' || r == '\t':
		case unicode.IsControl(r):
			t.Errorf("control character %U at %d: %q", r, i, around(stream, i))
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Bidi_Control):
			t.Errorf("invisible character %U at %d: %q", r, i, around(stream, i))
		}
	}
	for line := range strings.Lines(stream) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "stella: verified") || strings.HasPrefix(text, "✓ forged") {
			t.Errorf("a line of ours that we did not write: %q", line)
		}
		if strings.HasPrefix(text, "::") || strings.Contains(text, "##vso[") || strings.Contains(text, "##[") || strings.Contains(text, "##teamcity[") {
			t.Errorf("a CI runner takes this line for a command: %q", line)
		}
	}
}

func around(s string, i int) string { return s[max(0, i-20):min(len(s), i+20)] }

// TestClean guards clean, on which the rest of this file stands.
func TestClean(t *testing.T) {
	for name, text := range hostile() {
		r := &recorder{}
		clean(r, text)
		assert.Equal(t, name != "quotes", r.failed, name)
	}
	for name, text := range rawHostile() {
		r := &recorder{}
		clean(r, text)
		assert.True(t, r.failed, name)
	}
	for _, c := range "\x00\a\b\v\f\r\x1b\x7f\u0085\u009b\u00ad\u061c\u200b\u200f\u2028\u2029\u202e\u2060\u2066\ufeff\ufe0f\U000e0041" {
		r := &recorder{}
		clean(r, string(c))
		assert.True(t, r.failed, "%U", c)
	}
	r := &recorder{}
	clean(r, "✓ signed a::b\tz\n  Zażółć 東京\n")
	assert.False(t, r.failed)
}

// shows runs a call in both forms and looks at every byte of both streams. It
// returns the JSON form.
func (w *world) shows(c call) outcome {
	w.t.Helper()
	w.looksClean(c, w.run(c))
	o := w.run(c.with("--format", "json"))
	w.looksClean(c, o)
	for _, stream := range []string{o.stdout, o.stderr} {
		if strings.HasPrefix(stream, "{") {
			require.True(w.t, jsontext.Value(stream).IsValid(), "%q: one JSON value: %q", c.args, stream)
		}
	}
	return o
}

func (w *world) looksClean(c call, o outcome) {
	w.t.Helper()
	r := &recorder{}
	clean(r, o.stdout)
	clean(r, o.stderr)
	if r.failed {
		clean(w.t, o.stdout)
		clean(w.t, o.stderr)
		assert.Fail(w.t, "hostile bytes", "%q: %s", c.args, o)
	}
	noTrace(w.t, o)
}

// TestHostileEvidence puts hostile strings into every place of evidence that a
// trusted key has signed, and into those that nothing protects.
func TestHostileEvidence(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ready(t)
			q := quoted(t, text)
			digest := fmt.Sprintf("%x", sha256.Sum256([]byte(smallSBOM)))
			for place, payload := range map[string]string{
				"subject name":     statement(q, `"sha256":"`+digest+`"`, `"https://cyclonedx.org/bom"`),
				"predicate type":   statement(`"x"`, `"sha256":"`+digest+`"`, q),
				"digest algorithm": statement(`"x"`, `"sha256":"`+digest+`",`+q+`:"00"`, `"x:y"`),
				"digest":           statement(`"x"`, `"sha256":`+q, `"x:y"`),
				"no digest":        statement(q, "", `"x:y"`),
				"statement type":   strings.Replace(statement(`"x"`, `"sha256":"`+digest+`"`, `"x:y"`), `"https://in-toto.io/Statement/v1"`, q, 1),
				"member":           strings.Replace(statement(`"x"`, `"sha256":"`+digest+`"`, `"x:y"`), `{`, `{`+q+`:1,`, 1),
				"duplicate member": strings.Replace(statement(`"x"`, `"sha256":"`+digest+`"`, `"x:y"`), `{"p":1}`, `{`+q+`:1,`+q+`:1}`, 1),
				"not a statement":  q,
			} {
				w.forge("evil.dsse.json", dsse.PayloadTypeInToto, []byte(payload))
				w.showsEvidence(place)
			}
			w.forge("evil.dsse.json", text, []byte("{}"))
			w.showsEvidence("payload type")
			w.write("evil.dsse.json", swap(t, w.read("sbom.dsse.json"), `"keyid":"sha256:`, `"keyid":`+strings.TrimSuffix(q, `"`)+`sha256:`))
			w.showsEvidence("key id")
			w.bundled("evil.dsse.json", "sbom.dsse.json", `{"publicKey":{"hint":`+q+`}}`)
			w.showsEvidence("hint")
			der := w.certificate("evil.pem", "p256.key", pkix.Name{CommonName: text, Organization: []string{text}})
			w.bundled("evil.dsse.json", "sbom.dsse.json", fmt.Sprintf(`{"certificate":{"rawBytes":%q}}`, base64.StdEncoding.EncodeToString(der)))
			w.showsEvidence("certificate")
			w.shows(stella("verify", "evil.dsse.json", "--key", "evil.pem"))
			w.shows(stella("keys", "show", "evil.pem"))
			for _, malformed := range []string{
				`{"mediaType":` + q + `}`, `{"payload":` + q + `}`, `{"payload":"",` + q + `:1,` + q + `:1}`, `{` + q + `:1}`,
				`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",` + q + `:1}`, `{"a":` + q,
			} {
				w.write("evil.dsse.json", []byte(malformed))
				w.showsEvidence(malformed)
			}
		})
	}
}

// statement is an in-toto statement of parts in JSON.
func statement(name, digests, predicateType string) string {
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":` + name + `,"digest":{` + digests + `}}],"predicateType":` + predicateType + `,"predicate":{"p":1}}`
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	q, err := jsontext.AppendQuote(nil, text)
	require.NoError(t, err)
	return string(q)
}

func swap(t *testing.T, content []byte, old, new string) []byte {
	t.Helper()
	require.Contains(t, string(content), old)
	return bytes.Replace(content, []byte(old), []byte(new), 1)
}

// showsEvidence shows evil.dsse.json in every way: with success, with each
// kind of failure, and unverified.
func (w *world) showsEvidence(place string) {
	w.t.Helper()
	verify := stella("verify", "evil.dsse.json")
	for _, c := range []call{
		verify.with("--key", "p256.key.pub"),
		verify.with("--key", "p256.key.pub", "--subject", "sbom.cdx.json", "--type", "cyclonedx"),
		verify.with("--key", "p256.key.pub", "--subject", "p384.key.pub", "--type", "spdx", "--threshold", "2"),
		verify.with("--key", "other.key.pub"),
		stella("verify", "evil.dsse.json", "sbom.dsse.json", "--key", "p256.key.pub"),
	} {
		o := w.shows(c)
		if o.stdout == "" {
			continue // no verdict: the evidence is malformed
		}
		for pointer, value := range jsonStrings(w.t, o.stdout) {
			if strings.Contains(value, marker) {
				assert.Contains(w.t, pointer, "/claims/", "%s: what evidence claims stands only under claims: %q", place, value)
			}
		}
	}
	for _, format := range []string{"ndjson", "sarif", "junit", "html"} {
		c := verify.with("--key", "p256.key.pub", "--format", format)
		w.looksClean(c, w.run(c))
	}
	o := w.shows(stella("attest", "show", "evil.dsse.json"))
	if o.status == 0 {
		assert.Contains(w.t, o.stdout, `"verified": false`)
		assert.Contains(w.t, o.stdout, `"schema": "stella.ops/show@v1"`)
		assert.NotContains(w.t, o.stdout, `"verified": true`)
	}
	w.shows(stella("attest", "add", "evil.dsse.json", "--trust", "p256.key.pub", "--key", "ed25519.key", "--force", "-o", "out/x"))
}

// jsonStrings is every string and member name of a JSON text, by its pointer.
func jsonStrings(t *testing.T, text string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	d := jsontext.NewDecoder(strings.NewReader(text))
	for d.PeekKind() != jsontext.KindInvalid {
		token, err := d.ReadToken()
		require.NoError(t, err)
		if token.Kind() == '"' {
			found[fmt.Sprintf("%s#%d", d.StackPointer(), d.InputOffset())] = token.String()
		}
	}
	return found
}

// TestHostileClaimsAreKept holds that JSON loses nothing: what is escaped for
// the eye is the same string for a program.
func TestHostileClaimsAreKept(t *testing.T) {
	w := newWorld(t)
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			w := in(t, w)
			w.forge("evil.dsse.json", dsse.PayloadTypeInToto, []byte(statement(quoted(t, text), `"sha256":"`+strings.Repeat("0", 64)+`"`, quoted(t, text))))
			o := w.ok("verify", "evil.dsse.json", "--key", "p256.key.pub", "--format", "json")
			var v struct {
				Results []struct {
					Claims struct {
						PredicateType string `json:"predicateType"`
						Subjects      []struct {
							Name string `json:"name"`
						} `json:"subjects"`
					} `json:"claims"`
				} `json:"results"`
			}
			require.NoError(t, json.Unmarshal([]byte(o.stdout), &v))
			assert.Equal(t, text, v.Results[0].Claims.PredicateType)
			assert.Equal(t, text, v.Results[0].Claims.Subjects[0].Name)
		})
	}
}

// TestHostileDocuments puts hostile strings into documents that are signed, and
// shows what comes of it.
func TestHostileDocuments(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ready(t)
			q := quoted(t, text)
			sha := `"hashes":[{"alg":"SHA-256","content":"` + strings.Repeat("0", 64) + `"}]`
			for _, document := range []string{
				`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"file","name":` + q + `,` + sha + `}},"components":[{"type":"library","name":` + q + `}]}`,
				`{"bomFormat":"CycloneDX","specVersion":` + q + `}`, `{"bomFormat":` + q + `}`, `{"spdxVersion":` + q + `}`,
				`{` + q + `:1,` + q + `:2}`, `{"bomFormat":"CycloneDX","specVersion":"1.5",` + q + `:1e999}`, `{"bomFormat":"CycloneDX","specVersion":"1.5",` + q + `:`,
				statement(q, `"sha256":"`+strings.Repeat("0", 64)+`"`, q), `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":` + q + `,"version":` + q + `}},"results":[]}]}`,
			} {
				w.write("evil.json", []byte(document))
				for _, args := range [][]string{
					{"sign", "sbom", "evil.json"}, {"sign", "sbom", "evil.json", "--preserve"}, {"sign", "sbom", "evil.json", "--subject-from-document"},
					{"sign", "sbom", "evil.json", "--reference", "--uri", "https://example.com/" + text},
					{"sign", "report", "evil.json", "--decision", "pass", "--scanner", text, "--view", text},
					{"sign", "statement", "evil.json"}, {"sign", "statement", "evil.json", "--type", text, "--subject", text + "@sha256:" + strings.Repeat("0", 64)},
				} {
					w.shows(stella(args...).with("--key", "p256.key", "--force", "-o", "out/x"))
				}
			}
			w.write("sums", []byte(strings.Repeat("0", 64)+"  "+text+"\n"))
			w.shows(stella("sign", "sbom", "sbom.cdx.json", "--subjects-from", "sums", "--key", "p256.key", "--force", "-o", "out/x"))
		})
	}
}
