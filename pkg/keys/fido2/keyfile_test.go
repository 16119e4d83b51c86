package fido2_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/keys/fido2"
)

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, fido2.KeyFileSchema())
}

// example is the key file of the format's page.
func example(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "fido2-key.md"))
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, found)
	return string(found[1])
}

func TestKeyFilePage(t *testing.T) {
	f, err := fido2.ParseKeyFile([]byte(example(t)))
	require.NoError(t, err)
	assert.Equal(t, fido2.ModeWrapped, f.Mode)
	assert.True(t, schematest.Accepts(compileSchema(t), example(t)))
}

// verdict of a document by the schema and by ParseKeyFile.
type verdict int

const (
	good     verdict = iota
	bad              // both refuse
	semantic         // only ParseKeyFile can see that it is wrong
)

func TestParseKeyFile(t *testing.T) {
	text := example(t)
	replace := func(old, by string) string {
		require.Contains(t, text, old)
		return strings.Replace(text, old, by, 1)
	}
	member := regexp.MustCompile(`(?s),\s*"wrapped": \{.*?\}`)
	unwrapped := member.ReplaceAllString(text, "")
	assertion := strings.Replace(unwrapped, `"mode": "fido2"`, `"mode": "fido2-assertion"`, 1)
	value := func(name string) string {
		return regexp.MustCompile(`"` + name + `": "([^"]*)"`).FindStringSubmatch(text)[1]
	}
	rows := []struct {
		name string
		want verdict
		doc  string
	}{
		{"example", good, text},
		{"assertion", good, assertion},
		{"without spaces", good, strings.ReplaceAll(text, "\n", " ")},
		{"empty", bad, ``},
		{"not an object", bad, `[]`},
		{"trailing text", bad, text + "x"},
		{"another version", bad, replace("@v1", "@v2")},
		{"unknown mode", bad, replace(`"mode": "fido2"`, `"mode": "sshsig"`)},
		{"unknown member", bad, replace(`"mode"`, `"x": 1, "mode"`)},
		{"another case", bad, replace(`"rpId"`, `"rpid"`)},
		{"duplicate member", semantic, replace(`"mode"`, `"mode": "fido2", "mode"`)},
		{"null", bad, replace(`"mode": "fido2"`, `"mode": null`)},
		{"no rp", bad, replace(`"rpId": "`+value("rpId")+`",`, ``)},
		{"an rp of the web", bad, replace(value("rpId"), "example.com")},
		{"no credential", bad, replace(value("credentialId"), "")},
		{"credential without padding", bad, replace(value("credentialId"), "AAA")},
		{"credential with a line break", bad, replace(value("credentialId"), `AA\nAA`)},
		{"credential with trailing bits", semantic, replace(value("credentialId"), "AAB=")},
		{"preferred", bad, replace(`"userVerification": "required"`, `"userVerification": "preferred"`)},
		{"algorithm of another key", semantic, replace(`"algorithm": "ecdsa-p256"`, `"algorithm": "ed25519"`)},
		{"no key", bad, replace(value("publicKey"), "")},
		{"a key with CRLF", bad, replace(value("publicKey"), strings.ReplaceAll(value("publicKey"), `\n`, `\r\n`))},
		{"two keys", bad, replace(value("publicKey"), value("publicKey")+value("publicKey"))},
		{"fido2 without what is wrapped", bad, unwrapped},
		{"assertion with something wrapped", bad, replace(`"mode": "fido2"`, `"mode": "fido2-assertion"`)},
		{"short salt", bad, replace(value("salt"), "AAAA")},
		{"short nonce", bad, replace(value("nonce"), "AAAA")},
		{"no ciphertext", bad, replace(value("ciphertext"), "")},
		{"a tag and nothing else", semantic, replace(value("ciphertext"), base64.StdEncoding.EncodeToString(make([]byte, 16)))},
		{"wrapped is null", bad, member.ReplaceAllString(text, `, "wrapped": null`)},
		{"wrapped has more", bad, replace(`"salt"`, `"x": 1, "salt"`)},
		{"number for text", bad, replace(`"mode": "fido2"`, `"mode": 1`)},
	}
	schema := compileSchema(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want != bad, schematest.Accepts(schema, row.doc), "schema")
			_, err := fido2.ParseKeyFile([]byte(row.doc))
			if row.want == good {
				require.NoError(t, err)
				return
			}
			assert.Contains(t, []fault.Reason{fault.KeyMalformed, fault.KeyUnsupported}, fault.ReasonOf(err), "%v", err)
		})
	}
	_, err := fido2.ParseKeyFile(make([]byte, 100_000))
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

// FuzzParseKeyFile: what is taken the schema takes too.
func FuzzParseKeyFile(f *testing.F) {
	f.Add([]byte(example(f)))
	f.Add([]byte(`{"format":"stella.ops/fido2-key@v1"}`))
	schema := compileSchema(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := fido2.ParseKeyFile(b); err != nil {
			require.NotEqual(t, fault.Internal, fault.ReasonOf(err))
			return
		}
		require.True(t, schematest.Accepts(schema, string(b)))
	})
}
