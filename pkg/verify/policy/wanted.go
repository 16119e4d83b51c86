package policy

import (
	"slices"

	"github.com/stellaops/stella/internal/strictjson"
)

// wanted is what a text of a policy must be, and how messages call that.
type wanted struct {
	is   func(string) bool
	what string
}

func aLine() wanted    { return wanted{strictjson.IsText, "text on one line"} }
func someText() wanted { return wanted{isProse, "text without control characters"} }
func aName() wanted {
	return wanted{strictjson.IsName, "a word of letters, digits and ._@:/+-"}
}
func printable() wanted { return wanted{strictjson.IsPrintable, "printable ASCII"} }
func anAge() wanted {
	return wanted{isAge, "a whole number from 1 to 100,000 of days, hours or minutes, such as 30d, 12h or 90m"}
}
func aDigest() wanted {
	return wanted{isDigest, "sha256:HEX, sha384:HEX or sha512:HEX in lower case"}
}
func aKeyID() wanted { return wanted{isKeyID, "sha256:HEX in lower case"} }
func aVKey() wanted  { return wanted{isVKey, "the key of a witness, NAME+HASH+KEY"} }
func anAlgorithm() wanted {
	return wanted{isAlgorithm, "an algorithm of keys that are trusted, such as ecdsa-p256, ed25519, ml-dsa-65 or rsa-3072"}
}
func aReason() wanted { return wanted{isReason, "a reason that stella gives"} }

// oneOf allows some words.
func oneOf(words []string) wanted {
	return wanted{func(s string) bool { return slices.Contains(words, s) }, either(words)}
}
