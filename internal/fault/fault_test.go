package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// Every declared reason has exactly one row, since a reason without a row
// would end as exit 1 in silence.
func TestCatalogIsComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "catalog.go", nil, 0)
	require.NoError(t, err)
	declared := make(map[fault.Reason]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "Reason" {
			return true
		}
		s, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		declared[fault.Reason(s)] = true
		return true
	})
	require.NotEmpty(t, declared)
	rows := make(map[fault.Reason]int)
	for _, e := range fault.Catalog() {
		rows[e.Reason]++
		assert.Equal(t, 1, rows[e.Reason], "%s has one row", e.Reason)
		assert.True(t, declared[e.Reason], "%s is declared", e.Reason)
		assert.NotEmpty(t, e.Meaning, "%s", e.Reason)
		assert.Equal(t, e.Exit, e.Reason.Exit())
	}
	assert.Len(t, rows, len(declared))
}

func TestReasonAndHintSurviveWrapping(t *testing.T) {
	inner := fault.New(fault.KeyRevoked, "key %q is revoked", "k").WithHint("use another key")
	err := fmt.Errorf("layer: %w", inner)
	assert.Equal(t, fault.KeyRevoked, fault.ReasonOf(err))
	assert.Equal(t, "use another key", fault.HintOf(err))
	outer := fault.Wrap(fault.KeyRevoked, err, "verifying %q", "f")
	assert.Equal(t, "use another key", fault.HintOf(outer))
	assert.Equal(t, `verifying "f": layer: key "k" is revoked`, outer.Error())
	assert.Equal(t, fault.Internal, fault.ReasonOf(errors.New("x")))
	assert.Empty(t, fault.HintOf(errors.New("x")))
}

func TestWorst(t *testing.T) {
	tests := []struct {
		name string
		in   []int
		want int
	}{
		{"nothing", nil, 0},
		{"all well", []int{0, 0}, 0},
		{"rejected before malformed", []int{2, 3, 0}, 3},
		{"malformed before missing", []int{4, 2}, 2},
		{"missing before device", []int{1, 4}, 4},
		{"offline before refused", []int{6, 5}, 5},
		{"temporary before device", []int{1, 10}, 10},
		{"interrupted alone", []int{130, 0}, 130},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, fault.Worst(tt.in...)) })
	}
}
