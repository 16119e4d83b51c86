package mutant_test

import (
	"encoding/json/jsontext"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/testkit/mutant"
	"github.com/stellaops/stella/internal/testkit/world"
)

const document = `{"a":["AAAA","x"],"b":{"c":1,"d":"text"}}`

func TestSameSeedSameMutants(t *testing.T) {
	one, two := mutant.New(1, []byte(document)), mutant.New(1, []byte(document))
	other := mutant.New(2, []byte(document))
	differ := false
	for range 100 {
		a, how := one.Mutate([]byte(document))
		b, alike := two.Mutate([]byte(document))
		c, _ := other.Mutate([]byte(document))
		assert.Equal(t, string(a), string(b))
		assert.Equal(t, how, alike)
		differ = differ || string(a) != string(c)
	}
	assert.True(t, differ)
}

// Nearly all of what comes out is JSON, and nearly all of it something else.
func TestMutants(t *testing.T) {
	s := mutant.New(1, []byte(document), []byte(`{"b":{"e":[]}}`), []byte("no JSON"))
	const n = 1000
	valid, different, kinds := 0, 0, make(map[string]bool)
	for range n {
		m, how := s.Mutate([]byte(document))
		kinds[how[0]] = true
		if jsontext.Value(m).IsValid() {
			valid++
		}
		if string(m) != document {
			different++
		}
	}
	assert.Greater(t, valid, n*3/4)
	assert.Greater(t, different, n*3/4)
	for _, kind := range []string{"add b.e", "drop a", "repeat in a", "one bit at a[]", "exchange in b", "rename b.c", "wrap"} {
		assert.True(t, kinds[kind], "never %q", kind)
	}
}

func TestEvidence(t *testing.T) {
	g := mutant.NewEvidence(t, 1, "../../..", func(s world.Shape) bool { return s.Options.Signer == world.Key })
	seen := make(map[string]bool)
	for range 50 {
		e, how := g.Next()
		assert.NotEmpty(t, e.Bundle)
		assert.NotEmpty(t, e.Demand.PublicKey)
		assert.False(t, seen[how], "%q twice", how)
		seen[how] = true
	}
}
