package world_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// TestSameNameSameBytes makes everything twice.
func TestSameNameSameBytes(t *testing.T) {
	one, two, other := world.New("a"), world.New("a"), world.New("b")
	assert.Equal(t, one.TrustedRoot(), two.TrustedRoot())
	assert.NotEqual(t, one.TrustedRoot(), other.TrustedRoot())
	for i, shape := range one.Shapes() {
		same := two.Shapes()[i]
		require.Equal(t, shape.Name, same.Name)
		assert.Equal(t, one.Evidence(shape.Options), two.Evidence(same.Options), shape.Name)
	}
	for _, m := range world.Mutations() {
		assert.Equal(t, m.Evidence(one), m.Evidence(two), m.Name)
	}
	assert.NotEqual(t, one.Bundle(world.Options{}), one.Bundle(world.Options{}), "two signings are never the same")
}

// TestShapeNames finds a name that stands twice.
func TestShapeNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range world.New("names").Shapes() {
		assert.False(t, seen[s.Name], "%s is there twice", s.Name)
		seen[s.Name] = true
	}
}

// TestClock signs before and after the clock is moved.
func TestClock(t *testing.T) {
	w := world.New(t.Name())
	first := w.Evidence(world.Options{})
	w.Clock.Advance(time.Hour)
	second := w.Evidence(world.Options{})
	assert.Equal(t, first.At.Add(time.Hour), second.At)
	assert.Equal(t, first.Leaf().NotBefore.Add(time.Hour), second.Leaf().NotBefore)
	require.NoError(t, sigstoreGo(second))
	w.Clock.Set(first.At.AddDate(-1, 0, 0))
	past := w.Evidence(world.Options{})
	assert.True(t, past.Leaf().NotAfter.Before(first.At))
	require.NoError(t, sigstoreGo(past))
}

// TestSeveralGoroutines makes evidence in several goroutines at once.
func TestSeveralGoroutines(t *testing.T) {
	w := world.New(t.Name())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				assert.NoError(t, sigstoreGo(w.Evidence(world.Options{})))
				assert.NoError(t, sigstoreGo(w.Evidence(world.Options{Log: world.LogV2, Cosignatures: 1})))
				assert.Error(t, sigstoreGo(world.Mutations()[0].Evidence(w)))
			}
		})
	}
	group.Wait()
}
