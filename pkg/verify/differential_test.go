package verify_test

import (
	"encoding/json/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/internal/testkit/world/oracle"
	"github.com/stellaops/stella/pkg/dsse"
)

// difference is something that stella accepts and stock sigstore-go refuses, on
// purpose.
type difference struct {
	name   string
	why    string
	theirs *regexp.Regexp // what sigstore-go says of it
	make   func(t *testing.T, e *world.Evidence)
}

// differences is the whole list. FuzzDifferential accepts no other.
func differences() []difference {
	return []difference{
		{
			"a bare envelope", "sigstore-go reads bundles only",
			regexp.MustCompile(`unknown field "(payload|payloadType|signatures)"`),
			func(t *testing.T, e *world.Evidence) {
				e.Bundle = member(t, e.Bundle, "dsseEnvelope")
			},
		},
		{
			"a member of the envelope that nobody knows", "DSSE says that unknown members are ignored",
			regexp.MustCompile(`unknown field`),
			func(t *testing.T, e *world.Evidence) {
				e.Bundle = []byte(strings.Replace(string(e.Bundle), `"dsseEnvelope":{`, `"dsseEnvelope":{"comment":"hello",`, 1))
			},
		},
	}
}

// member returns one member of a JSON object.
func member(t *testing.T, object []byte, name string) []byte {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(object, &m))
	out, err := json.Marshal(m[name])
	require.NoError(t, err)
	return out
}

// namedDifference returns the difference that explains why sigstore-go refuses what stella
// accepts.
func namedDifference(theirs error) string {
	text := strings.ReplaceAll(theirs.Error(), "\u00a0", " ") // protobuf's messages are unstable on purpose
	for _, d := range differences() {
		if d.theirs.MatchString(text) {
			return d.name
		}
	}
	return ""
}

// bareKey is evidence whose bundle has nothing but a key's signature.
func bareKey(w *world.World) *world.Evidence {
	return w.Evidence(world.Options{Signer: world.Key, Log: world.NoLog, NoTimestamp: true})
}

// TestDifferences proves that each named difference is one.
func TestDifferences(t *testing.T) {
	w := world.New(t.Name())
	for _, d := range differences() {
		t.Run(d.name, func(t *testing.T) {
			e := bareKey(w)
			require.NoError(t, oracle.SigstoreGo(e))
			d.make(t, e)
			_, err := judged(t, e)
			require.NoError(t, err, "stella accepts it: %s", d.why)
			err = oracle.SigstoreGo(e)
			require.Error(t, err, "sigstore-go accepts it by now: take the difference away")
			assert.Equal(t, d.name, namedDifference(err), "%v", err)
		})
	}
}

// FuzzDifferential changes valid evidence of every shape. What stella accepts,
// sigstore-go has to accept too, but for the named differences; and no change may
// alter what a verdict says of the payload.
func FuzzDifferential(f *testing.F) {
	w := world.New(f.Name())
	var shapes []world.Shape
	for _, s := range w.Shapes() {
		if s.Refused == "" && !(s.Options.Log == world.LogV1Promise && s.Options.Version == world.V01) {
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
		r, err := judged(t, &e)
		if err != nil {
			return
		}
		if m := r.Results[0].Message; m != nil {
			assert.NoError(t, samePayload(m, good.Bundle))
		}
		if theirs := oracle.SigstoreGo(&e); theirs != nil && namedDifference(theirs) == "" {
			t.Fatalf("stella accepts what sigstore-go refuses: %v\n%s", theirs, e.Bundle)
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
