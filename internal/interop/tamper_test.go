//go:build interop

package interop

import (
	"bytes"
	"encoding/base64"
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// tamperings change a bundle so that it is still one and no longer true.
func tamperings() map[string]func(t *testing.T, b map[string]any) {
	member := func(b map[string]any, path ...string) map[string]any {
		for _, name := range path {
			b = b[name].(map[string]any)
		}
		return b
	}
	flip := func(t *testing.T, in map[string]any, name string, change func([]byte)) {
		t.Helper()
		data, err := base64.StdEncoding.DecodeString(in[name].(string))
		require.NoError(t, err)
		change(data)
		in[name] = base64.StdEncoding.EncodeToString(data)
	}
	return map[string]func(t *testing.T, b map[string]any){
		"payload": func(t *testing.T, b map[string]any) {
			t.Helper()
			flip(t, member(b, "dsseEnvelope"), "payload", func(p []byte) {
				i := bytes.Index(p, []byte("stella"))
				require.Positive(t, i)
				p[i]++
			})
		},
		"signature": func(t *testing.T, b map[string]any) {
			t.Helper()
			first := member(b, "dsseEnvelope")["signatures"].([]any)[0].(map[string]any)
			flip(t, first, "sig", func(s []byte) { s[len(s)-1] ^= 1 })
		},
		"payload type": func(_ *testing.T, b map[string]any) {
			member(b, "dsseEnvelope")["payloadType"] = "application/vnd.in-toto.json"
		},
	}
}

// TestTampered changes a good bundle in one place: everybody refuses it. The
// same bundle rewritten without a change is accepted by everybody, so it is the
// change that is refused.
func TestTampered(t *testing.T) {
	cases := tamperings()
	cases["nothing"] = func(*testing.T, map[string]any) {}
	for name, tamper := range cases {
		t.Run(name, func(t *testing.T) {
			dir := prepare(t)
			stellaKey(t, dir, "key", "ecdsa-p256")
			stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "-o", "good.json")
			var bundle map[string]any
			require.NoError(t, json.Unmarshal(read(t, dir, "good.json"), &bundle))
			tamper(t, bundle)
			data, err := json.Marshal(bundle)
			require.NoError(t, err)
			write(t, dir, "bad.sigstore.json", data)

			good := name == "nothing"
			t.Run("stella", func(t *testing.T) {
				r := run(t, dir, program(t, "bin", "stella"), "verify", "bad.sigstore.json", "--key", "key.pub", "--subject", "sbom.json")
				require.Equal(t, map[bool]int{true: 0, false: 3}[good], r.status, "%s%s", r.stdout, r.stderr)
			})
			eachCosign(t, func(t *testing.T, c cosign) {
				r := c.verifyAttestation(t, dir, "key.pub", "bad.sigstore.json", "cyclonedx", "sbom.json")
				if good {
					accepted(t, r)
				} else {
					refused(t, r, "failed to verify signature")
				}
			})
		})
	}
}
