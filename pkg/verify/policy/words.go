package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

func itoa(i int) string { return strconv.Itoa(i) }

// isProse allows text in several lines.
func isProse(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 }) < 0
}

// isDigest allows ALGORITHM:HEX of an algorithm that identifies an artifact.
func isDigest(s string) bool {
	algorithm, digits, _ := strings.Cut(s, ":")
	size := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	return size > 0 && len(digits) == size && strings.Trim(digits, "0123456789abcdef") == ""
}

// digestSet returns a digest as subjects have it.
func digestSet(s string) map[string]string {
	if s == "" {
		return nil
	}
	algorithm, digits, _ := strings.Cut(s, ":")
	return map[string]string{algorithm: digits}
}

func isKeyID(s string) bool { return strings.HasPrefix(s, "sha256:") && isDigest(s) }

func profileNames() []string {
	var out []string
	for _, p := range keys.Profiles() {
		out = append(out, string(p))
	}
	return out
}

// isAlgorithm allows the algorithms that a key of a trust can have.
func isAlgorithm(s string) bool {
	bits, isRSA := strings.CutPrefix(s, "rsa-")
	if isRSA {
		n, err := strconv.Atoi(bits)
		return err == nil && strconv.Itoa(n) == bits && n >= 2048 && n <= 8192
	}
	return slices.Contains([]keys.Algorithm{
		keys.ECDSAP256, keys.ECDSAP384, keys.Ed25519, keys.MLDSA65, keys.SM2, keys.GOST256, keys.GOST512,
	}, keys.Algorithm(s))
}

func isAge(s string) bool {
	_, err := parseAge(s)
	return err == nil
}

// parseAge reads a whole number of days, hours or minutes; "" is none.
func parseAge(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	unit, ok := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if !ok || err != nil || n < 1 || n > maxAgeCount || strconv.Itoa(n) != s[:len(s)-1] {
		return 0, fmt.Errorf("malformed age %q", clip(s))
	}
	return time.Duration(n) * unit, nil
}

// globExpression returns the regular expression of a glob: * is any text without
// a slash, ** any text, ? one character but a slash.
func globExpression(glob string) string {
	var b strings.Builder
	for glob != "" {
		switch {
		case strings.HasPrefix(glob, "**"):
			b.WriteString(`(?s:.*)`)
			glob = strings.TrimLeft(glob, "*")
			continue
		case glob[0] == '*':
			b.WriteString(`[^/]*`)
		case glob[0] == '?':
			b.WriteString(`[^/]`)
		default:
			n := strings.IndexAny(glob, "*?")
			if n < 0 {
				n = len(glob)
			}
			b.WriteString(regexp.QuoteMeta(glob[:n]))
			glob = glob[n:]
			continue
		}
		glob = glob[1:]
	}
	return b.String()
}

// isVKey allows the key of a witness that package material takes.
func isVKey(s string) bool {
	_, err := material.ParseWitnesses(s)
	return err == nil
}
