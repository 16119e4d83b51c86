package verify_test

import (
	"encoding/json/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/mutant"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/internal/testkit/world/oracle"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify"
)

// TestDifferences proves that each named difference to sigstore-go is one, and that
// the manual has it.
func TestDifferences(t *testing.T) {
	manual, err := os.ReadFile("../../docs/verification.md")
	require.NoError(t, err)
	w := world.New(t.Name())
	for _, d := range oracle.Differences() {
		t.Run(d.Name, func(t *testing.T) {
			assert.Contains(t, string(manual), "\n| "+d.Name+" | "+d.Why+" |\n")
			e := d.Example(w)
			_, err := judged(t, e)
			require.NoError(t, err, "stella accepts it: %s", d.Why)
			err = oracle.SigstoreGo(e)
			if !slices.Contains(d.Refuse, oracle.Library) {
				require.NoError(t, err, "it is a difference to others")
				return
			}
			require.Error(t, err, "sigstore-go accepts it by now: take the difference away")
			assert.Equal(t, d.Name, oracle.Named(oracle.Library, err.Error(), e), "%v", err)
		})
	}
}

// compare fails if stella accepts evidence that sigstore-go refuses for a reason that
// is no named difference. It reports whether stella accepts.
func compare(t *testing.T, e *world.Evidence) (*verify.Report, bool) {
	t.Helper()
	r, err := judged(t, e)
	if err != nil {
		return r, false
	}
	if theirs := oracle.SigstoreGo(e); theirs != nil && oracle.Named(oracle.Library, theirs.Error(), e) == "" {
		t.Errorf("stella accepts what sigstore-go refuses: %v\n%s", theirs, e.Bundle)
	}
	return r, true
}

// comparable reports whether sigstore-go accepts the shape unchanged.
func comparable(s world.Shape) bool {
	return s.Refused == "" && !(s.Options.Log == world.LogV1Promise && s.Options.Version == world.V01)
}

// TestNulls puts members that are null, which the JSON of protocol buffers takes for members
// that are not there, where others stand beside them or nothing does.
func TestNulls(t *testing.T) {
	bare := world.Options{Signer: world.Key, Log: world.NoLog, NoTimestamp: true}
	key, none := regexp.MustCompile(`"publicKey":\{[^}]*\}`), regexp.MustCompile(`"dsseEnvelope":.*\]\}`)
	for _, row := range []struct {
		name string
		of   world.Options
		old  *regexp.Regexp
		by   string
		good bool
	}{
		{"another content", bare, regexp.MustCompile(`"dsseEnvelope":`), `"messageSignature":null,"dsseEnvelope":`, true},
		{"other signers", bare, key, `$0,"certificate":null,"x509CertificateChain":null`, true},
		{"log entries and stamps", bare, key, `$0,"tlogEntries":null,"timestampVerificationData":null`, true},
		{"stamps inside", bare, key, `$0,"timestampVerificationData":{"rfc3161Timestamps":null}`, true},
		{"hint", bare, key, `"publicKey":{"hint":null}`, true},
		{"signer", bare, key, `"publicKey":null`, false},
		{"certificate", bare, key, `"certificate":{"rawBytes":null}`, false},
		{"no certificate", bare, key, `"certificate":{}`, false},
		{"chain", bare, key, `"x509CertificateChain":{"certificates":null}`, false},
		{"content", bare, none, `"dsseEnvelope":null`, false},
		{"unknown", bare, key, `$0,"other":null`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := world.New(t.Name()).Evidence(row.of)
			before := string(e.Bundle)
			e.Bundle = row.old.ReplaceAll(e.Bundle, []byte(row.by))
			require.NotEqual(t, before, string(e.Bundle))
			_, err := judged(t, e)
			assert.Equal(t, row.good, err == nil, "stella: %v", err)
			err = oracle.SigstoreGo(e)
			assert.Equal(t, row.good, err == nil, "sigstore-go: %v", err)
		})
	}
}

// TestMutants compares with sigstore-go what changes in the structure of evidence
// make. The interop suite asks cosign as well.
func TestMutants(t *testing.T) {
	g := mutant.NewEvidence(t, 1, "../..", comparable)
	accepted := 0
	for range 600 {
		e, how := g.Next()
		if _, ok := compare(t, e); ok {
			accepted++
		}
		if t.Failed() {
			t.Fatalf("by this change: %s", how)
		}
	}
	assert.Greater(t, accepted, 20, "of too few changes was anything compared")
}

// FuzzDifferential changes valid evidence of every shape. What stella accepts,
// sigstore-go has to accept too, but for the named differences; and no change may
// alter what a verdict says of the payload.
func FuzzDifferential(f *testing.F) {
	w := world.New(f.Name())
	var shapes []world.Shape
	for _, s := range w.Shapes() {
		if comparable(s) {
			shapes = append(shapes, s)
		}
	}
	valid := make([]*world.Evidence, len(shapes))
	for i, s := range shapes {
		valid[i] = w.Evidence(s.Options)
	}
	f.Add(uint16(0), uint16(0), uint8(1), []byte("x"))
	f.Add(uint16(1), uint16(40), uint8(0), []byte(`"a":1,`))
	f.Add(uint16(7), uint16(700), uint8(8), []byte{})
	f.Fuzz(func(t *testing.T, shape, at uint16, cut uint8, put []byte) {
		good := valid[int(shape)%len(valid)]
		e := *good
		from := int(at) % (len(good.Bundle) + 1)
		to := min(from+int(cut), len(good.Bundle))
		e.Bundle = []byte(string(good.Bundle[:from]) + string(put) + string(good.Bundle[to:]))
		r, ok := compare(t, &e)
		if !ok {
			return
		}
		if m := r.Results[0].Message; m != nil {
			assert.NoError(t, samePayload(m, good.Bundle))
		}
	})
}

// samePayload compares a verified payload with the one of a bundle.
func samePayload(m dsse.Message, bundle []byte) error {
	var b struct {
		Envelope struct {
			Payload []byte `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(bundle, &b, json.RejectUnknownMembers(false)); err != nil {
		return err
	}
	var got strings.Builder
	if _, err := m.WriteTo(&got); err != nil {
		return err
	}
	if got.String() != string(b.Envelope.Payload) {
		return assert.AnError
	}
	return nil
}
