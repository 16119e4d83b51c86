package canonical_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ dsse.Content = (*canonical.Document)(nil)

// chunks is a writer that remembers how large its pieces were.
type chunks struct {
	bytes.Buffer
	sizes []int
}

func (c *chunks) Write(p []byte) (int, error) {
	c.sizes = append(c.sizes, len(p))
	return c.Buffer.Write(p)
}

func (c *chunks) assertLarge(t testing.TB) {
	t.Helper()
	for i, size := range c.sizes {
		if i < len(c.sizes)-1 {
			require.GreaterOrEqual(t, size, 64<<10, "chunk %d of %d", i, len(c.sizes))
		}
		require.LessOrEqual(t, size, 1<<20)
	}
}

func TestForm(t *testing.T) {
	rows := []struct{ name, src, want string }{
		{"scalar at the root", ` 1 `, `1`},
		{"literals", "[ true,false , null]", `[true,false,null]`},
		{"empty containers", "{ \"a\" : { } , \"b\":[\n]}", `{"a":{},"b":[]}`},
		{"empty containers, out of order", "{ \"b\" : { } , \"a\":[\n]}", `{"a":[],"b":{}}`},
		{"order", `{"b":1,"a":2,"":3}`, `{"":3,"a":2,"b":1}`},
		{"prefix first", `{"aa":1,"a":2,"aaaaaaaaab":5,"aaaaaaaaa":3,"aaaaaaaa":4}`, `{"a":2,"aa":1,"aaaaaaaa":4,"aaaaaaaaa":3,"aaaaaaaaab":5}`},
		{"NUL in a name is a character", `{"a\u0000":1,"a":2}`, `{"a":2,"a\u0000":1}`},
		{"order by UTF-16", "{\"\uffff\":1,\"\U00010000\":2,\"\ue000\":3,\"\ud7ff\":4}", "{\"\ud7ff\":4,\"\U00010000\":2,\"\ue000\":3,\"\uffff\":1}"},
		{"order by UTF-16 after eight bytes", "{\"12345678\uffff\":1,\"12345678\U00010000\":2}", "{\"12345678\U00010000\":2,\"12345678\uffff\":1}"},
		{"order of escaped names", `{"\u0062":1,"a":2,"\ud83d\ude00":3,"\ufb33":4}`, "{\"a\":2,\"b\":1,\"\U0001f600\":3,\"\ufb33\":4}"},
		{"escapes that stay", `"\"\\\b\f\n\r\t\u0000\u001f"`, `"\"\\\b\f\n\r\t\u0000\u001f"`},
		{"escapes that go", `"\/\u0041\u00e9\u20ac\ud834\udd1e\u007f\u0022\u005C\u000a\u001F"`, "\"/Aé€\U0001d11e\u007f\\\"\\\\\\n\\u001f\""},
		{"not normalised", `"A\u030a"`, "\"A\u030a\""},
		{"sorted inside unsorted", `{"b":{"c":1,"d":[1,2]},"a":0}`, `{"a":0,"b":{"c":1,"d":[1,2]}}`},
		{"unsorted inside sorted", `{"a":0,"b":{"d":1,"c":2},"c":{"x": [ {"z":1,"y":2} ] } }`, `{"a":0,"b":{"c":2,"d":1},"c":{"x":[{"y":2,"z":1}]}}`},
		{"runs between lists", `[1, 2,{"b":1,"a":2},3,4,{"b":1,"a":2},{"b":1,"a":2}, 5 ]`, `[1,2,{"a":2,"b":1},3,4,{"a":2,"b":1},{"a":2,"b":1},5]`},
		{"list first and last", `[{"b":1,"a":2},[],{"b":1,"a":2}]`, `[{"a":2,"b":1},[],{"a":2,"b":1}]`},
		{"wide gaps", "{\"b\"  :           \t1,\"a\":         2}", `{"a":2,"b":1}`},
		{"rewritten inside", `{ "b" : 1.0, "a" : "\/", "\u0061a" : {"d":1,"c":-0} }`, `{"a":"/","aa":{"c":0,"d":1},"b":1}`},
		{"CRLF and tabs", "{\r\n\t\"b\": 1,\r\n\t\"a\": [\r\n\t\t1\r\n\t]\r\n}\r\n", `{"a":[1],"b":1}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, canonicalForm(t, row.src))
			assert.Equal(t, row.want, canonicalForm(t, row.want))
		})
	}
}

// TestLongTokens crosses every boundary of the index and of the buffers.
func TestLongTokens(t *testing.T) {
	for _, n := range []int{100, 127, 128, 129, 1 << 16, 1<<17 - 1, 1 << 17, 1<<17 + 1, 1<<20 - 2, 1 << 20, 1<<20 + 1, 3 << 20} {
		value := strings.Repeat("v", n)
		name := strings.Repeat("n", min(n, canonical.MaxToken-2))
		src := fmt.Sprintf("{ %q : [\"x\\u0041\" , %q], \"b\": %q,\n \"a\": 1, \"é\": \"\\/%s\" }", name, value, value, value)
		want := fmt.Sprintf("{\"a\":1,\"b\":%q,%q:[\"xA\",%q],\"é\":\"/%s\"}", value, name, value, value)
		assert.True(t, want == canonicalForm(t, src), "length %d", n)
	}
}

// TestOrderOfMany orders objects of many sizes and compares with ordering the
// UTF-16 forms of the names.
func TestOrderOfMany(t *testing.T) {
	alphabet := []rune("ab\x7f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff")
	r := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{2, 3, 15, 16, 17, 18, 100, 5000} {
		names := map[string]bool{}
		for len(names) < n {
			name := make([]rune, r.IntN(14))
			for i := range name {
				name[i] = alphabet[r.IntN(len(alphabet))]
			}
			names[string(name)] = true
		}
		ordered := slices.SortedFunc(maps.Keys(names), func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
		var want, src []string
		for _, name := range ordered {
			want = append(want, `"`+name+`":1`)
			src = append(src, literalOf(name, r.IntN(2) == 0)+": 1")
		}
		r.Shuffle(len(src), func(i, j int) { src[i], src[j] = src[j], src[i] })
		assert.Equal(t, "{"+strings.Join(want, ",")+"}", canonicalForm(t, "{"+strings.Join(src, ",")+"}"))
	}
}

// literalOf writes name, which needs no escapes, with or without them.
func literalOf(name string, escaped bool) string {
	if !escaped {
		return `"` + name + `"`
	}
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(name)) {
		fmt.Fprintf(&b, "\\u%04X", unit)
	}
	return `"` + b.String() + `"`
}

// TestConcurrentWriting writes one document from several goroutines.
func TestConcurrentWriting(t *testing.T) {
	src := sbom(1<<20, true)
	d, err := canonical.Parse(src, canonical.Options{ExactNumbers: true})
	require.NoError(t, err)
	want, err := canonical.Append(nil, src)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var b bytes.Buffer
			_, err := d.WriteTo(&b)
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(want, b.Bytes()))
		})
	}
	wg.Wait()
}

// failingWriter takes some bytes and then fails.
type failingWriter struct {
	room  int
	calls int
	err   error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	w.calls++
	if len(p) <= w.room {
		w.room -= len(p)
		return len(p), nil
	}
	return w.room, w.err
}

func TestWriteToStopsAtErrors(t *testing.T) {
	for _, src := range [][]byte{sbom(1<<20, true), []byte(`["` + strings.Repeat("x", 3<<20) + `"]`)} {
		d, err := canonical.Parse(src, canonical.Options{})
		require.NoError(t, err)
		w := failingWriter{room: 200_000, err: errors.New("no space")}
		n, err := d.WriteTo(&w)
		assert.ErrorIs(t, err, w.err)
		assert.Equal(t, int64(200_000), n)
		assert.LessOrEqual(t, w.calls, 3, "writing goes on after an error")
	}
}
