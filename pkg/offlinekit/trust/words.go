package trust

import (
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// IsName reports whether a trust bundle may have the name: letters, digits and the
// like, and nothing that is a path.
func IsName(s string) bool {
	return s != "" && len(s) <= maxName && s[0] != '.' && strictjson.IsName(s) && !strings.ContainsAny(s, "/@:+")
}

func strictDocument(source string) strictjson.Document {
	return strictjson.Document{Source: source, Reason: fault.TrustMalformed}
}

// versionIn returns the version in the name of a role's file, 0 for another file.
func versionIn(name, role string) int64 {
	n, is := strings.CutSuffix(name, "."+FileName(role))
	if !is || !strictjson.IsNumber(n) {
		return 0
	}
	return strictjson.ParseNumber(n)
}
