package chain

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// TestSignedNonsense is about notes that the key signed and that are no
// checkpoint.
func TestSignedNonsense(t *testing.T) {
	k := &Kind{Malformed: fault.AuditMalformed}
	hash := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, text := range map[string]string{
		"good": "o\n3\n" + hash + "\n", "two lines": "o\n3\n", "four lines": "o\n3\n" + hash + "\nx\n",
		"origin": "p\n3\n" + hash + "\n", "size": "o\n03\n" + hash + "\n", "negative": "o\n-3\n" + hash + "\n",
		"hash": "o\n3\nAAAA\n", "base64": "o\n3\n" + hash[:43] + "!\n",
	} {
		_, err := k.parse(text, "o")
		if name == "good" {
			require.NoError(t, err)
			continue
		}
		assert.Equal(t, fault.AuditMalformed, fault.ReasonOf(err), name)
	}
}
