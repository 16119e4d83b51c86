package plugin

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/plugin/protocol"
)

// testRun is a run of a plugin that ended with a status.
func testRun(method string, status int) *run {
	return &run{host: New(Options{}), program: &program{permission: Permission{Name: "p"}, path: "/p"}, method: method, status: status}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"errorMessage":"key.not_found: x"}`, `{"signMessage":{"signature":"AAAA"}}`, `{"publicKey":{"publicKeyPEM":"LS0t"}}`,
		`{"verifySignature":{}}`, `{"supportedAlgorithms":{"supportedAlgorithms":["a"]}}`, `{"errorMessage":""}`, `{"verifySignature":null}`,
		"{\"errorMessage\":\"\u202e\x1b\"}", `[`, `{"signMessage":{"signature":"AAAA"},"signMessage":null}`,
	} {
		f.Add([]byte(seed), 0)
		f.Add([]byte(seed), 1)
	}
	f.Fuzz(func(t *testing.T, answer []byte, status int) {
		for _, method := range []string{protocol.PublicKey, protocol.SignMessage, protocol.VerifySignature, protocol.CreateKey, protocol.SupportedAlgorithms} {
			response, err := testRun(method, status).parse(answer)
			if err == nil {
				if status != 0 || response.ErrorMessage != "" || !has(response, method) {
					t.Fatalf("%s: %q is taken for an answer", method, answer)
				}
				continue
			}
			if fault.ReasonOf(err) == fault.Internal {
				t.Fatalf("no reason: %v", err)
			}
			if strings.ContainsFunc(err.Error(), unprintable) || len(err.Error()) > 8*maxLine {
				t.Fatalf("%q", err)
			}
		}
	})
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func FuzzStandardError(f *testing.F) {
	for _, seed := range []string{"", "a", "a\nb\r\n", "\n\n", "\x1b[2J\u202e\xff", strings.Repeat("x", 3*maxLine), strings.Repeat("y\n", 3*maxLines)} {
		f.Add([]byte(seed), 7)
	}
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		var got []string
		l := lines{say: func(line string) { got = append(got, line) }}
		step = 1 + max(step, -step)&0xff
		for rest := text; len(rest) > 0; {
			n := min(step, len(rest))
			if written, err := l.Write(rest[:n]); written != n || err != nil {
				t.Fatal(written, err)
			}
			rest = rest[n:]
		}
		l.close()
		if len(got) > maxLines || len(l.last) > keptLines {
			t.Fatalf("%d lines", len(got))
		}
		for _, line := range got {
			if strings.ContainsFunc(line, unprintable) || len(line) > 10*maxLine {
				t.Fatalf("%q", line)
			}
		}
	})
}

func TestEnvironmentOfEachPlugin(t *testing.T) {
	host := New(Options{Environ: func() []string {
		return []string{
			"AWS_PROFILE=p", "AWS_TLS_INSECURE_SKIP_VERIFY=1", "VAULT_TOKEN=t", "VAULT_SKIP_VERIFY=1", "BAO_ADDR=b", "GOOGLE_X=g", "AZURE_X=a",
			"MY_HSM_PIN=1", "LD_PRELOAD=x", "HOME=/h", "PATH=/evil", "NAMELESS", "AWSKMS=x", "TRANSIT_SECRET_ENGINE_PATH=t",
		}
	}})
	for plugin, want := range map[string][]string{
		"awskms":     {"AWS_PROFILE=p", "HOME=/h"},
		"hashivault": {"VAULT_TOKEN=t", "BAO_ADDR=b", "HOME=/h", "TRANSIT_SECRET_ENGINE_PATH=t"},
		"gcpkms":     {"GOOGLE_X=g", "HOME=/h"},
		"azurekms":   {"AZURE_X=a", "HOME=/h"},
		"my-hsm":     {"MY_HSM_PIN=1", "HOME=/h"},
	} {
		assert.Equal(t, append([]string{"PATH=" + systemPath()}, want...), host.environment(plugin), plugin)
	}
}
