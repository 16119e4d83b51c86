package bundle_test

import (
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
)

// TestLogEntryNumbers: protocol buffers write an int64 as a string, read a number too,
// and leave out what is zero. Nothing else is an index.
func TestLogEntryNumbers(t *testing.T) {
	for text, want := range map[string]bundle.Int64{
		`{"logIndex":"41"}`: 41, `{"logIndex":41}`: 41, `{"log_index":"41"}`: 41, `{"logIndex":"9223372036854775807"}`: 1<<63 - 1,
		`{}`: 0, `{"logIndex":null}`: 0,
	} {
		e, err := bundle.ParseLogEntry([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want, e.LogIndex, text)
	}
	for _, text := range []string{
		`{"logIndex":{}}`, `{"logIndex":[]}`, `{"logIndex":true}`, `{"logIndex":1.5}`, `{"logIndex":"x"}`, `{"logIndex":""}`, `{"logIndex":9223372036854775808}`,
		`{"logIndex":"1","log_index":"2"}`, `[]`, `{`,
	} {
		_, err := bundle.ParseLogEntry([]byte(text))
		assert.Equal(t, fault.LogInvalid, fault.ReasonOf(err), text)
	}
}

func TestLogEntryRoundTrip(t *testing.T) {
	const text = `{"canonicalizedBody":"e30=","inclusionPromise":{"signedEntryTimestamp":"AAAA"},"inclusionProof":{"checkpoint":{"envelope":"note"},` +
		`"hashes":["AQ=="],"logIndex":"3","rootHash":"Ag==","treeSize":"4"},"integratedTime":"5","kindVersion":{"kind":"dsse","version":"0.0.1"},` +
		`"logId":{"keyId":"Aw=="},"logIndex":"41"}`
	e, err := bundle.ParseLogEntry([]byte(text))
	require.NoError(t, err)
	again, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Equal(t, text, string(again))
}
