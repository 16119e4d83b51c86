package authenticator_test

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// Faults that libfido2 notices; the others make it wait for ever.
func TestLibfido2NoticesFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault authenticator.Fault
		want  string
	}{
		"status":       {authenticator.FaultStatus(authenticator.KeyStoreFull), "FIDO_ERR_KEY_STORE_FULL"},
		"malformed":    {authenticator.FaultMalformedCBOR(), "FIDO_ERR_RX"},
		"truncated":    {authenticator.FaultTruncated(1), "FIDO_ERR_RX"},
		"HID error":    {authenticator.FaultHIDError(authenticator.ErrOther), "FIDO_ERR_RX"},
		"command":      {authenticator.FaultCommand(), "FIDO_ERR_RX"},
		"sequence":     {authenticator.FaultSequence(), "FIDO_ERR_RX"},
		"short report": {authenticator.FaultShortReport(10), "FIDO_ERR_RX"},
		"oversized":    {authenticator.FaultOversized(65535), "FIDO_ERR_RX"},
		"edited":       {authenticator.FaultEdited(func(b []byte) []byte { b[1] = 0x80; return b }), "FIDO_ERR_RX"},
		"unplugged":    {authenticator.FaultUnplugged(), "FIDO_ERR_RX"},
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t)
			d.Inject(authenticator.MakeCredential, tt.fault)
			in := file(t, hashOf("create"), rpID, "alice", encoded([]byte("alice")))
			_, screen, err := atTerminal(t, nil, "fido2-cred", "-M", "-i", in, d.Path())
			require.Error(t, err)
			assert.Contains(t, screen, tt.want)
			if d.Path() != "" {
				makeCredential(t, d, nil, "es256") // it was for once
			}
		})
	}
}

// seen runs getInfo with a fault and returns the reports that come of it.
func seen(t *testing.T, f authenticator.Fault) (c *client, got [][]byte) {
	t.Helper()
	d := authenticator.Start(t)
	c = open(t, d)
	d.Inject(authenticator.GetInfo, f)
	c.send(cborCmd, []byte{byte(authenticator.GetInfo)})
	for {
		r, err := c.tryRead(300 * time.Millisecond)
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			return c, got
		}
		if r[4] != keepalive || len(got) > 0 {
			got = append(got, r)
		}
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	_, whole := seen(t, authenticator.Fault{})
	require.Greater(t, len(whole), 2)
	length := binary.BigEndian.Uint16(whole[0][5:])
	t.Run("silence", func(t *testing.T) {
		_, got := seen(t, authenticator.FaultSilence())
		assert.Empty(t, got)
	})
	t.Run("missing reports", func(t *testing.T) {
		_, got := seen(t, authenticator.FaultMissingReports(2))
		assert.Len(t, got, 2)
	})
	t.Run("short report", func(t *testing.T) {
		_, got := seen(t, authenticator.FaultShortReport(10))
		require.Len(t, got, 1)
		assert.Len(t, got[0], 10)
	})
	t.Run("channel", func(t *testing.T) {
		c, got := seen(t, authenticator.FaultChannel())
		require.Len(t, got, len(whole))
		assert.NotEqual(t, c.channel, binary.BigEndian.Uint32(got[0]))
	})
	t.Run("length", func(t *testing.T) {
		_, got := seen(t, authenticator.FaultLength(9999))
		require.Len(t, got, len(whole))
		assert.EqualValues(t, 9999, binary.BigEndian.Uint16(got[0][5:]))
	})
	t.Run("trailing", func(t *testing.T) {
		_, got := seen(t, authenticator.FaultTrailing(1, 2, 3))
		assert.Equal(t, length+3, binary.BigEndian.Uint16(got[0][5:]))
	})
	t.Run("oversized", func(t *testing.T) {
		_, got := seen(t, authenticator.FaultOversized(20000))
		assert.EqualValues(t, 20000, binary.BigEndian.Uint16(got[0][5:]))
		assert.EqualValues(t, 0, got[129][4], "the sequence begins anew")
	})
	t.Run("keepalives", func(t *testing.T) {
		const n = 50
		d := authenticator.Start(t)
		c := open(t, d)
		d.Inject(authenticator.GetInfo, authenticator.FaultKeepalives(n))
		c.send(cborCmd, []byte{byte(authenticator.GetInfo)})
		for range n {
			require.EqualValues(t, keepalive, c.read()[4])
		}
		kind, _ := c.receive()
		assert.EqualValues(t, cborCmd, kind)
	})
}

func TestTheLogTellsWhatAClientDid(t *testing.T) {
	d := authenticator.Start(t)
	makeCredential(t, d, nil, "es256")
	assert.Equal(t, []authenticator.Command{authenticator.GetInfo, authenticator.MakeCredential}, d.Commands())
	log := d.Log()
	last := log[len(log)-1]
	assert.Equal(t, authenticator.OK, last.Status())
	assert.Equal(t, byte(authenticator.MakeCredential), last.Request[0])
	assert.EqualValues(t, 0x06, log[0].HID, "INIT")
}
