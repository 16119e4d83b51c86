package predicate

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// recorder notes everything that it is told, and wants what salt and the path say.
type recorder struct {
	salt int
	told []string
}

func (r *recorder) Visit(path []byte, kind canonical.Kind) canonical.Action {
	sum := r.salt
	for _, b := range path {
		sum = sum*31 + int(b)
	}
	action := canonical.Action(uint(sum) % 3) // Skip, Count or Enter
	if kind < canonical.Array && action == canonical.Enter {
		action = canonical.Text
	}
	if len(path) == 0 {
		action = canonical.Enter
	}
	r.told = append(r.told, fmt.Sprintf("visit %s %s", path, kind))
	return action
}

func (r *recorder) Value(path []byte, v canonical.Value) error {
	r.told = append(r.told, fmt.Sprintf("value %s %s %d", path, v.Kind, v.Count))
	return nil
}

func TestVisitorsSeeWhatEachWouldSeeAlone(t *testing.T) {
	for _, name := range []string{"cyclonedx-1.6.json", "spdx-3.0.1.json", "syft-16-image.json", "osv.json"} {
		text, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		for salt := range 50 {
			together := []*recorder{{salt: salt}, {salt: salt + 1}, {salt: salt * 7}, {salt: -salt}}
			var all visitors
			for _, r := range together {
				all = append(all, &visitor{Visitor: r})
			}
			_, err = canonical.Scan(strings.NewReader(string(text)), all)
			require.NoError(t, err)
			for i, r := range together {
				alone := &recorder{salt: r.salt}
				_, err = canonical.Scan(strings.NewReader(string(text)), alone)
				require.NoError(t, err)
				assert.Equal(t, alone.told, r.told, "%s, salt %d, visitor %d", name, salt, i)
			}
		}
	}
}
