//go:build interop

package interop

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// token is a FIDO2 token that somebody touches at once, and the variables that
// lead to it.
func token(t *testing.T) (*authenticator.Device, []string) {
	t.Helper()
	d := authenticator.Start(t, authenticator.WithPIN(tokenPIN))
	return d, []string{"STELLA_FIDO2_DEVICE=" + d.Path()}
}

// wrapped are ordinary keys that a token unlocks.
func wrapped(t *testing.T) place {
	t.Helper()
	_, environ := token(t)
	return pinned(place{
		driver: "fido2", program: "stella", algorithms: []string{"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072", "ml-dsa-65"},
		environ: environ, ref: func(string) string { return "fido2:key.fido2" },
	})
}

// assertions are signatures that the token itself makes.
func assertions(t *testing.T) []specimen {
	t.Helper()
	_, environ := token(t)
	p := pinned(place{driver: "fido2 assertion", program: "stella", environ: environ})
	var all []specimen
	for _, algorithm := range []string{"ecdsa-p256", "ed25519"} {
		s := specimen{p.driver, algorithm, prepare(t)}
		p.stella(t, s.dir, "keys", "generate", "--algorithm", algorithm, "--public", "keys.json", "-o", "fido2:key.fido2?mode=assertion")
		all = append(all, p.signEnvelope(t, s, "fido2:key.fido2"))
	}
	return all
}

// securityKeys are keys that stock ssh-keygen made on a token.
func securityKeys(t *testing.T) []specimen {
	t.Helper()
	d := authenticator.Start(t)
	p := place{driver: "fido2 sshsig", program: "stella", environ: []string{"STELLA_FIDO2_DEVICE=" + d.Path()}}
	var all []specimen
	for algorithm, kind := range map[string]string{"ecdsa-p256": "ecdsa-sk", "ed25519": "ed25519-sk"} {
		s := specimen{p.driver, algorithm, prepare(t)}
		must(t, s.dir, "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", "id_sk", "-O", "device="+d.Path(), "-O", "application=ssh:stella")
		s = p.signEnvelope(t, s, "fido2:id_sk")
		s.forOpenSSH(t)
		all = append(all, s)
	}
	return all
}

// signEnvelope signs with a key whose signatures only a bare envelope holds, and
// gives the programs that know no such keys its public half alone.
func (p place) signEnvelope(t *testing.T, s specimen, key string) specimen {
	t.Helper()
	p.stella(t, s.dir, "sign", "sbom", "sbom.json", "--key", key, "-o", "out.dsse.json")
	trust, err := keys.LoadTrust(filepath.Join(s.dir, s.trust()))
	require.NoError(t, err)
	text, err := keys.MarshalPublic(trust.Keys()[0].Public)
	require.NoError(t, err)
	write(t, s.dir, "key.pub", text)
	return s
}

// forOpenSSH writes the signature as ssh-keygen reads it, and whom it trusts.
func (s specimen) forOpenSSH(t *testing.T) {
	t.Helper()
	trust, err := keys.LoadTrust(filepath.Join(s.dir, s.trust()))
	require.NoError(t, err)
	var e struct {
		Signatures []struct {
			Sig       []byte          `json:"sig"`
			Extension *dsse.Extension `json:"extension"`
		} `json:"signatures"`
	}
	require.NoError(t, json.Unmarshal(read(t, s.dir, "out.dsse.json"), &e, json.MatchCaseInsensitiveNames(true)))
	signature := dsse.Signature{Sig: e.Signatures[0].Sig, Extension: e.Signatures[0].Extension}
	k := trust.Keys()[0]
	armored, err := keys.FormatSSHSig(k.Public, k.FIDO2.RPID, signature)
	require.NoError(t, err)
	write(t, s.dir, "out.sshsig", armored)
	write(t, s.dir, "allowed_signers", append([]byte("signer "), read(t, s.dir, "id_sk.pub")...))
}

// fromPlugins are the specimens that the tests of the plugins left: their
// services are in a module of their own.
func fromPlugins(t *testing.T) []specimen {
	t.Helper()
	root := os.Getenv("STELLA_SPECIMENS")
	if root == "" {
		absent(t, "there are no specimens of the plugins: run \"make keys-matrix\"")
	}
	drivers, err := os.ReadDir(root)
	require.NoError(t, err)
	var all []specimen
	for _, driver := range drivers {
		algorithms, err := os.ReadDir(filepath.Join(root, driver.Name()))
		require.NoError(t, err)
		for _, algorithm := range algorithms {
			all = append(all, specimen{driver.Name(), algorithm.Name(), filepath.Join(root, driver.Name(), algorithm.Name())})
		}
	}
	require.NotEmpty(t, all)
	return all
}
