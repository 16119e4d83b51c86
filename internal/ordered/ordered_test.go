package ordered_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/ordered"
)

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// double takes its time now and then, so that results are ready out of order.
func double(_ context.Context, n *int) int {
	if *n%7 == 0 {
		for range *n % 50 {
			runtime.Gosched()
		}
	}
	return 2 * *n
}

func TestOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, 127, 10_000} {
		var got []int
		require.NoError(t, ordered.Run(t.Context(), numbers(n), double, func(r int) error { got = append(got, r); return nil }))
		require.Len(t, got, n)
		assert.True(t, slices.IsSorted(got))
	}
}

func TestFirstErrorOfEmitEnds(t *testing.T) {
	bad := errors.New("bad")
	for _, last := range []error{bad, ordered.ErrStop} {
		emitted := 0
		err := ordered.Run(t.Context(), numbers(1<<40), double, func(r int) error {
			if emitted++; r == 2*5000 {
				return last
			}
			return nil
		})
		assert.Equal(t, 5001, emitted)
		if errors.Is(last, ordered.ErrStop) {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, bad)
	}
}

func TestContextEnds(t *testing.T) {
	cause := errors.New("cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := ordered.Run(ctx, numbers(1<<40), double, func(r int) error {
		if r == 1000 {
			cancel(cause)
		}
		return nil
	})
	require.ErrorIs(t, err, cause)
	err = ordered.Run(ctx, numbers(10), double, func(int) error { return nil })
	require.ErrorIs(t, err, cause, "ended before it began")
}

// TestBoundedAhead has the first element wait: the sequence is not read far
// beyond it.
func TestBoundedAhead(t *testing.T) {
	var read atomic.Int64
	var most int64
	release := make(chan struct{})
	sequence := func(yield func(int) bool) {
		for i := range 100_000 {
			if read.Add(1); !yield(i) {
				return
			}
		}
	}
	work := func(_ context.Context, n *int) int {
		if *n == 0 {
			<-release
		}
		return *n
	}
	go func() {
		for read.Load() < 64 {
			runtime.Gosched()
		}
		close(release)
	}()
	require.NoError(t, ordered.Run(t.Context(), sequence, work, func(n int) error {
		most = max(most, read.Load()-int64(n))
		return nil
	}))
	assert.LessOrEqual(t, most, int64(64*runtime.GOMAXPROCS(0)+2))
}

func TestPanicsComeOut(t *testing.T) {
	none := func(int) error { return nil }
	assert.Panics(t, func() {
		_ = ordered.Run(t.Context(), numbers(1<<40), func(_ context.Context, n *int) int { return *n / (*n - 300) }, none)
	})
	assert.Panics(t, func() {
		_ = ordered.Run(t.Context(), func(func(int) bool) { panic("sequence") }, double, none)
	})
}

// TestNested runs one inside of the emission of another, as a file of lines among
// files does.
func TestNested(t *testing.T) {
	var got []int
	err := ordered.Run(t.Context(), numbers(300), double, func(r int) error {
		return ordered.Run(t.Context(), numbers(30), double, func(s int) error { got = append(got, r*1000+s); return nil })
	})
	require.NoError(t, err)
	assert.Len(t, got, 9000)
	assert.True(t, slices.IsSorted(got))
}

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	_ = ordered.Run(b.Context(), numbers(b.N), func(_ context.Context, n *int) int { return *n }, func(int) error { return nil })
}
