package authenticator

import (
	"encoding/binary"
	"slices"
	"sync"
)

// A Fault is what a broken or hostile device does instead of answering a
// command as it should. The command itself is carried out, unless the device is
// unplugged.
type Fault struct {
	payload func(answer []byte) []byte      // status byte and CBOR
	reports func(reports [][]byte) [][]byte // what goes over the wire
	unplug  bool
}

// FaultStatus answers with a status and no content.
func FaultStatus(s Status) Fault { return FaultAnswer(byte(s)) }

// FaultAnswer answers with these bytes: a status byte, then what should be CBOR.
func FaultAnswer(b ...byte) Fault {
	return Fault{payload: func([]byte) []byte { return b }}
}

// FaultMalformedCBOR answers OK and a map that ends too early.
func FaultMalformedCBOR() Fault { return FaultAnswer(byte(OK), 0xa2, 0x01) }

// FaultTruncated leaves out the last n bytes of the answer.
func FaultTruncated(n int) Fault {
	return Fault{payload: func(b []byte) []byte { return b[:max(0, len(b)-n)] }}
}

// FaultTrailing appends bytes to the answer.
func FaultTrailing(b ...byte) Fault {
	return Fault{payload: func(answer []byte) []byte { return append(answer, b...) }}
}

// FaultEdited lets edit change the answer at will.
func FaultEdited(edit func(answer []byte) []byte) Fault { return Fault{payload: edit} }

// FaultOversized makes the answer n bytes long with zeros, up to 65535; more
// than 7609 is beyond the protocol.
func FaultOversized(n int) Fault {
	return Fault{payload: func(b []byte) []byte { return append(b, make([]byte, max(0, n-len(b)))...) }}
}

// FaultLength claims a message of n bytes, and sends the reports of the real one.
func FaultLength(n uint16) Fault {
	return Fault{reports: func(all [][]byte) [][]byte {
		binary.BigEndian.PutUint16(all[0][5:], n)
		return all
	}}
}

// FaultHIDError answers with a CTAPHID_ERROR.
func FaultHIDError(code HIDError) Fault {
	return Fault{reports: func(all [][]byte) [][]byte {
		return reports(binary.BigEndian.Uint32(all[0]), hidError, []byte{byte(code)})
	}}
}

// FaultChannel answers on another channel.
func FaultChannel() Fault {
	return Fault{reports: func(all [][]byte) [][]byte {
		for _, r := range all {
			r[3] ^= 0x55
		}
		return all
	}}
}

// FaultCommand answers with another CTAPHID command (PING).
func FaultCommand() Fault {
	return Fault{reports: func(all [][]byte) [][]byte {
		all[0][4] = initBit | byte(hidPing)
		return all
	}}
}

// FaultSequence skips a sequence number. The answer must need two reports or
// more to show it.
func FaultSequence() Fault {
	return Fault{reports: func(all [][]byte) [][]byte {
		for _, r := range all[1:] {
			r[4]++
		}
		return all
	}}
}

// FaultShortReport sends only the first n bytes of the first report.
func FaultShortReport(n int) Fault {
	return Fault{reports: func(all [][]byte) [][]byte { return [][]byte{all[0][:n]} }}
}

// FaultMissingReports sends only the first n reports.
func FaultMissingReports(n int) Fault {
	return Fault{reports: func(all [][]byte) [][]byte { return all[:min(n, len(all))] }}
}

// FaultSilence never answers.
func FaultSilence() Fault { return FaultMissingReports(0) }

// FaultKeepalives sends n keepalives, then the answer.
func FaultKeepalives(n int) Fault {
	return Fault{reports: func(all [][]byte) [][]byte {
		alive := reports(binary.BigEndian.Uint32(all[0]), hidKeepalive, []byte{processing})
		return append(slices.Repeat(alive, n), all...)
	}}
}

// FaultUnplugged unplugs the device when the command arrives.
func FaultUnplugged() Fault { return Fault{unplug: true} }

// faults are the faults to come.
type faults struct {
	mu      sync.Mutex
	pending []pendingFault
}

type pendingFault struct {
	command Command
	fault   Fault
}

// Inject makes the next command of this kind end with f. Faults of one command
// are used up in the order in which they were injected.
func (d *Device) Inject(c Command, f Fault) {
	d.fault.mu.Lock()
	defer d.fault.mu.Unlock()
	d.fault.pending = append(d.fault.pending, pendingFault{c, f})
}

// next takes the fault for a command, which may be none.
func (f *faults) next(c Command) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.pending, func(p pendingFault) bool { return p.command == c })
	if i < 0 {
		return Fault{}
	}
	found := f.pending[i].fault
	f.pending = slices.Delete(f.pending, i, i+1)
	return found
}
