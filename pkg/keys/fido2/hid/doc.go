// Package hid finds FIDO2 tokens on USB and carries CTAP2 messages to them: the
// protocol CTAPHID over HID reports of 64 bytes (CTAP 2.1, section 11.2).
//
// A token is a character device that reads and writes whole reports: on Linux
// /dev/hidraw0 and the like. [Open] takes its path, [Enumerate] finds those that
// are plugged in, and [NewChannel] speaks to anything that carries reports.
//
// All errors are faults: device.failed for a token that breaks the protocol,
// does not answer or is gone, device.busy, device.untouched for a touch that
// never came, and the context's own.
package hid
