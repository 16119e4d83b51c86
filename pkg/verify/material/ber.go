package material

import (
	"errors"
	"fmt"
)

// maxDepth bounds the nesting of a token: the deepest of RFC 3161 has some 15
// levels.
const maxDepth = 40

var errBER = errors.New("it is not well-formed BER")

// checkBER bounds a token before the library transcodes it: that goes down, and
// copies, once for each level of nesting.
func checkBER(b []byte) error {
	if len(b) == 0 || len(b) > maxToken {
		return fmt.Errorf("it has %d bytes, not between 1 and %d", len(b), maxToken)
	}
	rest, err := skipBER(b, 0)
	if err == nil && len(rest) > 0 {
		err = errors.New("there are bytes behind it")
	}
	return err
}

// skipBER returns what follows the value at the beginning of b (X.690, section 8.1).
func skipBER(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	constructed, n, b, err := headBER(b)
	if err != nil {
		return nil, err
	}
	if n >= 0 {
		if n > len(b) {
			return nil, errBER
		}
		content, rest := b[:n], b[n:]
		for constructed && len(content) > 0 {
			if content, err = skipBER(content, depth+1); err != nil {
				return nil, err
			}
		}
		return rest, nil
	}
	for len(b) < 2 || b[0] != 0 || b[1] != 0 { // to the end of an indefinite length
		if b, err = skipBER(b, depth+1); err != nil {
			return nil, err
		}
	}
	return b[2:], nil
}

// headBER reads tag and length; a negative length is indefinite.
func headBER(b []byte) (constructed bool, length int, rest []byte, err error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f { // nothing in CMS has a tag of several bytes
		return false, 0, nil, errBER
	}
	constructed, length, rest = b[0]&0x20 != 0, int(b[1]), b[2:]
	switch n := length & 0x7f; {
	case length < 0x80:
		return constructed, length, rest, nil
	case n == 0 && constructed:
		return true, -1, rest, nil
	case n == 0 || n > 3 || n > len(rest): // three bytes hold more than maxToken
		return false, 0, nil, errBER
	default:
		length = 0
		for _, c := range rest[:n] {
			length = length<<8 | int(c)
		}
		return constructed, length, rest[n:], nil
	}
}
