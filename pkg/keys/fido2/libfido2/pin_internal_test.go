//go:build libfido2 && cgo && linux

package libfido2

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPINStringIsForgotten: what is lent to the binding is a copy, and is
// overwritten.
func TestPINStringIsForgotten(t *testing.T) {
	pin := []byte("123456")
	lent, forget := pinString(pin)
	assert.Equal(t, "123456", strings.Clone(lent))
	clear(pin)
	assert.Equal(t, "123456", strings.Clone(lent), "a command that is left behind has its own")
	forget()
	assert.Equal(t, strings.Repeat("\x00", 6), strings.Clone(lent))
	lent, forget = pinString(nil)
	forget()
	assert.Empty(t, lent, "no PIN is no PIN")
}
