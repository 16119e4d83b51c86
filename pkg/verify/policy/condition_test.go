package policy_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/policy"
)

const cyclonedx = "https://cyclonedx.org/bom"

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// person is a signer of the test's world, whom it trusts.
type person struct {
	private crypto.Signer
	trusted keys.TrustedKey
}

func newPerson(t testing.TB, name string, roles ...string) person {
	t.Helper()
	private, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	return person{private, keys.TrustedKey{Name: name, Public: private.Public(), Holder: name, Roles: roles, AnyPredicateType: true}}
}

// sign returns evidence for a predicate about "app".
func sign(t testing.TB, predicate string, people ...person) *verify.Evidence {
	t.Helper()
	sum := sha256.Sum256([]byte("app"))
	subject := intoto.Subject{Name: "app", Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}
	m, err := intoto.NewMessage(cyclonedx, []intoto.Subject{subject}, dsse.Bytes(predicate))
	require.NoError(t, err)
	var signers []dsse.Signer
	for _, p := range people {
		s, err := dsse.NewSigner(p.private)
		require.NoError(t, err)
		signers = append(signers, s)
	}
	var buf bytes.Buffer
	_, err = bundle.WriteEnvelope(context.Background(), &buf, m, signers...)
	require.NoError(t, err)
	e := &verify.Evidence{}
	require.NoError(t, e.Read("e.json", bytes.NewReader(buf.Bytes()), int64(buf.Len())))
	return e
}

func trusting(t testing.TB, people ...person) *verify.Policy {
	t.Helper()
	var list []keys.TrustedKey
	for _, p := range people {
		list = append(list, p.trusted)
	}
	trust, err := keys.NewTrust(list...)
	require.NoError(t, err)
	return &verify.Policy{Trust: trust, Threshold: 1, At: now()}
}

// judge verifies a predicate by ann under a policy of one condition.
func judge(t testing.TB, predicate, cel string) (*verify.Report, error) {
	t.Helper()
	ann := newPerson(t, "ann", "release", "security")
	return judgeEvidence(t, sign(t, predicate, ann), ann, cel)
}

func judgeEvidence(t testing.TB, e *verify.Evidence, ann person, cel string) (*verify.Report, error) {
	t.Helper()
	p, err := parse(head + "name: p\nrules:\n- name: r\n  signers: [{}]\n  conditions:\n  - name: asks\n    cel: |\n      " + cel + "\n")
	require.NoError(t, err)
	v := trusting(t, ann)
	require.NoError(t, p.Apply(v))
	return verify.Verify(t.Context(), e, v)
}

func TestConditions(t *testing.T) {
	const notJudged = "it cannot be judged"
	for _, row := range []struct {
		name      string
		predicate string
		cel       string
		want      fault.Reason // "" if it holds
		says      string
	}{
		{"equal", `{"a":"x"}`, `predicate.a == "x"`, "", ""},
		{"not equal", `{"a":"y"}`, `predicate.a == "x"`, fault.PolicyCondition, `condition "asks" of rule "r" of policy "p": it does not hold`},
		{"truth", `{"a":true}`, `predicate.a`, "", ""},
		{"untruth", `{"a":false}`, `predicate.a`, fault.PolicyCondition, "it does not hold"},
		{"text for a truth", `{"a":"true"}`, `predicate.a`, fault.PolicyCondition, "it is neither true nor false"},
		{"number for a truth", `{"a":1}`, `predicate.a`, fault.PolicyCondition, "it is neither true nor false"},
		{"null for a truth", `{"a":null}`, `predicate.a`, fault.PolicyCondition, "it is neither true nor false"},
		{"null", `{"a":null}`, `predicate.a == null`, "", ""},
		{"absent", `{}`, `predicate.a == "x"`, fault.PolicyCondition, `the statement does not have "a"`},
		{"absent, asked for", `{}`, `!has(predicate.a)`, "", ""},
		{"absent by index", `{}`, `predicate["a b"] == "x"`, fault.PolicyCondition, `the statement does not have "a b"`},
		{"absent by what the evidence says", `{"a":"secret","b":{}}`, `predicate.b[predicate.a] == 1`, fault.PolicyCondition, notJudged},
		{"index of evidence's choice", `{"a":"b","b":1}`, `predicate[predicate.a] == 1`, "", ""},
		{"another type", `{"a":{}}`, `predicate.a == "x"`, fault.PolicyCondition, "it does not hold"},
		{"member of a text", `{"a":"x"}`, `predicate.a.b == "x"`, fault.PolicyCondition, `does not have "b"`},
		{"whole number", `{"a":3}`, `predicate.a == 3 && predicate.a < 4`, "", ""},
		{"whole number with a point", `{"a":3.0}`, `predicate.a == 3`, "", ""},
		{"fraction", `{"a":9.8}`, `predicate.a >= 9.0 && predicate.a < 10`, "", ""},
		{"large whole number", `{"a":9007199254740993}`, `predicate.a == 9007199254740993 && predicate.a != 9007199254740992`, "", ""},
		{"unsigned", `{"a":18446744073709551615}`, `predicate.a == 18446744073709551615u`, "", ""},
		{"number beyond all", `{"a":18446744073709551616}`, `predicate.a > 0`, fault.PolicyCondition, "cannot hold exactly"},
		{"number beyond all, not looked at", `{"a":18446744073709551616,"b":1}`, `predicate.b == 1`, "", ""},
		{"more digits than a double has", `{"a":7.0000000000000000001}`, `predicate.a <= 7`, fault.PolicyCondition, "cannot hold exactly"},
		{"fraction that rounds to a whole number", `{"a":9007199254740993.0}`, `predicate.a <= 9007199254740992`, fault.PolicyCondition, "cannot hold exactly"},
		{"number that rounds to nothing", `{"a":1e-400}`, `predicate.a == 0`, fault.PolicyCondition, "cannot hold exactly"},
		{"number that rounds to infinity", `{"a":1e400}`, `predicate.a > 0`, fault.PolicyCondition, "cannot hold exactly"},
		{"nothing, as a fraction", `{"a":-0.0e5}`, `predicate.a == 0`, "", ""},
		{"fraction with zeros", `{"a":0.50}`, `predicate.a == 0.5`, "", ""},
		{"large whole number with a point", `{"a":9007199254740992.0}`, `predicate.a == 9007199254740992 && predicate.a < 9007199254740993`, "", ""},
		{"large whole number with an exponent", `{"a":1e18}`, `predicate.a == 1000000000000000000 && predicate.a < 1000000000000000001`, "", ""},
		{"whole number beyond all, with an exponent", `{"a":1e30}`, `predicate.a > 1e29`, "", ""},
		{"list", `{"a":[1,2,3]}`, `predicate.a.all(x, x > 0) && size(predicate.a) == 3 && predicate.a[1] == 2`, "", ""},
		{"list that fails", `{"a":[1,-2]}`, `predicate.a.all(x, x > 0)`, fault.PolicyCondition, "it does not hold"},
		{"list of other things", `{"a":[1,"x"]}`, `predicate.a.all(x, x > 0)`, fault.PolicyCondition, notJudged},
		{"nested", `{"a":{"b":[{"c":"~1/"}]}}`, `predicate.a.b.exists(x, x.c == "~1/")`, "", ""},
		{"names that are escaped", `{"a/b~c":{"d/e":1}}`, `predicate["a/b~c"]["d/e"] == 1`, "", ""},
		{"escaped name of the predicate's member", `{"\u0061":1}`, `predicate.a == 1`, "", ""},
		{"whole predicate", `{"a":1,"b":2}`, `size(predicate) == 2 && predicate.all(k, predicate[k] > 0)`, "", ""},
		{"only what is looked at", `{"a":1,"b":2}`, `predicate.a == 1`, "", ""},
		{"error and truth", `{"a":1}`, `predicate.x == 1 || predicate.a == 1`, "", ""},
		{"error and untruth", `{"a":1}`, `predicate.x == 1 || predicate.a == 2`, fault.PolicyCondition, `does not have "x"`},
		{"statement", `{}`, `statement._type == "https://in-toto.io/Statement/v1" && statement.predicateType.endsWith("/bom") && statement.subject[0].name == "app"`, "", ""},
		{"subjects", `{}`, `subjects.exists(s, s.name == "app" && s.digest.sha256.size() == 64)`, "", ""},
		{"subject's other digest", `{}`, `subjects[0].digest.sha512 != ""`, fault.PolicyCondition, `does not have "sha512"`},
		{"signers", `{}`, `signers.exists(s, s.holder == "ann" && "release" in s.roles && s.name == "ann" && s.keyId.startsWith("sha256:"))`, "", ""},
		{"what a key does not have", `{}`, `!has(signers[0].issuer) && !has(signers[0].tenant) && !has(signers[0].time)`, "", ""},
		{"unproven time", `{}`, `signers[0].time < now`, fault.PolicyCondition, `does not have "time"`},
		{"now", `{}`, `now == timestamp("2026-11-23T12:00:00Z")`, "", ""},
		{"time in the predicate", `{"at":"2026-11-23T11:00:00Z"}`, `now - timestamp(predicate.at) == duration("1h")`, "", ""},
		{"no time in the predicate", `{"at":"yesterday"}`, `timestamp(predicate.at) < now`, fault.PolicyCondition, notJudged},
		{"pattern", `{"a":"v1.2.3"}`, `predicate.a.matches("^v[0-9.]+$")`, "", ""},
		{"division by zero", `{"a":0}`, `1 / predicate.a == 1`, fault.PolicyCondition, notJudged},
		{"a variable of the same name", `{"a":1}`, `[{"a": 2}].all(predicate, predicate.a == 2)`, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := judge(t, row.predicate, row.cel)
			require.NotNil(t, r, "%v", err)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, row.want, r.Reason)
			assert.ErrorContains(t, err, row.says)
			assert.NotContains(t, err.Error(), "secret", "messages quote nothing from the evidence")
			assert.NotContains(t, err.Error(), "yesterday")
		})
	}
}

// What costs too much is not met, however it would have ended.
func TestConditionLimits(t *testing.T) {
	numbers := "[" + strings.TrimSuffix(strings.Repeat("1,", 2000), ",") + "]"
	r, err := judge(t, `{"a":`+numbers+`}`, `predicate.a.all(x, predicate.a.all(y, x + y > 0)) || true`)
	require.Error(t, err)
	assert.Equal(t, fault.PolicyCondition, r.Reason)
	assert.ErrorContains(t, err, "it takes more steps than the limit of 5000000")
}

// TestConditionCosts: whatever a call reads, compares or builds is counted, although the
// types of what the evidence holds are not known when the policy is read.
func TestConditionCosts(t *testing.T) {
	list := func(n int, value string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(value+",", n), ",") + "]"
	}
	texts := `{"a":` + list(60, `"`+strings.Repeat("x", 60_000)+`"`) + `}`
	numbers := `{"a":` + list(3000, "1") + `}`
	lists := `{"a":` + list(60, list(3000, `"1"`)) + `}`
	named := `{"a":` + list(60, `{"a":{"b":`+list(3000, "1")+`}}`) + `}`
	for _, row := range []struct{ name, predicate, cel string }{
		{"texts that are kept", texts, `predicate.a.map(x, predicate.a.map(y, x + y)).size() > 0`},
		{"texts that are not", texts, `predicate.a.all(x, predicate.a.all(y, x + y != "q"))`},
		{"order", texts, `predicate.a.all(x, predicate.a.all(y, x <= y))`},
		{"equality", texts, `predicate.a.all(x, predicate.a.all(y, x == y))`},
		{"size", texts, `predicate.a.all(x, predicate.a.all(y, size(x) > 0))`},
		{"prefix", texts, `predicate.a.all(x, predicate.a.all(y, x.startsWith(y)))`},
		{"part", texts, `predicate.a.all(x, predicate.a.all(y, x.contains("y") || true))`},
		{"pattern", texts, `predicate.a.all(x, x.matches("^x{500}"))`},
		{"conversion", texts, `predicate.a.all(x, predicate.a.all(y, bytes(x) != b""))`},
		{"key", texts, `predicate.a.all(x, predicate.a.all(y, !(x in {"q": 1})))`},
		{"equality of lists", lists, `predicate.a.all(x, predicate.a.all(y, x == y))`},
		{"inequality of what holds lists", named, `!predicate.a.exists(x, predicate.a.exists(y, x != y))`},
		{"search", numbers, `predicate.a.all(x, !(2 in predicate.a))`},
		{"joined lists", lists, `predicate.a.all(x, predicate.a.all(y, (x + y).size() > 0))`},
		{"lists of one list", numbers, `predicate.a.map(x, predicate.a) == predicate.a.map(x, predicate.a)`},
		{"maps of one list", numbers, `predicate.a.map(x, {"k": predicate.a}).size() > 0`},
		{"time zones", numbers, `predicate.a.all(x, [1, 2, 3, 4].all(y, now.getHours("Europe/Vienna") >= 0))`},
		{"nothing but loops", numbers, `predicate.a.all(x, predicate.a.all(y, predicate.a.all(z, true)))`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := judge(t, row.predicate, row.cel)
			require.Error(t, err)
			assert.Equal(t, fault.PolicyCondition, r.Reason)
			assert.ErrorContains(t, err, "it takes more steps than the limit of 5000000")
		})
	}
	for _, row := range []struct{ name, predicate, cel string }{
		{"each text once", texts, `predicate.a.all(x, x + "y" != x && size(x) > 0 && x.matches("^x+$") && x.contains("x"))`},
		{"texts that are collected", texts, `predicate.a.filter(x, x != "").size() == 60`},
		{"names against a long text", texts, `predicate.a.all(x, predicate.a.all(y, x > "w" && x != "name" && x.startsWith("xx")))`},
		{"lists of other sizes", lists, `predicate.a.all(x, predicate.a.all(y, x != [1]))`},
		{"small lists", numbers, `predicate.a.all(x, x in [1, 2, 3]) && predicate.a.map(x, [x]).size() == 3000`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := judge(t, row.predicate, row.cel)
			assert.NoError(t, err)
		})
	}
}

func TestConditionsOnLargePredicates(t *testing.T) {
	large := fmt.Sprintf(`{"metadata":{"name":"app"},"components":[%s"end"]}`, strings.Repeat(fmt.Sprintf("%q,", strings.Repeat("x", 1000)), 17_000))
	ann := newPerson(t, "ann")
	e := sign(t, large, ann)
	_, err := judgeEvidence(t, e, ann, `predicate.metadata.name == "app"`)
	require.NoError(t, err, "only what is looked at counts")
	_, err = judgeEvidence(t, e, ann, `statement.predicateType != "" && subjects.size() == 1`)
	require.NoError(t, err)
	for _, cel := range []string{`predicate.components.size() > 0`, `predicate.size() > 0`} {
		r, err := judgeEvidence(t, e, ann, cel)
		require.Error(t, err)
		assert.Equal(t, fault.InputTooLarge, r.Reason)
		assert.ErrorContains(t, err, "has more than 16777216 bytes, which is the limit")
		assert.Contains(t, fault.HintOf(err), "name only the members")
		assert.False(t, r.Verified)
	}
	r, err := judge(t, `{"a":[`+strings.Repeat("0,", policy.MaxConditionValues)+`0]}`, `predicate.a.size() > 0`)
	require.Error(t, err)
	assert.Equal(t, fault.InputTooLarge, r.Reason)
	assert.ErrorContains(t, err, "more than 1000000 values")

	r, err = judge(t, `{"a":`+strings.Repeat("[", 300)+strings.Repeat("]", 300)+`}`, `predicate.a.size() > 0`)
	require.Error(t, err)
	assert.Equal(t, fault.InputTooLarge, r.Reason)

	r, err = judge(t, fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", 100_000)), `predicate.a.size() > 0`)
	require.Error(t, err)
	assert.Equal(t, fault.PolicyCondition, r.Reason)
	assert.ErrorContains(t, err, "a text of over 65536 bytes")
}

// A condition that runs is stopped with the verification.
func TestConditionsEndWithTheirContext(t *testing.T) {
	ann := newPerson(t, "ann")
	p, err := parse(head + "rules: [{name: r, signers: [{}], conditions: [{name: c, cel: 'predicate.a == 1'}]}]")
	require.NoError(t, err)
	v := trusting(t, ann)
	require.NoError(t, p.Apply(v))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = verify.Verify(ctx, sign(t, `{"a":1}`, ann), v)
	assert.ErrorIs(t, err, context.Canceled)
}

// Conditions of one policy may be asked by several verifications at a time.
func TestConditionsAreSafeForConcurrentUse(t *testing.T) {
	ann := newPerson(t, "ann")
	p, err := parse(head + "rules: [{name: r, signers: [{}], conditions: [{name: c, cel: 'predicate.a == 1'}, {name: d, cel: 'predicate.b.all(x, x > predicate.a)'}]}]")
	require.NoError(t, err)
	v := trusting(t, ann)
	require.NoError(t, p.Apply(v))
	done := make(chan error)
	for range 8 {
		e := sign(t, `{"a":1,"b":[2,3]}`, ann)
		go func() {
			_, err := verify.Verify(context.Background(), e, v)
			done <- err
		}()
	}
	for range 8 {
		assert.NoError(t, <-done)
	}
}
