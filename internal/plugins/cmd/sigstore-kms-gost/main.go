// Command sigstore-kms-gost is the plugin of GOST R 34.10-2012 keys with
// Streebog, over the gost engine of OpenSSL. It is the reference for a plugin
// that stands alone, and for one over a certified provider: package gost is all
// that such a plugin replaces.
package main

import (
	"os"

	"github.com/stellaops/stella/internal/plugins/gost"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

func main() { os.Exit(protocol.Serve(os.Args, os.Stdin, os.Stdout, gost.Open)) }
