//go:build interop

package interop

import "testing"

const (
	openVEX    = "https://openvex.dev/ns"
	reportType = "stella.ops/report@v1"
	custom     = "https://example.com/predicate"
)

// TestCosignLimits asserts what cosign takes and what it refuses: the facts on
// which the formats of stella rest (contracts, statements marked T). When one
// of the refusals goes away upstream, the contract can be loosened.
func TestCosignLimits(t *testing.T) {
	artifact := []byte("an artifact\n")
	shapes := map[string]struct {
		make    func(t *testing.T, f forge) envelope
		kind    string // --type
		refused string // part of the message of a refusal; empty for accepted
	}{
		"control": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, custom, 1, ""), "")
			},
			kind: custom,
		},
		"a key id beside the signature": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, custom, 1, ""), "sha256:00")
			},
			kind: custom, refused: "do not match threshold, Found: 0",
		},
		"two signatures": {
			make: func(t *testing.T, f forge) envelope {
				payload := statement(artifact, custom, 1, "")
				e := f.envelope(t, inToto, payload, "")
				e.Signatures = append(e.Signatures, f.sign(t, inToto, payload, ""))
				return e
			},
			kind: custom, refused: "exactly one signature is required",
		},
		"a fifth member of the statement": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, custom, 1, `,"fifth":true`), "")
			},
			kind: custom, refused: "decoding json",
		},
		"1024 subjects": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, custom, 1024, ""), "")
			},
			kind: custom,
		},
		"1025 subjects": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, custom, 1025, ""), "")
			},
			kind: custom, refused: "too many subjects: 1025 > 1024",
		},
		"OpenVEX by its short name": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, openVEX, 1, ""), "")
			},
			kind: "openvex",
		},
		"OpenVEX with a version by its short name": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, openVEX+"/v0.2.0", 1, ""), "")
			},
			kind: "openvex", refused: "invalid predicate type, expected openvex",
		},
		"another payload type": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, "application/vnd.stellaops.replay+json", statement(artifact, custom, 1, ""), "")
			},
			kind: custom, refused: "unsupported media type",
		},
		"a type that is no URI": {
			make: func(t *testing.T, f forge) envelope {
				return f.envelope(t, inToto, statement(artifact, reportType, 1, ""), "")
			},
			kind: reportType,
		},
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			eachCosign(t, func(t *testing.T, c cosign) {
				dir := t.TempDir()
				f := newForge(t, dir, "forge.pub")
				f.bundle(t, dir, "att.sigstore.json", shape.make(t, f))
				write(t, dir, "artifact", artifact)
				r := c.verifyAttestation(t, dir, "forge.pub", "att.sigstore.json", shape.kind, "artifact")
				if shape.refused != "" {
					refused(t, r, shape.refused)
					return
				}
				accepted(t, r)
			})
		})
	}
}
