package canonical_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spellings returns texts that all stand for f.
func spellings(f float64) []string {
	return []string{
		strconv.FormatFloat(f, 'g', -1, 64),
		strconv.FormatFloat(f, 'E', 20, 64),
		strconv.FormatFloat(f, 'f', -1, 64),
		new(big.Float).SetFloat64(f).Text('f', 1100),
	}
}

// TestNumbersLikeNode compares with the number formatting that the RFC copies:
// ECMAScript's, as Node implements it.
func TestNumbersLikeNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "node is the oracle for canonical numbers and is not installed")
		t.Skip("node is not installed: canonical numbers are not compared with it")
	}
	texts := numberTexts()
	cmd := exec.CommandContext(t.Context(), node, "-e",
		`require("fs").readFileSync(0,"utf8").split("\n").forEach(s => console.log(JSON.stringify(JSON.parse(s))))`)
	cmd.Stdin = strings.NewReader(strings.Join(texts, "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	want := strings.Fields(string(out))
	require.Len(t, want, len(texts))
	for i, text := range texts {
		got, err := canonical.Append(nil, []byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want[i], string(got), "canonical form of %s", text)
	}
	t.Logf("%d numbers compared with node", len(texts))
}

// numberTexts returns random and awkward numbers, the same ones each time.
func numberTexts() []string {
	r := rand.New(rand.NewPCG(1, 8785))
	var texts []string
	add := func(f float64) {
		if !math.IsInf(f, 0) && !math.IsNaN(f) {
			texts = append(texts, strconv.FormatFloat(f, 'e', -1, 64), strconv.FormatFloat(f, 'g', 17, 64))
		}
	}
	for range 10_000 {
		add(math.Float64frombits(r.Uint64()))
	}
	for exponent := range uint64(0x7ff) { // the edges of every binade
		for _, mantissa := range []uint64{0, 1, 1<<52 - 1} {
			add(math.Float64frombits(exponent<<52 | mantissa))
		}
	}
	for exponent := -25; exponent <= 25; exponent++ { // where the notation changes
		for _, digits := range []string{"1", "-1", "9", "1.5", "9.99", "9.999999999999999", "1.0000000000000002", "-123456789012345678"} {
			texts = append(texts, fmt.Sprintf("%se%d", digits, exponent))
		}
	}
	for range 5_000 { // as people write them
		whole, fraction := r.Uint64()>>r.IntN(64), r.Uint64()>>r.IntN(64)
		texts = append(texts, fmt.Sprintf("%d.%d", whole, fraction), fmt.Sprintf("-0.%0*d", 1+r.IntN(20), fraction), fmt.Sprint(whole))
	}
	return texts
}

// TestExactNumbers: signing refuses what would become another number.
func TestExactNumbers(t *testing.T) {
	exact := map[string]string{
		"0": "0", "-0": "0", "0.0": "0", "-0.0e5": "0", "0e999999999999999999999": "0",
		"9.8": "9.8", "1.10": "1.1", "1e3": "1000", "1E3": "1000", "1E+3": "1000", "0.1": "0.1", "100": "100", "1.0": "1",
		"10e-1": "1", "0.000001": "0.000001", "0.0000001": "1e-7", "1e21": "1e+21", "100000000000000000000": "100000000000000000000",
		"1000000000000000000000": "1e+21", "9007199254740991": "9007199254740991", "9007199254740992": "9007199254740992",
		"-9007199254740992": "-9007199254740992", "9007199254740994": "9007199254740994", "123456789012345": "123456789012345",
		"0.30000000000000004": "0.30000000000000004", "1.7976931348623157e308": "1.7976931348623157e+308", "5e-324": "5e-324",
		"0.12345678901234": "0.12345678901234", "1e-0000000000000000000000001": "0.1",
	}
	for src, want := range exact {
		t.Run(src, func(t *testing.T) {
			got, err := exactForm(src)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Equal(t, want, canonicalForm(t, src))
		})
	}
	for _, src := range []string{
		"12345678901234567890", "9007199254740993", "-9007199254740993", "0.1000000000000000055", "1e400", "-1e400", "1e-400",
		"4e-324", "0.1000000000000000000000000000000000000000001", "1.7976931348623158e308", "1e99999999999999999999",
		"1e-99999999999999999999", "3.14159265358979323846", "100000000000000000000000000000001", "1.23456789012345678",
	} {
		t.Run(src, func(t *testing.T) {
			_, err := exactForm(src)
			assertInexact(t, err)
		})
	}
}

// TestExactNumbersLikeBig decides random numbers by exact rational arithmetic.
func TestExactNumbersLikeBig(t *testing.T) {
	refused := 0
	for _, src := range numberTexts() {
		got, err := exactForm(src)
		source, ok := new(big.Rat).SetString(src)
		require.True(t, ok)
		form, err2 := canonical.Append(nil, []byte(src))
		require.NoError(t, err2)
		written, ok := new(big.Rat).SetString(string(form))
		require.True(t, ok)
		alone, exact := canonical.ExactNumber([]byte(src))
		require.Equal(t, string(form), string(alone))
		require.Equal(t, source.Cmp(written) == 0, exact, src)
		if exact {
			require.NoError(t, err, src)
			require.Equal(t, string(form), got)
		} else {
			require.Error(t, err, src)
			refused++
		}
	}
	assert.Greater(t, refused, 5_000)
}

func exactForm(src string) (string, error) {
	d, err := canonical.Parse([]byte(src), canonical.Options{ExactNumbers: true})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	_, err = d.WriteTo(&b)
	return b.String(), err
}
