package predicate

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Bounds in stella's own predicates; schema/*.json has the same.
const (
	maxWord      = 256 // characters of a name or version
	maxURI       = 2048
	maxFormat    = 64
	maxMediaType = 256
	maxViews     = 64
	maxInteger   = 1<<53 - 1 // what every JSON reader holds exactly
)

// shapes makes the shape of each predicate type in the catalog, by its URI. Tests prove
// that they agree with the schemas.
func shapes() map[string]func() shape {
	return map[string]func() shape{
		TypeSBOM: sbomReference, TypeVEX: func() shape { return reference("") }, TypeReport: reportShape,
		TypeKeyRotation: keyRotation, TypeKeyRevocation: keyRevocation, TypePromotion: promotion, TypeOfflineKit: offlineKit,
		TypeVEXDecision: vexDecision, TypeGraph: graph, TypePolicy: policyEvaluation, TypeEvidence: evidenceBundle, TypeReplay: replay,
		TypeVerdict: verdictReceipt, TypePolicyDecision: policyDecision, TypeSLSA1: slsaProvenance,
		TypeCycloneDX: cycloneDXShape, TypeSPDX: spdxShape, TypeSyft: syftShape, TypeOpenVEX: openVEXShape,
		TypeVulns: vulnsShape, TypeVuln: vulnShape, TypeSLSA02: slsaProvenance02,
	}
}

// shapeOf returns the shape of a type in any of its spellings, nil if nothing is known of
// it.
func shapeOf(uri string) func() shape { return shapes()[Spellings(uri)[0]] }

// formatShapes are the shapes of formatTypes. They are made once and do not change: each
// document that is recognised is held to all of them on the way.
var formatShapes = sync.OnceValue(func() map[string]shape {
	out := make(map[string]shape)
	for _, uri := range formatTypes() {
		out[uri] = shapes()[uri]()
	}
	return out
})

// shaped are the types that have a shape, in all spellings.
func shaped() map[string]bool {
	out := make(map[string]bool)
	for uri := range shapes() {
		for _, spelling := range Spellings(uri) {
			out[spelling] = true
		}
	}
	return out
}

// sbomReference is the shape of what stands for an SBOM.
func sbomReference() shape {
	s := reference("")
	s["/componentCount"] = rule{kind: canonical.Number, required: true, check: integer}
	delete(s, "/content")
	return s
}

// reportShape is the shape of a report with its decision.
func reportShape() shape {
	s := shape{
		"":                 {kind: canonical.Object},
		"/decision":        {kind: canonical.String, required: true, check: decision},
		"/policy":          {kind: canonical.Object, check: notEmpty},
		"/policy/digest":   {kind: canonical.String, check: policyDigest},
		"/policy/views":    {kind: canonical.Array, size: between(1, maxViews, "views")},
		"/policy/views/*":  {kind: canonical.String, check: word},
		"/scanner":         {kind: canonical.Object},
		"/scanner/name":    {kind: canonical.String, required: true, check: word},
		"/scanner/version": {kind: canonical.String, check: word},
	}
	maps.Copy(s, reference("/report"))
	s["/report"] = rule{kind: canonical.Object, required: true}
	return s
}

// reference is the shape of what stands for a document.
func reference(at string) shape {
	return shape{
		at:                    {kind: canonical.Object},
		at + "/content":       {kind: canonical.Object, opaque: true},
		at + "/digest":        {kind: canonical.Object, required: true},
		at + "/digest/sha256": {kind: canonical.String, required: true, check: sha256Hex},
		at + "/format":        {kind: canonical.String, required: true, check: formatID},
		at + "/mediaType":     {kind: canonical.String, required: true, check: mediaType},
		at + "/size":          {kind: canonical.Number, required: true, check: integer},
		at + "/uri":           {kind: canonical.String, check: uri},
		at + "/version":       {kind: canonical.String, check: word},
	}
}

// Decisions are the values of a report's decision, from best to worst.
func Decisions() []string { return []string{"pass", "warn", "block"} }

func decision(s string) string { return oneOf(Decisions()...)(s) }

func oneOf(words ...string) func(string) string {
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		return "one of " + strings.Join(words, ", ")
	}
}

func sha256Hex(s string) string {
	if checkHex("sha256", s) != nil {
		return "64 lower-case hex digits"
	}
	return ""
}

func policyDigest(s string) string {
	if rest, ok := strings.CutPrefix(s, "sha256:"); !ok || checkHex("sha256", rest) != nil {
		return "sha256: and 64 lower-case hex digits"
	}
	return ""
}

func word(s string) string {
	if n := utf8.RuneCountInString(s); n < 1 || n > maxWord {
		return "1 to 256 characters long"
	}
	return ""
}

func formatID(s string) string {
	if s == "" || len(s) > maxFormat || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "1 to 64 of a-z, 0-9 and -"
	}
	return ""
}

func mediaType(s string) string {
	kind, rest, ok := strings.Cut(s, "/")
	if !ok || kind == "" || rest == "" || len(s) > maxMediaType || !printable(kind, '!') || !printable(rest, ' ') {
		return "a media type"
	}
	return ""
}

func uri(s string) string {
	if s == "" || len(s) > maxURI || !printable(s, '!') {
		return "a URI"
	}
	return ""
}

// printable reports whether s is ASCII from first to tilde.
func printable(s string, first rune) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < first || r > '~' })
}

func integer(s string) string {
	if n, err := strconv.ParseFloat(s, 64); err != nil || n != math.Trunc(n) || n < 0 || n > maxInteger {
		return "a whole number from 0 to 9007199254740991"
	}
	return ""
}

func notEmpty(n string) string {
	if n == "0" {
		return "an object with members"
	}
	return ""
}
