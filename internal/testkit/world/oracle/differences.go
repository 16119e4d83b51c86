package oracle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/testkit/world"
)

// The verifiers that stella is compared with.
const (
	Library  = "sigstore-go"
	CosignV2 = "cosign-v2"
	CosignV3 = "cosign-v3"
)

// A Difference is something that stella accepts on purpose and others refuse.
type Difference struct {
	Name string
	Why  string
	// Refuse are the others that refuse it, and Says is what they say.
	Refuse []string
	Says   *regexp.Regexp
	// In reports whether evidence has it: the same words may be said of other things.
	In func(e *world.Evidence) bool
	// Example makes evidence that has it.
	Example func(w *world.World) *world.Evidence
}

// Differences is the whole list: nothing else that stella accepts may be refused by
// others.
func Differences() []Difference {
	return slices.Concat(differencesOfForm(), differencesOfLog(), differencesOfTrust(), differencesOfStatement(), differencesOfSigner())
}

// Named returns the difference that explains what one of the others says of
// evidence that stella accepts, or "".
func Named(who, says string, e *world.Evidence) string {
	says = strings.ReplaceAll(says, "\u00a0", " ") // protobuf's messages are unstable on purpose
	for _, d := range Differences() {
		if slices.Contains(d.Refuse, who) && d.Says.MatchString(says) && d.In(e) {
			return d.Name
		}
	}
	return ""
}

func everybody() []string { return []string{Library, CosignV2, CosignV3} }

// unreadable is what they say of a document that is no bundle. cosign v3 takes it for
// what cosign wrote before there were bundles.
func unreadable(says string) *regexp.Regexp {
	return regexp.MustCompile(says + `|trusted-root only supported with --new-bundle-format`)
}

// differencesOfForm are about what holds the signature.
func differencesOfForm() []Difference {
	return []Difference{
		{
			"a bare envelope", "others read bundles only, or want to be told that it is none",
			everybody(), unreadable(`unknown field "(payload|payloadType|signatures)"`),
			func(e *world.Evidence) bool { b := bundleOf(e); return b.Payload != nil && len(b.Signatures) < 2 },
			changed(plain(), func(b []byte) []byte {
				var m map[string]jsontext.Value
				must(json.Unmarshal(b, &m))
				return m["dsseEnvelope"]
			}),
		},
		{
			"a list of bundles", "RubyGems serves bundles as a list, and each is judged",
			everybody(), unreadable(`unexpected token \[`),
			func(e *world.Evidence) bool { return jsontext.Value(e.Bundle).Kind() == '[' },
			changed(plain(), func(b []byte) []byte { return slices.Concat([]byte("["), b, []byte("]")) }),
		},
		{
			"a member of the envelope that nobody knows", "DSSE says that unknown members are ignored",
			everybody(), unreadable(`unknown field`),
			func(e *world.Evidence) bool {
				envelope := bundleOf(e).Envelope
				return len(envelope.Unknown) > 0 || slices.ContainsFunc(envelope.Signatures, func(s envelopeSignature) bool { return len(s.Unknown) > 0 })
			},
			replaced(plain(), `"dsseEnvelope":{`, `"dsseEnvelope":{"comment":"hello",`),
		},
		{
			"a key id beside the signature", "DSSE has it, and it selects nothing here",
			everybody(), regexp.MustCompile(`accepted signatures do not match threshold`),
			func(e *world.Evidence) bool {
				return slices.ContainsFunc(bundleOf(e).Envelope.Signatures, func(s envelopeSignature) bool { return s.KeyID != "" })
			},
			replaced(plain(), `"signatures":[{`, `"signatures":[{"keyid":"sha256:00",`),
		},
		{
			"several signatures in one envelope", "holders may sign one after the other, and a threshold counts them",
			everybody(), unreadable(`unknown field "(payload|payloadType|signatures)"|exactly one signature`),
			func(e *world.Evidence) bool { return len(bundleOf(e).Signatures) > 1 },
			changed(plain(), func(b []byte) []byte {
				var m map[string]jsontext.Value
				must(json.Unmarshal(b, &m))
				return bytes.Replace(m["dsseEnvelope"], []byte(`"signatures":[`), []byte(`"signatures":[{"sig":"AAAA"},`), 1)
			}),
		},
		{
			"a message signature without the message's digest",
			"the digest in a bundle is not signed: it is compared where it is there, and cosign leaves it out for Ed25519",
			everybody(), regexp.MustCompile(`missing verification material|message is missing artifact digest`),
			func(e *world.Evidence) bool { m := bundleOf(e).Message; return m != nil && len(m.Digest.Digest) == 0 },
			changed(world.Options{Content: world.Message}, func(b []byte) []byte {
				return regexp.MustCompile(`"messageDigest":\{[^}]*\},`).ReplaceAll(b, nil)
			}),
		},
	}
}

// differencesOfLog are about entries of Rekor version 1.
func differencesOfLog() []Difference {
	return []Difference{
		{
			"a log entry of bare bytes about an envelope",
			"the client specification has it: such an entry is about what the envelope's signature covers",
			everybody(), regexp.MustCompile(`is not a dsse_v001 or intoto_v002 entry`),
			func(e *world.Evidence) bool { b := bundleOf(e); return b.Message == nil },
			func(w *world.World) *world.Evidence { return w.Evidence(world.Options{Entry: world.HashedRekord}) },
		},
		{
			"a checkpoint that does not say of which tree it is", "a log with one tree need not name it, and entries say of which version they are",
			everybody(), regexp.MustCompile(`index is beyond size`),
			func(e *world.Evidence) bool { return bytes.Contains(e.Bundle, []byte(`"checkpoint"`)) },
			func(w *world.World) *world.Evidence { return w.Evidence(world.Options{PlainOrigin: true}) },
		},
	}
}

// differencesOfTrust are about what evidence is judged by.
func differencesOfTrust() []Difference {
	const v2 = "application/vnd.dev.sigstore.trustedroot.v0.2+json"
	return []Difference{{
		"a trusted root of version 0.2", "sigstore_trustroot.proto prescribes it",
		everybody(), regexp.MustCompile(`unsupported TrustedRoot media type`),
		func(e *world.Evidence) bool { return bytes.Contains(e.TrustedRoot, []byte(v2)) },
		func(w *world.World) *world.Evidence {
			e := w.Evidence(world.Options{})
			e.TrustedRoot = bytes.Replace(e.TrustedRoot, []byte("application/vnd.dev.sigstore.trustedroot+json;version=0.1"), []byte(v2), 1)
			return e
		},
	}}
}

// differencesOfStatement are about what is signed.
func differencesOfStatement() []Difference {
	var many strings.Builder
	for i := range maxSubjects {
		fmt.Fprintf(&many, `{"name":"%d","digest":{"sha256":"%064d"}},`, i, i)
	}
	return []Difference{
		{
			"a member of the statement that nobody knows", "in-toto says that unknown members are ignored",
			everybody(), regexp.MustCompile(`invalid attestation: decoding json`),
			func(e *world.Evidence) bool {
				s := statementOf(e)
				return len(s.Unknown) > 0 || slices.ContainsFunc(s.Subjects, func(s subject) bool { return len(s.Unknown) > 0 })
			},
			said(`"subject":[`, `"comment":"hello","subject":[`),
		},
		{
			"a digest that is not hexadecimal", "in-toto lets each algorithm have its own form, and what is not known is not compared",
			[]string{CosignV2}, regexp.MustCompile(`unable to decode subject digest`),
			func(e *world.Evidence) bool { return slices.ContainsFunc(statementOf(e).Subjects, subject.isOdd) },
			said(`"digest":{`, `"digest":{"other":"x",`),
		},
		{
			"more than 1024 subjects", "a release may have more artifacts: the limit here is [10,000](formats/evidence.md#what-is-refused)",
			everybody(), regexp.MustCompile(`too many subjects`),
			func(e *world.Evidence) bool { return len(statementOf(e).Subjects) > maxSubjects },
			said(`"subject":[`, `"subject":[`+many.String()),
		},
	}
}

// maxSubjects is how many subjects the others take.
const maxSubjects = 1024

// said is evidence with a statement in which something is replaced.
func said(old, by string) func(*world.World) *world.Evidence {
	o := plain()
	o.Payload = bytes.Replace(world.StatementAbout([]byte(world.DefaultArtifact)), []byte(old), []byte(by), 1)
	return func(w *world.World) *world.Evidence { return w.Evidence(o) }
}

// differencesOfSigner are about who signs.
func differencesOfSigner() []Difference {
	return []Difference{
		{
			"a key on P-384", "cosign hashes with SHA-256 whatever the curve, where the key comes in no certificate",
			[]string{CosignV2, CosignV3}, regexp.MustCompile(`accepted signatures do not match threshold`),
			func(e *world.Evidence) bool { key := publicKey(e); return key != nil && key.Curve == elliptic.P384() },
			func(w *world.World) *world.Evidence {
				o := plain()
				shapes := w.Shapes()
				at := slices.IndexFunc(shapes, func(s world.Shape) bool { return s.Name == "P-384 statement" })
				o.SigningKey = shapes[at].Options.SigningKey
				return w.Evidence(o)
			},
		},
		{
			"a certificate beside a signature by a trusted key", "trust says whose signatures count, and nothing in a bundle does",
			everybody(), regexp.MustCompile(`expected key signature, not certificate`),
			func(e *world.Evidence) bool {
				b := bundleOf(e)
				return len(e.Demand.PublicKey) > 0 && b.Material.certified()
			},
			func(w *world.World) *world.Evidence {
				e := w.Evidence(plain())
				leaf := base64.StdEncoding.EncodeToString(w.Evidence(world.Options{}).Leaf().Raw)
				e.Bundle = regexp.MustCompile(`"publicKey":\{[^}]*\}`).ReplaceAll(e.Bundle, fmt.Appendf(nil, `"certificate":{"rawBytes":%q}`, leaf))
				return e
			},
		},
		{
			"a chain of an organisation's own authority in version 0.3", "sigstore_bundle.proto forbids chains there for public authorities",
			[]string{Library}, regexp.MustCompile(`cannot be X.509 certificate chain`),
			func(e *world.Evidence) bool { return bundleOf(e).Material.Chain != nil && e.Demand.Issuer == "" },
			replaced(world.Options{Signer: world.PrivateCA, Version: world.V02}, `bundle+json;version=0.2`, `bundle.v0.3+json`),
		},
		{
			"a certificate of an organisation's own authority without a proven time", "it is valid for long, and judged at the time of verification",
			[]string{Library}, regexp.MustCompile(`failed to verify timestamps: threshold not met`),
			func(e *world.Evidence) bool { return len(e.CA) > 0 },
			func(w *world.World) *world.Evidence {
				return w.Evidence(world.Options{Signer: world.PrivateCA, Log: world.NoLog, NoTimestamp: true})
			},
		},
	}
}

// publicKey is the key that is demanded, if it is one on a curve.
func publicKey(e *world.Evidence) *ecdsa.PublicKey {
	block, _ := pem.Decode(e.Demand.PublicKey)
	if block == nil {
		return nil
	}
	key, _ := x509.ParsePKIXPublicKey(block.Bytes)
	curved, _ := key.(*ecdsa.PublicKey)
	return curved
}

// plain is evidence whose bundle has nothing but a key's signature.
func plain() world.Options {
	return world.Options{Signer: world.Key, Log: world.NoLog, NoTimestamp: true}
}

func changed(o world.Options, change func([]byte) []byte) func(*world.World) *world.Evidence {
	return func(w *world.World) *world.Evidence {
		e := w.Evidence(o)
		e.Bundle = change(e.Bundle)
		return e
	}
}

func replaced(o world.Options, old, by string) func(*world.World) *world.Evidence {
	return changed(o, func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(by), 1) })
}

// must is for what fails only if this package is wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
