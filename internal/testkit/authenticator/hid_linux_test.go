package authenticator_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// errorOn reads an error on a channel.
func (c *client) errorOn(channel uint32) authenticator.HIDError {
	c.t.Helper()
	at := *c
	at.channel = channel
	kind, payload := at.receive()
	require.EqualValues(c.t, hidError, kind)
	require.Len(c.t, payload, 1)
	return authenticator.HIDError(payload[0])
}

func TestPing(t *testing.T) {
	c := open(t, authenticator.Start(t))
	for _, n := range []int{0, 1, 57, 58, 57 + 59, 57 + 59 + 1, 7609} {
		want := bytes.Repeat([]byte{7}, n)
		c.send(ping, want)
		kind, got := c.receive()
		assert.EqualValues(t, ping, kind)
		assert.Len(t, got, n)
		assert.True(t, bytes.Equal(want, got))
	}
}

func TestWinkAndUnknownCommands(t *testing.T) {
	c := open(t, authenticator.Start(t))
	c.send(wink, nil)
	kind, payload := c.receive()
	assert.EqualValues(t, wink, kind)
	assert.Empty(t, payload)
	for name, tt := range map[string]struct {
		kind    byte
		payload []byte
		want    authenticator.HIDError
	}{
		"U2F message":         {0x83, []byte{0, 3, 0, 0}, authenticator.ErrInvalidCommand},
		"vendor":              {0xc0, nil, authenticator.ErrInvalidCommand},
		"empty CBOR":          {cborCmd, nil, authenticator.ErrInvalidLength},
		"wink with something": {wink, []byte{1}, authenticator.ErrInvalidLength},
		"lock for too long":   {lock, []byte{11}, authenticator.ErrInvalidPar},
	} {
		t.Run(name, func(t *testing.T) {
			c.send(tt.kind, tt.payload)
			assert.Equal(t, tt.want, c.errorOn(c.channel))
		})
	}
}

func TestChannels(t *testing.T) {
	c := open(t, authenticator.Start(t))
	other := c.allocate()
	assert.NotEqual(t, c.channel, other)
	for name, channel := range map[string]uint32{"never given out": 0x12345678, "zero": 0, "broadcast": everyone} {
		t.Run(name, func(t *testing.T) {
			c.write(channel, ping, 1, []byte{1})
			assert.Equal(t, authenticator.ErrInvalidChannel, c.errorOn(channel))
		})
	}
	t.Run("long message", func(t *testing.T) {
		c.write(c.channel, ping, 7610, nil)
		assert.Equal(t, authenticator.ErrInvalidLength, c.errorOn(c.channel))
	})
	t.Run("busy with another's message", func(t *testing.T) {
		c.write(c.channel, ping, 100, []byte("begun"))
		c.write(other, ping, 1, []byte{1})
		assert.Equal(t, authenticator.ErrChannelBusy, c.errorOn(other))
		c.write(c.channel, 0, -1, []byte("ended"))
		kind, payload := c.receive()
		assert.EqualValues(t, ping, kind)
		assert.Len(t, payload, 100)
	})
	t.Run("locked", func(t *testing.T) {
		c.send(lock, []byte{10})
		kind, _ := c.receive()
		assert.EqualValues(t, lock, kind)
		c.write(other, ping, 1, []byte{1})
		assert.Equal(t, authenticator.ErrChannelBusy, c.errorOn(other))
		c.send(lock, []byte{0})
		c.receive()
		c.write(other, ping, 1, []byte{1})
		assert.EqualValues(t, ping, c.read()[4])
	})
}

func TestBrokenMessages(t *testing.T) {
	c := open(t, authenticator.Start(t))
	t.Run("sequence skipped", func(t *testing.T) {
		c.write(c.channel, ping, 200, nil)
		c.write(c.channel, 1, -1, nil)
		assert.Equal(t, authenticator.ErrInvalidSeq, c.errorOn(c.channel))
	})
	t.Run("begun twice", func(t *testing.T) {
		c.write(c.channel, ping, 200, nil)
		c.write(c.channel, ping, 200, nil)
		assert.Equal(t, authenticator.ErrInvalidSeq, c.errorOn(c.channel))
	})
	t.Run("continuation of nothing", func(t *testing.T) {
		c.write(c.channel, 0, -1, nil)
		c.send(ping, []byte("still there"))
		kind, _ := c.receive()
		assert.EqualValues(t, ping, kind)
	})
	t.Run("taken up by INIT", func(t *testing.T) {
		c.write(c.channel, ping, 200, nil)
		c.write(c.channel, initCmd, 8, []byte("abcdefgh"))
		kind, payload := c.receive()
		assert.EqualValues(t, initCmd, kind)
		assert.Len(t, payload, 17)
	})
	t.Run("never ended", func(t *testing.T) {
		c.write(c.channel, ping, 200, nil)
		assert.Equal(t, authenticator.ErrMsgTimeout, c.errorOn(c.channel))
	})
}

func TestKeepaliveAndCancel(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	c := open(t, d)
	c.send(cborCmd, append([]byte{1}, canonical(t, creation())...))
	const upNeeded = 2
	r := c.read()
	for r[7] != upNeeded {
		r = c.read()
	}
	assert.EqualValues(t, keepalive, r[4])
	c.send(ping, []byte("hello"))
	assert.Equal(t, authenticator.ErrChannelBusy, c.errorOn(c.channel))
	c.send(cancel, nil)
	kind, payload := c.receive()
	assert.EqualValues(t, cborCmd, kind)
	assert.Equal(t, []byte{byte(authenticator.KeepaliveCancel)}, payload)
	assert.Empty(t, d.Credentials())

	c.send(cancel, nil) // of nothing: no answer
	_, err := c.tryRead(300 * time.Millisecond)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestInitEndsTheCommand(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	c := open(t, d)
	c.send(cborCmd, append([]byte{1}, canonical(t, creation())...))
	d.AwaitTouch(t)
	c.write(c.channel, initCmd, 8, []byte("abcdefgh"))
	kind, _ := c.receive()
	assert.EqualValues(t, initCmd, kind)
	assert.False(t, d.Touch())
	status, _ := c.command(authenticator.GetInfo, nil)
	assert.Equal(t, authenticator.OK, status)
	log := d.Log()
	assert.Nil(t, log[len(log)-3].Answer, "the aborted command has no answer")
}

func TestInitDropsWhatNobodyRead(t *testing.T) {
	d := authenticator.Start(t)
	gone := open(t, d)
	gone.send(cborCmd, []byte{byte(authenticator.GetInfo)})
	logged := func(n int) {
		require.Eventually(t, func() bool { return len(d.Log()) == n }, 10*time.Second, time.Millisecond)
	}
	logged(2) // INIT and the command
	gone.write(everyone, initCmd, 8, []byte("12345678"))
	logged(3)
	assert.EqualValues(t, initCmd, gone.read()[4], "and not the answer to the command")
}
