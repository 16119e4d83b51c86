package fido2

import (
	"net/url"
	"strings"
)

// escape writes the value of an option in a reference. A path stays readable.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s))
}
