package endtoend

import (
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// TestCounterSign adds a signature to evidence of either form.
func TestCounterSign(t *testing.T) {
	w := ready(t)
	for _, file := range []string{"sbom.sigstore.json", "sbom.dsse.json"} {
		t.Run(file, func(t *testing.T) {
			w := in(t, w)
			add := stella("attest", "add", file, "--trust", "p256.key.pub", "--key", "ed25519.key", "--force", "-o", "two.dsse.json")
			o := w.okay(add)
			assert.Contains(t, o.stderr, "https://cyclonedx.org/bom", "what is signed is said first")
			assert.Contains(t, o.stderr, "subject sbom.cdx.json")
			assert.Equal(t, w.payload(file), w.payload("two.dsse.json"), "the payload is not touched")
			assert.Len(t, w.envelopeOf("two.dsse.json").Signatures, 2)
			verify := stella("verify", "two.dsse.json", "--key", "p256.key.pub", "--key", "ed25519.key.pub", "--threshold", "2", "--subject", "sbom.cdx.json")
			w.judged(0, "", verify)

			// A third, from the second's result, and with several keys at once.
			w.ok("attest", "add", "two.dsse.json", "--trust", "ed25519.key.pub", "--key", "mldsa.key", "--key", "p384.key", "--force", "-o", "four.dsse.json")
			w.judged(0, "", stella("verify", "four.dsse.json", "--key", "p256.key.pub", "--key", "ed25519.key.pub",
				"--key", "mldsa.key.pub", "--key", "p384.key.pub", "--threshold", "4"))
		})
	}
}

// TestCounterSignRefused adds no signature to evidence that the trusted keys did
// not sign, unless that is said.
func TestCounterSignRefused(t *testing.T) {
	w := ready(t)
	add := stella("attest", "add", "sbom.dsse.json", "--key", "ed25519.key", "-o", "out/x")
	w.fails(failure{3, fault.SignatureUntrusted, []string{`"sbom.dsse.json"`}}, add.with("--trust", "other.key.pub"))
	w.fails(failure{3, fault.SignatureUntrusted, []string{`"sbom.dsse.json"`}}, add.with("--trust", "p384.key.pub"))
	w.fails(failure{4, fault.TrustRequired, []string{"--trust KEY.pub"}}, add)

	w.write("keys.json", w.keysJSON(entry{key: "p256.key", types: []string{"*"}, revokedAt: "2026-01-01T00:00:00Z"}))
	w.fails(failure{3, fault.KeyRevoked, []string{`"p256.key"`}}, add.with("--trust", "keys.json"))

	o := w.okay(add.with("--sign-unverified"))
	assert.Contains(t, o.stderr, "stella: warning: none of the existing signatures was verified")
	w.judged(0, "", stella("verify", "out/x", "--key", "ed25519.key.pub"))
}

// TestCounterSignOther is about what has no statement that could be re-checked
// or no place for a second signature.
func TestCounterSignOther(t *testing.T) {
	w := ready(t)
	add := func(file string) call {
		return stella("attest", "add", file, "--trust", "p256.key.pub", "--key", "ed25519.key", "-o", "out/x")
	}
	w.forge("note.dsse.json", "text/plain", []byte("hello"))
	w.fails(failure{2, fault.StatementInvalid, []string{`"note.dsse.json"`, "in-toto"}}, add("note.dsse.json"))
	w.forge("broken.dsse.json", dsse.PayloadTypeInToto, []byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	w.fails(failure{2, fault.StatementInvalid, []string{`"broken.dsse.json"`}}, add("broken.dsse.json"))
	w.ok("sign", "blob", "sbom.cdx.json", "--key", "p256.key", "-o", "blob.sigstore.json")
	w.fails(failure{2, fault.UsageInvalid, []string{"blob.sigstore.json", "stella sign blob"}}, add("blob.sigstore.json"))
	w.write("two.jsonl", append(w.read("sbom.sigstore.json"), w.read("sbom.dsse.json")...))
	w.fails(failure{2, fault.UsageInvalid, []string{"two.jsonl", "2"}}, add("two.jsonl"))
	w.fails(failure{2, fault.UsageInvalid, []string{"already"}},
		stella("attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "p256.key", "-o", "out/x"))
}

// TestCounterSignKeepsMaterial is about certificates, log entries and
// timestamps, for which a bare envelope has no place: they are never dropped.
func TestCounterSignKeepsMaterial(t *testing.T) {
	w := ready(t)
	der := w.certificate("leaf.pem", "p256.key", pkix.Name{CommonName: "signer"})
	leaf := fmt.Sprintf(`"certificate":{"rawBytes":%q}`, base64.StdEncoding.EncodeToString(der))
	hint := `"publicKey":{"hint":"x"}`
	for name, material := range map[string]string{
		"certificate": leaf,
		"log entry":   hint + `,"tlogEntries":[{"logIndex":"1"}]`,
		"timestamp":   hint + `,"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AA=="}]}`,
		"all":         leaf + `,"tlogEntries":[{"logIndex":"1"}],"timestampVerificationData":{"rfc3161Timestamps":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := in(t, w)
			w.bundled("rich.sigstore.json", "sbom.sigstore.json", "{"+material+"}")
			before := w.read("rich.sigstore.json")
			add := stella("attest", "add", "rich.sigstore.json", "--trust", "leaf.pem", "--key", "ed25519.key", "--force")
			w.fails(failure{2, fault.UsageInvalid, []string{"rich.sigstore.json", "--envelope bundle"}}, add.with("-o", "out/x"))

			w.okay(add.with("--envelope", "bundle", "-o", "second.sigstore.json"))
			assert.Equal(t, before, w.read("rich.sigstore.json"))
			assert.Equal(t, w.payload("rich.sigstore.json"), w.payload("second.sigstore.json"))
			w.judged(0, "", stella("verify", "rich.sigstore.json", "second.sigstore.json", "--key", "leaf.pem",
				"--key", "ed25519.key.pub", "--threshold", "2", "--subject", "sbom.cdx.json"))
		})
	}
}

// TestSameBytes signs twice: the same inputs give the same bytes, whatever the
// clock and SOURCE_DATE_EPOCH say.
func TestSameBytes(t *testing.T) {
	w := newWorld(t)
	w.write("artifact", []byte("artifact"))
	for _, key := range []string{"p256.key", "p384.key", "ed25519.key"} {
		for name, args := range map[string][]string{
			"canonical": {"sign", "sbom", "sbom.cdx.json", "--subject", "artifact"},
			"preserve":  {"sign", "sbom", "sbom.cdx.json", "--preserve"},
			"envelope":  {"sign", "sbom", "sbom.cdx.json", "--envelope", "dsse"},
			"reference": {"sign", "sbom", "sbom.cdx.json", "--reference"},
			"blob":      {"sign", "blob", "sbom.cdx.json"},
		} {
			t.Run(key+"/"+name, func(t *testing.T) {
				w := in(t, w)
				var outputs []string
				for _, epoch := range []string{"", "0", "1700000000", "4000000000"} {
					c := stella(args...).with("--key", key)
					c.env = []string{"SOURCE_DATE_EPOCH=" + epoch, "TZ=Asia/Kathmandu"}
					outputs = append(outputs, w.okay(c).stdout)
				}
				require.NotEmpty(t, outputs[0])
				for _, o := range outputs[1:] {
					assert.Equal(t, outputs[0], o)
				}
				w.ok(append(args, "--key", key, "--force", "-o", "file")...)
				assert.Equal(t, outputs[0], string(w.read("file")), "a file holds what a pipe gets")
			})
		}
	}
}
