package endtoend

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// ready is a world with evidence over the small SBOM.
func ready(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.ok("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "sbom.sigstore.json")
	w.ok("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--envelope", "dsse", "-o", "sbom.dsse.json")
	w.write("passphrase", []byte("correct horse\n"))
	w.ok("keys", "generate", "--passphrase-file", "passphrase", "-o", "secret.key")
	return w
}

// readers is every place of a command line that a file can stand in; FILE is
// replaced by what the case is about.
func readers() map[string][]string {
	return map[string][]string{
		"sign sbom":              {"sign", "sbom", "FILE", "--key", "p256.key", "-o", "out/x"},
		"sign report":            {"sign", "report", "FILE", "--decision", "pass", "--key", "p256.key", "-o", "out/x"},
		"sign statement":         {"sign", "statement", "FILE", "--key", "p256.key", "-o", "out/x"},
		"sign blob":              {"sign", "blob", "FILE", "--key", "p256.key", "-o", "out/x"},
		"sign --key":             {"sign", "sbom", "sbom.cdx.json", "--key", "FILE", "-o", "out/x"},
		"sign --subject":         {"sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--subject", "FILE", "-o", "out/x"},
		"sign --subjects-from":   {"sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--subjects-from", "FILE", "-o", "out/x"},
		"sign --passphrase-file": {"sign", "sbom", "sbom.cdx.json", "--key", "secret.key", "--passphrase-file", "FILE", "-o", "out/x"},
		"verify":                 {"verify", "FILE", "--key", "p256.key.pub"},
		"verify second":          {"verify", "sbom.sigstore.json", "FILE", "--key", "p256.key.pub"},
		"verify --key":           {"verify", "sbom.sigstore.json", "--key", "FILE"},
		"verify --trust":         {"verify", "sbom.sigstore.json", "--trust", "FILE"},
		"verify --subject":       {"verify", "sbom.sigstore.json", "--key", "p256.key.pub", "--subject", "FILE"},
		"attest show":            {"attest", "show", "FILE"},
		"attest add":             {"attest", "add", "FILE", "--trust", "p256.key.pub", "--key", "other.key", "-o", "out/x"},
		"attest add --trust":     {"attest", "add", "sbom.dsse.json", "--trust", "FILE", "--key", "other.key", "-o", "out/x"},
		"keys show":              {"keys", "show", "FILE"},
		"keys export":            {"keys", "export", "--public", "FILE"},
		"config show --config":   {"config", "show", "--config", "FILE"},
	}
}

// TestMissingFile is about a named input that does not exist: exit 4.
func TestMissingFile(t *testing.T) {
	w := ready(t)
	for name, args := range readers() {
		t.Run(name, func(t *testing.T) {
			want := failure{4, fault.InputNotFound, []string{`"absent.json"`}}
			if name == "config show --config" {
				want = failure{2, fault.ConfigInvalid, []string{`"absent.json"`}} // settings are no input
			}
			in(t, w).failsReading(name, want, stella(put(args, "absent.json")...))
		})
	}
}

// in returns w for a test of its own.
func in(t *testing.T, w *world) *world { return &world{t, w.dir} }

// failsReading is fails for the reader of that name.
func (w *world) failsReading(name string, want failure, c call) {
	w.t.Helper()
	if name == "verify second" {
		w.failsBeside(want, c)
		return
	}
	w.fails(want, c)
}

// put replaces FILE in args.
func put(args []string, file string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = arg
		if arg == "FILE" {
			out[i] = file
		}
	}
	return out
}

// TestDirectory is about a directory where a file is wanted: exit 2. Trust may
// be a directory, but not one without a key.
func TestDirectory(t *testing.T) {
	w := ready(t)
	require.NoError(t, os.Mkdir(w.path("folder"), 0o755))
	for name, args := range readers() {
		t.Run(name, func(t *testing.T) {
			want := failure{2, fault.InputNotRegular, []string{`"folder"`}}
			switch name {
			case "verify --key", "verify --trust", "attest add --trust", "keys show":
				want = failure{4, fault.TrustRequired, []string{`"folder"`}}
			case "config show --config":
				want = failure{2, fault.ConfigInvalid, []string{`"folder"`}}
			case "verify", "verify second": // a directory is gone through, and there is nothing in it
				want = failure{4, fault.SignatureMissing, []string{`"folder"`}}
			}
			in(t, w).failsReading(name, want, stella(put(args, "folder")...))
		})
	}
}

// TestOutputExists is about outputs that are there already.
func TestOutputExists(t *testing.T) {
	w := ready(t)
	w.write("old", []byte("old"))
	sign := stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key")
	exists := failure{2, fault.OutputExists, []string{`"old"`, "--force"}}
	w.fails(exists, sign.with("-o", "old"))
	w.fails(exists, stella("attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "other.key", "-o", "old"))
	w.fails(exists, stella("sign", "blob", "sbom.cdx.json", "--key", "p256.key", "-o", "old"))
	w.fails(exists, stella("keys", "generate", "--no-passphrase", "-o", "old"))
	w.write("new.pub", []byte("old"))
	w.fails(failure{2, fault.OutputExists, []string{`"new.pub"`, "--force"}}, stella("keys", "generate", "--no-passphrase", "-o", "new"))
	w.fails(failure{2, fault.OutputExists, []string{`"out"`}}, sign.with("-o", "out", "--force"))
	w.okay(sign.with("-o", "old", "--force"))
	assert.NotEqual(t, "old", string(w.read("old")))
}

// TestOutputIsInput is about a command that would replace what it reads, which
// not even --force allows.
func TestOutputIsInput(t *testing.T) {
	w := ready(t)
	require.NoError(t, os.Link(w.path("sbom.cdx.json"), w.path("link.cdx.json")))
	require.NoError(t, os.Symlink("sbom.cdx.json", w.path("symlink.cdx.json")))
	for _, output := range []string{"sbom.cdx.json", "./sbom.cdx.json", "link.cdx.json", "symlink.cdx.json"} {
		w.fails(failure{2, fault.UsageInvalid, []string{output, "is the input", "name another output"}},
			stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "--force", "-o", output))
	}
	w.fails(failure{2, fault.UsageInvalid, []string{"is the input", "name another output"}},
		stella("attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "other.key", "--force", "-o", "sbom.dsse.json"))
	// What else a command reads, the signing key above all.
	w.ok("keys", "generate", "--passphrase-file", "passphrase", "--force", "-o", "secret.key")
	w.write("artifact", []byte("artifact"))
	sign := stella("sign", "sbom", "sbom.cdx.json", "--subject", "artifact", "--key", "secret.key?passphrase-file=passphrase", "--force")
	for _, output := range []string{"secret.key", "passphrase", "artifact"} {
		w.fails(failure{2, fault.UsageInvalid, []string{output, "is the input"}}, sign.with("-o", output))
	}
	w.fails(failure{2, fault.UsageInvalid, []string{"p256.key.pub", "is the input"}},
		stella("attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "other.key", "--force", "-o", "p256.key.pub"))
}

// TestMissingOutputFolder is about an output in a folder that is not there.
func TestMissingOutputFolder(t *testing.T) {
	w := ready(t)
	w.fails(failure{1, fault.OutputFailed, []string{"absent", "make the directory"}},
		stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "absent/x"))
	w.fails(failure{1, fault.OutputFailed, []string{"absent", "make the directory"}},
		stella("keys", "generate", "--no-passphrase", "-o", "absent/x"))
}
