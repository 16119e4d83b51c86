package authenticator_test

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// CTAPHID commands, with the bit of an initial packet.
const (
	ping      = 0x81
	lock      = 0x84
	initCmd   = 0x86
	wink      = 0x88
	cborCmd   = 0x90
	cancel    = 0x91
	keepalive = 0xbb
	hidError  = 0xbf
)

const everyone = 0xffffffff

// A client writes and reads reports as it likes, to see what libfido2 never
// makes a device do.
type client struct {
	t       *testing.T
	file    *os.File
	channel uint32
}

// open opens a device and gets a channel.
func open(t *testing.T, d *authenticator.Device) *client {
	t.Helper()
	f, err := os.OpenFile(d.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	c := &client{t: t, file: f}
	c.channel = c.allocate()
	return c
}

// allocate gets one more channel.
func (c *client) allocate() uint32 {
	c.t.Helper()
	c.write(everyone, initCmd, 8, []byte("12345678"))
	r := c.read()
	require.EqualValues(c.t, everyone, binary.BigEndian.Uint32(r))
	require.Equal(c.t, "12345678", string(r[7:15]))
	return binary.BigEndian.Uint32(r[15:])
}

// write writes an initial packet; a length below 0 makes it a continuation packet
// whose kind is the sequence number.
func (c *client) write(channel uint32, kind byte, length int, data []byte) {
	c.t.Helper()
	b := make([]byte, 65)
	binary.BigEndian.PutUint32(b[1:], channel)
	b[5] = kind
	if length < 0 {
		copy(b[6:], data)
	} else {
		binary.BigEndian.PutUint16(b[6:], uint16(length))
		copy(b[8:], data)
	}
	_, err := c.file.Write(b)
	require.NoError(c.t, err)
}

// send sends a whole message.
func (c *client) send(kind byte, payload []byte) {
	c.t.Helper()
	first := min(57, len(payload))
	c.write(c.channel, kind, len(payload), payload[:first])
	rest := payload[first:]
	for sequence := byte(0); len(rest) > 0; sequence++ {
		n := min(59, len(rest))
		c.write(c.channel, sequence, -1, rest[:n])
		rest = rest[n:]
	}
}

// tryRead reads one report, or what comes of it within d.
func (c *client) tryRead(d time.Duration) ([]byte, error) {
	c.t.Helper()
	require.NoError(c.t, c.file.SetReadDeadline(time.Now().Add(d)))
	b := make([]byte, 64)
	n, err := c.file.Read(b)
	return b[:n], err
}

func (c *client) read() []byte {
	c.t.Helper()
	r, err := c.tryRead(10 * time.Second)
	require.NoError(c.t, err)
	require.Len(c.t, r, 64)
	return r
}

// receive reads a whole message that is not a keepalive.
func (c *client) receive() (kind byte, payload []byte) {
	c.t.Helper()
	r := c.read()
	for r[4] == keepalive {
		r = c.read()
	}
	require.Equal(c.t, c.channel, binary.BigEndian.Uint32(r))
	kind = r[4]
	length := int(binary.BigEndian.Uint16(r[5:]))
	payload = append(payload, r[7:]...)
	for sequence := byte(0); len(payload) < length; sequence++ {
		r = c.read()
		require.Equal(c.t, sequence, r[4])
		payload = append(payload, r[5:]...)
	}
	return kind, payload[:length]
}

// command runs a CTAP2 command with these parameters, or none.
func (c *client) command(command authenticator.Command, parameters map[int]any) (authenticator.Status, map[int]cbor.RawMessage) {
	c.t.Helper()
	request := []byte{byte(command)}
	if parameters != nil {
		request = append(request, canonical(c.t, parameters)...)
	}
	return c.raw(request)
}

func (c *client) raw(request []byte) (authenticator.Status, map[int]cbor.RawMessage) {
	c.t.Helper()
	c.send(cborCmd, request)
	kind, answer := c.receive()
	require.EqualValues(c.t, cborCmd, kind)
	require.NotEmpty(c.t, answer)
	var content map[int]cbor.RawMessage
	if len(answer) > 1 {
		require.NoError(c.t, cbor.Unmarshal(answer[1:], &content))
	}
	return authenticator.Status(answer[0]), content
}

func canonical(t *testing.T, v any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	require.NoError(t, err)
	b, err := mode.Marshal(v)
	require.NoError(t, err)
	return b
}

// content decodes a member of an answer.
func content[T any](t *testing.T, b cbor.RawMessage) T {
	t.Helper()
	var v T
	require.NoError(t, cbor.Unmarshal(b, &v))
	return v
}

// creation is a good makeCredential request.
func creation() map[int]any {
	return map[int]any{
		1: make([]byte, 32),
		2: map[string]any{"id": rpID},
		3: map[string]any{"id": []byte("alice"), "name": "alice"},
		4: []any{map[string]any{"alg": -7, "type": "public-key"}},
	}
}
