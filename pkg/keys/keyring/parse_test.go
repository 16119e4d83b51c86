package keyring_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, keyring.Schema())
}

// document is a keyring of entries, each the members after the key.
func document(t testing.TB, entries ...string) string {
	t.Helper()
	var list []string
	for i, more := range entries {
		key := newKey(t)
		pub, err := keys.MarshalPublic(key.Public())
		require.NoError(t, err)
		text, err := json.Marshal(string(pub))
		require.NoError(t, err)
		der, err := x509.CreateCertificate(nil, certificate(), certificate(), key.Public(), key)
		require.NoError(t, err)
		more = strings.ReplaceAll(more, "CERTIFICATE", base64.StdEncoding.EncodeToString(der))
		if !strings.Contains(more, `"name"`) {
			more += fmt.Sprintf(`,"name":"k%d"`, i)
		}
		list = append(list, fmt.Sprintf(`{"key":%s,"algorithm":"ed25519",%s}`, text, more))
	}
	return `{"format":"stella.ops/keyring@v1","entries":[` + strings.Join(list, ",") + `]}`
}

func certificate() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signer"},
		NotBefore: noon(), NotAfter: noon().Add(time.Hour), BasicConstraintsValid: true,
	}
}

type verdict int

const (
	good     verdict = iota // both accept
	bad                     // both refuse
	semantic                // only Parse can see that it is wrong
)

func TestParseAgreesWithSchema(t *testing.T) {
	const retired, active = `"state":"verify-only","history":[]`, `"state":"active","reference":"/k.key","history":[]`
	many := func(n int, element string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
	}
	event := `{"time":"2026-11-23T12:00:00Z","event":"generated"}`
	attestation := `{"format":"tpm2-certify","statement":"AAEC","obtainedAt":"2026-11-23T12:00:00Z"}`
	rows := map[string]struct {
		doc  string
		want verdict
		text string // of the error
	}{
		"empty":                 {`{"format":"stella.ops/keyring@v1","entries":[]}`, good, ""},
		"retired":               {document(t, retired), good, ""},
		"active":                {document(t, active), good, ""},
		"two":                   {document(t, active, retired), good, ""},
		"everything":            {document(t, active+`,"holder":"h","roles":["r"],"tenant":"t","notBefore":"2026-01-01T00:00:00Z","notAfter":"2027-01-01T00:00:00Z","scheme":"ed25519","successor":"k1","certificates":["CERTIFICATE"],"attestations":[`+attestation+`]`, retired), good, ""},
		"revoked":               {document(t, `"state":"revoked","revokedAt":"2026-01-01T00:00:00Z","reason":"keyCompromise","history":[]`), good, ""},
		"fido2":                 {document(t, active+`,"scheme":"fido2","fido2":{"rpId":"stella","flags":["up"]}`), good, ""},
		"device":                {document(t, `"state":"active","reference":"pkcs11:token=T;object=K?pin-file=/p","history":[]`), good, ""},
		"no state":              {document(t, `"history":[]`), bad, "/entries/0/state is missing"},
		"no history":            {document(t, `"state":"verify-only"`), bad, "/entries/0/history is missing"},
		"another state":         {document(t, `"state":"retired","history":[]`), bad, "not allowed"},
		"active without place":  {document(t, `"state":"active","history":[]`), bad, "/entries/0/reference"},
		"revoked without time":  {document(t, `"state":"revoked","history":[]`), bad, "revokedAt"},
		"time without revoked":  {document(t, retired+`,"revokedAt":"2026-01-01T00:00:00Z"`), bad, "revokedAt"},
		"unknown member":        {document(t, retired+`,"histroy":[]`), bad, `unknown member "histroy"`},
		"predicate types":       {document(t, retired+`,"predicateTypes":[]`), bad, "unknown member"},
		"keyring in keyring":    {document(t, `"state":"active","reference":"keyring:k","history":[]`), bad, "names the keyring itself"},
		"reference with a PIN":  {document(t, `"state":"active","reference":"pkcs11:token=T?pin-value=1","history":[]`), semantic, "/entries/0/reference"},
		"unknown successor":     {document(t, retired+`,"successor":"k9"`), semantic, "/entries/0/successor"},
		"own successor":         {document(t, retired+`,"successor":"k0"`), semantic, "/entries/0/successor"},
		"same name":             {document(t, retired+`,"name":"x"`, retired+`,"name":"x"`), semantic, "stands twice"},
		"window upside down":    {document(t, retired+`,"notBefore":"2027-01-01T00:00:00Z","notAfter":"2026-01-01T00:00:00Z"`), semantic, "notAfter"},
		"no certificate":        {document(t, retired+`,"certificates":["AAEC"]`), semantic, "/entries/0/certificates"},
		"event without time":    {document(t, `"state":"verify-only","history":[{"event":"x"}]`), bad, "/entries/0/history/0/time is missing"},
		"event with a new line": {document(t, `"state":"verify-only","history":[{"time":"2026-11-23T12:00:00Z","event":"x","detail":"a\nb"}]`), bad, "detail"},
		"long history":          {document(t, `"state":"verify-only","history":`+many(4096, event)), good, ""},
		"too long a history":    {document(t, `"state":"verify-only","history":`+many(4097, event)), bad, "more than 4096"},
		"too many attestations": {document(t, retired+`,"attestations":`+many(17, attestation)), bad, "more than 16"},
		"statement not base64":  {document(t, retired+`,"attestations":[`+strings.Replace(attestation, "AAEC", "A*EC", 1)+`]`), bad, "base64"},
		"another format":        {`{"format":"stella.ops/keyring@v2","entries":[]}`, bad, "unknown format"},
		"no object":             {`[]`, bad, "is not an object"},
		"null":                  {document(t, retired+`,"tenant":null`), bad, "is not a string"},
		"duplicate member":      {`{"format":"stella.ops/keyring@v1","entries":[],"entries":[]}`, semantic, "duplicate member"},
		"something after":       {`{"format":"stella.ops/keyring@v1","entries":[]} x`, bad, "not well-formed"},
	}
	schema := compileSchema(t)
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			c, err := keyring.Parse([]byte(row.doc), "keyring.json")
			assert.Equal(t, row.want == good, err == nil, "%v", err)
			if name != "duplicate member" { // where schema libraries differ
				assert.Equal(t, row.want != bad, schematest.Accepts(schema, row.doc))
			}
			if row.want != good {
				requireFault(t, err, fault.KeyringMalformed)
				assert.Contains(t, err.Error(), row.text)
				return
			}
			text, err := c.Marshal()
			require.NoError(t, err)
			assert.True(t, schematest.Accepts(schema, string(text)))
			again, err := keyring.Parse(text, "keyring.json")
			require.NoError(t, err)
			assert.Equal(t, c, again)
		})
	}
}

func TestParseRefusesAnotherKeysCertificate(t *testing.T) {
	doc := document(t, `"state":"verify-only","history":[],"certificates":["CERTIFICATE"]`)
	other := document(t, `"state":"verify-only","history":[],"certificates":["CERTIFICATE"]`)
	certificates := regexp.MustCompile(`"certificates":\["[^"]*"\]`)
	mixed := certificates.ReplaceAllString(doc, certificates.FindString(other))
	_, err := keyring.Parse([]byte(mixed), "keyring.json")
	requireFault(t, err, fault.KeyringMalformed)
	assert.Contains(t, err.Error(), "is of another key")
}

func TestParseIsBounded(t *testing.T) {
	_, err := keyring.Parse(make([]byte, keyring.MaxSize+1), "keyring.json")
	requireFault(t, err, fault.InputTooLarge)
}

// TestDocumentedExample holds the page's example to schema and parser.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "keyring.md"))
	require.NoError(t, err)
	m := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(string(page))
	require.NotNil(t, m)
	c, err := keyring.Parse([]byte(m[1]), "keyring.json")
	require.NoError(t, err)
	assert.True(t, schematest.Accepts(compileSchema(t), m[1]))
	text, err := c.Marshal()
	require.NoError(t, err)
	assert.JSONEq(t, m[1], string(text))
}

// FuzzParse: what parses is written again as it was read, and the schema takes it.
func FuzzParse(f *testing.F) {
	schema := compileSchema(f)
	f.Add(document(f, `"state":"verify-only","history":[]`))
	f.Add(document(f, `"state":"active","reference":"/k","history":[{"time":"2026-11-23T12:00:00.5Z","event":"e","detail":"d"}],"certificates":["CERTIFICATE"]`))
	f.Add(document(f, `"state":"revoked","revokedAt":"2026-01-01T00:00:00Z","history":[],"scheme":"fido2","fido2":{"rpId":"r","flags":["uv","up"]}`,
		`"state":"active","reference":"tpm:k?pin-env=V","successor":"k0","history":[],"attestations":[{"format":"f","statement":"AAEC","chain":["AA=="],"obtainedAt":"2026-11-23T12:00:00Z"}]`))
	f.Fuzz(func(t *testing.T, doc string) {
		c, err := keyring.Parse([]byte(doc), "keyring.json")
		if err != nil {
			assert.Contains(t, []fault.Reason{fault.KeyringMalformed, fault.InputTooLarge}, fault.ReasonOf(err))
			return
		}
		assert.True(t, schematest.Accepts(schema, doc))
		text, err := c.Marshal()
		require.NoError(t, err)
		again, err := keyring.Parse(text, "keyring.json")
		require.NoError(t, err)
		assert.Equal(t, c, again)
	})
}
