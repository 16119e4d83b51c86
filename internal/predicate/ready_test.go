package predicate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/input"
)

const (
	readyDigest  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	readySubject = `[{"name":"app","digest":{"sha256":"` + readyDigest + `"}}]`
)

func readyStatement(predicateType, subject, predicate string) string {
	return `{"_type":"https://in-toto.io/Statement/v1","subject":` + subject + `,"predicateType":"` + predicateType + `","predicate":` + predicate + `}`
}

// readyTexts are statements, and things that nearly are, with whether a glance
// should do for them.
func readyTexts() map[string]struct {
	text   string
	glance bool
} {
	sha512 := strings.Repeat("ab", 64)
	s := func(text string, glance bool) struct {
		text   string
		glance bool
	} {
		return struct {
			text   string
			glance bool
		}{text, glance}
	}
	uri := "https://example.com/p"
	return map[string]struct {
		text   string
		glance bool
	}{
		"usual":                 s(readyStatement(uri, readySubject, `{"a":1,"b":["x",{"c":null}]}`), true),
		"indented":              s("{\n  \"_type\" : \"https://in-toto.io/Statement/v1\",\n \"predicate\": {\"a\": 1.50},\n \"predicateType\":\""+uri+"\", \"subject\": "+readySubject+"}\n", true),
		"braces in strings":     s(readyStatement(uri, readySubject, `{"}\"]":"{[\"\\","a":"\\"}`), true),
		"several subjects":      s(readyStatement(uri, `[{"digest":{"sha512":"`+sha512+`","sha256":"`+readyDigest+`"},"name":"a"},{"digest":{"sha512":"`+sha512+`"}}]`, `{}`), true),
		"escaped name":          s(readyStatement(uri, `[{"name":"a\"b","digest":{"sha256":"`+readyDigest+`"}}]`, `{}`), false),
		"unknown algorithm":     s(readyStatement(uri, `[{"name":"a","digest":{"gitCommit":"ABC"}}]`, `{}`), false),
		"sha1":                  s(readyStatement(uri, `[{"name":"a","digest":{"sha1":"`+readyDigest[:40]+`"}}]`, `{}`), false),
		"subject with a URI":    s(readyStatement(uri, `[{"uri":"u","digest":{"sha256":"`+readyDigest+`"}}]`, `{}`), false),
		"digest in upper case":  s(readyStatement(uri, `[{"digest":{"sha256":"`+strings.ToUpper(readyDigest)+`"}}]`, `{}`), false),
		"no digest":             s(readyStatement(uri, `[{"digest":{}}]`, `{}`), false),
		"no subject":            s(readyStatement(uri, `[]`, `{}`), false),
		"long name":             s(readyStatement(uri, `[{"name":"`+strings.Repeat("n", 5000)+`","digest":{"sha256":"`+readyDigest+`"}}]`, `{}`), false),
		"many subjects":         s(readyStatement(uri, `[`+strings.Repeat(readySubject[1:len(readySubject)-1]+",", 1024)+readySubject[1:], `{}`), false),
		"too many subjects":     s(readyStatement(uri, `[`+strings.Repeat(readySubject[1:len(readySubject)-1]+",", 10_000)+readySubject[1:], `{}`), false),
		"stella type":           s(readyStatement(TypeSBOM, readySubject, `{"format":"x","digest":{"sha256":"`+readyDigest+`"},"mediaType":"a/b","size":1,"componentCount":1}`), false),
		"stella type, wrong":    s(readyStatement(TypeReport, readySubject, `{}`), false),
		"type no URI":           s(readyStatement("p q", readySubject, `{}`), false),
		"type a short name":     s(readyStatement("cyclonedx", readySubject, `{}`), false),
		"type empty":            s(readyStatement("", readySubject, `{}`), false),
		"type long":             s(readyStatement("https://"+strings.Repeat("x", 3000), readySubject, `{}`), false),
		"type not ASCII":        s(readyStatement("https://ä", readySubject, `{}`), false),
		"predicate not object":  s(readyStatement(uri, readySubject, `[{}]`), false),
		"version 0.1":           s(strings.Replace(readyStatement(uri, readySubject, `{}`), "v1", "v0.1", 1), false),
		"a fifth member":        s(strings.Replace(readyStatement(uri, readySubject, `{}`), `{"_type"`, `{"x":1,"_type"`, 1), false),
		"a member missing":      s(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"x:y","subject":`+readySubject+`}`, false),
		"inexact number":        s(readyStatement(uri, readySubject, `{"a":12345678901234567890}`), false),
		"duplicate":             s(readyStatement(uri, readySubject, `{"a":1,"a":2}`), false),
		"not UTF-8":             s(readyStatement(uri, readySubject, "{\"a\":\"\xff\"}"), false),
		"white space before":    s("  "+readyStatement(uri, readySubject, `{}`), false),
		"something after":       s(readyStatement(uri, readySubject, `{}`)+" x", false),
		"deep":                  s(readyStatement(uri, readySubject, strings.Repeat(`{"a":`, 511)+"{}"+strings.Repeat("}", 511)), false),
		"as deep as allowed":    s(readyStatement(uri, readySubject, strings.Repeat(`{"a":`, 510)+"{}"+strings.Repeat("}", 510)), true),
		"an SBOM":               s(`{"bomFormat":"CycloneDX","specVersion":"1.5"}`, false),
		"an envelope":           s(`{"payload":"","payloadType":"x","signatures":[]}`, false),
		"empty":                 s("", false),
		"byte order mark":       s("\ufeff"+readyStatement(uri, readySubject, `{}`), false),
		"surrogates in a name":  s(readyStatement(uri, `[{"name":"\ud83d\ude00","digest":{"sha256":"`+readyDigest+`"}}]`, `{}`), true),
		"predicate looks alike": s(readyStatement(uri, readySubject, `{"_type":"https://in-toto.io/Statement/v1","predicateType":"z:z","subject":[]}`), true),
	}
}

// agree wants a reader to say what Statement says: the same bytes and facts, or
// the same refusal.
func agree(t *testing.T, r *ReadyReader, text []byte) {
	t.Helper()
	d, err := Statement(input.FromBytes("name", bytes.Clone(text)), r.options)
	prefix := []byte("before")
	got, gotErr := r.Read(bytes.Clone(prefix), "name", text)
	if err != nil {
		require.Error(t, gotErr)
		require.Equal(t, err.Error(), gotErr.Error())
		return
	}
	require.NoError(t, gotErr)
	var want bytes.Buffer
	_, err = d.Message.WriteTo(&want)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got.Payload))
	require.Equal(t, d.PredicateType, got.PredicateType)
	require.Equal(t, len(d.Subjects), got.Subjects)
	require.Len(t, got.Digests, min(len(d.Subjects), r.list))
	for i, digest := range got.Digests {
		require.Equal(t, MainDigest(d.Subjects[i].Digest), string(digest))
	}
}

func TestReadyReader(t *testing.T) {
	for name, tt := range readyTexts() {
		t.Run(name, func(t *testing.T) {
			r := NewReadyReader(Options{}, 2)
			agree(t, r, []byte(tt.text))
			agree(t, r, []byte(tt.text)) // with what it remembers
			_, ok := r.glance(nil, []byte(tt.text))
			assert.Equal(t, tt.glance, ok, "a glance does")
		})
	}
}

// TestReadyReaderOptions is about options that a glance knows nothing of.
func TestReadyReaderOptions(t *testing.T) {
	text := []byte(readyTexts()["indented"].text)
	for name, o := range map[string]Options{
		"preserve": {Preserve: true}, "type": {Type: "https://example.com/p"}, "other type": {Type: "https://example.com/q"},
		"reference": {Reference: true}, "URI": {URI: "https://example.com"}, "name": {Name: "n"}, "claims": {SubjectFromDocument: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReadyReader(o, 2)
			assert.False(t, r.quick)
			agree(t, r, text)
		})
	}
}

// TestEveryShapeIsLookedAt: the predicates that stella has a schema of never pass
// at a glance.
func TestEveryShapeIsLookedAt(t *testing.T) {
	for predicateType := range shaped() {
		_, ok := NewReadyReader(Options{}, 1).glance(nil, []byte(readyStatement(predicateType, readySubject, `{}`)))
		assert.False(t, ok, predicateType)
	}
}

// FuzzReadyReader wants what a glance accepts to be what Statement accepts.
func FuzzReadyReader(f *testing.F) {
	for _, tt := range readyTexts() {
		if len(tt.text) < 10_000 {
			f.Add([]byte(tt.text))
		}
	}
	r := NewReadyReader(Options{}, 2)
	f.Fuzz(func(t *testing.T, text []byte) { agree(t, r, text) })
}

func BenchmarkReadyReader(b *testing.B) {
	text := []byte(readyTexts()["usual"].text)
	for _, quick := range []bool{true, false} {
		b.Run(fmt.Sprintf("glance=%t", quick), func(b *testing.B) {
			r := NewReadyReader(Options{}, 16)
			r.quick = quick
			dst := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				_, err := r.Read(dst, "name", text)
				require.NoError(b, err)
			}
		})
	}
}
