package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/pkg/verify"
)

// The words for a verdict, the same in every rendering.
const (
	Verified    = "verified"
	NotVerified = "not verified"
)

// Word returns the word for a verdict.
func Word(verified bool) string {
	if verified {
		return Verified
	}
	return NotVerified
}

// StatusWord returns the word for what became of a check or proof.
func StatusWord(s verify.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// ResultName is how a result is called: the names of all its evidence.
func ResultName(r *verify.Result) string {
	var names []string
	for _, e := range r.Evidence {
		names = append(names, e.Place())
	}
	return strings.Join(names, "; ")
}

// IgnoredPlace names what was ignored: the file, and where in it.
func IgnoredPlace(i *verify.Ignored) string {
	place := i.Place()
	if i.Lines > 1 {
		place += fmt.Sprintf(" to %d", i.Line+i.Lines-1)
	}
	return place
}

// Reservations are what a reader of the verdict must not take for granted.
func Reservations(compared, assumed bool) []string {
	var out []string
	if assumed {
		out = append(out, "with assumed revocations: not what is, but what would be")
	}
	if !compared {
		out = append(out, "not compared with any artifact")
	}
	return out
}

// Fact is one thing that is known of a signer.
type Fact struct {
	Label, Value string
	Digest       bool // Value may be shortened for the eye
}

// SignerName is how a signer is called: by the identity that an authority vouches
// for, else by the name or holder in the trust.
func SignerName(s *verify.Signer) string {
	if s.Certificate != nil && s.Certificate.Identity != "" {
		return s.Certificate.Identity
	}
	return cmp.Or(s.Name, s.Holder, "unknown signer")
}

// SignerFacts are what is known of a signer beside its name and key, in the order
// in which they are read. The time is the last.
func SignerFacts(s *verify.Signer) []Fact {
	var out []Fact
	add := func(label, value string) {
		if value != "" {
			out = append(out, Fact{Label: label, Value: value})
		}
	}
	if s.Holder != SignerName(s) && s.Holder != s.KeyID {
		add("holder", s.Holder)
	}
	add("roles", strings.Join(s.Roles, ", "))
	add("tenant", s.Tenant)
	if c := s.Certificate; c != nil {
		add("issuer", c.Issuer)
		add("authority", c.Authority)
		add("subject", c.Subject)
		add("algorithm", c.Algorithm)
		add("valid", instant(c.NotBefore)+" to "+instant(c.NotAfter))
		add("serial", c.Serial)
		if c.SHA256 != "" {
			out = append(out, Fact{"certificate", "sha256:" + c.SHA256, true})
		}
	}
	add("time", TimeWords(s.Time))
	return out
}

// windowWords say when a key is good, as the trust says; "" for always.
func windowWords(from, until, revoked time.Time) string {
	var parts []string
	for _, bound := range []struct {
		word string
		at   time.Time
	}{{"from", from}, {"until", until}, {"revoked at", revoked}} {
		if !bound.at.IsZero() {
			parts = append(parts, bound.word+" "+instant(bound.at))
		}
	}
	return strings.Join(parts, ", ")
}

// RuleName is how a rule is called.
func RuleName(r *verify.AppliedRule) string {
	if r.Policy == "" {
		return fmt.Sprintf("rule %q", r.Rule)
	}
	return fmt.Sprintf("rule %q of policy %q", r.Rule, r.Policy)
}

// RequirementStatus says whether a requirement is met.
func RequirementStatus(f *verify.FilledRequirement) verify.Status {
	if len(f.Holders) >= f.Threshold {
		return verify.Passed
	}
	return verify.Failed
}

// RequirementWords say how many of a requirement's places are filled, and by whom.
func RequirementWords(f *verify.FilledRequirement) string {
	words := fmt.Sprintf("%d of %d", len(f.Holders), f.Threshold)
	if len(f.Holders) > 0 {
		words += ": " + strings.Join(f.Holders, ", ")
	}
	return words
}

// TimeWords says when a signature was judged, and on whose word.
func TimeWords(t *verify.SigningTime) string {
	switch {
	case t == nil:
		return ""
	case !t.Proven:
		return instant(t.At) + ", the time of verification: nothing proves the signing time"
	}
	return fmt.Sprintf("%s, proven by the %s of %s", instant(t.At), t.Source, cmp.Or(t.Authority, "an unnamed authority"))
}

// ProofName is how a kind of proof is called.
func ProofName(kind string) string {
	switch kind {
	case verify.ProofLog:
		return "log entry"
	case verify.ProofTimestamp:
		return "time stamp"
	case verify.ProofSCT:
		return "certificate log" // the signed certificate timestamp of RFC 6962
	case verify.ProofWitness:
		return "witness"
	}
	return kind
}

// ProofWords says what a proof is, by whom and of when.
func ProofWords(p *verify.Proof) string {
	var parts []string
	if p.LogIndex != nil && p.Status != verify.Failed { // of which the message begins with it
		parts = append(parts, fmt.Sprintf("entry %d", *p.LogIndex))
	}
	if p.Authority != "" {
		parts = append(parts, "by "+p.Authority)
	}
	if !p.Time.IsZero() {
		parts = append(parts, "at "+instant(p.Time))
	}
	if p.Authority == "" && p.Status == verify.NotDemanded {
		parts = append(parts, "by nobody who is trusted")
	}
	words := strings.Join(parts, " ")
	if p.Message != "" {
		words = strings.TrimPrefix(words+": "+p.Message, ": ")
	}
	return words
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Plural returns a number and a noun that fits it.
func Plural(n int, noun string) string {
	if n != 1 {
		noun = plurals(noun)
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func plurals(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "ty"); ok {
		return stem + "ties"
	}
	return noun + "s"
}

// Age is a length of time for people: in days, or in hours and minutes if it is less
// than two days.
func Age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return Plural(int(d/day), "day")
	case d >= time.Hour:
		return Plural(int(d/time.Hour), "hour")
	}
	return Plural(max(0, int(d/time.Minute)), "minute")
}

// BundleWords says on which trust bundle a verdict rests, and how old that is.
func BundleWords(b *verify.Bundle) string {
	text := fmt.Sprintf("rooted: bundle %s, root version %d, targets version %d, %s old", b.Name, b.RootVersion, b.TargetsVersion, Age(time.Duration(b.AgeSeconds)*time.Second))
	if b.Expired {
		text += ", EXPIRED at " + b.Expires.UTC().Format(time.RFC3339)
	}
	return text
}
