//go:build interop

package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/keysmatrix"
)

// specimen is evidence about the file sbom.json by one kind of key.
type specimen struct {
	driver, algorithm string
	// dir holds sbom.json, key.pub (or keys.json), and the evidence as out.dsse.json
	// and, where its form allows it, out.sigstore.json and out.sshsig.
	dir string
}

// TestKeysMatrix has every verifier judge what every kind of key signed, and
// keeps what was run in the file that STELLA_KEYS_MATRIX names.
func TestKeysMatrix(t *testing.T) {
	var cells []keysmatrix.Cell
	for _, s := range specimens(t) {
		for _, verifier := range keysmatrix.Verifiers() {
			t.Run(s.driver+"/"+s.algorithm+"/"+verifier, func(t *testing.T) {
				c := s.judge(t, verifier)
				assert.Equal(t, s.verifiedBy(verifier), c.Verifies(), "%s: exit %d", c.Command, c.Exit)
				cells = append(cells, c)
			})
		}
	}
	if path := os.Getenv("STELLA_KEYS_MATRIX"); path != "" && !t.Failed() {
		require.NoError(t, keysmatrix.Save(path, cells))
	}
}

// verifiedBy says which cells of the table are "yes".
func (s specimen) verifiedBy(verifier string) bool {
	assertion := slices.Contains([]string{"fido2 assertion", "fido2 sshsig"}, s.driver)
	switch verifier {
	case "stella":
		return true
	case "ssh-keygen":
		return s.driver == "fido2 sshsig"
	case "openssl": // of Debian 12, which is older than its ML-DSA
		return !assertion && s.algorithm != "ml-dsa-65"
	}
	known := slices.Contains([]string{"ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072", "rsa-4096"}, s.algorithm)
	return !assertion && known
}

// judge runs one verifier.
func (s specimen) judge(t *testing.T, verifier string) keysmatrix.Cell {
	t.Helper()
	evidence := "out.dsse.json"
	var line []string
	var r result
	switch verifier {
	case "stella":
		line = []string{"verify", "out.dsse.json", "--trust", s.trust(), "--subject", "sbom.json"}
		r = s.stella(t, line...)
	case "openssl":
		s.writeParts(t)
		line = s.opensslLine()
		r = run(t, s.dir, command(t, "openssl"), line...)
	case "ssh-keygen":
		s.writeParts(t)
		evidence = s.sshsig()
		line = []string{"-Y", "verify", "-f", "allowed_signers", "-I", "signer", "-n", "stella-dsse", "-s", evidence}
		r = s.sshKeygen(t, line)
	default:
		line, evidence = s.cosignLine(t, cosign{verifier})
		r = cosign{verifier}.run(t, s.dir, line...)
	}
	sum := sha256.Sum256(read(t, s.dir, evidence))
	return keysmatrix.Cell{
		Driver: s.driver, Algorithm: s.algorithm, Verifier: verifier,
		Command: verifier + " " + strings.Join(line, " "), Exit: r.status, SHA256: hex.EncodeToString(sum[:]),
	}
}

// trust is the file that stella's verdict rests on.
func (s specimen) trust() string {
	for _, name := range []string{"keys.json", "id_sk.pub"} {
		if s.has(name) {
			return name
		}
	}
	return "key.pub"
}

func (s specimen) has(name string) bool {
	_, err := os.Stat(filepath.Join(s.dir, name))
	return err == nil
}

// stella runs the static build, with the one plugin that verifying may need.
func (s specimen) stella(t *testing.T, args ...string) result {
	t.Helper()
	config := write(t, s.dir, "config.yaml", []byte("plugins: {dir: "+fromRoot(t, "bin", "plugins")+", allow: [gost]}\n"))
	return run(t, s.dir, program(t, "bin", "stella"), append(args, "--config", config)...)
}

// cosignLine prefers a bundle, the form that cosign itself writes.
func (s specimen) cosignLine(t *testing.T, c cosign) (line []string, evidence string) {
	t.Helper()
	if s.has("out.sigstore.json") {
		flags := append([]string{"verify-blob-attestation", "--type", "cyclonedx"}, c.verifying(t, s.dir, "key.pub", "out.sigstore.json")...)
		return append(flags, "sbom.json"), "out.sigstore.json"
	}
	return []string{
		"verify-blob-attestation", "--key", "key.pub", "--signature", "out.dsse.json",
		"--type", "cyclonedx", "--insecure-ignore-tlog", "sbom.json",
	}, "out.dsse.json"
}

// writeParts takes the envelope apart, for programs that know no DSSE: what is
// signed goes to "pae", the bare signature to "sig".
func (s specimen) writeParts(t *testing.T) {
	t.Helper()
	var e envelope
	require.NoError(t, json.Unmarshal(read(t, s.dir, "out.dsse.json"), &e))
	require.Len(t, e.Signatures, 1)
	write(t, s.dir, "sig", e.Signatures[0].Sig)
	write(t, s.dir, "pae", pae(e.PayloadType, string(e.Payload)))
}

func (s specimen) opensslLine() []string {
	digest := []string{"-verify", "key.pub", "-signature", "sig", "pae"}
	switch s.algorithm {
	case "rsa-2048":
		return opensslVerify("rsa-3072")
	case "sm2":
		return append([]string{"dgst", "-sm3", "-sigopt", "distid:1234567812345678"}, digest...)
	case "gost2012-256":
		return append([]string{"dgst", "-engine", "gost", "-md_gost12_256"}, digest...)
	case "gost2012-512":
		return append([]string{"dgst", "-engine", "gost", "-md_gost12_512"}, digest...)
	}
	return opensslVerify(s.algorithm)
}

// sshsig is the signature that ssh-keygen is given: that of another scheme as
// it is.
func (s specimen) sshsig() string {
	if s.has("out.sshsig") {
		return "out.sshsig"
	}
	return "sig"
}

func (s specimen) sshKeygen(t *testing.T, line []string) result {
	t.Helper()
	if !s.has("allowed_signers") {
		write(t, s.dir, "allowed_signers", nil)
	}
	quoted := command(t, "ssh-keygen") + " '" + strings.Join(line, "' '") + "' < pae"
	return run(t, s.dir, command(t, "sh"), "-c", quoted)
}
