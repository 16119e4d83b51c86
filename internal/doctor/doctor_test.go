package doctor_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/doctor"
	"github.com/stellaops/stella/internal/fault"
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// fixture is a machine whose files lie in dir, and on which nothing is denied
// but what is in denied.
type fixture struct {
	*doctor.World
	dir    string
	denied []string
}

func (f *fixture) deny(path string) { f.denied = append(f.denied, path) }

// file makes a file, as old as the clock says.
func (f *fixture) file(t *testing.T, name string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(f.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Chmod(path, mode))
	require.NoError(t, os.Chtimes(path, now(), now()))
	return path
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir()}
	f.World = &doctor.World{
		Now: now(), Stat: os.Stat,
		Access: func(path string, _ doctor.Access) error {
			for _, d := range f.denied {
				if d == path {
					return errors.New("permission denied to this user")
				}
			}
			return nil
		},
		Drivers:  []doctor.Driver{{Scheme: "file"}, {Scheme: "pkcs11"}},
		AuditLog: filepath.Join(f.dir, "state", "audit", "audit.jsonl"),
		Crypto:   doctor.Crypto{Profile: "default", Module: "not validated: none"},
	}
	return f
}

// bundle is a trust bundle, ten days old and good for twenty.
func (f *fixture) bundle(t *testing.T, err error) *doctor.TrustBundle {
	t.Helper()
	require.NoError(t, os.Mkdir(filepath.Join(f.dir, "default"), 0o700))
	f.Trust = doctor.Trust{Dir: f.dir, Active: "default", Bundles: []doctor.TrustBundle{
		{Name: "default", Err: err, Since: now().AddDate(0, 0, -10), Expires: now().AddDate(0, 0, 20)},
	}}
	return &f.Trust.Bundles[0]
}

// kit is a channel with a kit, ten days old.
func (f *fixture) kit() *doctor.KitChannel {
	f.Kits.Channels = []doctor.KitChannel{{Name: "stable", Version: 7, Built: now().AddDate(0, 0, -10)}}
	return &f.Kits.Channels[0]
}

// TestFindings has a row for each thing that a check can find.
func TestFindings(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs the modes of Unix")
	}
	trouble := fault.New(fault.PluginForbidden, "plugin in trouble").WithHint("help it")
	for _, row := range []struct {
		name   string
		check  string
		change func(t *testing.T, f *fixture)
		state  doctor.State
		what   string
		do     string
	}{
		{"drivers", "drivers", nil, doctor.OK, "this build opens keys of file, pkcs11", ""},
		{"absent driver", "drivers", func(_ *testing.T, f *fixture) {
			f.Drivers[1].Absent = fault.New(fault.KeyScheme, "not in this build").WithHint("get the other")
		}, doctor.Note, "no driver for pkcs11: keys: not in this build", "get the other"},

		{"no module", "pkcs11", nil, doctor.Note, "no PKCS #11 module in the usual places", "STELLA_PKCS11_MODULE"},
		{"module", "pkcs11", func(t *testing.T, f *fixture) {
			f.Modules = []doctor.Module{{"hsm", f.file(t, "hsm.so", 0o644)}}
		}, doctor.OK, "hsm at", ""},
		{"module that others can change", "pkcs11", func(t *testing.T, f *fixture) {
			f.Modules = []doctor.Module{{"hsm", f.file(t, "hsm.so", 0o664)}}
		}, doctor.Problem, "can be written by other users", "chmod go-w"},
		{"configured module", "pkcs11", func(t *testing.T, f *fixture) {
			f.Modules = []doctor.Module{{"hsm", f.file(t, "hsm.so", 0o664)}}
			f.Module = f.file(t, "own.so", 0o644)
		}, doctor.OK, "the configured module", ""},
		{"configured module that is not there", "pkcs11", func(_ *testing.T, f *fixture) {
			f.Module = filepath.Join(f.dir, "absent.so")
		}, doctor.Problem, "no such file", "pkcs11.module"},
		{"modules without a driver", "pkcs11", func(_ *testing.T, f *fixture) {
			f.Drivers = f.Drivers[:1]
			f.Modules = []doctor.Module{{"hsm", "/hsm.so"}, {"card", "/card.so"}}
		}, doctor.Note, `hsm at "/hsm.so", card at "/card.so", of no use to this build`, "stella-hardware"},

		{"no token", "fido2", nil, doctor.Note, "no FIDO2 token", ""},
		{"token", "fido2", func(t *testing.T, f *fixture) {
			f.Tokens = []doctor.Token{{"key\x1b", f.file(t, "hidraw0", 0o600)}}
		}, doctor.OK, `token "key\x1b" at`, ""},
		{"token of somebody else", "fido2", func(t *testing.T, f *fixture) {
			f.Tokens = []doctor.Token{{"key", f.file(t, "hidraw0", 0o600)}}
			f.deny(f.Tokens[0].Path)
		}, doctor.Note, "permission denied", "udev"},

		{"no TPM", "tpm", func(_ *testing.T, f *fixture) { f.TPMs = []string{filepath.Join(f.dir, "tpm0")} }, doctor.Note, "shows no TPM", ""},
		{"second TPM device", "tpm", func(t *testing.T, f *fixture) {
			f.TPMs = []string{filepath.Join(f.dir, "tpmrm0"), f.file(t, "tpm0", 0o600)}
		}, doctor.OK, "tpm0", ""},
		{"TPM of somebody else", "tpm", func(t *testing.T, f *fixture) {
			f.TPMs = []string{f.file(t, "tpmrm0", 0o600)}
			f.deny(f.TPMs[0])
		}, doctor.Note, "permission denied", "tss"},
		{"configured TPM of somebody else", "tpm", func(t *testing.T, f *fixture) {
			f.TPM = f.file(t, "tpmrm0", 0o600)
			f.deny(f.TPM)
		}, doctor.Problem, "permission denied", "tss"},
		{"configured TPM that is not there", "tpm", func(t *testing.T, f *fixture) {
			f.TPMs = []string{f.file(t, "tpmrm0", 0o600)}
			f.TPM = filepath.Join(f.dir, "absent")
		}, doctor.Problem, "there is no TPM at", "tpm.device"},

		{"no plugin", "plugins", func(_ *testing.T, f *fixture) {
			f.Plugins = []doctor.Plugin{{Name: "awskms"}}
		}, doctor.Note, "no key plugin", ""},
		{"plugin", "plugins", func(_ *testing.T, f *fixture) {
			f.Plugins = []doctor.Plugin{{Name: "awskms", Path: "/p", Allowed: true}}
		}, doctor.OK, `plugin awskms at "/p"`, ""},
		{"plugin that is not allowed", "plugins", func(_ *testing.T, f *fixture) {
			f.Plugins = []doctor.Plugin{{Name: "awskms", Path: "/p"}}
		}, doctor.Note, "is not allowed to run", "plugins.allow"},
		{"plugin that cannot run", "plugins", func(_ *testing.T, f *fixture) {
			f.Plugins = []doctor.Plugin{{Name: "awskms", Allowed: true, Err: trouble}}
		}, doctor.Problem, "plugin in trouble", "help it"},

		{"no state directory is named", "state", nil, doctor.OK, "the user's own", ""},
		{"state directory", "state", func(t *testing.T, f *fixture) {
			f.StateDir = f.dir
			require.NoError(t, os.Chmod(f.dir, 0o750))
		}, doctor.OK, "state directory", ""},
		{"state directory that cannot be used", "state", func(_ *testing.T, f *fixture) {
			f.StateDir, f.StateErr = f.dir, trouble
		}, doctor.Problem, "in trouble", "help it"},
		{"state directory that went away", "state", func(_ *testing.T, f *fixture) {
			f.StateDir = filepath.Join(f.dir, "absent")
		}, doctor.Problem, "no such file", "make the directory yours"},
		{"state directory that others can change", "state", func(t *testing.T, f *fixture) {
			f.StateDir = f.dir
			require.NoError(t, os.Chmod(f.dir, 0o770))
		}, doctor.Problem, "can be written by other users", "chmod go-w"},
		{"state directory of somebody else", "state", func(t *testing.T, f *fixture) {
			f.StateDir = filepath.Dir(f.file(t, "shared/f", 0o600))
			f.deny(f.StateDir)
		}, doctor.Note, "permission denied", "make the directory yours"},

		{"no keyring", "keyring", func(_ *testing.T, f *fixture) { f.Keyring.Dir = filepath.Join(f.dir, "ring") }, doctor.Note, "there is no keyring", "keys generate"},
		{"no home", "keyring", nil, doctor.Note, "there is no keyring", ""},
		{"keyring", "keyring", func(_ *testing.T, f *fixture) {
			f.Keyring = doctor.Keyring{Dir: f.dir, Keys: []doctor.Key{{"a", time.Time{}}, {"b", now().AddDate(1, 0, 0)}}}
			_ = os.Chmod(f.dir, 0o700)
		}, doctor.OK, "with 2 signing keys", ""},
		{"keyring that is open", "keyring", func(t *testing.T, f *fixture) {
			f.Keyring.Dir = f.dir
			require.NoError(t, os.Chmod(f.dir, 0o750))
		}, doctor.Problem, "open to other users (mode 0750)", "chmod 700"},
		{"keyring that is broken", "keyring", func(_ *testing.T, f *fixture) {
			f.Keyring = doctor.Keyring{Dir: f.dir, Err: trouble}
		}, doctor.Problem, "in trouble", "help it"},
		{"keyring under a file", "keyring", func(t *testing.T, f *fixture) {
			f.Keyring.Dir = filepath.Join(f.file(t, "f", 0o600), "ring")
		}, doctor.Problem, "not a directory", "make the directory yours"},
		{"key that ends soon", "keyring", func(t *testing.T, f *fixture) {
			require.NoError(t, os.Chmod(f.dir, 0o700))
			f.Keyring = doctor.Keyring{Dir: f.dir, Keys: []doctor.Key{{"release", now().AddDate(0, 0, 29)}}}
		}, doctor.Note, `key "release" signs until 2026-12-22T12:00:00Z only`, `stella keys rotate release --to KEY`},
		{"key that has ended", "keyring", func(t *testing.T, f *fixture) {
			require.NoError(t, os.Chmod(f.dir, 0o700))
			f.Keyring = doctor.Keyring{Dir: f.dir, Keys: []doctor.Key{{"release", now().Add(-time.Second)}}}
		}, doctor.Problem, "could sign until", "keys rotate"},

		{"no audit log yet", "audit log", nil, doctor.OK, "will be made", ""},
		{"audit log", "audit log", func(t *testing.T, f *fixture) { f.AuditLog = f.file(t, "audit.jsonl", 0o600) }, doctor.OK, "audit.jsonl", ""},
		{"audit log of somebody else", "audit log", func(t *testing.T, f *fixture) {
			f.AuditLog = f.file(t, "audit.jsonl", 0o600)
			f.deny(f.AuditLog)
		}, doctor.Problem, "so nothing can be signed", "--audit-log"},
		{"audit log that others can change", "audit log", func(t *testing.T, f *fixture) {
			f.AuditLog = f.file(t, "audit.jsonl", 0o620)
		}, doctor.Problem, "can be written by other users", "chmod"},
		{"directory of somebody else", "audit log", func(_ *testing.T, f *fixture) { f.deny(f.dir) }, doctor.Problem, "so nothing can be signed", "--audit-log"},
		{"audit log under a file", "audit log", func(t *testing.T, f *fixture) {
			f.AuditLog = filepath.Join(f.file(t, "f", 0o600), "audit.jsonl")
		}, doctor.Problem, "not a directory", "--audit-log"},
		{"no place for the audit log", "audit log", func(_ *testing.T, f *fixture) { f.AuditLog, f.AuditErr = "", trouble }, doctor.Problem, "in trouble", "help it"},

		{"no configuration", "configuration", nil, doctor.OK, "the defaults hold", ""},
		{"configuration", "configuration", func(t *testing.T, f *fixture) { f.Config.File = f.file(t, "c.yaml", 0o644) }, doctor.OK, "c.yaml", ""},
		{"configuration that others can change", "configuration", func(t *testing.T, f *fixture) {
			f.Config.File = f.file(t, "c.yaml", 0o646)
		}, doctor.Problem, "who decide then what signs", "chmod go-w"},
		{"broken configuration", "configuration", func(_ *testing.T, f *fixture) { f.Config.Err = trouble }, doctor.Problem, "in trouble", "help it"},
		{"configuration that went away", "configuration", func(_ *testing.T, f *fixture) {
			f.Config.File = filepath.Join(f.dir, "absent")
		}, doctor.Problem, "no such file", "--config"},
		{"unknown variable", "configuration", func(_ *testing.T, f *fixture) { f.Config.Unknown = []string{"STELLA_X"} }, doctor.Note, "STELLA_X", "unset"},

		{"trust", "trust", nil, doctor.Note, "no trust bundle", ""},
		{"trust bundle", "trust", func(t *testing.T, f *fixture) { f.bundle(t, nil) }, doctor.OK, `trust "default" of 2026-11-13T12:00:00Z, good until 2026-12-13`, ""},
		{"trust that ends", "trust", func(t *testing.T, f *fixture) {
			f.bundle(t, nil).Expires = now().AddDate(0, 0, 13)
		}, doctor.Note, "good until 2026-12-06T12:00:00Z only", "trust import"},
		{"trust in trouble", "trust", func(t *testing.T, f *fixture) { f.bundle(t, trouble) }, doctor.Problem, "in trouble", "help it"},
		{"other trust in trouble", "trust", func(t *testing.T, f *fixture) {
			f.bundle(t, trouble)
			f.Trust.Active = "another"
		}, doctor.Note, "in trouble", "help it"},
		{"trust that others can change", "trust", func(t *testing.T, f *fixture) {
			f.bundle(t, nil)
			require.NoError(t, os.Chmod(filepath.Join(f.dir, "default"), 0o770))
		}, doctor.Problem, "decide then whom to trust", "chmod 700"},
		{"trust that went away", "trust", func(t *testing.T, f *fixture) {
			f.bundle(t, nil).Name = "absent"
		}, doctor.Problem, "no such file", "make the directory yours"},
		{"trust that is not chosen", "trust", func(_ *testing.T, f *fixture) { f.Trust.Err = trouble }, doctor.Problem, "in trouble", "help it"},

		{"no kit", "offline kits", nil, doctor.Note, "no offline kit", ""},
		{"kit", "offline kits", func(_ *testing.T, f *fixture) { f.kit() }, doctor.OK, `channel "stable": version 7, built 2026-11-13`, ""},
		{"kit in trouble", "offline kits", func(_ *testing.T, f *fixture) { f.kit().Err = trouble }, doctor.Problem, "in trouble", "help it"},
		{"stale kit", "offline kits", func(_ *testing.T, f *fixture) { f.kit().Stale = trouble }, doctor.Problem, "in trouble", "help it"},
		{"kit of the future", "offline kits", func(_ *testing.T, f *fixture) { f.kit().Built = now().AddDate(1, 0, 0) }, doctor.Problem, "ahead of the clock", "set the clock"},
		{"kits that cannot be listed", "offline kits", func(_ *testing.T, f *fixture) { f.Kits.Err = trouble }, doctor.Problem, "in trouble", "help it"},
		{"interrupted import", "offline kits", func(_ *testing.T, f *fixture) {
			f.Kits.Interrupted = []string{"/kits/stable/payloads/8-2"}
		}, doctor.Note, `"/kits/stable/payloads/8-2" holds a kit that is not active`, "the next import"},
		{"quarantine", "offline kits", func(_ *testing.T, f *fixture) {
			f.Kits.Quarantined, f.Kits.Quarantine = 2, "/quarantine"
		}, doctor.Note, `2 in quarantine at "/quarantine"`, "offline-kit status"},
		{"quarantine in trouble", "offline kits", func(_ *testing.T, f *fixture) { f.Kits.QuarantineErr = trouble }, doctor.Problem, "in trouble", "help it"},

		{"clock", "clock", nil, doctor.OK, "2026-11-23T12:00:00Z", ""},
		{"clock at its beginning", "clock", func(_ *testing.T, f *fixture) { f.Now = time.Unix(0, 0) }, doctor.Problem, "which cannot be", "set the clock"},
		{"clock of the far future", "clock", func(_ *testing.T, f *fixture) { f.Now = now().AddDate(100, 0, 0) }, doctor.Problem, "which cannot be", "set the clock"},
		{"clock behind a file", "clock", func(t *testing.T, f *fixture) {
			f.Dated = []string{filepath.Join(f.dir, "absent"), f.file(t, "new", 0o600)}
			f.Now = now().Add(-6 * time.Minute)
		}, doctor.Problem, "was written at 2026-11-23T12:00:00Z", "set the clock"},
		{"clock a little behind", "clock", func(t *testing.T, f *fixture) {
			f.Dated = []string{f.file(t, "new", 0o600)}
			f.Now = now().Add(-4 * time.Minute)
		}, doctor.OK, "11:56", ""},

		{"default profile", "cryptography", nil, doctor.OK, "profile default; FIPS 140-3: not validated: none", ""},
		{"profile without a certificate", "cryptography", func(_ *testing.T, f *fixture) {
			f.Crypto = doctor.Crypto{Profile: "sm", Standing: "not certified"}
		}, doctor.OK, "profile sm, not certified", ""},
		{"fips without a module", "cryptography", func(_ *testing.T, f *fixture) {
			f.Crypto = doctor.Crypto{Profile: "fips", Standing: "not validated", NeedsModule: true}
		}, doctor.Note, "profile fips, not validated", "stella-fips"},
		{"fips", "cryptography", func(_ *testing.T, f *fixture) {
			f.Crypto = doctor.Crypto{Profile: "fips", Standing: "certificate 1", NeedsModule: true, Validated: true}
		}, doctor.OK, "certificate 1", ""},
	} {
		t.Run(row.check+"/"+row.name, func(t *testing.T) {
			f := newFixture(t)
			if row.change != nil {
				row.change(t, f)
			}
			findings := doctor.Examine(f.World)
			found := last(findings, row.check)
			assert.Equal(t, row.state, found.State, "%+v", found)
			assert.Contains(t, found.What, row.what)
			assert.Contains(t, found.Do, row.do)
			if row.state == doctor.OK {
				assert.Empty(t, found.Do)
			}
			assert.Equal(t, row.state != doctor.Problem, doctor.Healthy(findings), "%+v", findings)
		})
	}
}

// last returns the last finding of a check: what a row adds stands there.
func last(findings []doctor.Finding, check string) doctor.Finding {
	var out doctor.Finding
	for _, f := range findings {
		if f.Check == check {
			out = f
		}
	}
	return out
}

// Every check says something of a machine with nothing on it, and every problem
// what to do.
func TestEmptyMachine(t *testing.T) {
	w := &doctor.World{Now: now(), Stat: os.Stat, Access: doctor.SystemAccess}
	seen := make(map[string]bool)
	for _, f := range doctor.Examine(w) {
		seen[f.Check] = true
		assert.NotEmpty(t, f.What)
		if f.State == doctor.Problem {
			assert.NotEmpty(t, f.Do, f.What)
		}
	}
	assert.Len(t, seen, 13)
}

func TestSystemAccess(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, doctor.SystemAccess(path, doctor.ReadWrite))
	require.NoError(t, doctor.SystemAccess(dir, doctor.Write))
	assert.ErrorIs(t, doctor.SystemAccess(filepath.Join(dir, "absent"), doctor.ReadWrite), os.ErrNotExist)
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		return // nothing is denied
	}
	require.NoError(t, os.Chmod(path, 0o400))
	assert.ErrorContains(t, doctor.SystemAccess(path, doctor.ReadWrite), "permission denied")
	require.NoError(t, os.Chmod(dir, 0o500))
	assert.ErrorContains(t, doctor.SystemAccess(dir, doctor.Write), "permission denied")
	require.NoError(t, os.Chmod(dir, 0o700))
}
