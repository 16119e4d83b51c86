package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stream is what go test -json prints for a parent with two subtests, a
// skipped test, a failed parent with one failed subtest, a failed test, one
// that a panic ended, and a line that is no event.
const stream = `go: downloading something
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"passing\n"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"skipped: no oracle\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
{"Action":"run","Package":"q","Test":"TestA"}
{"Action":"run","Package":"q","Test":"TestA/one"}
{"Action":"fail","Package":"q","Test":"TestA/one"}
{"Action":"fail","Package":"q","Test":"TestA"}
{"Action":"run","Package":"q","Test":"TestB"}
{"Action":"output","Package":"q","Test":"TestB","Output":"wrong\n"}
{"Action":"fail","Package":"q","Test":"TestB"}
{"Action":"run","Package":"q","Test":"TestC"}
{"Action":"output","Package":"q","Test":"TestC","Output":"panic\n"}
{"Action":"fail","Package":"q"}
`

func TestCount(t *testing.T) {
	var out strings.Builder
	got, err := count(strings.NewReader(stream), &out, false)
	require.NoError(t, err)
	assert.Equal(t, tally{passed: 2, failed: 2, skipped: 1}, got)
	assert.Equal(t, "go: downloading something\nskipped: no oracle\nok  \tp\t0.1s\nwrong\npanic\n", out.String())
}

func TestCountVerbose(t *testing.T) {
	var out strings.Builder
	_, err := count(strings.NewReader(stream), &out, true)
	require.NoError(t, err)
	assert.Contains(t, out.String(), "passing\n")
}

func TestJudge(t *testing.T) {
	tests := map[string]struct {
		tally  tally
		quota  quota
		strict bool
		want   string // part of the error, empty for none
	}{
		"exact":                    {tally{passed: 3}, quota{n: 3}, true, ""},
		"fewer":                    {tally{passed: 2}, quota{n: 3}, true, "2 tests ran and 3 were expected"},
		"more than exact":          {tally{passed: 4}, quota{n: 3}, true, "4 tests ran and 3 were expected"},
		"more than a floor":        {tally{passed: 4}, quota{n: 3, atLeast: true}, true, ""},
		"below a floor":            {tally{passed: 2}, quota{n: 3, atLeast: true}, true, "3 or more were expected"},
		"skipped in CI":            {tally{passed: 3, skipped: 1}, quota{n: 3}, true, "1 tests were skipped"},
		"skipped elsewhere":        {tally{passed: 3, skipped: 1}, quota{n: 4}, false, ""},
		"nothing ran":              {tally{}, quota{n: 3}, false, "no test ran"},
		"everything skipped":       {tally{skipped: 3}, quota{n: 3}, false, "no test ran"},
		"failed, and enough of it": {tally{passed: 3, failed: 1}, quota{n: 3}, false, "1 tests failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := judge("unit", tt.tally, tt.quota, tt.strict)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestExpected(t *testing.T) {
	got, err := expected(expectedTable, "unit")
	require.NoError(t, err)
	assert.True(t, got.atLeast, "the unit suite is held to a floor")

	_, err = expected(expectedTable, "nonesuch")
	require.EqualError(t, err, `suite "nonesuch" has no row in expected.txt`)
	_, err = expected("unit many\n", "unit")
	require.ErrorContains(t, err, `"many" is not a number of tests`)
}
