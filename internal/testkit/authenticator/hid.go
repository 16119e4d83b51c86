package authenticator

import (
	"context"
	"io"
	"slices"
	"time"
)

// Times of CTAPHID (CTAP 2.1, 11.2.5.1, 11.2.9.2.1).
const (
	keepaliveEvery = 100 * time.Millisecond
	packetTimeout  = 3 * time.Second // between two packets of one message
)

// hid is the device's CTAPHID layer: channels, messages out of packets, and one
// transaction at a time. All of it runs in the goroutine of serve; reader and
// commands run beside it and talk to it over Go channels.
type hid struct {
	line   *line
	device *Device

	channels []uint32
	lastID   uint32
	lock     struct {
		channel uint32
		until   time.Time
	}
	incoming *message     // being put together
	active   *transaction // the command that runs
	late     *time.Timer  // for the next packet of incoming
}

// A message is a request of which packets are still missing.
type message struct {
	channel  uint32
	command  hidCommand
	length   int
	payload  []byte
	sequence byte // of the next packet
}

func newHID(l *line, d *Device) *hid {
	late := time.NewTimer(packetTimeout)
	late.Stop()
	return &hid{line: l, device: d, late: late}
}

// serve answers reports until the line is closed or ctx ends.
func (h *hid) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := make(chan []byte)
	go read(ctx, h.line, in)
	keepalive := time.NewTicker(keepaliveEvery)
	defer keepalive.Stop()
	defer h.abort()
	for {
		states, answers := h.waiting()
		select {
		case report, ok := <-in:
			if !ok {
				return
			}
			h.packet(ctx, parsePacket(report))
		case <-h.late.C:
			h.timeout()
		case <-keepalive.C:
			h.keepalive()
		case h.active.state = <-states:
			h.keepalive()
		case answer := <-answers:
			h.finish(answer)
		}
	}
}

// read passes on the reports that clients write, each without the report number
// before it, and closes in when the line is closed.
func read(ctx context.Context, l *line, in chan<- []byte) {
	defer close(in)
	for {
		b := make([]byte, firstByteSize+reportSize)
		if _, err := io.ReadFull(l, b); err != nil {
			return
		}
		select {
		case in <- b[firstByteSize:]:
		case <-ctx.Done():
			return
		}
	}
}

// packet handles one report of a client.
func (h *hid) packet(ctx context.Context, p packet) {
	switch {
	case p.initial && p.command == hidInit:
		h.init(p)
	case p.channel == broadcast || !slices.Contains(h.channels, p.channel):
		if p.initial {
			h.fail(p.channel, ErrInvalidChannel)
		}
	case p.initial && p.command == hidCancel:
		h.cancel(p.channel)
	case p.initial:
		h.begin(ctx, p)
	default:
		h.proceed(ctx, p)
	}
}

// begin starts a message (CTAP 2.1, 11.2.5).
func (h *hid) begin(ctx context.Context, p packet) {
	switch {
	case h.busy(p.channel):
		h.fail(p.channel, ErrChannelBusy)
	case h.incoming != nil:
		h.drop()
		h.fail(p.channel, ErrInvalidSeq)
	case p.length > maxMessage:
		h.fail(p.channel, ErrInvalidLength)
	default:
		h.incoming = &message{channel: p.channel, command: p.command, length: p.length}
		h.add(ctx, p.data)
	}
}

// proceed takes a continuation packet. One that belongs to nothing is ignored.
func (h *hid) proceed(ctx context.Context, p packet) {
	if h.incoming == nil || h.incoming.channel != p.channel {
		return
	}
	if p.sequence != h.incoming.sequence {
		h.drop()
		h.fail(p.channel, ErrInvalidSeq)
		return
	}
	h.incoming.sequence++
	h.add(ctx, p.data)
}

// add appends data to the incoming message and starts it when it is whole.
func (h *hid) add(ctx context.Context, data []byte) {
	m := h.incoming
	m.payload = append(m.payload, data[:min(len(data), m.length-len(m.payload))]...)
	if len(m.payload) < m.length {
		h.late.Reset(packetTimeout)
		return
	}
	h.drop()
	h.start(ctx, m)
}

// drop forgets the incoming message.
func (h *hid) drop() {
	h.incoming = nil
	h.late.Stop()
}

func (h *hid) timeout() {
	if h.incoming == nil {
		return
	}
	channel := h.incoming.channel
	h.drop()
	h.fail(channel, ErrMsgTimeout)
}

// start does what a whole message asks for.
func (h *hid) start(ctx context.Context, m *message) {
	if m.command != hidCBOR {
		h.device.log.hid(m.channel, m.command)
	}
	switch {
	case m.command == hidPing:
		h.send(m.channel, hidPing, m.payload)
	case m.command == hidWink && m.length == 0:
		h.send(m.channel, hidWink, nil)
	case m.command == hidLock && m.length == 1:
		h.setLock(m.channel, m.payload[0])
	case m.command == hidCBOR && m.length > 0:
		h.run(ctx, m.channel, m.payload)
	case m.command == hidWink || m.command == hidLock || m.command == hidCBOR:
		h.fail(m.channel, ErrInvalidLength)
	default:
		h.fail(m.channel, ErrInvalidCommand)
	}
}

// fail answers with a CTAPHID_ERROR.
func (h *hid) fail(channel uint32, code HIDError) {
	h.send(channel, hidError, []byte{byte(code)})
}

func (h *hid) send(channel uint32, c hidCommand, payload []byte) {
	h.write(reports(channel, c, payload))
}

// write sends reports. A client that has gone away is no concern of a device.
func (h *hid) write(all [][]byte) {
	for _, r := range all {
		if h.line.write(r) != nil {
			return
		}
	}
}
