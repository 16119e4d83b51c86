package endtoend

import (
	"encoding/json/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// failure is how a command must end that gives no verdict.
type failure struct {
	status int
	reason fault.Reason
	says   []string // parts of the error or of its hint
}

// fails runs a command as text and as JSON. Both must end as want says, with
// nothing on standard output and one error that names what is wrong, and leave
// every file of the world as it was.
func (w *world) fails(want failure, c call) {
	w.t.Helper()
	before := w.picture()
	text := w.run(c)
	w.checkText(want, text)
	w.checkJSON(want, w.run(c.with("--format", "json")))
	assert.Equal(w.t, before, w.picture(), "%q left something behind", c.args)
}

func (w *world) checkText(want failure, o outcome) {
	w.t.Helper()
	require.Equal(w.t, want.status, o.status, "%s", o)
	assert.Equal(w.t, want.reason.Exit(), want.status, "the catalog has another exit status for %s", want.reason)
	assert.Empty(w.t, o.stdout)
	errs, hints := 0, 0
	for line := range strings.Lines(o.stderr) {
		assert.True(w.t, strings.HasPrefix(line, "stella: "), "%q on standard error", line)
		errs += count(strings.HasPrefix(line, "stella: error: "))
		hints += count(strings.HasPrefix(line, "stella: hint: "))
	}
	assert.Equal(w.t, 1, errs, "errors: %s", o)
	assert.LessOrEqual(w.t, hints, 1, "hints: %s", o)
	for _, part := range want.says {
		assert.Contains(w.t, o.stderr, part)
	}
	noTrace(w.t, o)
}

// failsBeside runs a verification of something good and something that cannot be
// read. There is a verdict, in which the latter is a failure of its own.
func (w *world) failsBeside(want failure, c call) {
	w.t.Helper()
	before := w.picture()
	text := w.run(c)
	w.checkBeside(want, text)
	v := w.judged(want.status, want.reason, c)
	var good, bad int
	for _, r := range v.Results {
		good += count(r.Verified)
		bad += count(len(r.Checks) > 0 && r.Checks[0].Name == "evidence" && r.Checks[0].Reason == want.reason)
	}
	assert.Positive(w.t, good, "what can be read has its verdict")
	assert.Equal(w.t, 1, bad, "what cannot be read is one failure: %+v", v.Results)
	assert.Equal(w.t, before, w.picture(), "%q left something behind", c.args)
}

func (w *world) checkBeside(want failure, o outcome) {
	w.t.Helper()
	require.Equal(w.t, want.status, o.status, "%s", o)
	assert.Empty(w.t, o.stderr)
	assert.Contains(w.t, o.stdout, string(want.reason))
	for _, part := range want.says {
		assert.Contains(w.t, o.stdout, strings.Trim(part, `"`))
	}
	noTrace(w.t, o)
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// noTrace refuses what a crash prints.
func noTrace(t assert.TestingT, o outcome) {
	for _, sign := range []string{"panic", "goroutine ", "runtime error", ".go:", "internal error"} {
		assert.NotContains(t, o.stdout+o.stderr, sign)
	}
}

// errorObject is what --format json prints for a failure without a verdict.
type errorObject struct {
	Error struct {
		Code    int               `json:"code"`
		Reason  fault.Reason      `json:"reason"`
		Message string            `json:"message"`
		Hint    string            `json:"hint"`
		Details map[string]string `json:"details"`
	} `json:"error"`
}

func (w *world) checkJSON(want failure, o outcome) {
	w.t.Helper()
	require.Equal(w.t, want.status, o.status, "%s", o)
	assert.Empty(w.t, o.stdout)
	var found errorObject
	require.NoError(w.t, json.Unmarshal([]byte(o.stderr), &found, json.RejectUnknownMembers(true)), "one JSON object: %s", o)
	assert.Equal(w.t, want.status, found.Error.Code)
	assert.Equal(w.t, want.reason, found.Error.Reason)
	assert.NotEmpty(w.t, found.Error.Message)
	noTrace(w.t, o)
}

// verdictObject is the part of a verdict that the tests look at.
type verdictObject struct {
	Schema   string       `json:"schema"`
	Verified bool         `json:"verified"`
	Exit     int          `json:"exit"`
	Reason   fault.Reason `json:"reason"`
	Results  []struct {
		Verified bool `json:"verified"`
		Checks   []struct {
			Name   string       `json:"name"`
			Status string       `json:"status"`
			Reason fault.Reason `json:"reason"`
		} `json:"checks"`
		Signers []struct {
			Verified bool         `json:"verified"`
			Counted  bool         `json:"counted"`
			Holder   string       `json:"holder"`
			Reason   fault.Reason `json:"reason"`
		} `json:"signers"`
	} `json:"results"`
}

// judged runs a verification that reaches a verdict, as text and as JSON, and
// returns the latter. An empty reason means that the evidence must verify.
func (w *world) judged(status int, reason fault.Reason, c call) verdictObject {
	w.t.Helper()
	before := w.picture()
	text := w.run(c)
	require.Equal(w.t, status, text.status, "%q: %s", c.args, text)
	assert.Empty(w.t, text.stderr, "a verdict goes to standard output")
	last := text.stdout[strings.LastIndexByte(strings.TrimSuffix(text.stdout, "\n"), '\n')+1:]
	if reason == "" {
		assert.Contains(w.t, last, "✓ verified")
	} else {
		assert.Contains(w.t, last, "✗ not verified: "+string(reason))
	}
	noTrace(w.t, text)

	o := w.run(c.with("--format", "json"))
	require.Equal(w.t, status, o.status, "%q: %s", c.args, o)
	assert.Empty(w.t, o.stderr)
	var v verdictObject
	require.NoError(w.t, json.Unmarshal([]byte(o.stdout), &v), "one JSON object: %s", o)
	assert.Equal(w.t, "stella.ops/verdict@v1", v.Schema)
	assert.Equal(w.t, status == 0, v.Verified)
	assert.Equal(w.t, status, v.Exit)
	assert.Equal(w.t, reason, v.Reason)
	assert.Equal(w.t, before, w.picture(), "verify writes nothing")
	return v
}

// recorder notes that an assertion failed.
type recorder struct{ failed bool }

func (r *recorder) Errorf(string, ...any) { r.failed = true }

// TestTraces guards noTrace, on which every case rests.
func TestTraces(t *testing.T) {
	for _, sign := range []string{"panic: x", "goroutine 1 [running]", "main.go:12"} {
		r := &recorder{}
		noTrace(r, outcome{stderr: sign})
		assert.True(t, r.failed, sign)
	}
}
