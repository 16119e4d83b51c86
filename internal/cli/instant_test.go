package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0d": 0, "30d": 30 * day, "36h": 36 * time.Hour, "36600d": maxSpan, "90m": 90 * time.Minute,
	} {
		got, err := parseSpan("overlap", text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "d", "30", "-1d", "-5h", "1.5d", "36601d", "2147483647d", "2147483648d", "99999999999999d", "3000000h", "30D"} {
		_, err := parseSpan("overlap", text)
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), text)
	}
}

func TestParseMoment(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	got, err := parseMoment("not-after", "1d", now)
	require.NoError(t, err)
	assert.Equal(t, now.Add(day), got)
	got, err = parseMoment("not-after", "2027-01-01T00:00:00+01:00", now)
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), got)
	_, err = parseMoment("not-after", "tomorrow", now)
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
}
