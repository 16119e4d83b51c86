package canonical_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limitRow is a text at a limit, or one over it.
type limitRow struct {
	name   string
	src    []byte
	within bool
}

func TestLimits(t *testing.T) {
	name := func(n int) []byte { return []byte(`{"` + strings.Repeat("n", n-2) + `":1}`) }
	number := func(n int) []byte { return []byte("[0." + strings.Repeat("0", n-3) + "1]") }
	nested := bytes.Replace(flat(canonical.MaxMembers-2), []byte("0,"), []byte(`{"x":0,"y":0},`), 1)
	for _, row := range []limitRow{
		{"name", name(canonical.MaxToken), true},
		{"long name", name(canonical.MaxToken + 1), false},
		{"very long name", name(1 << 20), false},
		{"number", number(canonical.MaxToken), true},
		{"long number", number(canonical.MaxToken + 1), false},
		{"very long number", number(1 << 20), false},
		{"many members", flat(canonical.MaxMembers + 1), false},
		{"members of two objects", nested, true},
		{"many members of two objects", bytes.Replace(flat(canonical.MaxMembers), []byte("}"), []byte(`,"x":{}}`), 1), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, parseErr := canonical.Parse(row.src, canonical.Options{})
			_, scanErr := canonical.Scan(bytes.NewReader(row.src), nil)
			if row.within {
				require.NoError(t, parseErr)
				require.NoError(t, scanErr)
				return
			}
			assert.Equal(t, syntaxError(t, parseErr), syntaxError(t, scanErr))
			assert.Contains(t, parseErr.Error(), "than the limit of")
			assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(parseErr))
			assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(scanErr))
		})
	}
}

// flat returns an object of n members in the worst order.
func flat(n int) []byte {
	b := []byte("{")
	for i := range n {
		b = fmt.Appendf(b, `"%06x":0,`, n-i)
	}
	b[len(b)-1] = '}'
	return b
}

func TestMaxSize(t *testing.T) {
	_, err := canonical.Parse(make([]byte, canonical.MaxSize+1), canonical.Options{})
	assert.ErrorContains(t, err, "text is larger than the limit")
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

// TestMemory bounds what Parse and Scan allocate in all: Parse in parts of the
// source, beside a megabyte for its first steps.
func TestMemory(t *testing.T) {
	elements := func(s string, n int) []byte {
		return []byte("[" + strings.Repeat(s+",", n) + s + "]")
	}
	deep := strings.Repeat("[", canonical.MaxDepth-2)
	for _, row := range []struct {
		name  string
		src   []byte
		parse float64
	}{
		{"indented SBOM", sbom(4<<20, true), 0.25},
		{"compact SBOM", sbom(4<<20, false), 0.3},
		{"scalars", elements(" 1", 1<<20), 0.01},
		{"ordered objects", elements(`{"a": 1, "b": [2]}`, 1<<18), 0.01},
		{"smallest disorder", elements(`{"b":0,"":0}`, 1<<18), 3},
		{"disorder, deep", elements(deep+`{"b":0,"":0}`+strings.ReplaceAll(deep, "[", "]"), 2<<10), 4.3},
	} {
		t.Run(row.name, func(t *testing.T) {
			parse := allocated(func() {
				_, err := canonical.Parse(row.src, canonical.Options{})
				require.NoError(t, err)
			})
			assert.LessOrEqual(t, float64(parse), row.parse*float64(len(row.src))+(1<<20))
			scan := allocated(func() {
				_, err := canonical.Scan(bytes.NewReader(row.src), nil)
				require.NoError(t, err)
			})
			assert.LessOrEqual(t, scan, uint64(1<<20))
			t.Logf("source %d MB, Parse %.2f of it, Scan %d KB", len(row.src)>>20, float64(parse)/float64(len(row.src)), scan>>10)
		})
	}
}

// allocated returns how many bytes f allocates, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestSlowInputs: texts that are made to be slow are not much slower than
// others of their size.
func TestSlowInputs(t *testing.T) {
	var prefixed bytes.Buffer
	prefixed.WriteString("{")
	for i := range 100 {
		fmt.Fprintf(&prefixed, "%q:0,", strings.Repeat("p", 30_000)+fmt.Sprintf("%04d", 100-i))
	}
	prefixed.WriteString(`"":0}`)
	for name, src := range map[string][]byte{
		"names with a common start": prefixed.Bytes(),
		"escapes":                   []byte(`"` + strings.Repeat(`\u0041`, 2<<20) + `"`),
		"quotes":                    []byte("[" + strings.Repeat(`"",`, 4<<20) + `""]`),
		"digits":                    []byte("[" + strings.Repeat("0."+strings.Repeat("3", 60_000)+",", 40) + "0]"),
		"exponents":                 []byte("[" + strings.Repeat("1.234567890123456789e-300,", 100_000) + "0]"),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			d, err := canonical.Parse(src, canonical.Options{})
			require.NoError(t, err)
			_, err = d.WriteTo(io.Discard)
			require.NoError(t, err)
			_, err = canonical.Scan(bytes.NewReader(src), nil)
			require.NoError(t, err)
			t.Logf("%d MB in %v", len(src)>>20, time.Since(start))
			assert.Less(t, time.Since(start), time.Minute) // a second at ease; a slow way takes hours
		})
	}
}
