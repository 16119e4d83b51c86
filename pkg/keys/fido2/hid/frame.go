package hid

import (
	"encoding/binary"
	"fmt"
)

// Sizes, in bytes (CTAP 2.1, section 11.2.4).
const (
	reportSize   = 64
	initHeader   = 4 + 1 + 2
	contHeader   = 4 + 1
	initPayload  = reportSize - initHeader
	contPayload  = reportSize - contHeader
	maxSequences = 128
	// MaxMessage is the longest message that CTAPHID carries.
	MaxMessage = initPayload + maxSequences*contPayload
)

// broadcast is the channel on which channels are allocated.
const broadcast uint32 = 0xffffffff

// A command is a CTAPHID command (CTAP 2.1, section 11.2.9).
type command byte

const (
	cmdInit      command = 0x06
	cmdCBOR      command = 0x10
	cmdCancel    command = 0x11
	cmdKeepalive command = 0x3b
	cmdError     command = 0x3f

	// initBit is set in the first packet of a message.
	initBit = 0x80
)

// A frame is one report: the first packet of a message, or one that continues it.
type frame struct {
	channel  uint32
	initial  bool
	command  command // of an initial packet
	length   int     // of the whole message, in an initial packet
	sequence byte    // of a continuation
	data     []byte  // with what pads the report
}

// parseFrame parses a report of exactly reportSize bytes. Any such report is a
// packet; it is the caller who knows which one is wanted.
func parseFrame(report []byte) (frame, error) {
	if len(report) != reportSize {
		return frame{}, fmt.Errorf("report of %d bytes, not %d", len(report), reportSize)
	}
	f := frame{channel: binary.BigEndian.Uint32(report)}
	if report[4]&initBit == 0 {
		f.sequence, f.data = report[4], report[contHeader:]
		return f, nil
	}
	f.initial, f.command = true, command(report[4]&^initBit)
	f.length, f.data = int(binary.BigEndian.Uint16(report[5:])), report[initHeader:]
	return f, nil
}

// reports cuts a message into reports.
func reports(channel uint32, c command, message []byte) ([][]byte, error) {
	if len(message) > MaxMessage {
		return nil, fmt.Errorf("message of %d bytes is over the limit of %d", len(message), MaxMessage)
	}
	first := make([]byte, reportSize)
	binary.BigEndian.PutUint32(first, channel)
	first[4] = byte(c) | initBit
	binary.BigEndian.PutUint16(first[5:], uint16(len(message)))
	message = message[copy(first[initHeader:], message):]
	out := [][]byte{first}
	for sequence := byte(0); len(message) > 0; sequence++ {
		next := make([]byte, reportSize)
		binary.BigEndian.PutUint32(next, channel)
		next[4] = sequence
		message = message[copy(next[contHeader:], message):]
		out = append(out, next)
	}
	return out, nil
}

// An assembly is an answer of which packets may still be missing.
type assembly struct {
	command command
	length  int
	payload []byte
	next    byte // the sequence number that must come
	begun   bool
}

// add takes one packet of the channel and reports whether the message is whole.
func (a *assembly) add(f frame) (whole bool, err error) {
	switch {
	case f.initial && a.begun:
		return false, fmt.Errorf("a message began before the last one ended")
	case !f.initial && !a.begun:
		return false, fmt.Errorf("a message began in its middle")
	case f.initial && f.length > MaxMessage:
		return false, fmt.Errorf("a message of %d bytes is announced, over the limit of %d", f.length, MaxMessage)
	case !f.initial && f.sequence != a.next:
		return false, fmt.Errorf("packet %d came where %d was due", f.sequence, a.next)
	}
	if f.initial {
		*a = assembly{command: f.command, length: f.length, begun: true}
	} else {
		a.next++
	}
	a.payload = append(a.payload, f.data[:min(len(f.data), a.length-len(a.payload))]...)
	return len(a.payload) == a.length, nil
}
