package authenticator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/authenticator"
)

func TestFido2TokenReadsTheInfo(t *testing.T) {
	d := authenticator.Start(t)
	out := string(testkit.Tool(t, "", "fido2-token", "-I", d.Path()))
	assert.Contains(t, out, "FIDO_2_1")
	assert.Contains(t, out, "noclientPin")
}
