package input

import (
	"io"
	"os"

	"github.com/stellaops/stella/internal/fault"
)

// OpenStream opens the file called name, or standard input for "-", for reading
// once from start to end, without keeping any of it. Reading is not bounded.
func OpenStream(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, openError(name, err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fault.New(fault.InputNotRegular, "%s is a directory, not a file", Display(name)).With("path", name)
	}
	if err != nil {
		_ = file.Close() // only read
		return nil, err
	}
	return file, nil
}
