package dsse

import "strconv"

// PAE returns the pre-authentication encoding of a payload: the bytes that a
// signature covers (DSSE protocol.md, "Signature Definition").
func PAE(payloadType string, payload []byte) []byte {
	header := paeHeader(payloadType, int64(len(payload)))
	return append(header, payload...)
}

// paeHeader returns all of the encoding that comes before the payload's bytes.
func paeHeader(payloadType string, size int64) []byte {
	return appendHeader(make([]byte, 0, 64+len(payloadType)), payloadType, size)
}

func appendHeader(b []byte, payloadType string, size int64) []byte {
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, size, 10)
	return append(b, ' ')
}
