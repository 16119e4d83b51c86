package hid

import (
	"context"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// errorBusy is the code of CTAPHID_ERROR of a token that works for another
// (CTAP 2.1, section 11.2.9.1.6).
const errorBusy = 0x06

// An exchange is one message and its answer.
type exchange struct {
	channel *Channel
	command command
	// ours tells an answer to us from one to another who broadcasts; nil for a
	// channel of our own.
	ours func(answer []byte) bool
	// touched is called when the token waits for a touch, once; it may be nil.
	touched func()

	waiting bool // for a touch, now
	told    bool
	partial assembly
}

func (x *exchange) run(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := x.channel.write(x.command, message); err != nil {
		return nil, err
	}
	limit := time.NewTimer(x.channel.limit)
	defer limit.Stop()
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			x.cancel()
			return nil, ctx.Err()
		case <-limit.C:
			err := x.late() // before the token says that it works on the cancellation
			x.cancel()
			return nil, err
		case <-quiet.C:
			return nil, fault.New(fault.DeviceFailed, "the token does not answer").
				WithHint("unplug the token and plug it in again; check that the device is a FIDO2 token")
		case err := <-x.channel.readErr:
			x.channel.readErr <- err // for who asks next
			return nil, gone(err)
		case report := <-x.channel.reports:
			answer, whole, err := x.take(report)
			if whole || err != nil {
				return answer, err
			}
			quiet.Reset(silence)
		}
	}
}

// take handles one report. Those of other channels are for others: every reader
// of the device sees them.
func (x *exchange) take(report []byte) (answer []byte, whole bool, err error) {
	f, err := parseFrame(report)
	if err != nil {
		return nil, false, brokenProtocol("%v", err)
	}
	if f.channel != x.channel.id {
		return nil, false, nil
	}
	if f.initial && f.command == cmdKeepalive && f.length == 1 && !x.partial.begun {
		x.keepalive(f.data[0])
		return nil, false, nil
	}
	whole, err = x.partial.add(f)
	if err != nil {
		return nil, false, brokenProtocol("%v", err)
	}
	if !whole {
		return nil, false, nil
	}
	answer, command := x.partial.payload, x.partial.command
	x.partial = assembly{}
	switch {
	case x.ours != nil && (command != x.command || !x.ours(answer)):
		return nil, false, nil
	case command == cmdError:
		return nil, false, hidError(answer)
	case command != x.command:
		return nil, false, brokenProtocol("it answers with command %#02x", byte(command))
	}
	return answer, true, nil
}

func (x *exchange) keepalive(status byte) {
	x.waiting = status == statusTouch
	if x.waiting && !x.told && x.touched != nil {
		x.touched()
		x.told = true
	}
}

// cancel ends the command in the token, so that it does not blink on for nobody,
// and waits a little for its last word.
func (x *exchange) cancel() {
	if x.command != cmdCBOR || x.channel.write(cmdCancel, nil) != nil {
		return
	}
	x.told = true
	end := time.NewTimer(settle)
	defer end.Stop()
	for {
		select {
		case <-end.C:
			return
		case err := <-x.channel.readErr:
			x.channel.readErr <- err
			return
		case report := <-x.channel.reports:
			if _, whole, err := x.take(report); whole || err != nil {
				return
			}
		}
	}
}

// late is the error of a command that took too long.
func (x *exchange) late() error {
	if x.waiting {
		return fault.New(fault.DeviceUntouched, "the token was not touched within %s", x.channel.limit).
			WithHint("run the command again and touch the token when it blinks")
	}
	return fault.New(fault.DeviceFailed, "the token works for more than %s without an end", x.channel.limit).
		WithHint("unplug the token and plug it in again")
}

// hidError is the fault of a CTAPHID_ERROR.
func hidError(payload []byte) error {
	switch {
	case len(payload) != 1:
		return brokenProtocol("its error has %d bytes", len(payload))
	case payload[0] == errorBusy:
		return fault.New(fault.DeviceBusy, "the token works for another program").WithHint("run the command again when that one is done")
	}
	return brokenProtocol("it answers with CTAPHID error %#02x", payload[0])
}
