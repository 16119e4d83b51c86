package offlinekit

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The files that are about a kit, and so in no manifest.
const (
	ManifestName  = "manifest.json"
	StatementName = "statement.dsse.json"
)

// ChecksumsName is the entry that lists all others for sha256sum.
const ChecksumsName = "checksums.txt"

// TrustDir is where the TUF repository lies in a kit.
const TrustDir = "trust/"

// IsEvidenceName reports whether a file is further evidence on the statement of a kit,
// such as a time stamp or log entry: statement.sigstore.json, statement-2.sigstore.json.
func IsEvidenceName(name string) bool {
	rest, ok := strings.CutPrefix(name, "statement")
	middle, bundle := strings.CutSuffix(rest, ".sigstore.json")
	return ok && bundle && !strings.Contains(middle, "/")
}

func isReserved(name string) bool {
	return name == ManifestName || name == StatementName || IsEvidenceName(name)
}

// CheckName returns why a file of a kit may not be called so; nil if it may. What one
// system cannot write, or writes under another name, no kit holds: then a kit is the
// same everywhere.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a name is empty")
	case len(name) > MaxName:
		return fmt.Errorf("the name %.100q is longer than %d bytes", name, MaxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("the name %q is not UTF-8", name)
	case !norm.NFC.IsNormalString(name):
		return fmt.Errorf("the name %q is not in Unicode's form NFC", name)
	case strings.ContainsFunc(name, isForbidden):
		return fmt.Errorf("the name %q holds a character that not every system can show or write", name)
	}
	for step := range strings.SplitSeq(name, "/") {
		if why := checkStep(step); why != "" {
			return fmt.Errorf("the name %q %s", name, why)
		}
	}
	return nil
}

// isForbidden tells of characters that are invisible, change how others are shown, or
// are not allowed on Windows.
func isForbidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"\|?*`, r)
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || r == utf8.RuneError
}

func checkStep(step string) string {
	switch {
	case step == "":
		return "is absolute, ends in a slash, or has two in a row"
	case step == ".", step == "..":
		return `has a step "." or ".."`
	case len(step) > MaxStep:
		return fmt.Sprintf("has a step longer than %d bytes", MaxStep)
	case strings.HasSuffix(step, "."), strings.HasSuffix(step, " "), strings.HasPrefix(step, " "):
		return "has a step with a space at its start, or a dot or space at its end"
	case isDevice(step):
		return "has a step that is a device on Windows"
	}
	return ""
}

// isDevice tells of the names of devices on Windows, with any extension
// (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
func isDevice(step string) bool {
	base, _, _ := strings.Cut(step, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, port := range [...]string{"COM", "LPT"} {
		if digit, ok := strings.CutPrefix(base, port); ok && utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit) {
			return true
		}
	}
	return false
}

// IsWord reports whether a kit or a channel may be called so. Both become names of
// directories, also where upper case does not differ.
func IsWord(s string) bool {
	if s == "" || len(s) > maxWord || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
		return false
	}
	return strings.Trim(s[:1], "._-") != "" && checkStep(s) == ""
}

// fold maps names that differ only by case to one (Unicode's simple case folding, as
// file systems have it).
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}
