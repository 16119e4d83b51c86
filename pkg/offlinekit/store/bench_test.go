package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkImport imports kits of many small files and of one large file. Bytes are
// those of the content.
func BenchmarkImport(b *testing.B) {
	large := string(incompressible(64 << 20))
	for name, fill := range map[string]func(k *kit){
		"2000 files of 4 KiB": func(k *kit) {
			for i := range 2000 {
				k.files[fmt.Sprintf("payload/documents/%02d/%d", i%50, i)] = large[i*1024 : i*1024+4096]
			}
		},
		"one of 64 MiB": func(k *kit) { k.files["payload/documents/large"] = large },
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			k := w.newKit(1)
			fill(k)
			from := k.pack()
			size := int64(0)
			for _, content := range k.files {
				size += int64(len(content))
			}
			b.SetBytes(size)
			home := w.home
			for n := 0; b.Loop(); n++ {
				w.place(filepath.Join(w.dir, fmt.Sprint(n)))
				w.home = home
				_, err := w.imports(from)
				require.NoError(b, err)
			}
		})
	}
}
