package canonical_test

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"strings"
	"testing"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/require"
)

// FuzzAppend compares with jsontext, which differs in two ways that are known:
// it clamps numbers beyond the range of doubles to the largest double, and its
// nesting may be 10,000 levels deep.
func FuzzAppend(f *testing.F) {
	for _, row := range refusals() {
		f.Add([]byte(row.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		want := jsontext.Value(bytes.Clone(src))
		wantErr := want.Canonicalize()
		got, err := canonical.Append(nil, src)
		if err != nil {
			require.Empty(t, got)
			known := fault.ReasonOf(err) == fault.NumberInexact || strings.HasPrefix(syntaxError(t, err).Message, "nesting")
			require.True(t, wantErr != nil || known, "refused, and jsontext does not: %v", err)
			return
		}
		require.NoError(t, wantErr, "taken, and jsontext does not")
		require.Equal(t, string(want), string(got))
		require.Equal(t, string(got), canonicalForm(t, string(src)))
		again, err := exactForm(string(got))
		if err == nil { // a rounded number may be written as what is not exact
			require.Equal(t, string(got), again)
		}
		assertExactMeansSame(t, src, got)
	})
}

// assertExactMeansSame: with ExactNumbers the form is the same, or the text is
// refused for a number.
func assertExactMeansSame(t *testing.T, src, form []byte) {
	got, err := exactForm(string(src))
	if err != nil {
		assertInexact(t, err)
		return
	}
	require.Equal(t, string(form), got)
}

// FuzzScan compares with Parse: both take the same texts but for numbers, and
// refuse them at the same place for the same reason. Only duplicates are found
// later by Parse, at the end of the object.
func FuzzScan(f *testing.F) {
	for _, row := range refusals() {
		f.Add([]byte(row.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		_, parseErr := canonical.Parse(src, canonical.Options{})
		n, scanErr := canonical.Scan(bytes.NewReader(src), nil)
		_, visitErr := canonical.Scan(bytes.NewReader(src), everything{})
		require.Equal(t, scanErr == nil, visitErr == nil, "%v, %v", scanErr, visitErr)
		switch {
		case parseErr == nil:
			require.NoError(t, scanErr)
			require.Equal(t, int64(len(src)), n)
		case fault.ReasonOf(parseErr) == fault.NumberInexact:
			// Scan reads on and may find something else, or nothing.
		case strings.HasPrefix(syntaxError(t, scanErr).Message, "duplicate"):
		default:
			require.Equal(t, fault.ReasonOf(parseErr), fault.ReasonOf(scanErr))
			require.Equal(t, syntaxError(t, parseErr), syntaxError(t, scanErr))
		}
	})
}

// everything is a Visitor that enters every value, takes its text, and checks
// what it is told.
type everything struct{}

func (everything) Visit(path []byte, kind canonical.Kind) canonical.Action {
	switch {
	case kind >= canonical.Array:
		return canonical.Enter
	case len(path)%2 == 0:
		return canonical.Raw
	}
	return canonical.Text
}

func (everything) Value(path []byte, v canonical.Value) error {
	if v.Kind < canonical.Array && v.Kind != canonical.String && int64(len(v.Data)) != v.Size {
		return errors.New("scalar without its source")
	}
	if v.Kind == canonical.Array && v.Size < int64(2*v.Count) {
		return errors.New("more elements than fit")
	}
	return nil
}
