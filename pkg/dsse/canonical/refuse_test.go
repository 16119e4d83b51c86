package canonical_test

import (
	"strings"
	"testing"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusal is a text that must be refused, and how.
type refusal struct {
	name, src string
	offset    int64
	path      string
	message   string
	reason    fault.Reason // fault.InputMalformed if empty
}

func refusals() []refusal {
	deep := strings.Repeat("[", canonical.MaxDepth)
	return []refusal{
		{name: "nothing", src: "", message: "no JSON value", reason: fault.InputEmpty},
		{name: "only white space", src: " \r\n\t ", offset: 5, message: "no JSON value", reason: fault.InputEmpty},
		{name: "byte order mark", src: "\xef\xbb\xbf{}", message: "byte order mark", reason: fault.InputEncoding},
		{name: "UTF-16 LE with mark", src: "\xff\xfe{\x00}\x00", message: "UTF-16", reason: fault.InputEncoding},
		{name: "UTF-16 BE with mark", src: "\xfe\xff\x00{\x00}", message: "UTF-16", reason: fault.InputEncoding},
		{name: "UTF-16 LE", src: "{\x00}\x00", offset: 1, message: "UTF-16", reason: fault.InputEncoding},
		{name: "UTF-16 BE", src: "\x00{\x00}", message: "UTF-16", reason: fault.InputEncoding},
		{name: "gzip", src: "\x1f\x8b\x08\x00", message: "gzip", reason: fault.InputEncoding},
		{name: "NUL after the value", src: "{}\x00", offset: 2, message: "the end of the text"},
		{name: "trailing data", src: "{} {}", offset: 3, message: "unexpected '{', want the end of the text"},
		{name: "two lines", src: "{}\n{}\n", offset: 3, message: "the end of the text"},
		{name: "comment", src: "[1, // one\n2]", offset: 4, path: "/1", message: "want a value"},
		{name: "comment at the start", src: "/* */ 1", offset: 0, message: "want a value"},
		{name: "trailing comma in array", src: "[1,]", offset: 3, path: "/1", message: "want a value"},
		{name: "trailing comma in object", src: `{"a":1,}`, offset: 7, message: "want a member name"},
		{name: "missing comma", src: `{"a":1 "b":2}`, offset: 7, message: `want "," or "}"`},
		{name: "missing colon", src: `{"a" 1}`, offset: 5, message: `want ":"`},
		{name: "missing colon, deep", src: `{"x":{"y" 1}}`, offset: 10, path: "/x", message: `want ":"`},
		{name: "missing value", src: `{"a":}`, offset: 5, path: "/a", message: "want a value"},
		{name: "wrong bracket", src: `{"a":[1}`, offset: 7, path: "/a", message: `want "," or "]"`},
		{name: "unclosed object", src: `{"a":1`, offset: 6, message: "unexpected end of input"},
		{name: "unclosed array", src: `[1, `, offset: 4, path: "/1", message: "unexpected end of input"},
		{name: "unclosed string", src: `{"a":["xy`, offset: 9, path: "/a/0", message: "unexpected end of input"},
		{name: "unclosed escape", src: `["\`, offset: 3, path: "/0", message: "unexpected end of input"},
		{name: "unclosed pair", src: `["\ud800\u`, offset: 10, path: "/0", message: "unexpected end of input"},
		{name: "name without quotes", src: `{a:1}`, offset: 1, message: "want a member name"},
		{name: "single quotes", src: `{'a':1}`, offset: 1, message: "want a member name"},
		{name: "duplicate", src: `{"a":1,"b":2,"a":3}`, offset: 13, path: "/a", message: `duplicate name "a"`},
		{name: "duplicate, neighbours", src: `{"a":1,"a":3}`, offset: 7, path: "/a", message: `duplicate name "a"`},
		{name: "duplicate through escapes", src: `{"a":1,"\u0061":3}`, offset: 7, path: "/a", message: `duplicate name "a"`},
		{name: "duplicate through a surrogate pair", src: "{\"\U0001f600\":1,\"\\ud83d\\ude00\":3}", offset: 10, path: "/\U0001f600", message: "duplicate name"},
		{name: "duplicate, deep", src: `{"x":[{"y":{"b":1,"a":1,"b":1}}]}`, offset: 24, path: "/x/0/y/b", message: `duplicate name "b"`},
		{name: "duplicate empty name", src: `{"":1,"":3}`, offset: 6, path: "/", message: `duplicate name ""`},
		{name: "duplicate, long", src: `{"0123456789abcdef":1,"b":1,"0123456789abcdef":1}`, offset: 28, path: "/0123456789abcdef", message: "duplicate name"},
		{name: "duplicate among many", src: many(40, `"m07":0`), offset: int64(len(many(40, "")) - 1), path: "/m07", message: `duplicate name "m07"`},
		{name: "path with slash and tilde", src: `{"a/b~c":[0,x]}`, offset: 12, path: "/a~1b~0c/1", message: "want a value"},
		{name: "invalid byte", src: "[\"a\xff\"]", offset: 3, path: "/0", message: "invalid UTF-8"},
		{name: "truncated UTF-8", src: "[\"a\xe2\x82\"]", offset: 3, path: "/0", message: "invalid UTF-8"},
		{name: "overlong UTF-8", src: "[\"\xc0\xaf\"]", offset: 2, path: "/0", message: "invalid UTF-8"},
		{name: "surrogate in UTF-8", src: "[\"\xed\xa0\x80\"]", offset: 2, path: "/0", message: "invalid UTF-8"},
		{name: "beyond Unicode", src: "[\"\xf4\x90\x80\x80\"]", offset: 2, path: "/0", message: "invalid UTF-8"},
		{name: "invalid UTF-8 in a name", src: "{\"\x80\":1}", offset: 2, message: "invalid UTF-8"},
		{name: "lone high surrogate", src: `["\ud800"]`, offset: 2, path: "/0", message: "surrogate"},
		{name: "lone low surrogate", src: `["\udc00"]`, offset: 2, path: "/0", message: "surrogate"},
		{name: "two high surrogates", src: `["\ud800\ud800"]`, offset: 2, path: "/0", message: "surrogate"},
		{name: "high surrogate and a letter", src: `["\ud800x"]`, offset: 2, path: "/0", message: "surrogate"},
		{name: "high surrogate and another escape", src: `["\ud800\n"]`, offset: 2, path: "/0", message: "surrogate"},
		{name: "lone surrogate in a name", src: `{"\udead":1}`, offset: 2, message: "surrogate"},
		{name: "unknown escape", src: `["\x41"]`, offset: 2, path: "/0", message: "escape"},
		{name: "upper-case escape", src: `["\N"]`, offset: 2, path: "/0", message: "escape"},
		{name: "short hex", src: `["\u12"]`, offset: 2, path: "/0", message: "escape"},
		{name: "bad hex", src: `["\u00g0"]`, offset: 2, path: "/0", message: "escape"},
		{name: "raw newline", src: "[\"a\nb\"]", offset: 3, path: "/0", message: "control character"},
		{name: "raw NUL", src: "[\"\x00\"]", offset: 2, path: "/0", message: "control character"},
		{name: "leading zero", src: "[01]", offset: 2, path: "/0", message: "a digit of a number"},
		{name: "minus zero one", src: "[-01]", offset: 3, path: "/0", message: "a digit of a number"},
		{name: "plus", src: "[+1]", offset: 1, path: "/0", message: "want a value"},
		{name: "no fraction", src: "[1.]", offset: 3, path: "/0", message: "a digit of a number"},
		{name: "no integer", src: "[.5]", offset: 1, path: "/0", message: "want a value"},
		{name: "no exponent", src: "[1e]", offset: 3, path: "/0", message: "a digit of a number"},
		{name: "no exponent after sign", src: "[1e+]", offset: 4, path: "/0", message: "a digit of a number"},
		{name: "only minus", src: "-", offset: 1, message: "unexpected end of input"},
		{name: "hexadecimal", src: "[0x1p4]", offset: 2, message: `want "," or "]"`},
		{name: "underscore", src: "[1_000]", offset: 2, message: `want "," or "]"`},
		{name: "NaN", src: "[NaN]", offset: 1, path: "/0", message: "unexpected 'N', want a value"},
		{name: "Infinity", src: "[-Infinity]", offset: 2, path: "/0", message: "a digit of a number"},
		{name: "upper-case literal", src: "[True]", offset: 1, path: "/0", message: "want a value"},
		{name: "cut literal", src: "[tru]", offset: 4, path: "/0", message: `the rest of "true"`},
		{name: "literal at the end", src: "nul", offset: 3, message: "unexpected end of input"},
		{name: "literal too long", src: "nulll", offset: 4, message: "the end of the text"},
		{name: "form feed", src: "[\f1]", offset: 1, path: "/0", message: "want a value"},
		{name: "no-break space", src: "[\u00a01]", offset: 1, path: "/0", message: "unexpected byte 0xc2"},
		{name: "too deep", src: deep + "[", offset: canonical.MaxDepth, path: strings.Repeat("/0", canonical.MaxDepth), message: "deeper than the limit of 512"},
		{name: "too deep in objects", src: strings.Repeat(`{"a":`, canonical.MaxDepth+1), offset: 5 * canonical.MaxDepth, path: strings.Repeat("/a", canonical.MaxDepth), message: "deeper"},
	}
}

// many returns an object of n members, then one more if it is not empty.
func many(n int, last string) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`"m` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `":0`)
	}
	return b.String() + "," + last + "}"
}

func TestRefusals(t *testing.T) {
	for _, row := range refusals() {
		if row.reason == "" {
			row.reason = fault.InputMalformed
		}
		t.Run(row.name, func(t *testing.T) {
			d, err := canonical.Parse([]byte(row.src), canonical.Options{})
			assert.Nil(t, d)
			row.assert(t, err)
			_, err = canonical.Scan(strings.NewReader(row.src), nil)
			row.assert(t, err)
			dst, err := canonical.Append([]byte("before"), []byte(row.src))
			assert.Equal(t, "before", string(dst))
			row.assert(t, err)
		})
	}
}

func (row refusal) assert(t *testing.T, err error) {
	t.Helper()
	se := syntaxError(t, err)
	assert.Equal(t, row.offset, se.Offset)
	if len(row.path) < 1024 {
		assert.Equal(t, row.path, se.Path)
	}
	assert.Contains(t, se.Message, row.message)
	assert.Equal(t, row.reason, fault.ReasonOf(err))
	assert.Equal(t, 2, fault.ReasonOf(err).Exit())
	assert.Equal(t, se.Error(), err.Error())
}

// TestErrorText: what a user reads.
func TestErrorText(t *testing.T) {
	rows := []struct{ name, src, want string }{
		{"at a path", `{"components":[{},{"name":"x","name":"y"}]}`, `duplicate name "name" at "/components/1/name", byte 30`},
		{"at the top", `{} x`, `unexpected 'x', want the end of the text at byte 3`},
		{"hostile name", "{\"\\u001b[2J\u202e\":x}", `unexpected 'x', want a value at "/\x1b[2J\u202e", byte 16`},
		{"inexact", `{"v":[12345678901234567890]}`, `number 12345678901234567890 would become 12345678901234567000 at "/v/0", byte 6`},
		{"overflow", `1e400`, `number 1e400 is beyond the range of IEEE 754 doubles at byte 0`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := canonical.Parse([]byte(row.src), canonical.Options{ExactNumbers: true})
			assert.EqualError(t, err, row.want)
		})
	}
}

// TestLongPathsAreCut keeps an error readable whatever the names are.
func TestLongPathsAreCut(t *testing.T) {
	src := strings.Repeat(`{"`+strings.Repeat("é", 1000)+`":`, 50) + "x"
	_, parseErr := canonical.Parse([]byte(src), canonical.Options{})
	_, scanErr := canonical.Scan(strings.NewReader(src), nil)
	path := syntaxError(t, parseErr).Path
	assert.LessOrEqual(t, len(path), 1024+len("…"))
	assert.True(t, strings.HasPrefix(path, "/é") && strings.HasSuffix(path, "é"), path)
	assert.NotContains(t, path, "\ufffd")
	assert.Equal(t, path, syntaxError(t, scanErr).Path)
}

// TestOverflow: without ExactNumbers numbers are rounded, but not to infinity.
func TestOverflow(t *testing.T) {
	for _, src := range []string{"1e400", "-1e400", "[1.7976931348623159e308]"} {
		_, err := canonical.Append(nil, []byte(src))
		assertInexact(t, err)
		_, err = canonical.Scan(strings.NewReader(src), nil)
		require.NoError(t, err)
	}
	got, err := canonical.Append(nil, []byte("[1e-400,-1e-400]"))
	require.NoError(t, err)
	assert.Equal(t, "[0,0]", string(got))
}
