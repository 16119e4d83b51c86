package endtoend

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// badDocument is content that no command can use. The reasons are those of the
// signing verbs and of the verbs that read evidence.
type badDocument struct {
	content []byte
	sign    fault.Reason
	verify  fault.Reason
	says    string // in the signing verb's error or hint
	// preserved says that --preserve takes it.
	preserved bool
}

// swapped is the small SBOM with one text replaced.
func swapped(t *testing.T, old, new string) []byte {
	t.Helper()
	require.Contains(t, smallSBOM, old)
	return []byte(strings.Replace(smallSBOM, old, new, 1))
}

func badDocuments(t *testing.T) map[string]badDocument {
	t.Helper()
	version := func(text string) []byte { return swapped(t, `"version":1,`, text) }
	name := func(text string) []byte { return swapped(t, `"zlib"`, text) }
	return map[string]badDocument{
		"empty":                 {nil, fault.InputEmpty, fault.InputEmpty, "empty", false},
		"blank":                 {[]byte(" \r\n\t\n"), fault.InputEmpty, fault.NotEvidence, "white space", false},
		"truncated":             {[]byte(smallSBOM[:60]), fault.InputMalformed, fault.InputMalformed, "byte 60", false},
		"trailing content":      {[]byte(smallSBOM + "x"), fault.InputMalformed, fault.InputMalformed, "byte 121", false},
		"gzip":                  {gzipped(t, smallSBOM), fault.InputEncoding, fault.InputEncoding, "gunzip", false},
		"utf-16 with mark":      {utf16Text(binary.LittleEndian, "\ufeff"+smallSBOM), fault.InputEncoding, fault.InputEncoding, "iconv", false},
		"utf-16 big endian":     {utf16Text(binary.BigEndian, smallSBOM), fault.InputEncoding, fault.InputEncoding, "iconv", false},
		"utf-16 little endian":  {utf16Text(binary.LittleEndian, smallSBOM), fault.InputEncoding, fault.InputEncoding, "iconv", false},
		"byte order mark":       {[]byte("\ufeff" + smallSBOM), fault.InputEncoding, fault.InputEncoding, "tail -c +4", false},
		"nan":                   {version(`"version":NaN,`), fault.InputMalformed, fault.InputMalformed, "/version", false},
		"infinity":              {version(`"version":-Infinity,`), fault.InputMalformed, fault.InputMalformed, "/version", false},
		"duplicate key":         {version(`"version":1,"version":1,`), fault.InputMalformed, fault.InputMalformed, `duplicate name "version"`, false},
		"duplicate key escaped": {version(`"version":1,"versio\u006e":1,`), fault.InputMalformed, fault.InputMalformed, `duplicate name "version"`, false},
		"invalid utf-8":         {name("\"\xff\""), fault.InputMalformed, fault.InputMalformed, "/components/0/name", false},
		"overlong utf-8":        {name("\"\xc0\xaf\""), fault.InputMalformed, fault.InputMalformed, "/components/0/name", false},
		"lone surrogate":        {name(`"\ud800"`), fault.InputMalformed, fault.InputMalformed, "/components/0/name", false},
		"raw control character": {name("\"a\nb\""), fault.InputMalformed, fault.InputMalformed, "/components/0/name", false},
		"carriage return alone": {name("\"a\rb\""), fault.InputMalformed, fault.InputMalformed, "/components/0/name", false},
		"comment":               {version(`"version":1,/* x */`), fault.InputMalformed, fault.InputMalformed, "byte", false},
		"deep nesting":          {version(`"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + ","), fault.InputMalformed, fault.InputMalformed, "512", false},
		"inexact number":        {version(`"version":12345678901234567890,`), fault.NumberInexact, fault.NotEvidence, "--preserve", true},
		"number out of range":   {version(`"version":1e400,`), fault.NumberInexact, fault.NotEvidence, "/version", true},
		"array":                 {[]byte("[" + smallSBOM + "]"), fault.InputUnrecognized, fault.NotEvidence, "array", false},
		"not an sbom":           {[]byte(`{"a":1}`), fault.InputUnrecognized, fault.NotEvidence, "", false},
		"text":                  {[]byte("hello\n"), fault.InputUnrecognized, fault.NotEvidence, "", false},
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func utf16Text(order binary.ByteOrder, text string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], unit)
	}
	return b
}

// Each bad document is refused by every verb that reads documents, as a file
// and from standard input.
func TestBadDocuments(t *testing.T) {
	for name, doc := range badDocuments(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("bad.json", doc.content)
			sign := failure{2, doc.sign, []string{"bad.json", doc.says}}
			w.fails(sign, stella("sign", "sbom", "bad.json", "--key", "p256.key", "-o", "out/x"))
			w.fails(failure{2, doc.sign, []string{"standard input"}}, w.piped(doc.content, "sign", "sbom", "-", "--key", "p256.key"))
			w.preserves(doc)

			verify := failure{2, doc.verify, []string{"bad.json"}}
			w.fails(verify, stella("verify", "bad.json", "--key", "p256.key.pub"))
			w.fails(verify, stella("attest", "show", "bad.json"))
			w.fails(verify, stella("attest", "add", "bad.json", "--trust", "other.key.pub", "--key", "p256.key", "-o", "out/x"))
			w.fails(failure{2, doc.verify, []string{"standard input"}}, w.piped(doc.content, "verify", "-", "--key", "p256.key.pub"))
		})
	}
}

// preserves signs doc with --preserve, which is exempt from the rule on numbers
// and from no other.
func (w *world) preserves(doc badDocument) {
	w.t.Helper()
	c := stella("sign", "sbom", "bad.json", "--preserve", "--key", "p256.key", "-o", "out/x")
	if !doc.preserved {
		w.fails(failure{2, doc.sign, []string{"bad.json"}}, c)
		return
	}
	w.okay(c)
	require.Contains(w.t, string(w.payload("out/x")), string(doc.content))
	w.judged(0, "", stella("verify", "out/x", "--key", "p256.key.pub", "--subject", "bad.json"))
	require.NoError(w.t, removeAll(w.path("out/x")))
}

// piped is a call with content on standard input.
func (w *world) piped(content []byte, args ...string) call {
	c := stella(args...)
	c.stdin = func() io.Reader { return bytes.NewReader(content) }
	return c
}

// Line ends are white space to JSON (RFC 8259, section 2), in a document and
// in evidence.
func TestLineEndsOfAnySystem(t *testing.T) {
	w := newWorld(t)
	w.write("crlf.cdx.json", []byte(strings.ReplaceAll(smallSBOM, ",", ",\r\n")))
	for _, flag := range []string{"--preserve=false", "--preserve"} {
		w.ok("sign", "sbom", "crlf.cdx.json", flag, "--force", "--key", "p256.key", "-o", "crlf.sigstore.json")
		w.judged(0, "", stella("verify", "crlf.sigstore.json", "--key", "p256.key.pub", "--subject", "crlf.cdx.json"))
	}
	evidence := bytes.ReplaceAll(w.read("crlf.sigstore.json"), []byte(`,"`), []byte(",\r\n\""))
	w.write("spread.sigstore.json", evidence)
	w.judged(0, "", stella("verify", "spread.sigstore.json", "--key", "p256.key.pub", "--subject", "crlf.cdx.json"))
}
