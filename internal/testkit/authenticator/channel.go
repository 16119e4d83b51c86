package authenticator

import (
	"encoding/binary"
	"slices"
	"time"
)

// maxChannels is how many channels the device keeps open.
const maxChannels = 64

// init gives out a channel, or makes a channel forget what it was doing
// (CTAP 2.1, 11.2.9.1.3).
func (h *hid) init(p packet) {
	const nonceSize = 8
	switch {
	case p.length != nonceSize:
		h.fail(p.channel, ErrInvalidLength)
		return
	case p.channel != broadcast && !slices.Contains(h.channels, p.channel):
		h.fail(p.channel, ErrInvalidChannel)
		return
	}
	given := p.channel
	if p.channel == broadcast {
		if h.active == nil {
			_ = h.line.forget() // a stale report only costs the client a retry
		}
		given = h.allocate()
	} else {
		h.resynchronise(p.channel)
	}
	h.device.log.hid(p.channel, hidInit)
	h.send(p.channel, hidInit, initAnswer(p.data[:nonceSize], given))
}

// allocate gives out a channel. There are few: the oldest one ends for it.
func (h *hid) allocate() uint32 {
	if len(h.channels) == maxChannels {
		h.channels = slices.Delete(h.channels, 0, 1)
	}
	h.lastID++
	h.channels = append(h.channels, h.lastID)
	return h.lastID
}

// initAnswer is nonce, channel, protocol version, device version and what the
// device can do: CBOR and wink, and no U2F messages.
func initAnswer(nonce []byte, channel uint32) []byte {
	const (
		protocol   = 2
		wink       = 0x01
		cborMsgs   = 0x04
		noMessages = 0x08
	)
	b := binary.BigEndian.AppendUint32(slices.Clone(nonce), channel)
	return append(b, protocol, firmwareVersion, 0, 0, wink|cborMsgs|noMessages)
}

// resynchronise drops what a channel has begun.
func (h *hid) resynchronise(channel uint32) {
	if h.incoming != nil && h.incoming.channel == channel {
		h.drop()
	}
	if h.active != nil && h.active.channel == channel {
		h.abort()
	}
}

// busy tells whether another channel's request or lock is in the way of this
// one, or this one's own running command.
func (h *hid) busy(channel uint32) bool {
	locked := h.lock.channel != channel && time.Now().Before(h.lock.until)
	elsewhere := h.incoming != nil && h.incoming.channel != channel
	return locked || elsewhere || h.active != nil
}

// setLock keeps other channels out for up to ten seconds (CTAP 2.1, 11.2.9.2.2).
func (h *hid) setLock(channel uint32, seconds byte) {
	const longest = 10
	if seconds > longest {
		h.fail(channel, ErrInvalidPar)
		return
	}
	h.lock.channel = channel
	h.lock.until = time.Now().Add(time.Duration(seconds) * time.Second)
	h.send(channel, hidLock, nil)
}
