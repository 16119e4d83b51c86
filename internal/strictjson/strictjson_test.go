package strictjson_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

const long = 3 << 20 // well over the length from which strings stay in place

func decoder(s string) *strictjson.Decoder {
	return strictjson.NewDecoder(strings.NewReader(s), 0, int64(len(s)), 4<<20)
}

func textOf(t testing.TB, text strictjson.Text) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, text.Each(func(p []byte) error { _, err := out.Write(p); return err }))
	return out.String()
}

func TestLongStringStaysInPlace(t *testing.T) {
	value := strings.Repeat("abcdefgh", long/8)
	for name, doc := range map[string]string{
		"alone":         `{"v":"` + value + `"}`,
		"last":          `{"a":"x","b":["y",{"c":"\"\\"}],"v":"` + value + `"}`,
		"first":         `{"v":"` + value + `","a":"x"}`,
		"with spaces":   "{ \"a\" : \"\\\\\" ,\n \"v\" : \"" + value + "\" }\n",
		"quote escapes": `{"a":"\"","v":"` + value + `","b":"\\"}`,
	} {
		t.Run(name, func(t *testing.T) {
			d := decoder(doc)
			var got strictjson.Text
			require.NoError(t, d.Object([]string{"v"}, func(string) error {
				var err error
				got, err = d.Text()
				return err
			}))
			require.NoError(t, d.End())
			_, inline := got.Inline()
			assert.False(t, inline)
			assert.Equal(t, value, textOf(t, got))
			n, plain := got.Span()
			assert.True(t, plain)
			assert.EqualValues(t, len(value), n)
		})
	}
}

func TestEscapesInPlace(t *testing.T) {
	unit := `\/\u002b\n\"ab`
	doc := `"` + strings.Repeat(unit, long/len(unit)) + `"`
	d := decoder(doc)
	text, err := d.Text()
	require.NoError(t, err)
	require.NoError(t, d.End())
	assert.Equal(t, strings.Repeat("/+\n\"ab", long/len(unit)), textOf(t, text))
	_, plain := text.Span()
	assert.False(t, plain)
}

func TestLongStringWhereNoneMayBe(t *testing.T) {
	value := strings.Repeat("x", long)
	for name, doc := range map[string]string{
		"as a name":          `{"` + value + `":1,"v":"y"}`,
		"in an unknown part": `{"u":["` + value + `"],"v":"y"}`,
		"as a short field":   `{"v":"` + value + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			d := decoder(doc)
			err := d.Object([]string{"v"}, func(string) error { _, err := d.String(100); return err })
			if err == nil {
				err = d.End()
			}
			assert.ErrorContains(t, err, "longer than")
		})
	}
}

// A short string cannot pass for a long one: the place decides, not the text.
func TestEmptyStringIsNotALongOne(t *testing.T) {
	value := strings.Repeat("x", long)
	d := decoder(`{"a":"","v":"` + value + `","b":""}`)
	got := map[string]int{}
	require.NoError(t, d.Object([]string{"a", "b", "v"}, func(name string) error {
		text, err := d.Text()
		got[name] = len(textOf(t, text))
		return err
	}))
	assert.Equal(t, map[string]int{"a": 0, "v": long, "b": 0}, got)
}

func TestRules(t *testing.T) {
	known := []string{"name"}
	tests := []struct{ name, in, want string }{
		{"unknown skipped", `{"other":[1,{"x":null}],"name":"n"}`, ""},
		{"duplicate", `{"name":"n","name":"n"}`, "duplicate member at /name"},
		{"duplicate unknown", `{"x":1,"x":1}`, "duplicate member at /x"},
		{"case", `{"NAME":"n"}`, `"NAME" must be spelled "name"`},
		{"wrong kind", `{"name":[]}`, "/name is an array, not a string"},
		{"not an object", `3`, "the document is a number, not an object"},
		{"truncated", `{"name":"n`, "ends early"},
		{"truncated long", `{"name":"` + strings.Repeat("n", long), "ends early"},
		{"empty", ``, "ends early"},
		{"syntax", `{"name":"n",}`, "at byte"},
		{"control character", "{\"name\":\"\x01\"}", "at byte"},
		{"lone surrogate", `{"name":"\ud800"}`, "at byte"},
		{"after", `{"name":"n"} 1`, "unexpected content after the document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			held := strictjson.NewDecoder(input.FromBytes("held", []byte(tt.in)), 0, int64(len(tt.in)), 4<<20)
			for _, d := range []*strictjson.Decoder{decoder(tt.in), held} {
				err := d.Object(known, func(string) error { _, err := d.String(10); return err })
				if err == nil {
					err = d.End()
				}
				if tt.want == "" {
					assert.NoError(t, err)
					continue
				}
				assert.ErrorContains(t, err, tt.want)
			}
		})
	}
}

func TestClosedObjectRefusesTheUnknown(t *testing.T) {
	d := decoder(`{"x":1}`)
	assert.ErrorContains(t, d.ClosedObject([]string{"name"}, func(string) error { return nil }), `unknown member "x"`)
}

func TestOverheadIsBounded(t *testing.T) {
	doc := `{"x":[` + strings.Repeat("1,", 1<<20) + `1]}`
	d := strictjson.NewDecoder(strings.NewReader(doc), 0, int64(len(doc)), 1<<20)
	err := d.Object(nil, nil)
	require.ErrorIs(t, err, strictjson.ErrOverhead)
	assert.EqualError(t, err, "document has too much content outside of its payload: over 1048576 bytes", "in our words alone")
}

func TestErrorsNameTheSourceOffset(t *testing.T) {
	value := strings.Repeat("x", long)
	prefix := `{"v":"` + value + `","b":`
	d := decoder(prefix + `?}`)
	err := d.Object([]string{"v"}, func(string) error { _, err := d.Text(); return err })
	assert.ErrorContains(t, err, fmt.Sprintf("at byte %d", len(prefix)))
}

// What the elider lets through is the document with its long strings emptied,
// and nothing else changes, however the source is cut into pieces.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte(`{"a":"b\"c","d":["e",1,null]}`), 3)
	f.Add([]byte(`"\\\u0041`), 1)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		whole := strictjson.NewDecoder(bytes.NewReader(b), 0, int64(len(b)), 1<<20)
		pieces := strictjson.NewDecoder(&stepReader{bytes.NewReader(b), max(1, step%7)}, 0, int64(len(b)), 1<<20)
		held := strictjson.NewDecoder(input.FromBytes("held", b), 0, int64(len(b)), 1<<20)
		v1, err1 := whole.Raw(1 << 20)
		v2, err2 := pieces.Raw(1 << 20)
		v3, err3 := held.Raw(1 << 20)
		assert.Equal(t, v1, v2)
		assert.Equal(t, v1, v3)
		assert.Equal(t, err1 == nil, err2 == nil)
		assert.Equal(t, placeOf(err1), placeOf(err3))
	})
}

// placeOf returns where an error says that it was met, "" for none. What it quotes of the
// text depends on how much of it the library has read.
func placeOf(err error) string {
	if err == nil {
		return ""
	}
	return placeIn(err.Error())
}

func placeIn(text string) string { return text[max(0, strings.LastIndex(text, " at byte ")):] }

// stepReader gives few bytes at a time.
type stepReader struct {
	*bytes.Reader
	step int
}

func (s *stepReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) > s.step {
		n, err := s.Reader.ReadAt(p[:s.step], off)
		if err == io.EOF {
			return n, err
		}
		return n, err
	}
	return s.Reader.ReadAt(p, off)
}
