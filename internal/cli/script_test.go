package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/pkcs11"
)

// TestMain makes the test binary stella when it is called by that name.
func TestMain(m *testing.M) {
	if err := os.Setenv(noRaceSleep()); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"stella": func() { os.Exit(documented(os.Args[1:], Main(os.Args[1:], System()))) },
	})
}

// undocumented is the status in place of one that the help of the command leaves out.
const undocumented = 99

// documented returns status if it is among those that the help of the command names, or
// one of the signals'.
func documented(args []string, status int) int {
	cmd, _, err := Command().Find(args)
	if err != nil || status >= fault.ExitInterrupt || slices.ContainsFunc(Statuses(cmd), func(s fault.Status) bool { return s.Exit == status }) {
		return status
	}
	fmt.Fprintf(os.Stderr, "the help of %s does not name the exit status %d\n", cmd.CommandPath(), status)
	return undocumented
}

// TestScripts runs the command lines of testdata/script. Beside testscript's
// own commands they have
//
//	exits STATUS COMMAND...   run COMMAND and want this exit status
//
// and the condition [pkcs11] for the build with that driver.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               cleanEnvironment,
		Condition:           hasDriver,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exitsCommand},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// noRaceSleep is the variable by which a program built with the race detector
// does not sleep for a second before it exits, as each of hundreds would.
func noRaceSleep() (name, value string) { return "GORACE", "atexit_sleep_ms=0" }

// cleanEnvironment gives a script a home of its own and a UTF-8 locale, and
// nothing that the developer has set.
func cleanEnvironment(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	env.Setenv("HOME", home)
	env.Setenv("LC_ALL", "C.UTF-8")
	env.Setenv(noRaceSleep())
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "NO_COLOR", "CLICOLOR_FORCE", "CI", "COLUMNS", "STELLA_CONFIG", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"} {
		env.Setenv(name, "")
	}
	samples, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	env.Setenv("INTERNAL", samples) // where other packages keep what other programs made
	return os.MkdirAll(home, 0o755)
}

// hasDriver is true for the scheme of a driver that this build has.
func hasDriver(scheme string) (bool, error) {
	if scheme != pkcs11.Scheme {
		return false, fmt.Errorf("unknown condition %q", scheme)
	}
	have, err := schemes()
	return slices.Contains(have, scheme), err
}

func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd, err := exec.LookPath(args[1])
	ts.Check(err)
	err = ts.Exec(cmd, args[2:]...)
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
