package predicate_test

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/testkit"
)

func TestRecognizeRefuses(t *testing.T) {
	utf16 := "{\x00\"\x00a\x00\"\x00:\x001\x00}\x00"
	cdx := func(rest string) string { return `{"bomFormat":"CycloneDX","specVersion":"1.6"` + rest + "}" }
	bom := func(head, rest string) string {
		return head + `<bom xmlns="http://cyclonedx.org/schema/bom/1.6">` + rest + "</bom>"
	}
	deep := strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)
	tests := []struct {
		name, in   string
		reason     fault.Reason
		want, hint string
	}{
		{"empty", "", fault.InputEmpty, "empty", ""},
		{"white space", " \r\n\t ", fault.InputEmpty, "white space", ""},
		{"gzip", "\x1f\x8b\x08\x00", fault.InputEncoding, "gzip", "gunzip -c"},
		{"zstd", "\x28\xb5\x2f\xfd\x00", fault.InputEncoding, "zstd", "zstd -dc"},
		{"xz", "\xfd7zXZ\x00", fault.InputEncoding, "xz", "xz -dc"},
		{"zip", "PK\x03\x04", fault.InputEncoding, "zip", "extract"},
		{"UTF-16 with mark", "\xff\xfe" + utf16, fault.InputEncoding, "UTF-16", "iconv"},
		{"UTF-16 without mark", utf16, fault.InputEncoding, "UTF-16", "iconv"},
		{"UTF-8 byte order mark", "\xef\xbb\xbf" + cdx(""), fault.InputEncoding, "byte order mark", "tail -c +4"},
		{"truncated", cdx("")[:20], fault.InputMalformed, "", ""},
		{"trailing data", cdx("") + "{}", fault.InputMalformed, "", ""},
		{"duplicate member far apart", cdx(`,"components":[],"specVersion":"1.5"`), fault.InputMalformed, "specVersion", ""},
		{"duplicate member deep down", cdx(`,"components":[{"a":{"b":1,"b":1}}]`), fault.InputMalformed, "/components/0/a", ""},
		{"invalid UTF-8", cdx(",\"a\":\"\xff\""), fault.InputMalformed, "UTF-8", ""},
		{"lone surrogate", cdx(`,"a":"\ud800"`), fault.InputMalformed, "surrogate", ""},
		{"NaN", cdx(`,"a":NaN`), fault.InputMalformed, "", ""},
		{"depth", cdx(`,"a":` + strings.Repeat("[", 600) + strings.Repeat("]", 600)), fault.InputMalformed, "512", ""},
		{"two formats", cdx(`,"spdxVersion":"SPDX-2.3"`), fault.InputUnrecognized, "CycloneDX and SPDX at once", ""},
		{"CycloneDX in lower case", `{"bomFormat":"cyclonedx","specVersion":"1.6"}`, fault.InputUnrecognized, "CycloneDX document without", ""},
		{"SPDX 3 without document", `{"@context":"https://spdx.org/rdf/3.0.1/x","@graph":[]}`, fault.InputUnrecognized, "without an SpdxDocument", ""},
		{"bundle", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{}}`, fault.InputUnrecognized, "a Sigstore bundle", "stella verify"},
		{"envelope", `{"payload":"","payloadType":"","signatures":[]}`, fault.InputUnrecognized, "a DSSE envelope", "stella verify"},
		{"statement of another version", `{"_type":"https://in-toto.io/Statement/v9"}`, fault.InputUnrecognized, "v9", ""},
		{"image manifest", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}`, fault.InputUnrecognized, "an image manifest", ""},
		{"TUF metadata", `{"signed":{},"signatures":[]}`, fault.InputUnrecognized, "TUF", ""},
		{"empty object", `{}`, fault.InputUnrecognized, "an empty JSON object", ""},
		{"other object", `{"name":"x","lockfileVersion":3,"\u001b[31m":1}`, fault.InputUnrecognized, `"name", "lockfileVersion", "\x1b[31m"`, ""},
		{"array", `[{"bomFormat":"CycloneDX"}]`, fault.InputUnrecognized, "a JSON array", ""},
		{"PDF", "%PDF-1.7", fault.InputUnrecognized, "a PDF document", ""},
		{"PEM", "-----BEGIN PUBLIC KEY-----\n", fault.InputUnrecognized, "a PEM file", ""},
		{"ELF", "\x7fELF\x02\x01\x01\x00", fault.InputUnrecognized, "a program", ""},
		{"tar", "name" + strings.Repeat("\x00", 253) + "ustar\x00", fault.InputUnrecognized, "a tar archive", ""},
		{"binary", "abc\x00def", fault.InputUnrecognized, "binary data", ""},
		{"Latin-1", "Stra\xdfe", fault.InputUnrecognized, "binary data", ""},
		{"text", "Hello: there\nthis is prose\n", fault.InputUnrecognized, "text", ""},
		{"SPDX YAML", "spdxVersion: SPDX-2.3\n", fault.InputUnrecognized, "YAML", ""},
		{"SPDX of two versions", "SPDXVersion: SPDX-2.3\nSPDXVersion: SPDX-2.2\n", fault.InputMalformed, "two versions", ""},
		{"HTML", "<!-- x --><html><body>", fault.InputUnrecognized, "HTML", ""},
		{"HTML with doctype", "<!DOCTYPE html><html>", fault.InputUnrecognized, "HTML", ""},
		{"other XML", "<testsuites/>", fault.InputUnrecognized, "<testsuites>", ""},
		{"RDF", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>`, fault.InputUnrecognized, "RDF", "convert"},
		{"bom of another namespace", `<bom xmlns="urn:x"/>`, fault.InputUnrecognized, "<bom> of urn:x", ""},
		{"XML with entities", bom(`<!DOCTYPE bom [<!ENTITY a "b">]>`, "&a;"), fault.InputMalformed, "document type", "DOCTYPE"},
		{"XML with an unknown entity", bom("", "&a;"), fault.InputMalformed, "entity", ""},
		{"XML with two roots", bom("", "") + bom("", ""), fault.InputMalformed, "second root", ""},
		{"XML truncated", bom("", "")[:50], fault.InputMalformed, "", ""},
		{"XML without root", "<!-- x -->", fault.InputMalformed, "no root", ""},
		{"XML too deep", bom("", deep), fault.InputMalformed, "deeper than 256", ""},
		{"XML in Latin-1", bom(`<?xml version="1.0" encoding="ISO-8859-1"?>`, ""), fault.InputEncoding, "encoding other than UTF-8", "iconv"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := predicate.Recognize(input.FromBytes("file", []byte(tt.in)))
			require.Error(t, err)
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, tt.want)
			assert.ErrorContains(t, err, `"file"`)
			assert.Contains(t, fault.HintOf(err), tt.hint)
		})
	}
}

// TestRecognizeBoundsOneToken reads tokens that never end: they are given up
// long before they fill memory.
func TestRecognizeBoundsOneToken(t *testing.T) {
	tests := []struct{ name, head string }{
		{"XML comment", `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><!--`},
		{"XML attribute", `<bom xmlns="`},
		{"tag-value line", "SPDXVersion: SPDX-2.3\nPackageComment: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			require.NoError(t, os.WriteFile(path, append([]byte(tt.head), bytes.Repeat([]byte("a"), 17<<20)...), 0o600))
			_, err := predicate.Recognize(open(t, path))
			require.Error(t, err)
			assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
		})
	}
}

// TestRecognizeInAnyOrder turns the members of every object of every JSON
// document around: nothing about recognition may depend on their order.
func TestRecognizeInAnyOrder(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"testdata/*.json", testkit.SharedData(t, "sbom") + "/*/*.json", testkit.SharedData(t, "sbom") + "/*.json", testkit.SharedData(t, "report") + "/*.json"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		paths = append(paths, found...)
	}
	require.Greater(t, len(paths), 25)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := open(t, path)
			want, err := predicate.Recognize(f)
			require.NoError(t, err)
			b, err := f.ReadAll()
			require.NoError(t, err)

			turned := input.FromBytes("turned", reverse(t, b))
			got, err := predicate.Recognize(turned)
			require.NoError(t, err)
			assert.Equal(t, []any{want.Kind, want.String(), want.Count}, []any{got.Kind, got.String(), got.Count})
			wantClaims, err := predicate.Claims(f, want)
			require.NoError(t, err)
			gotClaims, err := predicate.Claims(turned, got)
			require.NoError(t, err)
			assert.ElementsMatch(t, wantClaims, gotClaims)
		})
	}
}

// reverse returns v with the members of all its objects in reverse order.
func reverse(t *testing.T, v jsontext.Value) jsontext.Value {
	t.Helper()
	switch v.Kind() {
	case '{':
		var members [][]byte
		d := jsontext.NewDecoder(bytes.NewReader(v))
		_, err := d.ReadToken()
		require.NoError(t, err)
		for d.PeekKind() != '}' {
			name, err := d.ReadValue()
			require.NoError(t, err)
			member := append(name.Clone(), ':')
			value, err := d.ReadValue()
			require.NoError(t, err)
			members = append(members, append(member, reverse(t, value)...))
		}
		slices.Reverse(members)
		return slices.Concat([]byte{'{'}, bytes.Join(members, []byte{','}), []byte{'}'})
	case '[':
		var elements []jsontext.Value
		require.NoError(t, json.Unmarshal(v, &elements))
		for i, e := range elements {
			elements[i] = reverse(t, e)
		}
		b, err := json.Marshal(elements)
		require.NoError(t, err)
		return b
	}
	return v
}

// TestClaimsOfAChangedFile swaps the file between recognition and claims.
func TestClaimsOfAChangedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.json")
	b, err := os.ReadFile("testdata/cyclonedx-1.6.json")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	f := open(t, path)
	d, err := predicate.Recognize(f)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(b, []byte(`"1.0"`), []byte(`"1.1"`), 1), 0o600))
	_, err = predicate.Claims(f, d)
	require.Error(t, err)
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}

func TestClaimsRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"malformed digest", `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"hashes":[{"alg":"SHA-256","content":"abc"}]}}}`, "malformed sha256 digest"},
		{"two digests of one kind", `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"version":"sha256:` + digestA + `","hashes":[{"alg":"SHA-256","content":"` + strings.Repeat("b", 64) + `"}]}}}`, "two sha256 digests"},
		{"hashes that are no list", `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"hashes":1}}}`, "not as its format demands"},
		{"checksums that are no list", `{"spdxVersion":"SPDX-2.3","documentDescribes":["a"],"packages":[{"SPDXID":"a","checksums":{}}]}`, "not as its format demands"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := input.FromBytes("f", []byte(tt.in))
			d, err := predicate.Recognize(f)
			require.NoError(t, err)
			_, err = predicate.Claims(f, d)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func FuzzRecognize(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.*")
	require.NoError(f, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := input.FromBytes("f", b)
		d, err := predicate.Recognize(in)
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
			return
		}
		assert.EqualValues(t, len(b), d.Size)
		assert.NotZero(t, d.Kind)
		claims, err := predicate.Claims(in, d)
		if err != nil {
			assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
		}
		for _, c := range claims {
			assert.NotEmpty(t, c.Digest)
		}
		draft(t, in, d)
	})
}

// draft signs whatever can be, and reads the statement back.
func draft(t *testing.T, f *input.File, d *predicate.Document) {
	t.Helper()
	var made *predicate.Draft
	var err error
	switch {
	case d.Kind.Is(predicate.KindSBOM):
		made, err = predicate.SBOM(f, predicate.Options{})
	case d.Kind.Is(predicate.KindReport):
		made, err = predicate.Report(f, predicate.ReportOptions{Decision: "pass"})
	default:
		made, err = predicate.Statement(f, predicate.Options{})
	}
	if err != nil {
		assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
		return
	}
	n, err := made.Message.WriteTo(io.Discard)
	require.NoError(t, err)
	assert.Equal(t, made.Message.Size(), n)
	parse(t, made)
}
