// Command testrun runs "go test" and holds it to a committed number of tests,
// so that a suite that silently ran less than it should is a failure.
//
//	testrun -suite NAME [-in DIR] -- ARGUMENTS OF GO TEST
//
// DIR is the folder of another module. It prints what go test prints (with -v also what passing tests say), then
//
//	NAME: 812 passed, 0 failed, 0 skipped
//
// and how that compares with the number that expected.txt gives the suite. A
// test counts once, as a leaf: one with subtests is counted by those. Fewer
// tests than expected fail the run, and so does a skipped one, when CI=true;
// elsewhere an oracle or a document may be absent, and it is only said.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

//go:embed expected.txt
var expectedTable string

func main() {
	suite := flag.String("suite", "", "row of expected.txt that the run is held to")
	dir := flag.String("in", "", "folder in which go test runs")
	flag.Parse()
	if err := run(*suite, *dir, flag.Args(), os.Getenv("CI") == "true", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
}

// noRaceSleep spares each program that has the race detector the second for which it sleeps
// before it exits. Tests start thousands of them. A race is told when it is seen, not then.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// run tests and judges. A nil error means that every test passed and that
// there were enough of them.
func run(suite, dir string, args []string, strict bool, out io.Writer) error {
	want, err := expected(expectedTable, suite)
	if err != nil {
		return err
	}
	// #nosec G204 -- the arguments are those of the Makefile
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), noRaceSleep)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	counted, readErr := count(stdout, out, slices.Contains(args, "-v"))
	if readErr != nil { // go test would wait for a reader that is gone
		_ = cmd.Process.Kill()
	}
	waitErr := cmd.Wait()
	if readErr != nil {
		return readErr
	}
	fmt.Fprintf(out, "%s: %d passed, %d failed, %d skipped\n", suite, counted.passed, counted.failed, counted.skipped)
	fmt.Fprintf(out, "%s: run %d of expected %s\n", suite, counted.passed+counted.failed, want)
	if waitErr != nil {
		return fmt.Errorf("go test failed: %w", waitErr)
	}
	return judge(suite, counted, want, strict)
}

// judge compares a run without failures with what was expected of it.
func judge(suite string, t tally, want quota, strict bool) error {
	short := ""
	switch {
	case t.failed > 0:
		return fmt.Errorf("%s: %d tests failed", suite, t.failed)
	case t.passed == 0:
		return fmt.Errorf("%s: no test ran", suite)
	case t.skipped > 0:
		short = fmt.Sprintf("%s: %d tests were skipped", suite, t.skipped)
	case !want.holds(t.passed):
		short = fmt.Sprintf("%s: %d tests ran and %s were expected; see internal/tools/testrun/expected.txt", suite, t.passed, want)
	}
	if short != "" && strict {
		return fmt.Errorf("%s: with CI=true that is a failure", short)
	}
	return nil
}
