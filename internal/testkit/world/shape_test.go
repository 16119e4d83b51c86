package world_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/internal/testkit/world/oracle"
)

// sigstoreGo judges evidence with stock sigstore-go: nil means accepted.
func sigstoreGo(e *world.Evidence) error { return oracle.SigstoreGo(e) }

// TestShapes gives every kind of valid evidence to stock sigstore-go.
func TestShapes(t *testing.T) {
	w := world.New("shapes")
	for _, shape := range w.Shapes() {
		t.Run(shape.Name, func(t *testing.T) {
			err := sigstoreGo(w.Evidence(shape.Options))
			if shape.Refused != "" {
				require.Error(t, err, "sigstore-go accepts it by now: take the reason away")
				return
			}
			require.NoError(t, err)
		})
	}
}

func BenchmarkBundle(b *testing.B) {
	w := world.New("bench")
	for b.Loop() {
		w.Bundle(world.Options{})
	}
}
