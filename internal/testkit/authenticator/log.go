package authenticator

import (
	"slices"
	"sync"
	"time"
)

// An Entry is one CTAP2 command that the device saw, or one message of the HID
// layer below it.
type Entry struct {
	Channel uint32
	HID     byte    // CTAPHID command: 0x10 for CTAP2, 0x06 for INIT, 0x11 for CANCEL
	Command Command // CTAP2 command, else 0
	Request []byte  // CTAP2 request with its command byte
	Answer  []byte  // CTAP2 answer with its status byte, before any fault; nil when aborted
	Took    time.Duration
}

// Status returns the status byte of a CTAP2 answer.
func (e Entry) Status() Status {
	if len(e.Answer) == 0 {
		return OtherError
	}
	return Status(e.Answer[0])
}

type log struct {
	mu      sync.Mutex
	entries []Entry
}

func (l *log) add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

func (l *log) hid(channel uint32, c hidCommand) {
	l.add(Entry{Channel: channel, HID: byte(c)})
}

// Log returns what the device has seen, in order of completion. Requests and
// answers hold what passed over the wire, so PINs in them are encrypted.
func (d *Device) Log() []Entry {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	return slices.Clone(d.log.entries)
}

// Commands returns the CTAP2 commands of the log.
func (d *Device) Commands() []Command {
	var all []Command
	for _, e := range d.Log() {
		if e.HID == byte(hidCBOR) {
			all = append(all, e.Command)
		}
	}
	return all
}
