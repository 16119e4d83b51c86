package predicate

import (
	"encoding/json/v2"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// counting counts the values that a visitor wants something of.
type counting struct {
	canonical.Visitor
	wanted int
}

func (c *counting) Visit(path []byte, kind canonical.Kind) canonical.Action {
	action := c.Visitor.Visit(path, kind)
	if action != canonical.Skip {
		c.wanted++
	}
	return action
}

// TestCheckEndsWithTheFirstFailure: what nobody signed is held to a schema as well, and
// must not cost more for being wrong.
func TestCheckEndsWithTheFirstFailure(t *testing.T) {
	views := make([]string, 10_000)
	for i := range views {
		views[i] = fmt.Sprintf(`"view %d"`, i)
	}
	for name, tt := range map[string]struct{ list, want string }{
		"too many": {strings.Join(views, ","), `"/policy/views" is not an array of 1 to 64 views`},
		"repeated": {`"a","a",` + strings.Join(views, ","), `"/policy/views/1" repeats "a"`},
		"kind":     {`1,` + strings.Join(views, ","), `"/policy/views/0" is of kind number, not string`},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChecker(shapeOf(TypeReport)(), "")
			all := &counting{Visitor: c}
			_, err := canonical.Scan(strings.NewReader(`{"policy":{"views":[`+tt.list+`]},"decision":"pass"}`), all)
			require.NoError(t, err)
			require.EqualError(t, c.verdict(), tt.want)
			assert.LessOrEqual(t, all.wanted, maxViews+3)
			assert.LessOrEqual(t, len(c.texts.texts), maxViews)
		})
	}
}

// TestElementsDifferInOneArray: proofs from one log share hashes, and that repeats nothing.
func TestElementsDifferInOneArray(t *testing.T) {
	text, err := os.ReadFile("../../testdata/predicates/promotion.v1.json")
	require.NoError(t, err)
	var p map[string]any
	require.NoError(t, json.Unmarshal(text, &p))
	materials := p["materials"].([]any)
	first, second := materials[0].(map[string]any), materials[1].(map[string]any)
	second["rekor"] = first["rekor"]
	text, err = json.Marshal(p)
	require.NoError(t, err)
	require.NoError(t, Check(TypePromotion, strings.NewReader(string(text))))

	proof := first["rekor"].(map[string]any)["inclusionProof"].(map[string]any)
	hashes := proof["hashes"].([]any)
	proof["hashes"] = append(hashes, hashes...)
	text, err = json.Marshal(p)
	require.NoError(t, err)
	require.ErrorContains(t, Check(TypePromotion, strings.NewReader(string(text))), "repeats")
}
