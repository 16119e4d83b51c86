package input

import (
	"bytes"

	"github.com/stellaops/stella/internal/fault"
)

// CheckText refuses the beginning of an input that is not UTF-8 text and says
// what it is instead. A few hundred bytes are enough.
func CheckText(head []byte) error {
	for _, m := range magicsOf(head) {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return fault.New(fault.InputEncoding, "content is %s", m.name).WithHint("%s", m.hint)
		}
	}
	if looksLikeUTF16(head) {
		return fault.New(fault.InputEncoding, "content is UTF-16, not UTF-8").
			WithHint("convert it first: iconv -f UTF-16 -t UTF-8 FILE")
	}
	return nil
}

type magic struct{ prefix, name, hint string }

// magicsOf returns those that head may begin with, which no JSON does.
func magicsOf(head []byte) []magic {
	if len(head) == 0 || bytes.IndexByte([]byte("{[ \t\r\n"), head[0]) >= 0 {
		return nil
	}
	return magics()
}

func magics() []magic {
	return []magic{
		{"\x1f\x8b", "compressed (gzip)", "decompress it first: gunzip -c FILE | stella … -"},
		{"\x28\xb5\x2f\xfd", "compressed (zstd)", "decompress it first: zstd -dc FILE | stella … -"},
		{"\xfd7zXZ\x00", "compressed (xz)", "decompress it first: xz -dc FILE | stella … -"},
		{"BZh", "compressed (bzip2)", "decompress it first: bzip2 -dc FILE | stella … -"},
		{"PK\x03\x04", "a zip archive", "extract the document from the archive first"},
		{"\xef\xbb\xbf", "text with a byte order mark, which JSON forbids (RFC 8259, section 8.1)", "remove the first three bytes: tail -c +4 FILE"},
		{"\xff\xfe", "UTF-16, not UTF-8", "convert it first: iconv -f UTF-16 -t UTF-8 FILE"},
		{"\xfe\xff", "UTF-16, not UTF-8", "convert it first: iconv -f UTF-16 -t UTF-8 FILE"},
	}
}

// looksLikeUTF16 finds ASCII in UTF-16 without a byte order mark.
func looksLikeUTF16(head []byte) bool {
	return len(head) >= 4 && (head[0] == 0 && head[1] != 0 && head[2] == 0 || head[0] != 0 && head[1] == 0 && head[3] == 0)
}
