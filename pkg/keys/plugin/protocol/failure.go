package protocol

import (
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// reasons are the kinds of error that a plugin may name. Each of them is a
// failure, so that a plugin that lies about the kind gains nothing.
func reasons() []fault.Reason {
	return []fault.Reason{fault.KeyNotFound, fault.SignatureMismatch, fault.ServiceUnavailable, fault.UsageInvalid, fault.KeyUnsupported}
}

// Failure returns the error message that tells the host what kind of error err
// is: the reason and a colon before the text, such as "key.not_found: no key
// called x". A reason that the protocol does not carry is left out.
func Failure(reason fault.Reason, text string) string {
	if !slices.Contains(reasons(), reason) {
		return text
	}
	return string(reason) + ": " + text
}

// ParseFailure takes an error message apart. A message that names no kind is
// fault.PluginFailed.
func ParseFailure(message string) (fault.Reason, string) {
	word, text, found := strings.Cut(message, ": ")
	if found && slices.Contains(reasons(), fault.Reason(word)) {
		return fault.Reason(word), text
	}
	return fault.PluginFailed, message
}
