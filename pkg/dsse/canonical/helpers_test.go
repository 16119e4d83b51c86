package canonical_test

import (
	"errors"
	"testing"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func syntaxError(t testing.TB, err error) *canonical.SyntaxError {
	t.Helper()
	require.Error(t, err)
	se, ok := errors.AsType[*canonical.SyntaxError](err)
	require.True(t, ok, "%T has no SyntaxError", err)
	return se
}

func assertInexact(t testing.TB, err error) {
	t.Helper()
	syntaxError(t, err)
	assert.Equal(t, fault.NumberInexact, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), "--preserve")
}
