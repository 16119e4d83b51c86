package gather

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/verify"
)

// TestKeptBeforeRemembered: a file of an archive is what is kept of it, though a layout has
// the same name.
func TestKeptBeforeRemembered(t *testing.T) {
	in := New(nil, Options{})
	defer in.Close()
	k, err := in.keeper()
	require.NoError(t, err)
	place, err := k.put(strings.NewReader("the file"))
	require.NoError(t, err)
	p := verify.Piece{Name: "case.tar", Member: "files/x", Place: place}
	in.remember(&p, &parsed{})
	content, err := in.Open(&p)
	require.NoError(t, err)
	defer content.Close()
	assert.Equal(t, int64(len("the file")), content.Size())
	p.Place = verify.Place{}
	content, err = in.Open(&p)
	require.NoError(t, err)
	assert.IsType(t, &parsed{}, content)
}
