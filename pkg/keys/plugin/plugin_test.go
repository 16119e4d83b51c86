//go:build unix

package plugin_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

// fixture is a directory with the fake plugin, and a key.
type fixture struct {
	dir, key string
	public   crypto.PublicKey
	program  string
	options  plugin.Options

	mu    sync.Mutex
	lines []string
}

func newFixture(t testing.TB, a keys.Algorithm) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir()}
	f.program = install(t, f.dir, "fake")
	private, err := keys.Generate(a)
	require.NoError(t, err)
	text, err := keys.MarshalPrivate(private, keys.FormatPKCS8, nil)
	require.NoError(t, err)
	f.key, f.public = filepath.Join(f.dir, "key.pem"), private.Public()
	require.NoError(t, os.WriteFile(f.key, text, 0o600))
	f.options = plugin.Options{
		Dirs: []string{f.dir}, Allow: []plugin.Permission{{Name: "fake"}}, Environ: os.Environ,
		Stderr: func(name, line string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.lines = append(f.lines, name+": "+line)
		},
	}
	return f
}

func (f *fixture) driver(t testing.TB) keys.Driver {
	t.Helper()
	for _, d := range plugin.New(f.options).Drivers() {
		if d.Scheme() == "fake" {
			return d
		}
	}
	t.Fatal("no driver")
	return nil
}

func reference(t testing.TB, text string) keys.Ref {
	t.Helper()
	ref, err := keys.ParseRef(text)
	require.NoError(t, err)
	return ref
}

// ref names the fixture's key behind a plugin that behaves in a way.
func (f *fixture) ref(t testing.TB, behaviour string) keys.Ref {
	return reference(t, "fake://"+behaviour+":"+f.key)
}

func (f *fixture) open(t testing.TB, behaviour string) (dsse.Signer, error) {
	t.Helper()
	return f.driver(t).Open(t.Context(), f.ref(t, behaviour))
}

func message(text string) dsse.Message {
	return dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(text))
}

func TestSuite(t *testing.T) {
	keystest.Run(t, keystest.Suite{
		Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.RSA3072},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			f := newFixture(t, a)
			return keystest.Fixture{
				Driver: f.driver(t), Ref: f.ref(t, "good"), Public: f.public,
				Missing: reference(t, "fake://good:"+f.key+"-no"), MissingReason: fault.KeyNotFound,
				Damaged: f.ref(t, "wrong"),
			}
		},
	})
}

func TestWhatNeverStarts(t *testing.T) {
	for _, row := range []struct {
		name, ref string
		change    func(o *plugin.Options)
		want      fault.Reason
		says      string
	}{
		{"not allowed", "fake://x", func(o *plugin.Options) { o.Allow = nil }, fault.PluginForbidden, "plugins: {allow: [fake]}"},
		{
			"not allowed, others are", "fake://x",
			func(o *plugin.Options) { o.Allow = []plugin.Permission{{Name: "gost"}}; o.ConfigFile = "/c.yaml" },
			fault.PluginForbidden, "put into /c.yaml: plugins: {allow: [gost, fake]}",
		},
		{"offline", "fake://x", func(o *plugin.Options) { o.Offline = true }, fault.OfflineForbidden, "--offline"},
		{
			"offline and not allowed", "fake://x", func(o *plugin.Options) { o.Offline, o.Allow = true, nil },
			fault.OfflineForbidden, "",
		},
		{"no directory", "fake://x", func(o *plugin.Options) { o.Dirs = nil }, fault.PluginFailed, "plugins: {dir: DIRECTORY}"},
		{"not installed", "fake://x", func(o *plugin.Options) { o.Dirs = []string{"/nowhere"} }, fault.PluginFailed, "put the program there"},
		{"no key", "fake://", nil, fault.UsageInvalid, "fake://KEY"},
		{"no slashes", "fake:x", nil, fault.UsageInvalid, "fake://KEY"},
		{"options", "fake://x?a=b", nil, fault.UsageInvalid, "fake: keys"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t, keys.Ed25519)
			driver := plugin.New(f.options).Driver("fake")
			if row.change != nil {
				row.change(&f.options)
				driver = plugin.New(f.options).Driver("fake")
			}
			started := filepath.Join(f.dir, "started")
			require.NoError(t, os.WriteFile(f.program, []byte("#!/bin/sh\n: >"+started+"\n"), 0o755))
			_, err := driver.Open(t.Context(), reference(t, row.ref))
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), row.says)
			assert.NoFileExists(t, started)
		})
	}
	t.Run("local keys are allowed offline", func(t *testing.T) {
		f := newFixture(t, keys.Ed25519)
		f.options.Offline, f.options.Local = true, []string{"fake"}
		_, err := f.open(t, "good")
		assert.NoError(t, err)
	})
}

// TestPathIsNotSearched is the hole that the allow-list and the directory close.
func TestPathIsNotSearched(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	t.Setenv("PATH", f.dir)
	t.Chdir(f.dir)
	f.options.Dirs = []string{t.TempDir()}
	_, err := f.open(t, "good")
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
}

func TestMisbehaviour(t *testing.T) {
	for _, row := range []struct {
		behaviour string
		want      fault.Reason
		says      string
	}{
		{"flood", fault.PluginFailed, "wrote more than 1048576 bytes"},
		{"hang", fault.PluginFailed, "did not answer in time"},
		{"orphan", fault.PluginFailed, "left a process behind"},
		{"status", fault.PluginFailed, "ended with status 1"},
		{"wrong", fault.KeySelfTest, ""},
		{"empty", fault.KeySelfTest, ""},
		{"deaf", fault.KeySelfTest, ""},
		{"environment", fault.PluginFailed, "says: "},
	} {
		t.Run(row.behaviour, func(t *testing.T) {
			f := newFixture(t, keys.ECDSAP256)
			if row.behaviour == "hang" {
				f.options.Timeout = 3 * time.Second // the others take what a busy machine takes
			}
			_, err := f.open(t, row.behaviour)
			require.Error(t, err)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), row.says)
			assert.Contains(t, err.Error(), f.ref(t, row.behaviour).String(), "the error says what was being done")
			assert.NotEmpty(t, fault.HintOf(err), "and what to do")
		})
	}
}

// becomes replaces the plugin by one that prints an answer, whatever it is asked.
func (f *fixture) becomes(t *testing.T, answer string) {
	t.Helper()
	file := filepath.Join(f.dir, "answer")
	require.NoError(t, os.WriteFile(file, []byte(answer), 0o600))
	require.NoError(t, os.WriteFile(f.program, []byte("#!/bin/sh\ncat '"+file+"'\n"), 0o755))
}

func TestAnswersThatAreNoAnswers(t *testing.T) {
	f := newFixture(t, keys.ECDSAP256)
	signer, err := f.open(t, "good")
	require.NoError(t, err)
	for _, answer := range []string{
		"", " ", "null", "{}", "[]", `"x"`, `{"signMessage":null}`, `{"signMessage":{"signature":"=="}}`, `{"signMessage":{}} x`,
		`{"signMessage":{"signature":""},"signMessage":{"signature":""}}`, `{"publicKey":{"publicKeyPEM":"AAAA"}}`, "\x00",
		`{"signMessage":{"signature":7}}`, `{"SignMessage":{"signature":"AAAA"}}`, `{"signMessage":{"signature":"AAAA"}}`,
	} {
		t.Run(answer, func(t *testing.T) {
			f.becomes(t, answer)
			_, err := signer.Sign(t.Context(), message("{}"))
			assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
			assert.NotEmpty(t, fault.HintOf(err))
		})
	}
}

func TestPublicKeysThatAreNone(t *testing.T) {
	f := newFixture(t, keys.ECDSAP256)
	two, err := keys.MarshalPublic(f.public)
	require.NoError(t, err)
	private, err := os.ReadFile(f.key)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"nothing": "", "text": "x", "two keys": string(two) + string(two), "a private key": string(private),
		"half": string(two[:60]),
	} {
		t.Run(name, func(t *testing.T) {
			f.becomes(t, fmt.Sprintf(`{"publicKey":{"publicKeyPEM":%q}}`, base64.StdEncoding.EncodeToString([]byte(text))))
			_, err := f.open(t, "good")
			assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
			assert.NotContains(t, err.Error(), "PRIVATE")
		})
	}
}

func TestReasonsThatAPluginGives(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	for text, want := range map[string]fault.Reason{
		"key.not_found: no such key":     fault.KeyNotFound,
		"service.unavailable: try later": fault.ServiceUnavailable,
		"internal: x":                    fault.PluginFailed,
		"interrupted: x":                 fault.PluginFailed,
		"key.revoked: x":                 fault.PluginFailed,
		"key.not_found":                  fault.PluginFailed,
		"\x1b[2J\u202e\x00\r\n":          fault.PluginFailed,
		strings.Repeat("x", 100_000):     fault.PluginFailed,
	} {
		message, err := json.Marshal(map[string]string{"errorMessage": text})
		require.NoError(t, err)
		f.becomes(t, string(message))
		_, err = f.open(t, "good")
		assert.Equal(t, want, fault.ReasonOf(err), "%v", err)
		assert.Regexp(t, "^[ -~…]*$", err.Error())
		assert.Less(t, len(err.Error()), 2000)
	}
}

// TestAnotherKey is about a plugin that signs with another key after it was
// opened: the public key is pinned then.
func TestAnotherKey(t *testing.T) {
	f := newFixture(t, keys.ECDSAP256)
	signer, err := f.open(t, "turn")
	require.NoError(t, err)
	assert.True(t, f.public.(interface{ Equal(crypto.PublicKey) bool }).Equal(signer.Public()))
	_, err = signer.Sign(t.Context(), message("{}"))
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "does not verify with the key's public half")
}

func TestLargeMessage(t *testing.T) {
	f := newFixture(t, keys.ECDSAP256)
	signer, err := f.open(t, "good")
	require.NoError(t, err)
	large := message(strings.Repeat("large ", 2<<20))
	sig, err := signer.Sign(t.Context(), large)
	require.NoError(t, err)
	verifier, err := dsse.NewVerifier(f.public)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(large, sig))
	deaf, err := f.open(t, "good")
	require.NoError(t, err)
	f.becomes(t, `{"signMessage":{"signature":"AAAA"}}`)
	_, err = deaf.Sign(t.Context(), large)
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "a message that is not read does not block: %v", err)
}

// TestMessageThatFails is about content that cannot be read a second time.
func TestMessageThatFails(t *testing.T) {
	f := newFixture(t, keys.ECDSAP256)
	signer, err := f.open(t, "good")
	require.NoError(t, err)
	_, err = signer.Sign(t.Context(), dsse.NewMessage("t", broken{}))
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err), "%v", err)
}

type broken struct{ dsse.Bytes }

func (broken) Size() int64 { return 10 }

func (broken) WriteTo(io.Writer) (int64, error) {
	return 0, fault.New(fault.InputChanged, "changed")
}

func TestCancelKillsTheGroup(t *testing.T) {
	f := newFixture(t, keys.ECDSAP256)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := f.driver(t).Open(ctx, f.ref(t, "hang"))
		done <- err
	}()
	var pid int
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(f.key + ".pid")
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(text))
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, syscall.Kill(pid, 0), "the plugin's child runs")
	cancel()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(10 * time.Second):
		t.Fatal("the plugin was not ended")
	}
	assert.Eventually(t, func() bool { return !runs(pid) }, 5*time.Second, 10*time.Millisecond)
}

// runs reports whether a process runs; one that has ended may still wait for
// its parent to ask.
func runs(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

func TestStandardError(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	signer, err := f.open(t, "chatter")
	require.NoError(t, err, "what it says changes nothing")
	f.lines = nil
	_, err = signer.Sign(t.Context(), message("{}"))
	require.NoError(t, err)
	require.Len(t, f.lines, 100)
	assert.Equal(t, `fake: \x1b[31mred\x1b[0m\u202e\xff "quoted"`, f.lines[0])
	assert.Equal(t, "fake: "+strings.Repeat("long", 256)+" … (the line goes on)", f.lines[1])
	assert.Equal(t, "fake: line", f.lines[2])
	assert.Equal(t, "fake: … (more lines are not shown)", f.lines[99])
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_SECRET_ACCESS_KEY": "aws-secret", "STELLA_PASSPHRASE": "stella-secret", "LD_PRELOAD_X": "ld", "FAKE_TOKEN": "fake-token",
		"HTTPS_PROXY": "http://proxy", "PATH": "/evil",
	} {
		t.Setenv(name, value)
	}
	f := newFixture(t, keys.Ed25519)
	_, err := f.open(t, "environment")
	require.Error(t, err)
	for _, want := range []string{"FAKE_TOKEN=fake-token", "HTTPS_PROXY=http://proxy", "HOME=", "PATH=/usr/local/sbin:"} {
		assert.Contains(t, err.Error(), want)
	}
	for _, other := range []string{"aws-secret", "stella-secret", "LD_PRELOAD", "/evil"} {
		assert.NotContains(t, err.Error(), other)
	}
}

func TestGenerate(t *testing.T) {
	f := newFixture(t, keys.Ed25519)
	generator, ok := f.driver(t).(keys.Generator)
	require.True(t, ok)
	ref := reference(t, "fake://good:"+f.key+"2")
	made, err := generator.Generate(t.Context(), ref, keys.ECDSAP256)
	require.NoError(t, err)
	assert.Equal(t, ref, made.Ref)
	parsed, err := keys.ParsePublic(made.PublicFile)
	require.NoError(t, err)
	assert.Equal(t, made.Public, parsed[0].Key)
	before, err := os.ReadFile(f.key + "2")
	require.NoError(t, err)
	_, err = generator.Generate(t.Context(), ref, keys.ECDSAP256)
	assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "%v", err)
	after, err := os.ReadFile(f.key + "2")
	require.NoError(t, err)
	assert.Equal(t, before, after)
	_, err = generator.Generate(t.Context(), reference(t, "fake://good:"+f.key+"3"), keys.RSA4096)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "ECC_NIST_P256, ed25519")
}
