package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary stella when it is called by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"stella": func() { os.Exit(Main(os.Args[1:], System())) },
	})
}

// TestScripts runs the command lines of testdata/script. Beside testscript's
// own commands they have
//
//	exits STATUS COMMAND...   run COMMAND and want this exit status
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               cleanEnvironment,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exitsCommand},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// cleanEnvironment gives a script a home of its own and a UTF-8 locale, and
// nothing that the developer has set.
func cleanEnvironment(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	env.Setenv("HOME", home)
	env.Setenv("LC_ALL", "C.UTF-8")
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "NO_COLOR", "CLICOLOR_FORCE", "CI", "COLUMNS", "STELLA_CONFIG"} {
		env.Setenv(name, "")
	}
	return os.MkdirAll(home, 0o755)
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
