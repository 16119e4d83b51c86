package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/verify"
)

func BenchmarkParse(b *testing.B) {
	const signers = head + "rules: [{name: r, predicateTypes: [cyclonedx], signers: [{threshold: 2, roles: [a]}]"
	for name, doc := range map[string]string{
		"signers":   signers + "}]",
		"condition": signers + ", conditions: [{name: c, cel: 'predicate.components.all(c, has(c.name))'}]}]",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := parse(doc)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkCondition looks at one member of a predicate of 10 MB, and at all of
// its 20,000 components. Verifying the signature is in the figures.
func BenchmarkCondition(b *testing.B) {
	component := fmt.Sprintf(`{"name":"lib","version":"1.0","description":%q}`, strings.Repeat("x", 450))
	predicate := `{"metadata":{"name":"app"},"components":[` + strings.TrimSuffix(strings.Repeat(component+",", 20_000), ",") + `]}`
	for name, cel := range map[string]string{
		"none":       `statement.predicateType != ""`,
		"member":     `predicate.metadata.name == "app"`,
		"components": `predicate.components.all(c, c.name == "lib")`,
	} {
		b.Run(name, func(b *testing.B) {
			ann := newPerson(b, "ann")
			e := sign(b, predicate, ann)
			p, err := parse(head + "rules: [{name: r, signers: [{}], conditions: [{name: c, cel: '" + cel + "'}]}]")
			require.NoError(b, err)
			v := trusting(b, ann)
			require.NoError(b, p.Apply(v))
			b.ReportAllocs()
			for b.Loop() {
				_, err := verify.Verify(b.Context(), e, v)
				require.NoError(b, err)
			}
		})
	}
}
