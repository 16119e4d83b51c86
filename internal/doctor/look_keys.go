package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

func lookDrivers(w *World) []Finding {
	var have []string
	var out []Finding
	for _, d := range w.Drivers {
		if d.Absent == nil {
			have = append(have, d.Scheme)
			continue
		}
		out = append(out, note(fmt.Sprintf("no driver for %s: keys: %s", d.Scheme, d.Absent), fault.HintOf(d.Absent)))
	}
	return append([]Finding{ok("this build opens keys of " + strings.Join(have, ", "))}, out...)
}

// has reports whether the build has a driver.
func (w *World) has(scheme string) bool {
	for _, d := range w.Drivers {
		if d.Scheme == scheme {
			return d.Absent == nil
		}
	}
	return false
}

func lookModules(w *World) []Finding {
	modules := w.Modules
	if w.Module != "" {
		modules = []Module{{Name: "the configured module", Path: w.Module}}
	}
	if len(modules) == 0 {
		return []Finding{note("no PKCS #11 module in the usual places",
			"for a token with a module elsewhere: STELLA_PKCS11_MODULE=/PATH, or ?module-path=/PATH in the key reference")}
	}
	if !w.has("pkcs11") {
		return []Finding{note(modulesText(modules)+", of no use to this build", "for tokens behind them use stella-hardware")}
	}
	var out []Finding
	for _, m := range modules {
		out = append(out, w.lookModule(m))
	}
	return out
}

func modulesText(modules []Module) string {
	names := make([]string, len(modules))
	for i, m := range modules {
		names[i] = fmt.Sprintf("%s at %q", m.Name, m.Path)
	}
	return strings.Join(names, ", ")
}

// lookModule looks at a library that would become part of the program.
func (w *World) lookModule(m Module) Finding {
	info, err := w.Stat(m.Path)
	switch {
	case err != nil:
		return problem(fmt.Sprintf("%s %q: %s", m.Name, m.Path, cause(err)), "install the token's software, or correct the setting pkcs11.module")
	case othersWrite(info):
		return problem(fmt.Sprintf("%s %q can be written by other users, who could read every PIN", m.Name, m.Path), "chmod go-w "+quote(m.Path))
	}
	return ok(fmt.Sprintf("%s at %q", m.Name, m.Path))
}

func lookTokens(w *World) []Finding {
	if len(w.Tokens) == 0 {
		return []Finding{note("no FIDO2 token is plugged in", "")}
	}
	var out []Finding
	for _, t := range w.Tokens {
		if err := w.Access(t.Path, ReadWrite); err != nil {
			out = append(out, note(fmt.Sprintf("token %q at %q: %s", t.Name, t.Path, cause(err)),
				"plug it in again while you are logged in at the machine, or let your group use it by a udev rule"))
			continue
		}
		out = append(out, ok(fmt.Sprintf("token %q at %q", t.Name, t.Path)))
	}
	return out
}

func lookTPM(w *World) []Finding {
	paths := w.TPMs
	if w.TPM != "" {
		paths = []string{w.TPM}
	}
	for _, path := range paths {
		_, err := w.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = w.Access(path, ReadWrite)
		}
		return []Finding{w.tpmFinding(path, err)}
	}
	if w.TPM != "" {
		return []Finding{problem(fmt.Sprintf("there is no TPM at %q", w.TPM), "correct the setting tpm.device, or leave it out")}
	}
	return []Finding{note("this machine shows no TPM", "")}
}

// tpmFinding is a note for a TPM that nobody asked for: most machines have one.
func (w *World) tpmFinding(path string, err error) Finding {
	const do = "become a member of the group that owns it (tss on most systems: usermod -aG tss USER) and log in again"
	switch {
	case err == nil:
		return ok(fmt.Sprintf("TPM at %q", path))
	case w.TPM != "":
		return problem(fmt.Sprintf("TPM at %q: %s", path, cause(err)), do)
	}
	return note(fmt.Sprintf("TPM at %q: %s", path, cause(err)), do)
}

func lookPlugins(w *World) []Finding {
	var out []Finding
	for _, p := range w.Plugins {
		switch {
		case p.Allowed && p.Err != nil:
			out = append(out, problem(p.Err.Error(), fault.HintOf(p.Err)))
		case p.Allowed:
			out = append(out, ok(fmt.Sprintf("plugin %s at %q", p.Name, p.Path)))
		case p.Path != "":
			out = append(out, note(fmt.Sprintf("plugin %s at %q is not allowed to run", p.Name, p.Path),
				"if its keys are wanted, put its name into the setting plugins.allow"))
		}
	}
	if len(out) == 0 {
		return []Finding{note("no key plugin is allowed or installed", "")}
	}
	return out
}

// expiresSoon is how long before the end of its window a key is spoken of.
const expiresSoon = 30 * 24 * time.Hour

func lookKeyring(w *World) []Finding {
	if w.StateErr != nil {
		return []Finding{notLookedAt()}
	}
	k := w.Keyring
	if k.Err != nil {
		return []Finding{problem(k.Err.Error(), fault.HintOf(k.Err))}
	}
	info, err := w.Stat(k.Dir)
	if errors.Is(err, fs.ErrNotExist) || k.Dir == "" {
		return []Finding{note("there is no keyring", "stella keys generate --name NAME makes one; without it keys are named by their files")}
	}
	if err != nil {
		return []Finding{problem(fmt.Sprintf("keyring %q: %s", k.Dir, cause(err)), "make the directory yours")}
	}
	if othersUse(info) {
		return []Finding{problem(fmt.Sprintf("keyring %q is open to other users (mode %04o)", k.Dir, info.Mode().Perm()), "chmod 700 "+quote(k.Dir))}
	}
	out := []Finding{ok(fmt.Sprintf("keyring %q with %d signing keys", k.Dir, len(k.Keys)))}
	for _, key := range k.Keys {
		out = append(out, lookExpiry(key, w.Now)...)
	}
	return out
}

func lookExpiry(k Key, now time.Time) []Finding {
	left := k.NotAfter.Sub(now)
	end := k.NotAfter.UTC().Format(time.RFC3339)
	do := fmt.Sprintf("stella keys rotate %s --to KEY -o rotation.dsse.json", k.Name) // a name needs no quoting
	switch {
	case k.NotAfter.IsZero() || left > expiresSoon:
		return nil
	case left < 0:
		return []Finding{problem(fmt.Sprintf("key %q could sign until %s", k.Name, end), do)}
	}
	return []Finding{note(fmt.Sprintf("key %q signs until %s only", k.Name, end), do)}
}
