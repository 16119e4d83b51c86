package policy_test

import (
	"bytes"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/verify/policy"
)

func options() policy.Options {
	return policy.Options{TypeURI: predicate.Resolve, Spellings: predicate.Spellings}
}

func parse(text string) (*policy.Policy, error) {
	return policy.Parse([]byte(text), "p.yaml", options())
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, policy.Schema())
}

// schemaAccepts gives the YAML to the schema as the JSON value that it is.
func schemaAccepts(t testing.TB, schema *jsonschema.Schema, doc string) bool {
	t.Helper()
	var v any
	d := yaml.NewDecoder(strings.NewReader(doc))
	if d.Decode(&v) != nil || d.Decode(new(any)) == nil {
		return false
	}
	b, err := json.Marshal(v)
	if err != nil {
		return false
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	return err == nil && schema.Validate(value) == nil
}

const head = "format: stella.ops/verificationPolicy@v1\n"

// vkey is the key of a witness, as golang.org/x/mod/sumdb/note writes it.
const vkey = "witness.example+3c040a13+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verdicts of a document by the schema and by Parse.
type verdict int

const (
	good     verdict = iota // both accept
	bad                     // both refuse
	semantic                // only Parse can see that it is wrong
)

func many(format string, n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(format, i))
	}
	return strings.Join(list, ", ")
}

func TestParse(t *testing.T) {
	// top is a policy with further members, and one rule that asks for nothing.
	top := func(more string) string { return head + more + "\nrules: [{name: r, signers: [{}]}]\n" }
	// rule is a policy of one rule with further members.
	rule := func(more string) string { return head + "rules: [{name: r, signers: [{}], " + more + "}]\n" }
	signer := func(more string) string { return head + "rules: [{name: r, signers: [{" + more + "}]}]\n" }
	identity := func(more string) string { return top("identities: [{identity: a, issuer: b" + more + "}]") }
	subject := func(s string) string { return rule("subjects: [" + s + "]") }
	cel := func(e string) string { return rule("conditions: [{name: c, cel: " + e + "}]") }
	hex := strings.Repeat("0a", 32)
	rows := []struct {
		name string
		want verdict
		doc  string
		says string // for those that are refused
	}{
		{"smallest", good, head + "rules: [{name: r, signers: [{}]}]", ""},
		{"JSON", good, `{"format": "stella.ops/verificationPolicy@v1", "rules": [{"name": "r", "signers": [{}]}]}`, ""},
		{"comments", good, "# why\n" + top("# what"), ""},
		{"everything at the top", good, top("name: p\ndescription: |\n  two\n  lines\nartifacts: [{name: app, digest: sha256:" + hex + "}]\n" +
			"identities: [{identity: a, issuer: b, holder: h, roles: [x, y], tenant: t}]\nprofile: fips\nalgorithms: [ed25519, rsa-3072]\n" +
			"hardware: required\nproofs: {log: 1, timestamp: 64}\nwitnesses: ['" + vkey + "']\nrevocation: required\nallowNoLogUnsafe: true\nallowNoSCTUnsafe: false"), ""},
		{"everything in a rule", good, rule("description: d, subjects: [{name: a, digest: sha512:" + hex + hex + "}], predicateTypes: [cyclonedx, 'https://x/y'], profile: pq, algorithms: [sm2], " +
			"proofs: {sct: 1}, maxAge: 30d, conditions: [{name: c, cel: 'predicate.x == 1'}], required: true"), ""},
		{"everything of a signer", good, signer("name: n, threshold: 2, holders: [a], roles: [b], tenants: [c], keyIds: [sha256:" + hex + "], identities: [{identity: {glob: '*'}, issuer: i}]"), ""},
		{"any of", good, signer("anyOf: [{roles: [a]}, {holders: [b], tenants: [c]}]"), ""},
		{"exact", good, subject("{name: {exact: a}}"), ""},
		{"glob", good, subject("{name: {glob: 'a/**/b?'}}"), ""},
		{"regexp", good, subject("{name: {regexp: 'a+'}}"), ""},
		{"any name", good, subject("{name: {anyUnsafe: true}}"), ""},
		{"hours", good, rule("maxAge: 100000h"), ""},
		{"minutes", good, rule("maxAge: 1m"), ""},
		{"promotion", good, rule("promotion: {separateFrom: [sbom, report], chainFrom: dev}"), ""},
		{"witness", good, top("proofs: {witness: 1}\nwitnesses: ['" + vkey + "']"), ""},
		{"longest list", good, signer("roles: [" + many("r%d", 256) + "]"), ""},
		{"largest RSA", good, top("algorithms: [rsa-8192, rsa-2048]"), ""},
		{"condition in a block", good, head + "rules:\n- name: r\n  signers: [{}]\n  conditions:\n  - name: c\n    cel: >-\n      predicate.a == 1 &&\n      predicate.b == 2\n", ""},
		{"condition on everything", good, cel("'has(predicate.x) && subjects.all(s, s.digest[\"sha256\"] != \"\") && signers.exists(s, \"a\" in s.roles && s.time < now) && statement.predicateType.startsWith(\"h\")'"), ""},

		{"empty", bad, "", "is empty"},
		{"only comments", bad, "# nothing\n", "is empty"},
		{"a list", bad, "[]", "line 1: is a list, not a mapping"},
		{"null", bad, "~", "is nothing, not a mapping"},
		{"no format", bad, "rules: [{name: r, signers: [{}]}]", "/format is missing"},
		{"another format", bad, "format: stella.ops/policy@v1\nrules: [{name: r, signers: [{}]}]", `line 1: /format is "stella.ops/policy@v1", not`},
		{"no rules", bad, head, "/rules is missing"},
		{"empty rules", bad, head + "rules: []", "line 2: /rules is empty"},
		{"rules is a mapping", bad, head + "rules: {}", "/rules is a mapping, not a list"},
		{"rule is text", bad, head + "rules: [r]", "/rules/0 is text, not a mapping"},
		{"rule without name", bad, head + "rules: [{signers: [{}]}]", "/rules/0/name is missing"},
		{"rule without signers", bad, head + "rules: [{name: r}]", "/rules/0/signers is missing"},
		{"no signers", bad, head + "rules: [{name: r, signers: []}]", "/rules/0/signers is empty"},
		{"unknown member", bad, top("rule: []"), `line 2: has an unknown member "rule"`},
		{"member in another case", bad, top("Name: x"), `has an unknown member "Name"`},
		{"unknown member of a rule", bad, rule("maxage: 1d"), `line 2: /rules/0 has an unknown member "maxage"`},
		{"unknown member of a signer", bad, signer("role: [a]"), `/rules/0/signers/0 has an unknown member "role"`},
		{"unknown member of a subject", bad, subject("{nam: a}"), `/rules/0/subjects/0`},
		{"unknown member of a condition", bad, rule("conditions: [{name: c, cel: 'true', if: x}]"), `unknown member "if"`},
		{"unknown proof", bad, top("proofs: {rekor: 1}"), `/proofs`},
		{"unknown member of an identity", bad, identity(", role: a"), `/identities/0 has an unknown member "role"`},
		{"role of a demanded identity", bad, signer("identities: [{identity: a, issuer: b, roles: [c]}]"), `/rules/0/signers/0/identities/0 has an unknown member "roles"`},
		{"identity without issuer", bad, top("identities: [{identity: a}]"), "/identities/0/issuer is missing"},
		{"issuer without identity", bad, top("identities: [{issuer: a}]"), "/identities/0/identity is missing"},
		{"empty identity", bad, top("identities: [{identity: '', issuer: b}]"), "/identities/0/identity is empty"},
		{"number as a name", bad, top("name: 1"), "line 2: /name is a number, not text"},
		{"truth as a name", bad, top("name: true"), "/name is true or false, not text"},
		{"nothing as a name", bad, top("name:"), "/name is nothing, not text"},
		{"long name", bad, top("name: " + strings.Repeat("n", 129)), "more than 128 characters"},
		{"age of nothing", bad, rule("maxAge: 0d"), `has a value that is not allowed: "0d" is not a whole number from 1 to 100,000 of days, hours or minutes, such as 30d`},
		{"unknown demand", bad, rule("hardware: optional"), `"optional" is not required`},
		{"misspelt profile", bad, rule("profile: fisp"), `"fisp" is not `},
		{"truth that only YAML has", semantic, rule("required: True"), "/required is a word that only YAML takes for true or false"},
		{"control character", bad, top(`name: "a\eb"`), "has a value that is not allowed"},
		{"line break in a name", bad, top(`name: "a\nb"`), "has a value that is not allowed"},
		{"threshold 0", bad, signer("threshold: 0"), "is not a whole number from 1 to 64"},
		{"threshold 65", bad, signer("threshold: 65"), "is not a whole number from 1 to 64"},
		{"threshold in words", bad, signer("threshold: two"), "is text, not a number"},
		{"half a threshold", bad, signer("threshold: 1.5"), "is not a whole number"},
		{"threshold in octal", semantic, signer("threshold: 0o7"), "is not a whole number"},
		{"threshold with underscore", semantic, signer("threshold: 1_0"), "is not a whole number"},
		{"empty signer in any of", bad, signer("anyOf: [{}]"), "/rules/0/signers/0/anyOf/0 demands nothing"},
		{"any of beside a role", bad, signer("anyOf: [{roles: [a]}], roles: [b]"), "/anyOf stands beside"},
		{"role twice", bad, signer("roles: [a, a]"), `/roles/1 stands twice: "a"`},
		{"role with a space", bad, signer("roles: [a b]"), "has a value that is not allowed"},
		{"no role", bad, signer("roles: []"), "/roles is empty"},
		{"too many roles", bad, signer("roles: [" + many("r%d", 257) + "]"), "more than 256 elements"},
		{"short key id", bad, signer("keyIds: ['sha256:00']"), "/keyIds/0 has a value"},
		{"key id of another hash", bad, signer("keyIds: ['sha512:" + hex + hex + "']"), "/keyIds/0 has more than 128"},
		{"subject without anything", bad, subject("{}"), "has neither name nor digest"},
		{"subject as text", bad, subject("a"), "is text, not a mapping"},
		{"weak digest", bad, subject("{digest: 'sha1:" + strings.Repeat("0", 40) + "'}"), "/digest has a value"},
		{"upper-case digest", bad, subject("{digest: 'sha256:" + strings.ToUpper(hex) + "'}"), "/digest has a value"},
		{"two patterns", bad, subject("{name: {glob: a, regexp: b}}"), "is not one of exact, glob, regexp and anyUnsafe"},
		{"no pattern", bad, subject("{name: {}}"), "is not one of"},
		{"not any name", bad, subject("{name: {anyUnsafe: false}}"), "is not one of"},
		{"pattern by another name", bad, subject("{name: {regex: a}}"), `unknown member "regex"`},
		{"pattern that is none", semantic, subject("{name: {regexp: 'a('}}"), "line 2: /rules/0/subjects/0/name/regexp the pattern"},
		{"pattern that closes its group", semantic, subject("{name: {regexp: 'a)|(b'}}"), "is not a regular expression"},
		{"long glob", bad, subject("{name: {glob: " + strings.Repeat("a", 257) + "}}"), "more than 256 characters"},
		{"promotion of nothing", bad, rule("promotion: {}"), "/promotion demands nothing"},
		{"separate from no role", bad, rule("promotion: {separateFrom: [cook]}"), "/separateFrom/0 has a value"},
		{"chain from two words", bad, rule("promotion: {chainFrom: 'a b'}"), "/chainFrom has a value"},
		{"promotion with more", bad, rule("promotion: {chainFrom: dev, chain: true}"), "unknown member"},
		{"age of zero", bad, rule("maxAge: 0d"), "/maxAge has a value"},
		{"age without unit", bad, rule("maxAge: '3'"), "/maxAge has a value"},
		{"age as a number", bad, rule("maxAge: 3"), "/maxAge is a number, not text"},
		{"age in weeks", bad, rule("maxAge: 3w"), "/maxAge has a value"},
		{"huge age", bad, rule("maxAge: 100001d"), "/maxAge has a value"},
		{"age with a leading zero", bad, rule("maxAge: 01d"), "/maxAge has a value"},
		{"required in words", bad, rule("required: yes"), "/required is text, not true or false"},
		{"hardware in another word", bad, top("hardware: optional"), "/hardware has a value"},
		{"revocation in another word", bad, top("revocation: checked"), "/revocation has a value"},
		{"hardware as truth", bad, top("hardware: true"), "is true or false, not text"},
		{"unknown profile", bad, top("profile: nist"), "/profile has a value"},
		{"unknown algorithm", bad, top("algorithms: [rsa]"), "/algorithms/0 has a value"},
		{"weak RSA", bad, top("algorithms: [rsa-1024]"), "/algorithms/0 has a value"},
		{"no proof", bad, top("proofs: {}"), "/proofs demands nothing"},
		{"zero logs", bad, top("proofs: {log: 0}"), "is not a whole number"},
		{"witness that is none", bad, top("witnesses: [w]"), "/witnesses/0 has a value"},
		{"witness with another hash", semantic, top("witnesses: ['" + strings.Replace(vkey, "3c040a13", "00000000", 1) + "']"), "/witnesses/0 has a value"},
		{"artifact without digest", bad, top("artifacts: [{name: a}]"), "/artifacts/0/digest is missing"},
		{"type that is unknown", semantic, rule("predicateTypes: [cyclone]"), `/rules/0/predicateTypes/0 unknown predicate type "cyclone"`},
		{"type twice", bad, rule("predicateTypes: [spdx, spdx]"), "stands twice"},
		{"rule twice", semantic, head + "rules: [{name: r, signers: [{}]}, {name: r, signers: [{}]}]", `/rules/1 has the name of another: "r"`},
		{"condition twice", semantic, rule("conditions: [{name: c, cel: 'true'}, {name: c, cel: 'false'}]"), `has the name of another`},
		{"condition without name", bad, rule("conditions: [{cel: 'true'}]"), "/rules/0/conditions/0/name is missing"},
		{"condition without expression", bad, rule("conditions: [{name: c}]"), "/cel is missing"},
		{"expression that is none", semantic, cel("'predicate.x =='"), "is not a CEL expression"},
		{"unknown variable", semantic, cel("'predicat.x == 1'"), "undeclared reference to 'predicat'"},
		{"unknown member of a variable", semantic, cel("'signers[0].hodler == \"a\"'"), "undefined field 'hodler'"},
		{"comparison of types that differ", semantic, cel("'statement.predicateType == 1'"), "found no matching overload"},
		{"expression that is no condition", semantic, cel("'1 + 1'"), "is int and not true or false"},
		{"expression of a text", semantic, cel("'\"true\"'"), "is string and not true or false"},
		{"long expression", bad, cel("'" + strings.Repeat("1", 4097) + "'"), "more than 4096 characters"},
		{"bad pattern in an expression", semantic, cel("'statement._type.matches(\"a(\")'"), "is not a CEL expression"},
		{"large pattern in an expression", semantic, cel("'statement._type.matches(\"((a{100}){100})\")'"), "is not a CEL expression"},
		{"pattern of evidence's choice", semantic, cel("'predicate.a.matches(predicate.b)'"), "has a pattern that is not written in it"},
		{"pattern that is put together", semantic, cel("'matches(predicate.a, \"a\" + predicate.b)'"), "has a pattern that is not written in it"},
		{"bad time in an expression", semantic, cel("'now < timestamp(\"today\")'"), "is not a CEL expression"},
		{"loops in loops", semantic, cel("'[1].all(a, [1].all(b, [1].all(c, [1].all(d, a == d))))'"), "/cel has more than 3 of all, exists, exists_one, map and filter inside each other, at column"},
		{"deep expression", semantic, cel("'" + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300) + "'"), "is not a CEL expression"},
		{"wide expression", semantic, cel("'" + strings.Repeat("1+", 1500) + "1 == 2'"), "is not a CEL expression"},

		{"anchor", semantic, top("name: &a x"), "line 2: uses an anchor or alias"},
		{"alias", semantic, top("name: &a x\ndescription: *a"), "uses an anchor or alias"},
		{"merge key", semantic, head + "rules: [{<<: {name: r}, signers: [{}]}]", "uses a merge key"},
		{"quoted merge key", bad, rule("'<<': {name: r}"), `unknown member "<<"`},
		{"tag", semantic, top("name: !!str x"), "line 2: uses a tag"},
		{"tag of one's own", semantic, top("name: !x x"), "uses a tag"},
		{"tag on a mapping", semantic, head + "rules: !!seq [{name: r, signers: [{}]}]", "uses a tag"},
		{"member twice", bad, top("name: a\nname: b"), `line 3: has the member "name" twice, first in line 2`},
		{"member twice in JSON", bad, `{"format": "stella.ops/verificationPolicy@v1", "name": "a",` + "\n" + `"name": "b", "rules": [{"name": "r", "signers": [{}]}]}`, `line 2: has the member "name" twice`},
		{"two documents", bad, top("") + "---\n" + top(""), "begins a second document"},
		{"mapping as a key", bad, head + "? {a: b}\n: c\n", "has a name that is"},
		{"number as a key", bad, top("1: a"), "has a name that is a number"},
		{"not YAML", bad, head + "rules: [", "is not well-formed YAML"},
		{"JSON that breaks off", bad, `{"format": 1`, "is not well-formed JSON"},
		{"JSON with more after it", semantic, `{"format": "stella.ops/verificationPolicy@v1", "rules": [{"name": "r", "signers": [{}]}]} {}`, "something after the end"},
		{"date as a name", semantic, top("name: 2026-01-01"), "is a time or binary value, not text"},
		{"deep", bad, head + "rules: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested deeper than 32 levels"},
		{"deep JSON", bad, `{"rules": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "nested deeper than 32 levels"},
		{"many members", bad, top("x: {" + many("m%d: 1", 65) + "}"), "more than 64 members"},
		{"too many rules", bad, head + "rules: [" + many("{name: r%d, signers: [{}]}", 257) + "]", "more than 256 elements"},
		{"right to left", semantic, top("name: a\u202eb"), "line 2: holds an invisible character"},
		{"zero width in JSON", semantic, `{"format": "stella.ops/verificationPolicy@v1",` + "\n" + `"name": "a\u200bb", "rules": [{"name": "r", "signers": [{}]}]}`, "line 2: holds an invisible character"},
		{"byte order mark", semantic, "\ufeff" + top(""), "is not UTF-8 text without a byte order mark"},
		{"invalid UTF-8", bad, top("name: \xff"), "is not UTF-8 text"},
		{"UTF-16", bad, "\xff\xfea\x00", "is not UTF-8 text"},
	}
	schema := compileSchema(t)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want != bad, schemaAccepts(t, schema, row.doc), "schema")
			p, err := parse(row.doc)
			if row.want != good {
				require.Error(t, err)
				assert.Equal(t, fault.PolicyMalformed, fault.ReasonOf(err), "%v", err)
				assert.ErrorContains(t, err, row.says)
				assert.ErrorContains(t, err, `"p.yaml"`)
				return
			}
			require.NoError(t, err)
			assertRoundTrip(t, schema, p)
		})
	}
}

// assertRoundTrip writes a policy and reads it again.
func assertRoundTrip(t *testing.T, schema *jsonschema.Schema, p *policy.Policy) {
	t.Helper()
	text, err := p.Marshal()
	require.NoError(t, err)
	again, err := parse(string(text))
	require.NoError(t, err, "%s", text)
	second, err := again.Marshal()
	require.NoError(t, err)
	assert.Equal(t, string(text), string(second))
	assert.True(t, schemaAccepts(t, schema, string(text)), "%s", text)
}

func TestParseHints(t *testing.T) {
	for given, nearest := range map[string]string{"predicateType": "predicateTypes", "max-age": "maxAge", "condition": "conditions", "subject": "subjects"} {
		_, err := parse(head + "rules: [{name: r, signers: [{}], " + given + ": 1}]")
		assert.Equal(t, fmt.Sprintf("the nearest known member is %q", nearest), fault.HintOf(err))
	}
	_, err := parse(head + "name: 1\nrules: [{name: r, signers: [{}]}]")
	assert.Equal(t, "put the value in quotes", fault.HintOf(err))
	for _, age := range []string{"3", "true", "2026-01-01"} {
		_, err = parse(head + "rules: [{name: r, signers: [{}], maxAge: " + age + "}]")
		assert.Equal(t, "write a whole number from 1 to 100,000 of days, hours or minutes, such as 30d, 12h or 90m", fault.HintOf(err), "in quotes %s is as wrong", age)
	}
	_, err = parse(head + "rules: [{name: r, signers: [{}], conditions: [{name: c, cel: '[1].all(a, [1].all(b, [1].all(c, [1].all(d, a == d))))'}]}]")
	assert.Contains(t, fault.HintOf(err), "several conditions")
}

func TestParseLimits(t *testing.T) {
	_, err := parse(head + strings.Repeat("#", policy.MaxSize))
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))

	var rules []string
	for i := range 5 {
		rules = append(rules, fmt.Sprintf("{name: r%d, signers: [{}], subjects: [%s]}", i, many("{name: {glob: 'a%d*'}}", 256)))
	}
	_, err = parse(head + "rules: [" + strings.Join(rules, ", ") + "]")
	assert.ErrorContains(t, err, "one pattern more than the limit of 1024")

	_, err = parse(head + "x: [" + many("%d", 70_000) + "]")
	assert.ErrorContains(t, err, "more than 65536 values")
}

// Where an expression is wrong is told by the column of the file.
func TestColumnsOfExpressions(t *testing.T) {
	for name, row := range map[string]struct {
		doc  string
		says string
	}{
		"plain":  {head + "rules:\n- name: r\n  signers: [{}]\n  conditions:\n  - name: c\n    cel: predicate.a == foo\n", "line 7: /rules/0/conditions/0/cel is not a CEL expression, at column 25: undeclared reference to 'foo'"},
		"quoted": {head + "rules:\n- name: r\n  signers: [{}]\n  conditions:\n  - name: c\n    cel: 'predicate.a == foo'\n", "line 7: /rules/0/conditions/0/cel is not a CEL expression, at column 26"},
		"block":  {head + "rules:\n- name: r\n  signers: [{}]\n  conditions:\n  - name: c\n    cel: |\n      predicate.a == 1 &&\n      foo\n", "line 9: /rules/0/conditions/0/cel is not a CEL expression, at column 1"},
		"JSON":   {`{"format": "stella.ops/verificationPolicy@v1", "rules": [{"name": "r", "signers": [{}], "conditions":` + "\n" + ` [{"name": "c", "cel": "a"}]}]}`, "line 2: /rules/0/conditions/0/cel is not a CEL expression, at column 25"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(row.doc)
			assert.ErrorContains(t, err, row.says)
		})
	}
}

func TestUnsatisfiableByItself(t *testing.T) {
	for _, more := range []string{
		"proofs: {witness: 2}\nwitnesses: ['" + vkey + "']\n",
		"proofs: {witness: 1}\n",
	} {
		_, err := parse(head + more + "rules: [{name: r, signers: [{}]}]")
		assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err), "%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(head + "rules: [{name: r, signers: [{}]}]")
	f.Add(`{"format": "stella.ops/verificationPolicy@v1", "rules": [{"name": "r", "signers": [{"threshold": 2}]}]}`)
	f.Add(head + "identities: [{identity: {glob: 'a*'}, issuer: b}]\nrules: [{name: r, signers: [{roles: [a]}], conditions: [{name: c, cel: 'predicate.x'}]}]")
	f.Add(head + "name: &a x\nrules: [*a]")
	schema := compileSchema(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parse(text)
		if err != nil {
			if r := fault.ReasonOf(err); r != fault.PolicyMalformed && r != fault.PolicyUnsatisfiable && r != fault.InputTooLarge {
				t.Errorf("reason %s: %v", r, err)
			}
			return
		}
		written, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if !schemaAccepts(t, schema, string(written)) {
			t.Errorf("the schema refuses %s", written)
		}
		again, err := parse(string(written))
		if err != nil {
			t.Fatal(errors.New(string(written)), err)
		}
		second, err := again.Marshal()
		if err != nil || !bytes.Equal(written, second) {
			t.Errorf("%s is read as %s", written, second)
		}
	})
}
