package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
)

func TestNothingDangerousIsConfigurable(t *testing.T) {
	for _, s := range settings() {
		assert.False(t, onlyFlag(s.key), s.key)
		assert.Equal(t, strings.ToLower(s.key), s.key, "viper folds case")
	}
	for _, key := range []string{"at", "force", "force-activate", "allow-expired", "assume-revoked", "replace-policy-unsafe"} {
		assert.True(t, onlyFlag(key), key)
	}
	assert.False(t, onlyFlag("format"))
}

func TestEverySettingReachesConfig(t *testing.T) {
	w := newWorld("STELLA_FORMAT=json", "STELLA_OFFLINE=true", "STELLA_NO_COLOR=1", "STELLA_ASKPASS=/bin/ask",
		"STELLA_PLUGINS_DIR=/plugins", "STELLA_PLUGINS_ALLOW=awskms, gost", "STELLA_PLUGINS_LOCAL=gost",
		"STELLA_PKCS11_MODULE=/m.so", "STELLA_TPM_DEVICE=/dev/tpm1", "STELLA_PROFILE=sm", "STELLA_KEYRING=/ring", "STELLA_AUDIT_LOG=/a/log",
		"STELLA_FIDO2_DEVICE=/dev/hidraw3", "STELLA_NO_GITHUB=1", "STELLA_STATE=/state", "STELLA_TRUST_NAME=acme", "STELLA_KIT_MAX_AGE=30d")
	loaded, err := loadConfig(w.Env, newRootCommand(newApp(nil, w.Env)).PersistentFlags(), "")
	require.NoError(t, err)
	assert.Equal(t, Config{
		Format: "json", Offline: true, NoColor: true, Askpass: "/bin/ask",
		PluginsDir: "/plugins", PluginsAllow: []string{"awskms", "gost"}, PluginsLocal: []string{"gost"},
		PKCS11Module: "/m.so", TPMDevice: "/dev/tpm1", Profile: keys.ProfileSM, Keyring: "/ring", AuditLog: "/a/log", FIDO2Device: "/dev/hidraw3", NoGitHub: true,
		State: "/state", TrustName: "acme", KitMaxAge: "30d",
	}, loaded.Config)
	require.Len(t, loaded.origins, len(settings()))
	for _, o := range loaded.origins {
		assert.Equal(t, sourceEnvironment, o.Source, o.Key)
		assert.NotEqual(t, "", o.Where)
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
			s, err := a.open(&cobra.Command{}, Config{})
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
		"plugins: {allow: [awskms, gost]}\n", "plugins:\n  allow:\n  - a\n  dir: /x\n", "plugins: {allow: awskms}\n", "plugins: {allow: [[a]]}\n",
		"plugins: {allow: [awskms, awskms]}\n",
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
