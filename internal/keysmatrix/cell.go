package keysmatrix

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Cell is one run: a verifier over what one kind of key signed.
type Cell struct {
	Driver    string `json:"driver"`
	Algorithm string `json:"algorithm"`
	Verifier  string `json:"verifier"`
	// Command is the verifier's command line, without paths of the machine.
	Command string `json:"command"`
	Exit    int    `json:"exit"`
	// SHA256 is of the artefact that the verifier was given, in hex.
	SHA256 string `json:"sha256"`
}

// Verifies reports whether the verifier accepted the signature.
func (c Cell) Verifies() bool { return c.Exit == 0 }

// Verifiers are the columns of the table.
func Verifiers() []string {
	return []string{"stella", "cosign-v2", "cosign-v3", "openssl", "ssh-keygen"}
}

// Save writes the cells to path as JSON lines, in the order of driver, algorithm
// and verifier.
func Save(path string, cells []Cell) error {
	slices.SortFunc(cells, func(a, b Cell) int {
		return strings.Compare(a.Driver+"\x00"+a.Algorithm+"\x00"+a.Verifier, b.Driver+"\x00"+b.Algorithm+"\x00"+b.Verifier)
	})
	var b bytes.Buffer
	for _, c := range cells {
		if err := json.MarshalWrite(&b, c); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// Load reads what Save wrote.
func Load(path string) ([]Cell, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var cells []Cell
	d := jsontext.NewDecoder(bytes.NewReader(b))
	for {
		var c Cell
		err := json.UnmarshalDecode(d, &c)
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", path, err)
		}
		cells = append(cells, c)
	}
}

// row is one line of the table.
type row struct{ driver, algorithm string }

// rows returns the lines in the order in which they first occur.
func rows(cells []Cell) []row {
	var out []row
	for _, c := range cells {
		if r := (row{c.Driver, c.Algorithm}); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
