package predicate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEveryRowIsComplete: a row of the catalog that is stella's own has a schema, and
// each has what shows it.
func TestEveryRowIsComplete(t *testing.T) {
	for _, typ := range Types() {
		assert.NotEmpty(t, rowsOf(typ.URI), "%s is shown by nothing", typ.URI)
		assert.Equal(t, Schema(typ.URI) != nil, shapes()[typ.URI] != nil, typ.URI)
		if len(typ.URI) > 11 && typ.URI[:11] == "stella.ops/" {
			assert.NotNil(t, Schema(typ.URI), typ.URI)
		}
	}
}
