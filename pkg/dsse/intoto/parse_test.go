package intoto_test

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func statement(t testing.TB, predicate string) []byte {
	t.Helper()
	m, err := intoto.NewMessage("https://example.com/type", []intoto.Subject{
		{Name: "a \"quoted\" name", Digest: map[string]string{"sha512": strings.Repeat("0", 128), "sha256": digest}},
	}, dsse.Bytes(predicate))
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = m.WriteTo(&out)
	require.NoError(t, err)
	assert.EqualValues(t, out.Len(), m.Size())
	return out.Bytes()
}

func TestWriteAndParse(t *testing.T) {
	b := statement(t, `{"x":[1,2,{"y":null}]}`)
	s, err := intoto.ParseStatement(bytes.NewReader(b))
	require.NoError(t, err)
	assert.Equal(t, intoto.StatementV1, s.Type)
	assert.Equal(t, "https://example.com/type", s.PredicateType)
	assert.Equal(t, `a "quoted" name`, s.Subjects[0].Name)
	assert.Equal(t, digest, s.Subjects[0].Digest["sha256"])

	want := jsontext.Value(bytes.Clone(b))
	require.NoError(t, want.Canonicalize())
	assert.Equal(t, string(want), string(b), "a statement is written in canonical form")
}

func TestParseStatement(t *testing.T) {
	subject := `"subject":[{"name":"n","digest":{"sha256":"` + digest + `"}}]`
	head := `{"_type":"https://in-toto.io/Statement/v1","predicateType":"t",`
	tests := []struct{ name, in, want string }{
		{"v1", head + subject + `,"predicate":{}}`, ""},
		{"v0.1", strings.Replace(head, "v1", "v0.1", 1) + subject + `,"predicate":{}}`, ""},
		{"unknown members", head + subject + `,"predicate":{},"other":[1]}`, ""},
		{"resource descriptor", head + `"subject":[{"uri":"u","annotations":{},"digest":{"gitCommit":"ABC"}}],"predicate":{}}`, ""},
		{"empty", ``, "no JSON value"},
		{"truncated", head + subject, "unexpected end of input"},
		{"array", `[]`, "is of kind array, not object"},
		{"unknown type", `{"_type":"x","predicateType":"t",` + subject + `,"predicate":{}}`, `unknown statement type "x"`},
		{"no predicate", head + subject + `}`, ""},
		{"predicate null", head + subject + `,"predicate":null}`, ""},
		{"predicate string", head + subject + `,"predicate":"x"}`, "predicate is of kind string, not object"},
		{"no subjects", head + `"subject":[],"predicate":{}}`, "no subject"},
		{"no digest", head + `"subject":[{"name":"n","digest":{}}],"predicate":{}}`, "no digest"},
		{"upper-case hex", head + `"subject":[{"digest":{"sha256":"` + strings.ToUpper(digest) + `"}}],"predicate":{}}`, "lower-case hex"},
		{"short digest", head + `"subject":[{"digest":{"sha256":"e3"}}],"predicate":{}}`, "64 lower-case hex"},
		{"duplicate member", head + subject + `,` + subject + `,"predicate":{}}`, "duplicate"},
		{"duplicate in predicate", head + subject + `,"predicate":{"a":1,"a":2}}`, "duplicate"},
		{"case-folded", head + subject + `,"predicate":{},"PredicateType":"x"}`, `must be spelled "predicateType"`},
		{"case-folded digest", head + `"subject":[{"Digest":{}}],"predicate":{}}`, `must be spelled "digest"`},
		{"empty type", `{"_type":"https://in-toto.io/Statement/v1","predicateType":"",` + subject + `,"predicate":{}}`, "predicateType is empty"},
		{"trailing", head + subject + `,"predicate":{}} {}`, "want the end of the text"},
		{"deep", head + subject + `,"predicate":{"x":` + strings.Repeat("[", 600), "nesting is deeper than"},
		{"invalid UTF-8", head + subject + ",\"predicate\":{\"x\":\"\xff\"}}", "UTF-8"},
		{"subjects not a list", head + `"subject":{},"predicate":{}}`, "subject is of kind object, not array"},
		{"subject not an object", head + `"subject":["x"],"predicate":{}}`, "a subject is of kind string, not object"},
		{"digest not a string", head + `"subject":[{"digest":{"sha256":1}}],"predicate":{}}`, "a digest is of kind number, not string"},
		{"too many digests", head + `"subject":[{"digest":{` + manyDigests(17) + `}}],"predicate":{}}`, "more than 16 digests"},
		{"escaped duplicate", head + subject + `,"predicate":{},"predic\u0061te":{}}`, "predicate"},
		{"byte order mark", "\ufeff" + head + subject + `,"predicate":{}}`, "byte order mark"},
		{"long name", head + `"subject":[{"name":"` + strings.Repeat("n", 5000) + `"}],"predicate":{}}`, "longer than 4096"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := intoto.ParseStatement(strings.NewReader(tt.in))
			sameFromMemory(t, []byte(tt.in), s, err)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, fault.StatementInvalid, fault.ReasonOf(err))
		})
	}
}

// inMemory is a statement as an envelope holds a small one.
type inMemory struct {
	*bytes.Reader
	text []byte
}

func (m inMemory) Held() []byte { return m.text }

// sameFromMemory demands of a statement in memory what reading it from a stream gave.
func sameFromMemory(t testing.TB, text []byte, want *intoto.Statement, wantErr error) {
	t.Helper()
	got, err := intoto.ParseStatement(inMemory{bytes.NewReader(text), text})
	assert.Equal(t, want, got)
	assert.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err))
}

// TestPlainStatementInMemory: what most statements look like needs no scanner.
func TestPlainStatementInMemory(t *testing.T) {
	text := []byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","predicate":{"a":[1,{"b":null}]},` +
		`"subject":[{"name":"n","digest":{"sha256":"` + digest + `"}},{"name":"m","digest":{"gitCommit":"ABC","sha1":"` + digest[:40] + `"}}]}`)
	s, err := intoto.ParseStatement(bytes.NewReader(text))
	require.NoError(t, err)
	sameFromMemory(t, text, s, err)
	for n := range text { // and every beginning of it
		s, err := intoto.ParseStatement(bytes.NewReader(text[:n]))
		require.Error(t, err)
		sameFromMemory(t, text[:n], s, err)
	}
	fewer := testing.AllocsPerRun(10, func() { _, _ = intoto.ParseStatement(inMemory{bytes.NewReader(text), text}) })
	more := testing.AllocsPerRun(10, func() { _, _ = intoto.ParseStatement(bytes.NewReader(text)) })
	assert.Less(t, fewer, more, "the scanner was not needed")
}

func manyDigests(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"x%d":"1"`, i))
	}
	return strings.Join(list, ",")
}

// A digest's algorithm may hold what a JSON pointer escapes.
func TestAlgorithmNames(t *testing.T) {
	s, err := intoto.ParseStatement(strings.NewReader(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","predicate":{},"subject":[{"digest":{"a/b~c":"1"}}]}`))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a/b~c": "1"}, s.Subjects[0].Digest)
}

// One string of a hundred megabytes in a predicate does not go into memory.
func TestLongStringIsPassedOver(t *testing.T) {
	head := `{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"digest":{"x":"1"}}],"predicate":{"x":"`
	var before, after runtime.MemStats
	r := io.MultiReader(strings.NewReader(head), io.LimitReader(letters{}, 100<<20), strings.NewReader(`"}}`))
	runtime.ReadMemStats(&before)
	_, err := intoto.ParseStatement(r)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// What canonical.Parse accepts as a document must be readable as a predicate.
func TestDeepestPredicate(t *testing.T) {
	deep := strings.Repeat(`{"x":`, canonical.MaxDepth-1) + "{}" + strings.Repeat("}", canonical.MaxDepth-1)
	doc, err := canonical.Parse([]byte(deep), canonical.Options{})
	require.NoError(t, err)
	m, err := intoto.NewMessage("t", []intoto.Subject{{Digest: map[string]string{"x": "1"}}}, doc)
	require.NoError(t, err)
	r := dsse.NewReader(m)
	defer r.Close()
	_, err = intoto.ParseStatement(r)
	assert.NoError(t, err)
}

// A failure of the source is not called a malformed statement.
func TestSourceFailureKeepsItsReason(t *testing.T) {
	cause := fault.New(fault.InputChanged, "it changed")
	_, err := intoto.ParseStatement(iotest.ErrReader(cause))
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}

func TestTooManySubjects(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","predicate":{},"subject":[`)
	for range intoto.MaxSubjects {
		b.WriteString(`{"digest":{"x":"1"}},`)
	}
	b.WriteString(`{"digest":{"x":"1"}}]}`)
	_, err := intoto.ParseStatement(strings.NewReader(b.String()))
	assert.ErrorContains(t, err, "more than 10000 subjects")
}

func FuzzParseStatement(f *testing.F) {
	f.Add(statement(f, `{"x":1}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"t","subject":[{"digest":{"x":"1"}}],"predicate":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := intoto.ParseStatement(bytes.NewReader(b))
		sameFromMemory(t, b, s, err)
		if err != nil {
			return
		}
		// What is accepted can be written again and means the same.
		m, err := intoto.NewMessage(s.PredicateType, s.Subjects, dsse.Bytes(`{}`))
		require.NoError(t, err)
		r := dsse.NewReader(m)
		defer r.Close()
		again, err := intoto.ParseStatement(r)
		require.NoError(t, err)
		assert.Equal(t, s.PredicateType, again.PredicateType)
		assert.Equal(t, s.Subjects, again.Subjects)
	})
}
