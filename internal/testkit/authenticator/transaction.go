package authenticator

import (
	"context"
	"time"
)

// The states that a keepalive reports (CTAP 2.1, 11.2.9.2.1).
const (
	processing byte = 1
	needsTouch byte = 2
)

// A transaction is one CTAP2 command, which runs in its own goroutine.
type transaction struct {
	channel uint32
	request []byte
	fault   Fault
	began   time.Time
	stop    context.CancelFunc
	state   byte        // of the last keepalive
	states  chan byte   // what the command is doing now
	answers chan []byte // its answer, once
}

// run starts a command.
func (h *hid) run(ctx context.Context, channel uint32, request []byte) {
	fault := h.device.fault.next(Command(request[0]))
	if fault.unplug {
		go h.device.Unplug() // it waits for this goroutine
		return
	}
	ctx, stop := context.WithCancel(ctx)
	t := &transaction{
		channel: channel, request: request, fault: fault, began: time.Now(), stop: stop,
		state: processing, states: make(chan byte), answers: make(chan []byte, 1),
	}
	h.active = t
	c := call{ctx: ctx, channel: channel, report: func(state byte) {
		select {
		case t.states <- state:
		case <-ctx.Done():
		}
	}}
	go func() { t.answers <- h.device.token.handle(c, request) }()
}

// waiting returns the channels of the running command, or nil ones, which are
// never ready.
func (h *hid) waiting() (states <-chan byte, answers <-chan []byte) {
	if h.active == nil {
		return nil, nil
	}
	return h.active.states, h.active.answers
}

// keepalive tells the client that the command is not done.
func (h *hid) keepalive() {
	if h.active != nil {
		h.send(h.active.channel, hidKeepalive, []byte{h.active.state})
	}
}

// cancel ends the running command of a channel, which then answers
// KeepaliveCancel. The request itself has no answer (CTAP 2.1, 11.2.9.1.5).
func (h *hid) cancel(channel uint32) {
	h.device.log.hid(channel, hidCancel)
	if h.active != nil && h.active.channel == channel {
		h.active.stop()
	}
}

// abort ends the running command without an answer.
func (h *hid) abort() {
	if h.active == nil {
		return
	}
	h.active.stop()
	<-h.active.answers
	h.record(nil)
	h.active = nil
}

// finish sends a command's answer, or what a fault makes of it.
func (h *hid) finish(answer []byte) {
	t := h.active
	t.stop()
	h.record(answer)
	h.active = nil
	if t.fault.payload != nil {
		answer = t.fault.payload(answer)
	}
	out := reports(t.channel, hidCBOR, answer)
	if t.fault.reports != nil {
		out = t.fault.reports(out)
	}
	h.write(out)
}

func (h *hid) record(answer []byte) {
	t := h.active
	h.device.log.add(Entry{
		Channel: t.channel, HID: byte(hidCBOR), Command: Command(t.request[0]),
		Request: t.request, Answer: answer, Took: time.Since(t.began),
	})
}
