package strictjson

import "strings"

// What a short text in a document of ours may hold.

// IsName allows what can stand anywhere without quoting.
func IsName(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._@:/+-", r))
	}) < 0
}

// IsText allows anything but control characters.
func IsText(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) < 0
}

// IsPrintable allows printable ASCII without space.
func IsPrintable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// IsSHA256 allows a SHA-256 in lower-case hex.
func IsSHA256(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}
