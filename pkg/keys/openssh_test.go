package keys_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/keys"
)

func TestOpenSSH(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want keys.Algorithm
	}{
		{"ed25519", []string{"-t", "ed25519"}, keys.Ed25519},
		{"ecdsa 256", []string{"-t", "ecdsa", "-b", "256"}, keys.ECDSAP256},
		{"ecdsa 384", []string{"-t", "ecdsa", "-b", "384"}, keys.ECDSAP384},
		{"rsa", []string{"-t", "rsa", "-b", "3072"}, keys.RSA3072},
		{"aes256-cbc", []string{"-t", "ed25519", "-Z", "aes256-cbc"}, keys.Ed25519},
	} {
		for format, passphrase := range map[keys.Format]string{keys.FormatOpenSSH: "", keys.FormatOpenSSHEncrypted: secret} {
			t.Run(row.name+" "+string(format), func(t *testing.T) {
				dir := t.TempDir()
				testkit.Tool(t, dir, "ssh-keygen", append(row.args, "-q", "-f", "k", "-N", passphrase, "-C", "a comment")...)
				public, err := keys.ParsePublic(readFile(t, dir, "k.pub"))
				require.NoError(t, err)
				require.Len(t, public, 1)
				ask := never(t)
				if passphrase != "" {
					ask = give(passphrase)
				}
				key, got, err := keys.ParsePrivate(readFile(t, dir, "k"), ask)
				require.NoError(t, err)
				assert.Equal(t, format, got)
				assert.Equal(t, publicDER(t, public[0].Key), publicDER(t, key.Public()))
				a, err := keys.AlgorithmOf(key.Public())
				require.NoError(t, err)
				assert.Equal(t, row.want, a)
				if passphrase != "" {
					_, _, err = keys.ParsePrivate(readFile(t, dir, "k"), give("wrong"))
					assert.Equal(t, fault.PassphraseWrong, fault.ReasonOf(err), "%v", err)
				}
			})
		}
	}
}

// TestOpenSSHMismatch builds a key whose public half is another's. Signing with
// it would give the private key away.
func TestOpenSSHMismatch(t *testing.T) {
	_, one, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	two, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(ed25519.PrivateKey(append(one.Seed(), two...)), "")
	require.NoError(t, err)
	_, _, err = keys.ParsePrivate(pem.EncodeToMemory(block), never(t))
	assert.Equal(t, fault.KeySelfTest, fault.ReasonOf(err))
}

func TestOpenSSHPublicRefuses(t *testing.T) {
	dir := t.TempDir()
	testkit.Tool(t, dir, "ssh-keygen", "-q", "-t", "ed25519", "-f", "k", "-N", "", "-C", "")
	testkit.Tool(t, dir, "ssh-keygen", "-q", "-t", "ecdsa", "-b", "521", "-f", "p521", "-N", "")
	testkit.Tool(t, dir, "ssh-keygen", "-q", "-s", "k", "-I", "id", "k.pub")
	line := string(readFile(t, dir, "k.pub"))
	for _, row := range []struct {
		name, in string
		want     fault.Reason
	}{
		{"P-521", string(readFile(t, dir, "p521.pub")), fault.KeyUnsupported},
		{"certificate", string(readFile(t, dir, "k-cert.pub")), fault.KeyUnsupported},
		{"security key", "sk-ssh-ed25519@openssh.com AAAA", fault.KeyMalformed},
		{"security key of another kind", "sk-ssh-rsa@openssh.com AAAA", fault.KeyMalformed},
		{"options", `no-pty ` + line, fault.KeyMalformed},
		{"name and key differ", "ssh-rsa" + line[len("ssh-ed25519"):], fault.KeyMalformed},
		{"truncated", line[:40], fault.KeyMalformed},
		{"second line is no key", line + "and more\n", fault.KeyMalformed},
		{"comments only", "# nothing\n\n", fault.KeyMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := keys.ParsePublic([]byte(row.in))
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
	t.Run("several", func(t *testing.T) {
		got, err := keys.ParsePublic([]byte("# signers\n" + line + "\n" + line))
		require.NoError(t, err)
		assert.Len(t, got, 2)
	})
}
