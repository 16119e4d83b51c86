package verify_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// pieces is what stands in one file, by what is wrong with each if it is judged.
type pieces struct {
	ann                                       key
	wanted, further, unrelated                string
	wantedByEve, unrelatedByEve               string
	overBytes, ofAnotherPayload, badStatement string
}

func newPieces(t *testing.T) pieces {
	t.Helper()
	ann, eve := newKey(t, "ann", keys.Ed25519), newKey(t, "eve", keys.Ed25519)
	signed := func(m dsse.Message, k key) string {
		var buf bytes.Buffer
		_, err := bundle.Write(t.Context(), &buf, m, k.signer(t))
		require.NoError(t, err)
		return oneLine(buf.Bytes())
	}
	other, err := intoto.NewMessage("https://example.com/other", []intoto.Subject{appSubject()}, dsse.Bytes(`{}`))
	require.NoError(t, err)
	lib := statement(t, intoto.Subject{Name: "lib", Digest: map[string]string{"sha256": sum256("lib")}})
	return pieces{
		ann: ann, wanted: signed(statement(t, appSubject()), ann), further: signed(lib, ann), unrelated: signed(other, ann),
		wantedByEve: signed(lib, eve), unrelatedByEve: signed(other, eve),
		overBytes:        oneLine(sealedBlob(t, "app", ann)),
		ofAnotherPayload: signed(dsse.NewMessage("text/plain", dsse.Bytes("text")), ann),
		badStatement:     signed(dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes("{}")), ann),
	}
}

// ways are how several pieces in one file come to be judged.
func ways() map[string]func(*testing.T, []string, *verify.Policy) (*verify.Report, error) {
	list := func(in []string) files {
		return files{{name: "list.json", content: "[" + strings.Join(in, ",") + "]", named: true}}
	}
	lines := func(in []string) files {
		return files{{name: "all.intoto.jsonl", content: strings.Join(in, "\n") + "\n", named: true}}
	}
	loose := func(in []string) files {
		var out files
		for i, text := range in {
			out = append(out, file{name: "-", content: text, line: i + 1})
		}
		return out
	}
	whole := func(in func([]string) files) func(*testing.T, []string, *verify.Policy) (*verify.Report, error) {
		return func(t *testing.T, list []string, p *verify.Policy) (*verify.Report, error) {
			t.Helper()
			return verify.Verify(context.Background(), evidence(t, []byte(in(list)[0].content)), p)
		}
	}
	streamed := func(in func([]string) files, together bool) func(*testing.T, []string, *verify.Policy) (*verify.Report, error) {
		return func(t *testing.T, list []string, p *verify.Policy) (*verify.Report, error) {
			t.Helper()
			return stream(t, in(list), p, verify.StreamOptions{Together: together})
		}
	}
	return map[string]func(*testing.T, []string, *verify.Policy) (*verify.Report, error){
		"list": whole(list), "list, apart": streamed(list, false), "list, together": streamed(list, true),
		"lines": whole(lines), "lines, apart": streamed(lines, false), "lines, together": streamed(lines, true),
		"loose lines, apart": streamed(loose, false), "loose lines, together": streamed(loose, true),
	}
}

// TestTypeSelects demands a type of what stands in one file with other things.
func TestTypeSelects(t *testing.T) {
	p := newPieces(t)
	for _, row := range []struct {
		name    string
		in      []string
		reason  fault.Reason // "" if it is verified
		ignored int
	}{
		{"one of the type", []string{p.wanted, p.unrelated}, "", 1},
		{"the other first", []string{p.unrelated, p.wanted}, "", 1},
		{"two of the type", []string{p.wanted, p.further}, "", 0},
		{"the other by a stranger", []string{p.wanted, p.unrelatedByEve, p.further}, "", 1},
		{"the other over bytes", []string{p.overBytes, p.wanted}, "", 1},
		{"the other no statement", []string{p.wanted, p.ofAnotherPayload, p.unrelated}, "", 2},
		{"a malformed statement", []string{p.wanted, p.badStatement}, fault.StatementInvalid, 0},
		{"one of the type by a stranger", []string{p.wanted, p.wantedByEve}, fault.SignatureUntrusted, 0},
		{"only by a stranger", []string{p.wantedByEve, p.unrelated}, fault.SignatureUntrusted, 1},
		{"none of the type", []string{p.unrelated, p.ofAnotherPayload}, fault.PredicateType, -1},
	} {
		for way, judge := range ways() {
			t.Run(row.name+"/"+way, func(t *testing.T) {
				r, err := judge(t, row.in, &verify.Policy{Trust: trust(t, p.ann), Threshold: 1, At: now(), PredicateType: predicateType})
				require.NotNil(t, r, "%v", err)
				assert.Equal(t, row.reason == "", err == nil, "%v", err)
				assert.Equal(t, row.reason, r.Reason)
				if row.ignored < 0 {
					return
				}
				assert.Equal(t, row.ignored, r.Counts.Ignored[fault.PredicateType])
				assert.Equal(t, len(row.in)-row.ignored, r.Counts.Evidence)
			})
		}
	}
}

// TestTypeSelectsWithinAFile: what stands alone in a file is judged, and a file
// without anything of the type is not made good by another.
func TestTypeSelectsWithinAFile(t *testing.T) {
	p := newPieces(t)
	policy := func() *verify.Policy {
		return &verify.Policy{Trust: trust(t, p.ann), Threshold: 1, At: now(), PredicateType: predicateType}
	}
	for name, second := range map[string]string{
		"alone": p.unrelated, "a list of others": "[" + p.unrelated + "," + p.unrelated + "]",
		"lines of others": p.unrelated + "\n" + p.unrelated + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, together := range []bool{false, true} {
				in := files{{name: "first", content: p.wanted}, {name: "second", content: second}}
				r, err := stream(t, in, policy(), verify.StreamOptions{Together: together})
				assert.Equal(t, fault.PredicateType, fault.ReasonOf(err), "%v", err)
				assert.Equal(t, 1, r.Counts.Verified)
			}
		})
	}
	t.Run("a directory of others", func(t *testing.T) {
		for _, together := range []bool{false, true} {
			in := files{{name: "d/lines", content: p.unrelated + "\n" + p.unrelated + "\n"}, {name: "d", end: true}}
			r, err := stream(t, in, policy(), verify.StreamOptions{Together: together})
			assert.Equal(t, fault.PredicateType, fault.ReasonOf(err), "%v", err)
			assert.Zero(t, r.Counts.Unread, "there is evidence in it")
		}
	})
	t.Run("no type", func(t *testing.T) {
		for way, judge := range ways() {
			any := policy()
			any.PredicateType = ""
			r, err := judge(t, []string{p.wanted, p.unrelated, p.unrelatedByEve}, any)
			assert.Equal(t, fault.SignatureUntrusted, fault.ReasonOf(err), "%s: all is judged: %v", way, err)
			assert.Equal(t, 3, r.Counts.Evidence, way)
		}
	})
}
