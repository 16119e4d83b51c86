package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
)

func TestNothingDangerousIsConfigurable(t *testing.T) {
	for _, s := range settings() {
		assert.False(t, onlyFlag(s.key), s.key)
		assert.Equal(t, strings.ToLower(s.key), s.key, "viper folds case")
	}
	for _, key := range []string{"at", "force", "force-activate", "allow-expired", "replace-policy-unsafe"} {
		assert.True(t, onlyFlag(key), key)
	}
	assert.False(t, onlyFlag("format"))
}

func TestEverySettingReachesConfig(t *testing.T) {
	w := newWorld("STELLA_FORMAT=json", "STELLA_OFFLINE=true", "STELLA_NO_COLOR=1", "STELLA_ASKPASS=/bin/ask",
		"STELLA_FIDO2_DEVICE=/dev/hidraw3")
	loaded, err := loadConfig(w.Env, newRootCommand(newApp(nil, w.Env)).PersistentFlags(), "")
	require.NoError(t, err)
	assert.Equal(t, Config{Format: "json", Offline: true, NoColor: true, Askpass: "/bin/ask", FIDO2Device: "/dev/hidraw3"}, loaded.Config)
	require.Len(t, loaded.origins, len(settings()))
	for _, o := range loaded.origins {
		assert.Equal(t, sourceEnvironment, o.Source, o.Key)
		assert.NotEqual(t, "", o.Where)
	}
}

func TestNearest(t *testing.T) {
	commands := []string{"sign", "verify", "version", "keys", "config"}
	for word, want := range map[string]string{
		"vrify": "verify", "verfiy": "verify", "versio": "version", "sing": "sign", "key": "keys",
		"conf": "config", "VERIFY": "verify", "xyzzy": "", "a": "", "": "", strings.Repeat("v", 1<<20): "",
	} {
		got, ok := nearest(word, commands)
		assert.Equal(t, want, got, "%.20q", word)
		assert.Equal(t, want != "", ok)
	}
}

func TestDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"json", "jsn", 1}, {"STELLA_OFLINE", "STELLA_OFFLINE", 1},
	} {
		assert.Equal(t, row.want, distance(row.a, row.b), "%q %q", row.a, row.b)
		assert.Equal(t, row.want, distance(row.b, row.a), "%q %q", row.b, row.a)
	}
}

func TestSigningToATerminalNeedsAName(t *testing.T) {
	s := &session{}
	require.NoError(t, (&outputFlags{}).requireName(s, "x.sigstore.json"), "a pipe")
	s.StdoutWidth = 80
	err := (&outputFlags{}).requireName(s, "x.sigstore.json")
	assert.Equal(t, fault.OutputRequired, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), "-o x.sigstore.json")
	require.NoError(t, (&outputFlags{path: "-"}).requireName(s, ""), "-o - forces it")
	require.NoError(t, (&outputFlags{path: "f"}).requireName(s, ""))
}

func TestResultGoesBesideTheArtefact(t *testing.T) {
	for path, want := range map[string]struct{ stdout, stderr string }{
		"":     {"artefact", "key id  x\n"},
		"-":    {"artefact", "key id  x\n"},
		"file": {"key id  x\n", ""},
	} {
		t.Run(path, func(t *testing.T) {
			t.Chdir(t.TempDir())
			w := newWorld()
			a := newApp(nil, w.Env)
			s, err := a.open(Config{})
			require.NoError(t, err)
			f := &outputFlags{path: path}
			out, err := f.create(t.Context(), s)
			require.NoError(t, err)
			defer out.Abort()
			_, err = out.Write([]byte("artefact"))
			require.NoError(t, err)
			require.NoError(t, out.Commit())
			require.NoError(t, f.show(s, keyIDResult("x")))
			require.NoError(t, s.ui.Flush())
			assert.Equal(t, want.stdout, w.stdout.String())
			assert.Equal(t, want.stderr, w.stderr.String())
		})
	}
}

type keyIDResult string

func (r keyIDResult) Text(p *ui.Printer) { p.Pairs(ui.P("key id", ui.T(string(r)))) }

func TestEveryCommandIsDescribed(t *testing.T) {
	visitCommands(Command(), func(cmd *cobra.Command) {
		assert.NotEmpty(t, cmd.Short, cmd.CommandPath())
		assert.NotEmpty(t, cmd.Long, cmd.CommandPath())
		assert.False(t, strings.HasSuffix(cmd.Short, "."), cmd.CommandPath())
		for line := range strings.Lines(cmd.Long) {
			assert.LessOrEqual(t, len(line), helpWidth+1, "%s: %q", cmd.CommandPath(), line)
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	for _, text := range []string{
		"", "format: json\n", "offline: true\naskpass: /x\n", "format: &a json\noffline: *a\n", "? [a]\n: b\n", "<<: {}\n",
		"format: !!binary anNvbg==\n", "--- !x\n", "a: {b: {c: d}}\n", "\xff", "\t", "format:\n", "%YAML 1.2\n---\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := parseConfig("f.yaml", text)
		if err != nil {
			if fault.ReasonOf(err) != fault.ConfigInvalid {
				t.Fatalf("reason %s: %v", fault.ReasonOf(err), err)
			}
			return
		}
		for key, e := range entries {
			s, ok := findSetting(key)
			if !ok || e.value == nil || e.where == "" {
				t.Fatalf("%q: %v", key, e)
			}
			if len(s.choices) > 0 && !strings.Contains(strings.Join(s.choices, " "), e.value.(string)) {
				t.Fatalf("%q: %v", key, e.value)
			}
		}
	})
}
