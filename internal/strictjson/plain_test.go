package strictjson_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// told reads a document as a format's reader does, and returns all that it was told, the
// error in the end.
func told(d *strictjson.Decoder) []string {
	var log []string
	say := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	var value func() error
	object := func(name string) error {
		say("member %q at %d", name, d.Offset())
		return value()
	}
	value = func() (err error) {
		k := d.Kind()
		switch k {
		case '{':
			switch len(log) % 3 { // each way of reading one
			case 0:
				err = d.Members([]string{"a", "payload"}, object)
			case 1:
				err = d.Object([]string{"a", "payload"}, object)
			default:
				err = d.Message([]string{"a", "payload"}, object)
			}
		case '[':
			err = d.Array(40, func(int) error { return value() })
		case '"':
			var s string
			s, err = d.String(60)
			say("string %q", s)
		case '0':
			var n int64
			n, err = d.Int64()
			say("number %d", n)
		case 'n':
			say("null %v", d.Null())
		case 't':
			var raw []byte
			raw, err = d.Raw(10)
			say("raw %s", raw)
		default:
			err = d.Skip()
		}
		if err == nil {
			say("%v ends at %d", k, d.Offset())
		}
		return err
	}
	err := value()
	if err == nil {
		say("more %v", d.More())
		err = d.End()
	}
	say("%v", err)
	return log
}

// fromReader and inMemory are the two ways to a document.
func fromReader(b []byte) *strictjson.Decoder {
	return strictjson.NewDecoder(bytes.NewReader(b), 0, int64(len(b)), 1<<20)
}

func inMemory(b []byte) *strictjson.Decoder {
	return strictjson.NewDecoder(input.FromBytes("held", b), 0, int64(len(b)), 1<<20)
}

// documents are plain, or not plain from some place on.
func documents() []string {
	names := func(n int) string {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"m%d":%d`, i, i))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	return []string{
		`{"a":"b","payload":["e",1,null,true,false,{}],"u":{"v":[{}, []]}}`,
		" { \"a\" :\t\"b\" ,\r\n \"payload\" : [ ] } \n",
		`{"a":"b","payload":"c\u0064","u":[1,2,{"x":1}]}`, `{"\u0061":1}`, `{"a":1,"\u0061":2}`,
		`{"a":"é€😀","payload":"` + "\xff" + `"}`, `{"a":"` + "\xed\xa0\x80" + `"}`, `{"a":"` + "\xc3" + `"`,
		`{"a":1,"a":2}`, `{"u":{"a":1,"b":{"a":1}},"u":1}`, `{"a":[{"b":1},{"b":1,"b":2}]}`,
		`{"a":1,}`, `{,"a":1}`, `{"a":}`, `{"a" "b"}`, `{"a"}`, `{"a":1 "b":2}`, `{1:2}`, `{"a":1]`, `[1}`, `[1,]`, `[,1]`, `[1 2]`, `[1:2]`,
		`]`, `}`, `,`, `:`, ``, ` `, `[`, `{`, `{"a":`, `["a`, `"`, `"a`, `-`, `tru`, `nul`, `truex`, `nulll`, `+1`, `01`, `-01`, `-0`, `1.5`, `1e5`, `1E`, `[1.]`, `[-]`, `[1x]`, `["a"x]`,
		`1 2`, `{} {}`, `{}x`, `"a" "b"`, `null`, `true`, `"a"`, `99999999999999999999`, `-9223372036854775808`,
		strings.Repeat("[", 7) + strings.Repeat("]", 7), strings.Repeat("[", 8) + strings.Repeat("]", 8), strings.Repeat("[", 9) + `"a"` + strings.Repeat("]", 9),
		strings.Repeat(`{"a":`, 12) + "1" + strings.Repeat("}", 12),
		names(32), names(33), `{"u":` + names(32) + `,"a":1}`, `{"u":` + names(40) + `,"a":1}`, `[` + names(20) + `,` + names(20) + `]`,
		`{"u":[[{"a":99999999999999999999,"b":[true,]},0],{}]}`, `{"u":{"a":[1,{"b":}]}}`, `{"u":[{"a":1,"b"}]}`, // faults inside of what is skipped
		`{"A":1}`, `{"a":"` + strings.Repeat("x", 80) + `"}`, `[` + strings.Repeat("1,", 45) + `1]`,
		"{\"a\":\"\x1f\"}", "{\"a\":\"\x7f\"}", "\ufeff{}", `{"a":"b"}` + "\x00", "{\"a\":1}\v",
	}
}

// TestPlain: what is in memory is read as what is not.
func TestPlain(t *testing.T) {
	for _, doc := range documents() {
		assert.Equal(t, told(fromReader([]byte(doc))), told(inMemory([]byte(doc))), "%q", doc)
	}
}

// TestPlainCutOff does the same with every beginning of every document.
func TestPlainCutOff(t *testing.T) {
	for _, doc := range documents() {
		for n := range doc {
			assert.Equal(t, told(fromReader([]byte(doc[:n]))), told(inMemory([]byte(doc[:n]))), "%q", doc[:n])
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, doc := range documents() {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want, got := told(fromReader(b)), told(inMemory(b))
		last := len(want) - 1
		assert.Equal(t, want[:last], got[:len(got)-1])
		assert.Equal(t, want[last] == "<nil>", got[len(got)-1] == "<nil>")
		assert.Equal(t, placeIn(want[last]), placeIn(got[len(got)-1]))
	})
}

// BenchmarkDecoder reads a small bundle.
func BenchmarkDecoder(b *testing.B) {
	doc := []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"` + strings.Repeat("h", 44) +
		`"}},"dsseEnvelope":{"payload":"` + strings.Repeat("QUJD", 150) + `","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"` + strings.Repeat("c2ln", 24) + `"}]}}`)
	for name, make := range map[string]func([]byte) *strictjson.Decoder{"reader": fromReader, "memory": inMemory} {
		b.Run(name, func(b *testing.B) {
			d := make(doc)
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				d.Rewind(1 << 20)
				if err := read(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// read reads all of a document and keeps nothing.
func read(d *strictjson.Decoder) error {
	switch d.Kind() {
	case '{':
		return d.Members([]string{"mediaType", "verificationMaterial", "publicKey", "hint", "dsseEnvelope", "payload", "payloadType", "signatures", "sig"},
			func(string) error { return read(d) })
	case '[':
		return d.Array(1000, func(int) error { return read(d) })
	case '"':
		_, err := d.Text()
		return err
	}
	return d.Skip()
}
