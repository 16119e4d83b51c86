// Command stella signs and verifies software supply-chain evidence, offline
// first.
package main

import (
	"os"

	"github.com/stellaops/stella/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], cli.System())) }
