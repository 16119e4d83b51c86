package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

func lookState(w *World) []Finding {
	if w.StateErr != nil {
		return []Finding{problem(w.StateErr.Error(), fault.HintOf(w.StateErr))}
	}
	if w.StateDir == "" {
		return []Finding{ok("state is in the user's own directories")}
	}
	info, err := w.Stat(w.StateDir)
	switch {
	case err != nil:
		return []Finding{problem(fmt.Sprintf("state directory %q: %s", w.StateDir, cause(err)), "make the directory yours")}
	case othersWrite(info):
		return []Finding{problem(fmt.Sprintf("state directory %q can be written by other users, who could put another keyring in its place", w.StateDir), "chmod go-w "+quote(w.StateDir))}
	}
	if err := w.Access(w.StateDir, Write); err != nil {
		return []Finding{note(fmt.Sprintf("state directory %q: %s", w.StateDir, cause(err)), "to keep keys there, make the directory yours")}
	}
	return []Finding{ok(fmt.Sprintf("state directory %q", w.StateDir))}
}

// notLookedAt is about what lies in a state directory that cannot be used.
func notLookedAt() Finding { return note("not looked at: it is in the state directory", "") }

func lookAudit(w *World) []Finding {
	if w.StateErr != nil {
		return []Finding{notLookedAt()}
	}
	if w.AuditErr != nil {
		return []Finding{problem(w.AuditErr.Error(), fault.HintOf(w.AuditErr))}
	}
	info, err := w.Stat(w.AuditLog)
	if errors.Is(err, fs.ErrNotExist) {
		return []Finding{w.lookAuditPlace()}
	}
	if err == nil {
		err = w.Access(w.AuditLog, ReadWrite)
	}
	if err != nil {
		return []Finding{unwritable(w.AuditLog, err)}
	}
	if othersWrite(info) {
		return []Finding{problem(fmt.Sprintf("audit log %q can be written by other users", w.AuditLog), "chmod go-w "+quote(w.AuditLog))}
	}
	return []Finding{ok(fmt.Sprintf("audit log %q", w.AuditLog))}
}

// lookAuditPlace looks at where a log that is not there yet would be made: in
// the nearest directory above it that exists.
func (w *World) lookAuditPlace() Finding {
	for dir := filepath.Dir(w.AuditLog); ; dir = filepath.Dir(dir) {
		info, err := w.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir):
			continue
		case err == nil && !info.IsDir():
			err = errors.New("is not a directory")
		case err == nil:
			err = w.Access(dir, Write)
		}
		if err != nil {
			return unwritable(dir, err)
		}
		return ok(fmt.Sprintf("audit log %q will be made with the first signature", w.AuditLog))
	}
}

func unwritable(path string, err error) Finding {
	return problem(fmt.Sprintf("the audit log cannot be written, so nothing can be signed: %q: %s", path, cause(err)),
		"make it yours, or say --audit-log FILE")
}

func lookConfiguration(w *World) []Finding {
	var out []Finding
	switch c := w.Config; {
	case c.Err != nil:
		out = append(out, problem(c.Err.Error(), fault.HintOf(c.Err)))
	case c.File == "":
		out = append(out, ok("no configuration file, the defaults hold"))
	default:
		out = append(out, w.lookConfigFile())
	}
	for _, name := range w.Config.Unknown {
		out = append(out, note(fmt.Sprintf("environment variable %s is not a setting and has no effect", name), "unset it, or see: stella help environment"))
	}
	return out
}

func (w *World) lookConfigFile() Finding {
	path := w.Config.File
	info, err := w.Stat(path)
	switch {
	case err != nil:
		return problem(fmt.Sprintf("configuration file %q: %s", path, cause(err)), "make it readable, or name another with --config")
	case othersWrite(info):
		return problem(fmt.Sprintf("configuration file %q can be written by other users, who decide then what signs", path), "chmod go-w "+quote(path))
	}
	return ok(fmt.Sprintf("configuration file %q", path))
}

// The years in which a clock is believed. The first is when this was written.
const (
	firstYear = 2026
	lastYear  = 2100
)

// drift is how far a file may lie ahead of the clock, as those of another
// machine on a shared disk do.
const drift = 5 * time.Minute

func lookClock(w *World) []Finding {
	const do = "set the clock: the windows of keys and the age of trust are judged by it"
	now := w.Now.UTC().Format(time.RFC3339)
	if year := w.Now.UTC().Year(); year < firstYear || year > lastYear {
		return []Finding{problem(fmt.Sprintf("the clock says %s, which cannot be", now), do)}
	}
	for _, path := range w.Dated {
		info, err := w.Stat(path)
		if err == nil && info.ModTime().After(w.Now.Add(drift)) {
			return []Finding{problem(fmt.Sprintf("the clock says %s, and %q was written at %s", now, path, info.ModTime().UTC().Format(time.RFC3339)), do)}
		}
	}
	return []Finding{ok("the clock says " + now)}
}

func lookCryptography(w *World) []Finding {
	c := w.Crypto
	switch {
	case c.NeedsModule && !c.Validated:
		return []Finding{note(fmt.Sprintf("profile %s, %s", c.Profile, c.Standing), "sign and verify with the build that has the module: stella-fips")}
	case c.Standing != "":
		return []Finding{ok(fmt.Sprintf("profile %s, %s", c.Profile, c.Standing))}
	}
	return []Finding{ok(fmt.Sprintf("profile %s; FIPS 140-3: %s", c.Profile, c.Module))}
}
