package gather_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFilesReadAhead: of a directory with many files each comes with its own content and in
// its turn, whatever is between them and however it is read.
func TestFilesReadAhead(t *testing.T) {
	tree(t, nil)
	var want []string
	put := func(path, content string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		want = append(want, fmt.Sprintf("%s = %.30s", path, content))
	}
	for i := range 150 {
		name := fmt.Sprintf("d/%03d", i)
		switch i % 37 {
		case 5:
			put(name, strings.Repeat("large ", 1000))
		case 6:
			put(name+"/inside", fmt.Sprint("inside ", i))
		case 7:
			require.NoError(t, os.Symlink("000", name))
			want = append(want, name+": ignored: a symbolic link, which is not followed")
		case 8:
			put(name, "")
		default:
			put(name, fmt.Sprint("content of ", i))
		}
	}
	both(t, want, "", "d")
}
