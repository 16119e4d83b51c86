package report

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/pkg/verify"
)

const (
	// maxTrusted is how many keys are named where trust is told in one line.
	maxTrusted = 10
	// maxSources is how many files are.
	maxSources = 4
	// shortID is how many hex digits of a key's id tell keys of one name apart.
	shortID = 8
)

// TrustWords says in one line whose signatures count, and from where that is known.
func TrustWords(t *verify.TrustUsed) string {
	names := make(map[string]int)
	for i := range t.Keys {
		names[keyName(&t.Keys[i])]++
	}
	var who []string
	for i := range t.Keys[:min(len(t.Keys), maxTrusted)] {
		k := &t.Keys[i]
		kind := k.Algorithm
		if names[keyName(k)] > 1 {
			kind += ", " + shortKeyID(k.KeyID)
		}
		who = append(who, fmt.Sprintf("%s (%s)", keyName(k), kind))
	}
	if more := len(t.Keys) - len(who); more > 0 {
		who = append(who, fmt.Sprintf("and %d more", more))
	}
	for _, i := range t.Identities {
		who = append(who, fmt.Sprintf("%s by %s", i.Identity, i.Issuer))
	}
	rooted := "unrooted"
	if t.Bundle != nil {
		rooted = BundleWords(t.Bundle)
	}
	words := rooted + ": " + strings.Join(who, ", ")
	if from := sourceWords(t, names); from != "" {
		words += "; from " + from
	}
	return words
}

// sourceWords lists the sources that nothing else in the line names: neither the bundle
// nor a key that has the name of its file.
func sourceWords(t *verify.TrustUsed, names map[string]int) string {
	var out []string
	more := 0
	for _, source := range t.Sources {
		switch {
		case source == "" || t.Bundle != nil || names[filepath.Base(source)] == 1:
		case len(out) == maxSources:
			more++
		default:
			out = append(out, source)
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

func keyName(k *verify.TrustedKey) string { return cmp.Or(k.Name, k.Holder) }

// shortKeyID is the beginning of a key's id.
func shortKeyID(id string) string {
	algorithm, digits, _ := strings.Cut(id, ":")
	return algorithm + ":" + digits[:min(len(digits), shortID)]
}
