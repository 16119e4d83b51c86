package authenticator

import "encoding/binary"

// Sizes of CTAPHID over full-speed USB (CTAP 2.1, 11.2.4).
const (
	reportSize    = 64
	firstPayload  = reportSize - 7
	nextPayload   = reportSize - 5
	maxSequence   = 0x7f
	maxMessage    = firstPayload + (maxSequence+1)*nextPayload // 7609
	initBit       = 0x80
	broadcast     = 0xffffffff
	firstByteSize = 1 // the report number that a client writes before a report
)

// A hidCommand is a CTAPHID command without the bit of an initial packet
// (CTAP 2.1, 11.2.9).
type hidCommand byte

const (
	hidPing      hidCommand = 0x01
	hidLock      hidCommand = 0x04
	hidInit      hidCommand = 0x06
	hidWink      hidCommand = 0x08
	hidCBOR      hidCommand = 0x10
	hidCancel    hidCommand = 0x11
	hidKeepalive hidCommand = 0x3b
	hidError     hidCommand = 0x3f
)

// A HIDError is the code of a CTAPHID_ERROR (CTAP 2.1, 11.2.9.1.6).
type HIDError byte

// The codes of CTAPHID_ERROR.
const (
	ErrInvalidCommand HIDError = 0x01
	ErrInvalidPar     HIDError = 0x02
	ErrInvalidLength  HIDError = 0x03
	ErrInvalidSeq     HIDError = 0x04
	ErrMsgTimeout     HIDError = 0x05
	ErrChannelBusy    HIDError = 0x06
	ErrLockRequired   HIDError = 0x0a
	ErrInvalidChannel HIDError = 0x0b
	ErrOther          HIDError = 0x7f
)

// A packet is one report, taken apart.
type packet struct {
	channel  uint32
	initial  bool
	command  hidCommand // of an initial packet
	length   int        // of the message that an initial packet begins
	sequence byte       // of a continuation packet
	data     []byte
}

// parsePacket takes a report apart. Every report of 64 bytes is some packet.
func parsePacket(report []byte) packet {
	p := packet{channel: binary.BigEndian.Uint32(report)}
	if report[4]&initBit == 0 {
		p.sequence, p.data = report[4], report[5:reportSize]
		return p
	}
	p.initial = true
	p.command = hidCommand(report[4] &^ initBit)
	p.length = int(binary.BigEndian.Uint16(report[5:]))
	p.data = report[7:reportSize]
	return p
}

// reports cuts a message into reports of 64 bytes. A message that is longer than
// the protocol allows is cut all the same, for faults: the sequence starts anew.
func reports(channel uint32, c hidCommand, payload []byte) [][]byte {
	first := newReport(channel, byte(c)|initBit)
	binary.BigEndian.PutUint16(first[5:], uint16(len(payload)))
	rest := payload[copy(first[7:], payload):]
	all := [][]byte{first}
	for sequence := 0; len(rest) > 0; sequence++ {
		next := newReport(channel, byte(sequence&maxSequence))
		rest = rest[copy(next[5:], rest):]
		all = append(all, next)
	}
	return all
}

func newReport(channel uint32, kind byte) []byte {
	r := make([]byte, reportSize)
	binary.BigEndian.PutUint32(r, channel)
	r[4] = kind
	return r
}
