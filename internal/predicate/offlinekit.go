package predicate

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Bounds of stella.ops/offlineKit@v1; schema/offlineKit.v1.json has the same.
const (
	maxKitWord  = 64
	maxKitLabel = 128
)

// offlineKit is the shape of what is said about an offline kit.
func offlineKit() shape {
	return shape{
		"":              {kind: canonical.Object},
		"/name":         {kind: canonical.String, required: true, check: kitWord},
		"/channel":      {kind: canonical.String, required: true, check: kitWord},
		"/version":      {kind: canonical.Number, required: true, check: positive},
		"/label":        {kind: canonical.String, check: kitLabel},
		"/createdAt":    {kind: canonical.String, required: true, check: instant},
		"/counts":       {kind: canonical.Object, required: true},
		"/counts/files": {kind: canonical.Number, required: true, check: positive},
		"/counts/bytes": {kind: canonical.Number, required: true, check: integer},
	}
}

func kitWord(s string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	if s == "" || len(s) > maxKitWord || strings.Trim(s, letters+"._-") != "" || strings.Trim(s[:1], letters) != "" {
		return "1 to 64 of a-z, 0-9 and ._-, the first of a-z and 0-9"
	}
	return ""
}

func kitLabel(s string) string {
	if n := utf8.RuneCountInString(s); n < 1 || n > maxKitLabel || !strictjson.IsText(s) {
		return "1 to 128 characters without control characters"
	}
	return ""
}

func positive(s string) string {
	if n, err := strconv.ParseFloat(s, 64); err != nil || n != math.Trunc(n) || n < 1 || n > maxInteger {
		return "a whole number from 1 to 9007199254740991"
	}
	return ""
}
