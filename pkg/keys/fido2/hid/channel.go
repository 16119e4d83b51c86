package hid

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// Times of waiting.
const (
	// silence is how long a token may say nothing while it works: it has to send
	// a keepalive every 100 ms (CTAP 2.1, section 11.2.9.2.1).
	silence = 3 * time.Second
	// settle is how long a cancelled command is given to end.
	settle = time.Second
)

// statusTouch is the keepalive of a token that waits for a touch.
const statusTouch = 2

// capabilityCBOR says in the answer to INIT that the token speaks CTAP2.
const capabilityCBOR = 0x04

// Channel is a channel to one token. One message is under way at a time; the
// methods are safe for concurrent use.
type Channel struct {
	device  io.ReadWriteCloser
	limit   time.Duration
	id      uint32
	reports chan []byte // what the token sends
	readErr chan error  // why it sends no more; one value
	done    chan struct{}
	close   func() error

	mu     sync.Mutex
	broken error // why no message can be sent any more
}

// NewChannel allocates a channel over device, which reads reports of 64 bytes and
// writes 65: a report behind its number, 0. limit bounds how long one message may
// wait, for a touch above all. The channel owns device, also when it fails.
func NewChannel(ctx context.Context, device io.ReadWriteCloser, limit time.Duration) (*Channel, error) {
	c := &Channel{
		device: device, limit: limit, id: broadcast,
		reports: make(chan []byte), readErr: make(chan error, 1), done: make(chan struct{}),
	}
	c.close = sync.OnceValue(func() error {
		close(c.done)
		return device.Close()
	})
	go c.read()
	if err := c.init(ctx); err != nil {
		_ = c.Close() // the first failure says more
		return nil, err
	}
	return c, nil
}

// Close ends the channel and closes the device.
func (c *Channel) Close() error { return c.close() }

// read passes on reports until the device is closed or gone.
func (c *Channel) read() {
	for {
		report := make([]byte, reportSize)
		if _, err := io.ReadFull(c.device, report); err != nil {
			c.readErr <- err
			return
		}
		select {
		case c.reports <- report:
		case <-c.done:
			return
		}
	}
}

// init allocates the channel (CTAP 2.1, section 11.2.9.1.3). Answers to others,
// who may share the token, carry another nonce.
func (c *Channel) init(ctx context.Context) error {
	nonce := make([]byte, 8)
	rand.Read(nonce) // never fails, see crypto/rand
	x := &exchange{channel: c, command: cmdInit, ours: func(answer []byte) bool { return bytes.HasPrefix(answer, nonce) }}
	answer, err := x.run(ctx, nonce)
	if err != nil {
		return err
	}
	const size = 8 + 4 + 5
	if len(answer) < size {
		return brokenProtocol("its answer to INIT has %d bytes", len(answer))
	}
	id := binary.BigEndian.Uint32(answer[8:])
	switch {
	case id == 0 || id == broadcast:
		return brokenProtocol("it allocates channel %#x", id)
	case answer[size-1]&capabilityCBOR == 0:
		return fault.New(fault.DeviceFailed, "the token speaks U2F only").WithHint("use a FIDO2 token")
	}
	c.id = id
	return nil
}

// Transact sends one CTAP2 message and returns the answer. touched is called once
// when the token waits for a touch. When ctx ends or the limit is over the
// command is cancelled in the token. An error of a message leaves the channel
// unusable, as the token may still be answering.
func (c *Channel) Transact(ctx context.Context, message []byte, touched func()) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return nil, c.broken
	}
	x := &exchange{channel: c, command: cmdCBOR, touched: touched}
	answer, err := x.run(ctx, message)
	if err != nil {
		c.broken = err
	}
	return answer, err
}

// write sends a message.
func (c *Channel) write(cmd command, message []byte) error {
	list, err := reports(c.id, cmd, message)
	if err != nil {
		return brokenProtocol("%v", err)
	}
	if d, ok := c.device.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = d.SetWriteDeadline(time.Now().Add(silence)) // a device without deadlines fails by itself
	}
	for _, report := range list {
		if _, err := c.device.Write(append([]byte{0}, report...)); err != nil {
			return gone(err)
		}
	}
	return nil
}

// gone is the error of a device that can be neither read nor written.
func gone(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.DeviceFailed, "the token is gone, or was taken away in the middle of its work").
		WithHint("plug the token in and run the command again")
}

func brokenProtocol(format string, args ...any) error {
	return fault.New(fault.DeviceFailed, "the device does not keep to the protocol of FIDO2 tokens: "+format, args...).
		WithHint("unplug the token and plug it in again; check that the device is a FIDO2 token")
}
