// Command keysmatrix makes docs/keys.md of the cells that the tests left:
//
//	keysmatrix CELLS.jsonl PAGE.md
package main

import (
	"fmt"
	"os"

	"github.com/stellaops/stella/internal/keysmatrix"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "keysmatrix:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want CELLS.jsonl PAGE.md, got %d arguments", len(args))
	}
	cells, err := keysmatrix.Load(args[0])
	if err != nil {
		return err
	}
	page, err := keysmatrix.Page(cells)
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], []byte(page), 0o644) // #nosec G306 -- a page for everybody
}
