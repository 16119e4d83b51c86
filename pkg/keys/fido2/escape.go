package fido2

import (
	"net/url"
	"strings"
)

// escape writes the value of an option in a reference.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
