package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/verify"
)

// junitFile is what these tests read of JUnit XML.
type junitFile struct {
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string `xml:"name,attr"`
	Tests      int    `xml:"tests,attr"`
	Failures   int    `xml:"failures,attr"`
	Skipped    int    `xml:"skipped,attr"`
	Properties []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"properties>property"`
	Cases []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Skipped *string `xml:"skipped"`
	Failure *struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	} `xml:"failure"`
	Output string `xml:"system-out"`
}

func asJUnit(t testing.TB, whole *verify.Report) ([]byte, junitFile) {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewJUnit(t.Context(), &b), whole)
	var file junitFile
	require.NoError(t, xml.Unmarshal(b.Bytes(), &file), b.String())
	return b.Bytes(), file
}

// xmllint checks against the schema that Jenkins has published.
func xmllint(t testing.TB, texts ...[]byte) error {
	t.Helper()
	args := []string{"--nonet", "--noout", "--schema", filepath.Join("testdata", "jenkins-junit.xsd")}
	for i, text := range texts {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.xml", i))
		require.NoError(t, os.WriteFile(path, text, 0o600))
		args = append(args, path)
	}
	_, complaint, err := testkit.TryTool(t, ".", "xmllint", args...)
	t.Logf("%s", complaint)
	return err
}

func TestJUnitIsJUnit(t *testing.T) {
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			text, file := asJUnit(t, whole)
			assert.NoError(t, xmllint(t, text), "%s", text)
			suites := len(whole.Results) + 1
			if report.Overall(whole) != nil {
				suites++
			}
			require.Len(t, file.Suites, suites)
			assert.Equal(t, whole.Verified, file.Failures == 0)
			tests, failures := 0, 0
			for _, s := range file.Suites {
				assert.Len(t, s.Cases, s.Tests)
				tests, failures = tests+s.Tests, failures+s.Failures
			}
			assert.Equal(t, file.Tests, tests)
			assert.Equal(t, file.Failures, failures)
		})
	}
	text, _ := asJUnit(t, keyless())
	assert.Error(t, xmllint(t, bytes.Replace(text, []byte("<testcase "), []byte("<testcase x='1' "), 1)), "the schema does refuse")
}

func TestJUnitTests(t *testing.T) {
	whole := keyless()
	whole.Results[0].Checks = append(whole.Results[0].Checks, whole.Results[0].Checks[6])
	_, file := asJUnit(t, whole)
	verdict, good, bad := file.Suites[0], file.Suites[1], file.Suites[2]

	require.Len(t, verdict.Cases, 1)
	assert.Equal(t, "subject.mismatch", verdict.Cases[0].Failure.Type)
	assert.Contains(t, verdict.Cases[0].Failure.Message, "(exit 3)")

	assert.Equal(t, "dist/app-1.4.0.tar.gz.sigstore.json", good.Cases[0].Class)
	assert.Equal(t, "2 of 3 by a trusted key", good.Cases[0].Output)
	assert.Equal(t, "not demanded: any predicate type", *good.Cases[3].Skipped)
	assert.Equal(t, "policy (2)", good.Cases[7].Name, "GitLab takes the first of two tests with one name")

	assert.Equal(t, "dist/attestations.intoto.jsonl, line 3", bad.Cases[0].Class)
	assert.Contains(t, bad.Cases[2].Failure.Text, "hint: ask for evidence about this build")
	assert.True(t, strings.HasPrefix(*bad.Cases[3].Skipped, "not run"))
}
