package predicate

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Bounds in what is said about keys; schema/*.json has the same.
const (
	maxPEM   = 8192 // characters of a public key
	maxName  = 128  // characters of a role
	maxText  = 256  // characters of a holder
	maxRoles = 256
)

// The reasons of a rotation.
const (
	RotationPlanned     = "planned"     // the old key signs, too
	RotationLost        = "lost"        // the old key can sign no more
	RotationCompromised = "compromised" // the old key's signature would prove nothing
)

// RevocationReasons are the reasons of a revocation: those of RFC 5280, section
// 5.3.1, that a key can have for good. The others are about certificates or
// take themselves back.
func RevocationReasons() []string {
	return []string{"unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"}
}

// keyRotation is the shape of a rotation.
func keyRotation() shape {
	s := shape{
		"":               {kind: canonical.Object},
		"/reason":        {kind: canonical.String, required: true, check: oneOf(RotationPlanned, RotationLost, RotationCompromised)},
		"/holder":        {kind: canonical.String, required: true, check: holder},
		"/roles":         {kind: canonical.Array, required: true, size: between(0, maxRoles, "roles")},
		"/roles/*":       {kind: canonical.String, check: role},
		"/issuedAt":      {kind: canonical.String, required: true, check: instant},
		"/overlapUntil":  {kind: canonical.String, required: true, check: instant},
		"/new/notBefore": {kind: canonical.String, required: true, check: instant},
	}
	for _, key := range []string{"/old", "/new"} {
		s[key] = rule{kind: canonical.Object, required: true}
		s[key+"/keyid"] = rule{kind: canonical.String, required: true, check: policyDigest}
		s[key+"/publicKey"] = rule{kind: canonical.String, required: true, check: publicPEM}
		s[key+"/scheme"] = rule{kind: canonical.String, check: formatID}
		s[key+"/fido2"] = rule{kind: canonical.Object}
		s[key+"/fido2/rpId"] = rule{kind: canonical.String, required: true, check: relyingParty}
		s[key+"/fido2/flags"] = rule{kind: canonical.Array, required: true, size: between(1, 2, "flags")}
		s[key+"/fido2/flags/*"] = rule{kind: canonical.String, check: oneOf("up", "uv")}
	}
	return s
}

// keyRevocation is the shape of a revocation.
func keyRevocation() shape {
	return shape{
		"":           {kind: canonical.Object},
		"/keyid":     {kind: canonical.String, required: true, check: policyDigest},
		"/publicKey": {kind: canonical.String, required: true, check: publicPEM},
		"/reason":    {kind: canonical.String, required: true, check: oneOf(RevocationReasons()...)},
		"/revokedAt": {kind: canonical.String, required: true, check: instant},
		"/issuedAt":  {kind: canonical.String, required: true, check: instant},
	}
}

// instant holds a time to whole seconds in UTC.
func instant(s string) string {
	if t, err := time.Parse(time.RFC3339, s); err != nil || len(s) != len("2006-01-02T15:04:05Z") || t.IsZero() {
		return "a time like 2006-01-02T15:04:05Z"
	}
	return ""
}

func holder(s string) string {
	if n := utf8.RuneCountInString(s); n < 1 || n > maxText || !strictjson.IsText(s) {
		return "1 to 256 characters without control characters"
	}
	return ""
}

func role(s string) string {
	if s == "" || len(s) > maxName || !strictjson.IsName(s) {
		return "1 to 128 of A-Z, a-z, 0-9 and ._@:/+-"
	}
	return ""
}

func relyingParty(s string) string {
	if s == "" || len(s) > maxText || !printable(s, '!') {
		return "1 to 256 characters of printable ASCII"
	}
	return ""
}

// publicPEM checks the frame of a PEM block; what is in it is for those who use it.
func publicPEM(s string) string {
	body, begins := strings.CutPrefix(s, "-----BEGIN PUBLIC KEY-----\n")
	body, ends := strings.CutSuffix(body, "\n-----END PUBLIC KEY-----\n")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n"
	if !begins || !ends || body == "" || len(s) > maxPEM || strings.Trim(body, alphabet) != "" {
		return "one PEM block PUBLIC KEY"
	}
	return ""
}
