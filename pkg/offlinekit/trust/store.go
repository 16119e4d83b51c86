package trust

import (
	"strings"
)

// Store is the metadata that a client trusts, the newest of each role.
type Store interface {
	// Load returns the metadata of a role, or an error that is fs.ErrNotExist.
	Load(role string) ([]byte, error)
	// Save makes what was verified the metadata of a role.
	Save(role string, version int64, raw []byte) error
}

// FileName returns the name of the file that holds a role's metadata, without its
// version. What could lead elsewhere, or means something in a URL, stands as %XX.
func FileName(role string) string {
	var b strings.Builder
	for i := range len(role) {
		c := role[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.-~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String() + ".json"
}

// metaName is how snapshot metadata calls a role's file.
func metaName(role string) string { return role + ".json" }
