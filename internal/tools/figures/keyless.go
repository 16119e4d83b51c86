//go:build linux

package main

import (
	"embed"
	"os"
	"path/filepath"
)

// keyless is evidence by a certificate with a log entry and a time stamp, and the
// trusted root that it is verified with. The test makes it anew.
//
//go:embed testdata/keyless.sigstore.json testdata/trusted_root.json testdata/app
var keyless embed.FS

// writeKeyless puts the keyless evidence into a directory.
func writeKeyless(dir string) error {
	for _, name := range []string{"keyless.sigstore.json", "trusted_root.json", "app"} {
		content, err := keyless.ReadFile("testdata/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
