//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// window is the window of the zstd stream of a kit, in bytes.
const window = 2 << 20

// primitive does nothing but hash, compress or decompress files, on one core, and
// throws away what comes of it. zstd has the level and window of the kits' archives.
// Each is run as a program of its own, so that it is measured as the commands are.
func primitive(name string, files []string) error {
	switch name {
	case "sha256":
		return each(files, sha256.New())
	case "compress":
		z, err := zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		if err := each(files, z); err != nil {
			return err
		}
		return z.Close()
	case "decompress":
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(false), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return err
		}
		defer z.Close()
		return decompress(z, files)
	}
	return fmt.Errorf("-primitive %s: there is none of that name", name)
}

func each(files []string, w io.Writer) error {
	for _, name := range files {
		f, err := os.Open(name) // #nosec G304 -- named by the measurement
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{f}, make([]byte, 256<<10))
		_ = f.Close() // only read
		if err != nil {
			return err
		}
	}
	return nil
}

func decompress(z *zstd.Decoder, files []string) error {
	for _, name := range files {
		f, err := os.Open(name) // #nosec G304 -- named by the measurement
		if err != nil {
			return err
		}
		if err = z.Reset(f); err == nil {
			_, err = io.CopyBuffer(io.Discard, struct{ io.Reader }{z}, make([]byte, 256<<10))
		}
		_ = f.Close() // only read
		if err != nil {
			return err
		}
	}
	return nil
}
