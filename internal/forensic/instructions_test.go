package forensic

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestInstructions names only pages that there are.
func TestInstructions(t *testing.T) {
	pages := regexp.MustCompile(`docs/\S+\.md`).FindAllString(instructions, -1)
	assert.NotEmpty(t, pages)
	for _, page := range pages {
		assert.FileExists(t, filepath.Join("..", "..", page))
	}
}
