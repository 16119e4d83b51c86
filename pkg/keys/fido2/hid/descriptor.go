package hid

// maxDescriptorSize bounds a HID report descriptor, in bytes
// (HID_MAX_DESCRIPTOR_SIZE of Linux).
const maxDescriptorSize = 4096

// The usage of a FIDO token (CTAP 2.1, section 11.2.8.2).
const (
	usagePageFIDO = 0xf1d0
	usageFIDO     = 0x01
)

// isFIDO reports whether a HID report descriptor is one of a FIDO token: a
// collection with the usage page FIDO (Device Class Definition for HID 1.11,
// section 6.2.2). A descriptor that is cut off is none.
func isFIDO(descriptor []byte) bool {
	page := uint32(0)
	for b := descriptor; len(b) > 0; {
		prefix := b[0]
		size := int(prefix & 3)
		if size == 3 {
			size = 4
		}
		const long = 0xfe // section 6.2.2.3: the size is the next byte, then a tag
		header := 1
		if prefix == long {
			if len(b) < 3 {
				return false
			}
			size, header = int(b[1]), 3
		}
		if len(b) < header+size {
			return false
		}
		var value uint32
		if prefix != long {
			for i, v := range b[header : header+size] {
				value |= uint32(v) << (8 * i)
			}
		}
		const usagePage, usage = 0x04, 0x08 // global and local item, without their sizes
		switch prefix &^ 3 {
		case usagePage:
			page = value
		case usage:
			if page == usagePageFIDO && value == usageFIDO {
				return true
			}
		}
		b = b[header+size:]
	}
	return false
}
