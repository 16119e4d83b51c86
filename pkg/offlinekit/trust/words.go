package trust

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// IsName reports whether a trust bundle may have the name: letters, digits and the
// like, and nothing that is a path.
func IsName(s string) bool {
	return s != "" && len(s) <= maxName && s[0] != '.' && strictjson.IsName(s) && !strings.ContainsAny(s, "/@:+")
}

func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// number writes a version as text: JSON readers differ on large numbers.
func number(n int64) string { return strconv.FormatInt(n, 10) }

func parseNumber(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // was checked, or is not there
	return n
}

func isNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0 && number(n) == s
}

func strictDocument(source string) strictjson.Document {
	return strictjson.Document{Source: source, Reason: fault.TrustMalformed}
}

// versionIn returns the version in the name of a role's file, 0 for another file.
func versionIn(name, role string) int64 {
	n, is := strings.CutSuffix(name, "."+FileName(role))
	if !is || !isNumber(n) {
		return 0
	}
	return parseNumber(n)
}
