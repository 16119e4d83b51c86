package endtoend

import (
	"bytes"
	"strings"
	"testing"
)

// TestHostileArguments puts hostile strings on the command line, into the
// environment and into files of settings and keys.
func TestHostileArguments(t *testing.T) {
	for _, corpus := range []map[string]string{hostile(), rawHostile()} {
		for name, text := range corpus {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := ready(t)
				for _, args := range argumentsWith(text) {
					w.shows(stella(args...))
				}
				w.shows(call{args: []string{"version"}, env: []string{"STELLA_FORMAT=" + text}})
				w.shows(call{args: []string{"config", "show"}, env: []string{"STELLA_FORMAT=" + text, "STELLA_" + text + "=1", "STELLA_ASKPASS=" + text}})
				for _, settings := range []string{"format: " + text, text + ": 1", "askpass: " + text, "askpass: " + `"` + text + `"`} {
					w.write("config.yaml", []byte(settings+"\n"))
					w.shows(stella("config", "show", "--config", "config.yaml"))
				}
				w.write("keys.json", bytes.ReplaceAll(w.keysJSON(entry{key: "p256.key", holder: "HOLDER"}), []byte("HOLDER"), []byte(text)))
				w.shows(stella("verify", "sbom.dsse.json", "--key", "keys.json"))
				w.hostileFile(strings.ReplaceAll(text, "/", "_"))
			})
		}
	}
}

// argumentsWith is text in every place of a command line.
func argumentsWith(text string) [][]string {
	lists := [][]string{{text}, {"--" + text}, {"-" + text}, {"sign", text}, {"help", text}, {"sign", "sbom", "x", "--" + text + "=1"}, {"keys", "generate", "--algorithm", text, "-o", "out/k"}}
	for _, args := range readers() {
		lists = append(lists, put(args, text))
	}
	for _, flag := range []string{"--type", "--at", "--threshold", "--format", "--subject", "--config", "--trust"} {
		lists = append(lists, []string{"verify", "sbom.sigstore.json", "--key", "p256.key.pub", flag, text})
	}
	for _, flag := range []string{"--envelope", "--output", "--type", "--uri", "--passphrase-file", "--passphrase-env", "--askpass"} {
		lists = append(lists, []string{"sign", "sbom", "sbom.cdx.json", "--key", "secret.key", flag, text})
	}
	return append(lists, []string{"sign", "sbom", "sbom.cdx.json", "--key", text + ":x"}, []string{"sign", "sbom", "sbom.cdx.json", "--key", "p256.key?" + text + "=" + text})
}

// hostileFile gives a hostile name to a document, its evidence and a key.
func (w *world) hostileFile(name string) {
	w.t.Helper()
	w.write(name, []byte(smallSBOM))
	w.shows(stella("sign", "sbom", "./"+name, "--key", "p256.key", "--force", "-o", "evil.sigstore.json"))
	w.shows(stella("verify", "./"+name, "--key", "p256.key.pub"))
	w.shows(stella("verify", "evil.sigstore.json", "--key", "p256.key.pub", "--subject", "./"+name))
	w.shows(stella("attest", "show", "evil.sigstore.json"))
	w.write(name, w.read("sbom.sigstore.json"))
	w.shows(stella("verify", "./"+name, "--key", "p256.key.pub"))
	w.shows(stella("verify", "./"+name, "--key", "other.key.pub", "--subject", "./"+name))
	w.shows(stella("attest", "show", "./"+name))
	w.write(name, w.read("p256.key.pub"))
	w.shows(stella("verify", "sbom.sigstore.json", "--key", "./"+name))
	w.shows(stella("keys", "show", "./"+name))
	w.shows(stella("sign", "blob", "sbom.cdx.json", "--key", "p256.key", "--force", "-o", "./"+name))
	w.shows(stella("keys", "generate", "--no-passphrase", "--force", "-o", "./"+name))
}
