package forensic

import (
	"encoding/binary"
	"encoding/hex"
)

// item is an entry and where its content is.
type item struct {
	Entry
	executable bool
	// source is the path of a file; "" for what is in memory.
	source string
}

// appendItem appends the record of an item: records are sorted as entries are.
func appendItem(b []byte, i *item) []byte {
	b = append(b, rank(i.Path))
	b = append(append(b, i.Path...), 0) // which no path holds
	sum, _ := hex.AppendDecode(b, []byte(i.SHA256))
	b = binary.BigEndian.AppendUint64(sum, uint64(i.Size))
	flag := byte(0)
	if i.executable {
		flag = 1
	}
	b = append(b, flag)
	b = append(append(b, i.Name...), 0)
	return append(b, i.source...)
}

// decodeItem reads a record of appendItem.
func decodeItem(record []byte) item {
	rest := record[1:]
	path, rest := cutNUL(rest)
	i := item{Entry: Entry{Section: sectionOf(path), Path: path, SHA256: hex.EncodeToString(rest[:32]), Size: int64(binary.BigEndian.Uint64(rest[32:]))}}
	i.executable = rest[40] == 1
	i.Name, rest = cutNUL(rest[41:])
	i.source = string(rest)
	return i
}

func cutNUL(b []byte) (string, []byte) {
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), b[i+1:]
		}
	}
	return string(b), nil
}
