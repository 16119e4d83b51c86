package keys_test

import (
	"encoding/base64"
	"encoding/json/v2"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/keys"
)

// entry is an entry of a key.json with further members, and no predicate type
// unless they say so.
func entry(pub, algorithm, more string) string {
	text, err := json.Marshal(pub)
	if err != nil {
		panic(err)
	}
	if more != "" {
		more = "," + more
	}
	if !strings.Contains(more, `"predicateTypes"`) {
		more += `,"predicateTypes":[]`
	}
	return fmt.Sprintf(`{"key":%s,"algorithm":"%s"%s}`, text, algorithm, more)
}

func document(entries ...string) string {
	return `{"format":"stella.ops/keys@v1","keys":[` + strings.Join(entries, ",") + `]}`
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, keys.KeysJSONSchema())
}

// verdicts of a document by the schema and by ParseKeysJSON.
type verdict int

const (
	good     verdict = iota // both accept
	bad                     // both refuse
	semantic                // only ParseKeysJSON can see that it is wrong
)

func TestKeysJSON(t *testing.T) {
	p256, rsa, ed := publicPEM(t, keys.ECDSAP256), publicPEM(t, keys.RSA3072), publicPEM(t, keys.Ed25519)
	mldsa, p384, sm2 := publicPEM(t, keys.MLDSA65), publicPEM(t, keys.ECDSAP384), publicPEM(t, keys.SM2)
	block, _ := pem.Decode([]byte(p256))
	oneLine := "-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(block.Bytes) + "\n-----END PUBLIC KEY-----\n"
	one := func(more string) string { return document(entry(p256, "ecdsa-p256", more)) }
	many := func(format string, n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(format, i))
		}
		return strings.Join(list, ",")
	}
	rows := []struct {
		name string
		want verdict
		doc  string
		says string
	}{
		{"smallest", good, one(`"name":"k"`), ""},
		{"no keys", good, document(), ""},
		{"all members", good, one(`"name":"k","scheme":"ecdsa-sha256","holder":"Örtliche Stelle","roles":["build","qa"],
			"notBefore":"2026-01-01T00:00:00Z","notAfter":"2026-12-31T23:59:59.5Z","revokedAt":"2026-06-01T00:00:00Z",
			"reason":"laptop stolen","predicateTypes":["https://cyclonedx.org/bom","stella.ops/report@v1"],"tenant":"acme"`), ""},
		{"every algorithm", good, document(
			entry(p256, "ecdsa-p256", `"name":"a"`), entry(p384, "ecdsa-p384", `"name":"b"`), entry(ed, "ed25519", `"name":"c"`),
			entry(rsa, "rsa-3072", `"name":"d"`), entry(mldsa, "ml-dsa-65", `"name":"e"`),
			entry(sm2, "sm2", `"name":"f"`)), ""},
		{"every scheme of one algorithm", good, document(
			entry(p256, "ecdsa-p256", `"name":"a","scheme":"ecdsa-sha256"`), entry(p384, "ecdsa-p384", `"name":"b","scheme":"ecdsa-sha384"`),
			entry(ed, "ed25519", `"name":"c","scheme":"ed25519"`), entry(rsa, "rsa-3072", `"name":"d","scheme":"rsa-pkcs1v15-sha256"`),
			entry(mldsa, "ml-dsa-65", `"name":"e","scheme":"ml-dsa-65"`), entry(sm2, "sm2", `"name":"f","scheme":"sm2-sm3"`)), ""},
		{"scheme of another algorithm", semantic, document(entry(sm2, "sm2", `"name":"k","scheme":"ecdsa-sha256"`)), "does not fit the key, which is sm2"},
		{"any type", good, one(`"name":"k","predicateTypes":["*"]`), ""},
		{"pss", good, document(entry(rsa, "rsa-3072", `"name":"k","scheme":"rsa-pss-sha256"`)), ""},
		{"hybrid", good, document(entry(p256, "ecdsa-p256", `"name":"a","holder":"h","hybrid":"2026"`),
			entry(mldsa, "ml-dsa-65", `"name":"b","holder":"h","hybrid":"2026"`)), ""},
		{"hybrid beside a key that ends", good, document(entry(p256, "ecdsa-p256", `"name":"a","holder":"h","hybrid":"2026"`),
			entry(mldsa, "ml-dsa-65", `"name":"b","holder":"h","hybrid":"2026"`),
			entry(ed, "ed25519", `"name":"c","holder":"h","notAfter":"2026-01-01T00:00:00Z"`),
			entry(p384, "ecdsa-p384", `"name":"d","holder":"h","revokedAt":"2026-01-01T00:00:00Z"`),
			entry(rsa, "rsa-3072", `"name":"e","holder":"another"`)), ""},
		{"hybrid beside a key for ever", semantic, document(entry(p256, "ecdsa-p256", `"name":"a","holder":"h","hybrid":"2026"`),
			entry(mldsa, "ml-dsa-65", `"name":"b","holder":"h","hybrid":"2026"`), entry(ed, "ed25519", `"name":"c","holder":"h"`)),
			`key "c" of "h" counts alone and for ever, beside the hybrid "2026"`},
		{"hybrid of one key", semantic, one(`"name":"k","holder":"h","hybrid":"2026"`), `key "k" is the only one of hybrid "2026" of "h"`},
		{"hybrid of two holders", semantic, document(entry(p256, "ecdsa-p256", `"name":"a","holder":"h","hybrid":"2026"`),
			entry(mldsa, "ml-dsa-65", `"name":"b","holder":"other","hybrid":"2026"`)), "is the only one"},
		{"hybrid without a holder", bad, one(`"name":"k","hybrid":"2026"`), "/hybrid is given for a key without holder"},
		{"hybrid is a list", bad, one(`"name":"k","holder":"h","hybrid":["a"]`), "/hybrid is not a string"},
		{"empty hybrid", bad, one(`"name":"k","holder":"h","hybrid":""`), "/hybrid is empty"},
		{"hybrid with a space", bad, one(`"name":"k","holder":"h","hybrid":"a b"`), "/hybrid has a value that is not allowed"},
		{"fido2", good, one(`"name":"k","scheme":"fido2","fido2":{"rpId":"stella:release","flags":["up","uv"]}`), ""},
		{"sshsig", good, one(`"name":"k","scheme":"sshsig","fido2":{"rpId":"ssh:release","flags":["up"]}`), ""},
		{"longest name", good, one(`"name":"` + strings.Repeat("k", 128) + `"`), ""},
		{"holder counted in characters", good, one(`"name":"k","holder":"` + strings.Repeat("ö", 256) + `"`), ""},
		{"CRLF in the key", good, document(entry(strings.ReplaceAll(p256, "\n", "\r\n"), "ecdsa-p256", `"name":"k"`)), ""},
		{"escape in a name", good, one(`"name":"\u006b"`), ""},
		{"most roles", good, one(`"name":"k","roles":[` + many(`"r%d"`, 256) + `]`), ""},

		{"not an object", bad, `[]`, "is not an object"},
		{"empty object", bad, `{}`, "/format is missing"},
		{"no format", bad, `{"keys":[]}`, "/format is missing"},
		{"format of another version", bad, `{"format":"stella.ops/keys@v2","keys":[]}`, `unknown format "stella.ops/keys@v2"`},
		{"format is a number", bad, `{"format":1,"keys":[]}`, "/format is not a string"},
		{"no keys member", bad, `{"format":"stella.ops/keys@v1"}`, "/keys is missing"},
		{"keys is an object", bad, `{"format":"stella.ops/keys@v1","keys":{}}`, "/keys is not an array"},
		{"keys is null", bad, `{"format":"stella.ops/keys@v1","keys":null}`, "/keys is not an array"},
		{"unknown top member", bad, `{"format":"stella.ops/keys@v1","keys":[],"key":1}`, `unknown member "key"`},
		{"member in another case", bad, `{"format":"stella.ops/keys@v1","Keys":[],"keys":[]}`, `unknown member "Keys"`},
		{"entry is a string", bad, document(`"x"`), "/keys/0 is not an object"},
		{"unknown member", bad, one(`"name":"k","notbefore":"2026-01-01T00:00:00Z"`), `unknown member "notbefore"`},
		{"no name", bad, one(""), "/keys/0/name is missing"},
		{"no key", bad, document(`{"name":"k","algorithm":"ed25519","predicateTypes":[]}`), "/keys/0/key is missing"},
		{"no algorithm", bad, document(`{"name":"k","key":"x","predicateTypes":[]}`), "/keys/0/algorithm is missing"},
		{"no predicate types", bad, document(`{"name":"k","key":"x","algorithm":"ed25519"}`), "/keys/0/predicateTypes is missing"},
		{"empty name", bad, one(`"name":""`), "/keys/0/name is empty"},
		{"null name", bad, one(`"name":null`), "/keys/0/name is not a string"},
		{"long name", bad, one(`"name":"` + strings.Repeat("k", 129) + `"`), "more than 128 characters"},
		{"space in a name", bad, one(`"name":"a b"`), "not allowed"},
		{"escape sequence in a name", bad, one(`"name":"a\u001b[2J"`), "not allowed"},
		{"control character in a holder", bad, one(`"name":"k","holder":"a\u0085b"`), "not allowed"},
		{"line break in a holder", bad, one(`"name":"k","holder":"a\n"`), "not allowed"},
		{"empty holder", bad, one(`"name":"k","holder":""`), "/keys/0/holder is empty"},
		{"null holder", bad, one(`"name":"k","holder":null`), "/keys/0/holder is not a string"},
		{"long holder", bad, one(`"name":"k","holder":"` + strings.Repeat("ö", 257) + `"`), "more than 256 characters"},
		{"unknown algorithm", bad, document(entry(p256, "p256", `"name":"k"`)), "/keys/0/algorithm"},
		{"unknown scheme", bad, one(`"name":"k","scheme":"pss"`), "/keys/0/scheme"},
		{"roles is a string", bad, one(`"name":"k","roles":"build"`), "/keys/0/roles is not an array"},
		{"role is a number", bad, one(`"name":"k","roles":[1]`), "/keys/0/roles/0 is not a string"},
		{"role twice", bad, one(`"name":"k","roles":["a","a"]`), "stands twice"},
		{"empty role", bad, one(`"name":"k","roles":[""]`), "is empty"},
		{"too many roles", bad, one(`"name":"k","roles":[` + many(`"r%d"`, 257) + `]`), "more than 256 elements"},
		{"too many types", bad, one(`"name":"k","predicateTypes":[` + many(`"t%d"`, 257) + `]`), "more than 256 elements"},
		{"any type beside another", bad, one(`"name":"k","predicateTypes":["*","x"]`), "must be alone"},
		{"type twice", bad, one(`"name":"k","predicateTypes":["x","x"]`), "stands twice"},
		{"type with a space", bad, one(`"name":"k","predicateTypes":["a b"]`), "not allowed"},
		{"types is a string", bad, one(`"name":"k","predicateTypes":"*"`), "is not an array"},
		{"reason without revocation", bad, one(`"name":"k","reason":"x"`), "without revokedAt"},
		{"fido2 without its scheme", bad, one(`"name":"k","fido2":{"rpId":"r","flags":["up"]}`), "goes together"},
		{"fido2 with another scheme", bad, one(`"name":"k","scheme":"ecdsa-sha256","fido2":{"rpId":"r","flags":["up"]}`), "goes together"},
		{"scheme fido2 alone", bad, one(`"name":"k","scheme":"fido2"`), "goes together"},
		{"scheme sshsig alone", bad, one(`"name":"k","scheme":"sshsig"`), "goes together"},
		{"sshsig with another application", bad, one(`"name":"k","scheme":"sshsig","fido2":{"rpId":"stella:release","flags":["up"]}`), "fido2/rpId does not begin"},
		{"fido2 without flags", bad, one(`"name":"k","scheme":"fido2","fido2":{"rpId":"r"}`), "/keys/0/fido2/flags is missing"},
		{"fido2 with no flag", bad, one(`"name":"k","scheme":"fido2","fido2":{"rpId":"r","flags":[]}`), "at least one"},
		{"fido2 with an unknown flag", bad, one(`"name":"k","scheme":"fido2","fido2":{"rpId":"r","flags":["be"]}`), "not allowed"},
		{"fido2 with an unknown member", bad, one(`"name":"k","scheme":"fido2","fido2":{"rpId":"r","flags":["up"],"x":1}`), `unknown member "x"`},
		{"fido2 is null", bad, one(`"name":"k","scheme":"fido2","fido2":null`), "is not an object"},
		{"hardware", good, one(`"name":"k","hardware":{"attestation":"tpm2-certify","roots":["sha256:` + strings.Repeat("0a", 32) + `"],"verifiedAt":"2026-01-01T00:00:00Z"}`), ""},
		{"hardware without roots", bad, one(`"name":"k","hardware":{"attestation":"tpm2-certify","verifiedAt":"2026-01-01T00:00:00Z"}`), "/keys/0/hardware/roots is missing"},
		{"hardware with no root", bad, one(`"name":"k","hardware":{"attestation":"tpm2-certify","roots":[],"verifiedAt":"2026-01-01T00:00:00Z"}`), "/keys/0/hardware/roots is empty"},
		{"hardware with a root by name", bad, one(`"name":"k","hardware":{"attestation":"tpm2-certify","roots":["maker"],"verifiedAt":"2026-01-01T00:00:00Z"}`), "/keys/0/hardware/roots/0 has a value"},
		{"hardware without a time", bad, one(`"name":"k","hardware":{"attestation":"tpm2-certify","roots":["sha256:` + strings.Repeat("0a", 32) + `"]}`), "/keys/0/hardware/verifiedAt is missing"},
		{"hardware that is said", bad, one(`"name":"k","hardware":true`), "/keys/0/hardware is not an object"},
		{"key is no PEM", bad, document(entry("MFkw", "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"key with text before", bad, document(entry("x\n"+p256, "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"key with text after", bad, document(entry(p256+"x", "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"private key", bad, document(entry(pemText("PRIVATE KEY", []byte("x")), "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"certificate", bad, document(entry(pemText("CERTIFICATE", []byte("x")), "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"empty key", bad, document(entry("", "ecdsa-p256", `"name":"k"`)), "/keys/0/key is empty"},

		{"too many keys", bad, `{"format":"stella.ops/keys@v1","keys":[` + many(`%d`, 1025) + `]}`, "more than 1024 elements"},
		{"name twice", semantic, document(entry(p256, "ecdsa-p256", `"name":"k"`), entry(ed, "ed25519", `"name":"k"`)), "the same name"},
		{"key twice", semantic, document(entry(p256, "ecdsa-p256", `"name":"a"`), entry(p256, "ecdsa-p256", `"name":"b"`)), "the same key"},
		{"algorithm of another key", semantic, document(entry(p256, "ed25519", `"name":"k"`)), "does not fit the key, which is ecdsa-p256"},
		{"scheme of another algorithm", semantic, one(`"name":"k","scheme":"ed25519"`), "does not fit the key, which is ecdsa-p256"},
		{"fido2 with P-384", semantic, document(entry(p384, "ecdsa-p384", `"name":"k","scheme":"fido2","fido2":{"rpId":"r","flags":["up"]}`)), "does not fit"},
		{"window that is empty", semantic, one(`"name":"k","notBefore":"2026-01-02T00:00:00Z","notAfter":"2026-01-01T00:00:00Z"`), "before notBefore"},
		{"two PEM blocks", bad, document(entry(p256+p256, "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"key is garbage", semantic, document(entry(pemText("PUBLIC KEY", []byte("garbage")), "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"long lines in the key", semantic, document(entry(oneLine, "ecdsa-p256", `"name":"k"`)), "/keys/0/key"},
		{"duplicate member", semantic, `{"format":"stella.ops/keys@v1","keys":[],"keys":[]}`, "duplicate member"},
		{"duplicate member in an entry", semantic, one(`"name":"k","name":"k"`), "duplicate member"},
		{"not JSON", bad, `{"format":`, "not well-formed"},
		{"data after the object", bad, document() + "{}", "not well-formed"},
		{"invalid UTF-8", semantic, one(`"name":"k","holder":"` + "\xff" + `"`), "not well-formed"},
	}
	for name, value := range map[string]string{
		"offset": "2026-01-01T00:00:00+00:00", "lower case": "2026-01-01t00:00:00z", "date only": "2026-01-01", "no zone": "2026-01-01T00:00:00",
		"leap second": "2026-12-31T23:59:60Z", "no such day": "2026-02-30T00:00:00Z", "no such hour": "2026-01-01T24:00:00Z",
		"no such minute": "2026-01-01T00:60:00Z", "comma": "2026-01-01T00:00:00,5Z", "dot": "2026-01-01T00:00:00.Z", "ten digits": "2026-01-01T00:00:00.0123456789Z",
		"letters": "2026-01-01T00:00:00.5aZ", "empty": "", "space": "2026-01-01 00:00:00Z", "month zero": "2026-00-01T00:00:00Z",
	} {
		for _, member := range []string{"notBefore", "notAfter", "revokedAt"} {
			rows = append(rows, struct {
				name string
				want verdict
				doc  string
				says string
			}{member + " " + name, bad, one(fmt.Sprintf(`"name":"k","%s":"%s"`, member, value)), "/keys/0/" + member})
		}
	}
	schema := compileSchema(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want != bad, schematest.Accepts(schema, row.doc), "schema")
			got, err := keys.ParseKeysJSON([]byte(row.doc), "keys.json")
			if row.want == good {
				require.NoError(t, err)
				_, err = keys.NewTrust(got...)
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, row.says)
			assert.ErrorContains(t, err, `"keys.json"`)
		})
	}
}

func TestKeysJSONValues(t *testing.T) {
	doc := document(entry(publicPEM(t, keys.ECDSAP256), "ecdsa-p256", `"name":"k","scheme":"fido2","holder":"ops","roles":["build"],
		"notBefore":"2026-01-01T00:00:00Z","notAfter":"2026-12-31T00:00:00Z","revokedAt":"2026-06-01T00:00:00.25Z","reason":"lost",
		"predicateTypes":["x"],"tenant":"acme","fido2":{"rpId":"stella:release","flags":["uv"]}`),
		entry(publicPEM(t, keys.Ed25519), "ed25519", `"name":"any","predicateTypes":["*"]`))
	got, err := keys.ParseKeysJSON([]byte(doc), "trust/keys.json")
	require.NoError(t, err)
	require.Len(t, got, 2)
	k := got[0]
	assert.Equal(t, "k", k.Name)
	assert.Equal(t, keys.ECDSAP256, k.Algorithm)
	assert.Equal(t, keys.SchemeFIDO2, k.Scheme)
	assert.Equal(t, "ops", k.Holder)
	assert.Equal(t, []string{"build"}, k.Roles)
	assert.Equal(t, "2026-01-01T00:00:00Z", k.NotBefore.Format("2006-01-02T15:04:05Z07:00"))
	assert.Equal(t, 12, int(k.NotAfter.Month()))
	assert.Equal(t, 250_000_000, k.RevokedAt.Nanosecond())
	assert.Equal(t, "lost", k.Reason)
	assert.Equal(t, []string{"x"}, k.PredicateTypes)
	assert.False(t, k.AnyPredicateType)
	assert.Equal(t, "acme", k.Tenant)
	assert.Equal(t, &keys.FIDO2{RPID: "stella:release", Flags: []string{"uv"}}, k.FIDO2)
	assert.Equal(t, "trust/keys.json", k.Source)
	assert.True(t, got[1].AnyPredicateType)
	assert.Empty(t, got[1].PredicateTypes)
	assert.True(t, strings.HasPrefix(got[1].Holder, "sha256:"))
}

func TestKeysJSONHints(t *testing.T) {
	for given, nearest := range map[string]string{
		"notbefore": "notBefore", "revoked": "revokedAt", "predicateType": "predicateTypes", "role": "roles", "algoritm": "algorithm",
	} {
		doc := document(entry(publicPEM(t, keys.Ed25519), "ed25519", `"name":"k","`+given+`":1`))
		_, err := keys.ParseKeysJSON([]byte(doc), "keys.json")
		assert.Equal(t, fmt.Sprintf("the nearest known member is %q", nearest), fault.HintOf(err))
	}
}

func TestKeysJSONUnsupportedKey(t *testing.T) {
	dir := t.TempDir()
	openssl(t, dir, "genpkey", "-algorithm", "ED448", "-out", "k")
	doc := document(entry(string(openssl(t, dir, "pkey", "-in", "k", "-pubout")), "ed25519", `"name":"k"`))
	_, err := keys.ParseKeysJSON([]byte(doc), "keys.json")
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
	assert.ErrorContains(t, err, "/keys/0/key")
	_, err = keys.ParseKeysJSON(make([]byte, keys.MaxKeysJSONSize+1), "keys.json")
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
}

// TestKeysJSONPage proves the example of the manual.
func TestKeysJSONPage(t *testing.T) {
	page := string(readFile(t, "..", "..", "docs", "formats", "keys-json.md"))
	_, rest, found := strings.Cut(page, "```json\n")
	require.True(t, found)
	example, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	assert.True(t, schematest.Accepts(compileSchema(t), example))
	got, err := keys.ParseKeysJSON([]byte(example), "keys.json")
	require.NoError(t, err)
	assert.Len(t, got, 2)
}
