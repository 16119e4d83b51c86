package verify_test

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// files are Inputs in memory: JSON documents and JSON lines.
type files []file

type file struct {
	name    string
	content string
	named   bool
	err     error
	end     bool // of a named place
	line    int  // 0 for a file
}

func (f files) Pieces(_ context.Context, again bool) iter.Seq[verify.Piece] {
	return func(yield func(verify.Piece) bool) {
		for i, file := range f {
			p := verify.Piece{
				Name: file.name, Named: file.named || file.end, End: file.end, Err: file.err, Line: file.line,
				Place: verify.Place{Kept: true, Off: int64(i)},
			}
			if !again && i%2 == 0 && file.err == nil && !file.end {
				p.Content = input.FromBytes(file.name, []byte(file.content))
			}
			if !yield(p) {
				return
			}
		}
	}
}

func (f files) Open(p *verify.Piece) (verify.Content, error) {
	if !p.Place.Kept {
		return nil, errors.New("the place of the piece was lost")
	}
	// Not an *input.File, so that nothing relies on one.
	return &content{f, p}, nil
}

// content keeps the piece that it was opened for, and looks at it with each reading.
type content struct {
	files files
	piece *verify.Piece
}

func (c *content) ReadAt(b []byte, off int64) (int, error) {
	return strings.NewReader(c.files[c.piece.Place.Off].content).ReadAt(b, off)
}

func (c *content) Size() int64 { return int64(len(c.files[c.piece.Place.Off].content)) }

func (c *content) Close() error { return nil }

// kept is a Sink that keeps everything.
type kept struct {
	results []verify.Result
	ignored []verify.Ignored
}

func (k *kept) Result(r *verify.Result) error { k.results = append(k.results, *r); return nil }

func (k *kept) Ignored(i *verify.Ignored) error { k.ignored = append(k.ignored, *i); return nil }

// releasing is a Sink that keeps nothing but the text of results.
type releasing struct {
	t       testing.TB
	results []string
}

func (l *releasing) Result(r *verify.Result) error {
	l.results = append(l.results, text(l.t, r))
	shared := *r
	shared.Release() // does nothing: the memory is not that of a copy
	assert.Equal(l.t, l.results[len(l.results)-1], text(l.t, r))
	r.Release()
	return nil
}

func (l *releasing) Ignored(*verify.Ignored) error { return nil }

// TestReleasedResults: results whose memory goes from one to the next are those that each
// have their own.
func TestReleasedResults(t *testing.T) {
	pool := newEvidencePool(t)
	policy := *pool.onePolicy(t)
	random := rand.New(rand.NewPCG(7, 7))
	for range 10 {
		var set files
		for i := range 200 {
			set = append(set, file{name: fmt.Sprint(i), content: pool.lines[random.IntN(len(pool.lines))] + "\n"})
		}
		want, wantErr := stream(t, set, &policy, verify.StreamOptions{})
		v, err := verify.NewVerifier(&policy)
		require.NoError(t, err)
		sink := &releasing{t: t}
		got, err := v.Stream(t.Context(), set, verify.StreamOptions{}, sink)
		require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err))
		require.Len(t, sink.results, len(want.Results))
		for i := range want.Results {
			require.Equal(t, text(t, &want.Results[i]), sink.results[i])
		}
		assert.Equal(t, want.Counts, got.Counts)
	}
}

// TestFailFastWithReleasedResults: what a sink has released still decides.
func TestFailFastWithReleasedResults(t *testing.T) {
	pool := newEvidencePool(t)
	policy := pool.onePolicy(t)
	v, err := verify.NewVerifier(policy)
	require.NoError(t, err)
	good := file{name: "good", content: pool.lines[0] + "\n"}
	for _, last := range []file{good, {name: "bad", content: pool.lines[4] + "\n"}} {
		sink := &releasing{t: t}
		r, _ := v.Stream(t.Context(), files{good, good, last, good}, verify.StreamOptions{FailFast: true}, sink)
		assert.Equal(t, last.name == "bad", r.Stopped)
		assert.Equal(t, last.name == "good", r.Verified)
	}
}

// stream returns the whole report of a stream, as Verify gives it.
func stream(t testing.TB, in verify.Inputs, p *verify.Policy, o verify.StreamOptions) (*verify.Report, error) {
	t.Helper()
	v, err := verify.NewVerifier(p)
	require.NoError(t, err)
	sink := &kept{results: []verify.Result{}}
	r, err := v.Stream(t.Context(), in, o, sink)
	if r != nil {
		r.Results, r.Ignored = sink.results, sink.ignored
	}
	return r, err
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v, json.Deterministic(true))
	require.NoError(t, err)
	return string(b)
}

// evidencePool is what the random sets are drawn from: some payloads, each signed
// by several and in several forms, and what is nobody's or not good.
type evidencePool struct {
	ann, bob, old, eve key
	world              *world.World
	keyless            *world.Evidence // of the world's workflow, with every proof
	lines              []string
	blob               int // where in lines those over bare bytes begin
	provenance         int // where in lines what is of provenanceType begins
	byCertificate      int // where in lines those by certificates, and with the same payload, begin
}

func newEvidencePool(t testing.TB) *evidencePool {
	t.Helper()
	p := &evidencePool{
		ann: newKey(t, "ann", keys.Ed25519), bob: newKey(t, "bob", keys.Ed25519),
		old: newKey(t, "old", keys.Ed25519), eve: newKey(t, "eve", keys.Ed25519),
	}
	p.old.trusted.NotAfter = now().Add(-time.Hour)
	messages := []dsse.Message{
		statement(t, appSubject()),
		statement(t, intoto.Subject{Name: "lib", Digest: map[string]string{"sha256": sum256("lib")}}),
		statement(t, appSubject(), intoto.Subject{Name: "lib", Digest: map[string]string{"sha256": sum256("lib")}}),
		dsse.NewMessage("text/plain", dsse.Bytes("text")),
		dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes("{}")),
	}
	for _, m := range messages {
		for _, signers := range [][]key{{p.ann}, {p.bob}, {p.ann, p.bob}, {p.old}, {p.eve}, {p.eve, p.ann}} {
			p.lines = append(p.lines, oneLine(sealed(t, m, signers...)))
		}
	}
	provenance, err := intoto.NewMessage(provenanceType, []intoto.Subject{appSubject()}, dsse.Bytes(`{}`))
	require.NoError(t, err)
	p.blob = len(p.lines)
	p.lines = append(p.lines, oneLine(sealedBlob(t, "app", p.ann)), oneLine(sealedBlob(t, "app", p.eve)))
	p.provenance = len(p.lines)
	p.lines = append(p.lines, oneLine(sealed(t, provenance, p.ann)), oneLine(sealed(t, provenance, p.eve)))
	p.addKeyless(t)
	return p
}

// addKeyless adds what has certificates: good ones, some without a proof, by others,
// of a stranger's world; and the same payload by bare keys.
func (p *evidencePool) addKeyless(t testing.TB) {
	t.Helper()
	p.byCertificate = len(p.lines)
	p.world = world.New("pool")
	about := world.Options{Artifact: []byte("app")}
	p.keyless = p.world.Evidence(about)
	const other = "https://github.com/world/other/.github/workflows/release.yml@refs/heads/main"
	for _, o := range []world.Options{
		about,
		{Artifact: about.Artifact, NoTimestamp: true},
		{Artifact: about.Artifact, NoTimestamp: true, Log: world.NoLog}, // nothing proves when the certificate was used
		{Artifact: about.Artifact, NoSCT: true},
		{Artifact: about.Artifact, Identity: other},
		{Artifact: about.Artifact, Log: world.LogV2},
	} {
		p.lines = append(p.lines, oneLine(p.world.Bundle(o)))
	}
	p.lines = append(p.lines, oneLine(p.world.Stranger().Bundle(about)))
	m := dsse.NewMessage(dsse.PayloadTypeInToto, dsse.Bytes(world.StatementAbout(about.Artifact)))
	p.lines = append(p.lines, oneLine(sealed(t, m, p.ann)), oneLine(sealed(t, m, p.eve)))
}

// provenanceType is what a rule of the policies requires.
const provenanceType = "https://slsa.dev/provenance/v1"

func oneLine(b []byte) string { return strings.TrimSpace(string(b)) }

// policies are what is demanded of the random sets.
func (p *evidencePool) policies(t testing.TB) map[string]verify.Policy {
	t.Helper()
	app, lib := artifact("app"), verify.Artifact{Name: "lib", Digest: map[string]string{"sha256": sum256("lib")}}
	half, other := p.ann, p.bob
	half.trusted.Holder, half.trusted.Hybrid = "team", "both"
	other.trusted.Holder, other.trusted.Hybrid = "team", "both"
	id, err := dsse.KeyID(p.ann.private.Public())
	require.NoError(t, err)
	typed := p.bob
	typed.trusted.AnyPredicateType, typed.trusted.PredicateTypes = false, []string{"https://example.com/other"}
	identity, err := demandOf(p.keyless)
	require.NoError(t, err)
	identity.Subjects, identity.Proofs = nil, verify.Proofs{Timestamp: 1}
	logged := *identity
	logged.Proofs, logged.Subjects = verify.Proofs{Log: 1, SCT: 1}, []verify.Artifact{app}
	either := *identity
	either.Trust = trust(t, p.ann)
	both := either
	both.Threshold, both.Proofs, both.AllowNoSCTUnsafe, both.AllowNoLogUnsafe = 2, verify.Proofs{}, true, true
	required := []verify.RuleSet{{Rules: []verify.Rule{{Name: "provenance", PredicateTypes: []string{provenanceType}, Required: true}, {Name: "rest"}}}}
	return map[string]verify.Policy{
		"identity":                      *identity,
		"identity, log and an artifact": logged,
		"identity or key":               either,
		"identity and key":              both,
		"required":                      {Trust: trust(t, p.ann, p.bob), RuleSets: required},
		"required, by an artifact":      {Trust: trust(t, p.ann, p.bob), RuleSets: required, Subjects: []verify.Artifact{app}},
		"one":                           {Trust: trust(t, p.ann, p.bob)},
		"one artifact":                  {Trust: trust(t, p.ann, p.bob), Subjects: []verify.Artifact{app}},
		"two artifacts":                 {Trust: trust(t, p.ann, p.bob), Subjects: []verify.Artifact{app, lib}},
		"type":                          {Trust: trust(t, p.ann), PredicateType: predicateType},
		"two of two":                    {Trust: trust(t, p.ann, p.bob), Threshold: 2},
		"expired":                       {Trust: trust(t, p.ann, p.old)},
		"types of a key":                {Trust: trust(t, p.ann, typed)},
		"hybrid":                        {Trust: trust(t, half, other)},
		"assumed":                       {Trust: trust(t, p.ann, p.bob), AssumeRevoked: []verify.AssumedRevocation{{KeyID: id, RevokedAt: now()}}},
	}
}

// at is when evidence is judged: the world has a clock of its own.
func (p *evidencePool) at(policy *verify.Policy) time.Time {
	if policy.At.IsZero() {
		return now()
	}
	return policy.At
}

// draw makes files of a random choice, some of them with several lines. Few
// choices, so that payloads come again.
func (p *evidencePool) draw(random *rand.Rand) files {
	choice := random.Perm(len(p.lines))[:1+random.IntN(6)]
	if random.IntN(3) > 0 {
		likely := [][]int{
			{2, 8, 14},            // by ann and bob together
			{p.blob, 8, 14},       // about one artifact, the other and both
			{0, p.provenance},     // what a rule requires, and something else
			{2, p.provenance, 14}, // the same by several
			{p.byCertificate, p.byCertificate + 5, p.byCertificate + 7}, // by those who are trusted for it
			{p.byCertificate, p.byCertificate + 7},                      // one payload, by a certificate and a key
		}
		choice = likely[random.IntN(len(likely))]
		choice = choice[:1+random.IntN(len(choice))]
	}
	var out files
	for left := 1 + random.IntN(12); left > 0; left-- {
		line := p.lines[choice[random.IntN(len(choice))]] + "\n"
		if len(out) > 0 && random.IntN(2) == 0 {
			out[len(out)-1].content += line
			continue
		}
		out = append(out, file{name: fmt.Sprintf("f%d", len(out)), content: line})
	}
	return out
}

// TestStreamAgreesWithVerify holds every way to stream to the verdict of Verify
// over all evidence at once.
func TestStreamAgreesWithVerify(t *testing.T) {
	pool := newEvidencePool(t)
	for name, policy := range pool.policies(t) {
		random := rand.New(rand.NewPCG(5, 5))
		policy.At, policy.Threshold = pool.at(&policy), max(1, policy.Threshold)
		verified, rounds := 0, 25
		if policy.Root != nil {
			rounds = 24 // certificates take longer
		}
		for range rounds {
			set := pool.draw(random)
			all := &verify.Evidence{}
			for _, f := range set {
				require.NoError(t, all.Read(f.name, strings.NewReader(f.content), int64(len(f.content))))
			}
			want, wantErr := verify.Verify(t.Context(), all, &policy)
			together, err := stream(t, set, &policy, verify.StreamOptions{Together: true})
			require.Equal(t, text(t, want), text(t, together), "%s: %v", name, set)
			require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err))

			got, err := stream(t, set, &policy, verify.StreamOptions{})
			require.Equal(t, want.Verified, got.Verified, "%s: %v", name, set)
			require.Equal(t, got.Verified, err == nil)
			if got.Counts.Results != want.Counts.Results {
				passed := got.Counts.Ignored[fault.PredicateType]
				require.Equal(t, got.Counts.Results+passed, all.Len(), "each piece has its own result, or the groups are the same")
				pool.eachIsJudgedAsAlone(t, set, policy, got)
			} else if len(set) > 1 {
				require.Equal(t, text(t, want), text(t, got), "%s: %v", name, set)
			}
			if want.Verified {
				verified++
			}
		}
		assert.Positive(t, verified, "%s: nothing is verified", name)
	}
}

// eachIsJudgedAsAlone compares each result with what Verify says of that piece.
func (p *evidencePool) eachIsJudgedAsAlone(t *testing.T, set files, policy verify.Policy, got *verify.Report) {
	t.Helper()
	i, statuses := 0, []int{}
	for _, f := range set {
		number := 0
		for line := range strings.Lines(f.content) {
			if number++; isIgnored(got, f.name, number) {
				continue
			}
			e := &verify.Evidence{}
			require.NoError(t, e.Read(f.name, strings.NewReader(line), int64(len(line))))
			alone, _ := verify.Verify(t.Context(), e, &policy)
			alone.Results[0].Evidence[0].Line = got.Results[i].Evidence[0].Line
			require.Equal(t, text(t, alone.Results[0]), text(t, got.Results[i]))
			if !alone.Results[0].Verified { // else it lacks what another piece may have
				statuses = append(statuses, alone.Exit)
			}
			i++
		}
	}
	if got.Checks != nil {
		statuses = append(statuses, fault.ExitRejected) // an artifact that nothing is about, a file without the type
	}
	assert.Equal(t, fault.Worst(statuses...), got.Exit)
}

// isIgnored reports whether a line is in the report's list of what was ignored.
func isIgnored(r *verify.Report, file string, line int) bool {
	return slices.ContainsFunc(r.Ignored, func(i verify.Ignored) bool {
		return i.Source == file && i.Line <= line && line < i.Line+max(1, i.Lines)
	})
}

// TestSameOnAnyNumberOfCores compares whole reports, with broken and other files
// among the evidence.
func TestSameOnAnyNumberOfCores(t *testing.T) {
	pool := newEvidencePool(t)
	random := rand.New(rand.NewPCG(7, 7))
	set := files{}
	for range 20 {
		set = append(set, pool.draw(random)...)
		set = append(set, file{name: "x.sigstore.json", content: "{"}, file{name: "readme", content: "# text"}, file{name: "gone", err: fault.New(fault.InputUnreadable, "gone")})
	}
	for name, policy := range pool.policies(t) {
		policy.At, policy.Threshold = pool.at(&policy), max(1, policy.Threshold)
		var first string
		for _, cores := range []int{1, 2, 5} {
			before := runtime.GOMAXPROCS(cores)
			r, _ := stream(t, set, &policy, verify.StreamOptions{})
			runtime.GOMAXPROCS(before)
			if first == "" {
				first = text(t, r)
			}
			require.Equal(t, first, text(t, r), "%s on %d cores", name, cores)
		}
	}
}

// onePolicy trusts ann for everything.
func (p *evidencePool) onePolicy(t testing.TB) *verify.Policy {
	t.Helper()
	return &verify.Policy{Trust: trust(t, p.ann), Threshold: 1, At: now()}
}

// TestStreamPassesOver is about what is no evidence, and what is broken.
func TestStreamPassesOver(t *testing.T) {
	pool := newEvidencePool(t)
	good := pool.lines[0] + "\n"
	tests := []struct {
		name, file, content string
		unread              fault.Reason // "" if it is ignored
		ignored             fault.Reason
	}{
		{"text", "readme.md", "# hello", "", fault.NotEvidence},
		{"empty", "empty", "", "", fault.InputEmpty},
		{"gzip", "x.gz", "\x1f\x8b\x08\x00", "", fault.InputEncoding},
		{"zeros", "zeros", strings.Repeat("\x00", 5000), "", fault.NotEvidence},
		{"another document", "sbom.json", `{"bomFormat":"CycloneDX"}`, "", fault.NotEvidence},
		{"broken document", "sbom.json", `{"bomFormat":`, "", fault.InputMalformed},
		{"broken by its name", "x.sigstore.json", `{"bomFormat":`, fault.InputMalformed, ""},
		{"empty by its name", "x.dsse.json", "", fault.InputEmpty, ""},
		{"other by its name", "x.intoto.jsonl", "hello", fault.NotEvidence, ""},
		{"no line by its name", "x.intoto.jsonl", "{\"a\":1}\n{\"a\":2}\n", fault.NotEvidence, ""},
		{"broken by its key", "notes", `{"payload":"e30=","payloadType":`, fault.EnvelopeMalformed, ""},
		{"broken bundle", "notes", `{"mediaType":"application/vnd.dev.sigstore.bundle.v9+json"}`, fault.BundleVersion, ""},
		{"log", "app.log", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", "", fault.NotEvidence},
		{"broken log", "app.log", "{\"a\":1}\n{\"a\":2}\n{\"a\"", "", fault.InputMalformed},
		{"damaged line by its name", "x.intoto.jsonl", good + "z" + good[1:], fault.InputMalformed, ""},
		{"text in a line by its name", "x.intoto.jsonl", good + "text\n", fault.InputMalformed, ""},
		{"another line by its name", "x.intoto.jsonl", good + "{\"a\":1}\n\n", "", fault.NotEvidence},
		{"damaged line among evidence", "some", good + "z" + good[1:], fault.InputMalformed, ""},
		{"broken syntax among evidence", "some", good + `{"q":,` + good[1:], fault.InputMalformed, ""},
		{"another line among evidence", "some", good + "{\"a\":1}\n", "", fault.NotEvidence},
		{"damaged line behind something else", "some", "{\"a\":1}\n" + good + "z" + good[1:], fault.InputMalformed, ""},
		{"damaged line before evidence", "some", "{\"a\":1}\nz" + good[1:] + good + "text\n", fault.InputMalformed, ""},
		{"damaged line of a log", "app.log", "{\"a\":1}\ntext\n", "", fault.InputMalformed},
		{"damaged document", "other.json", "z" + good[1:], "", fault.NotEvidence},
		{"broken line among evidence", "some", good + `{"payload":1}` + "\n" + good, fault.EnvelopeMalformed, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, o := range []verify.StreamOptions{{}, {Together: true}} {
				r, err := stream(t, files{{name: "good", content: good}, {name: tt.file, content: tt.content}}, pool.onePolicy(t), o)
				require.NotNil(t, r, "%v", err)
				if tt.ignored != "" {
					require.NoError(t, err)
					require.NotEmpty(t, r.Ignored)
					assert.Equal(t, tt.ignored, r.Ignored[len(r.Ignored)-1].Reason)
					assert.Equal(t, tt.file, r.Ignored[0].Source)
					assert.Zero(t, r.Counts.Unread)
					continue
				}
				require.Error(t, err)
				assert.Equal(t, tt.unread, fault.ReasonOf(err))
				assert.Equal(t, tt.unread.Exit(), r.Exit)
				assert.Equal(t, 1, r.Counts.Unread)
				assert.False(t, r.Verified)
			}
		})
	}
}

// TestNamedPieceIsNeverPassedOver gives each of the above by name.
func TestNamedPieceIsNeverPassedOver(t *testing.T) {
	pool := newEvidencePool(t)
	good := file{name: "good", content: pool.lines[0], named: true}
	for content, want := range map[string]fault.Reason{
		"# hello": fault.NotEvidence, "": fault.InputEmpty, `{"a":1}`: fault.NotEvidence, `{"a":`: fault.InputMalformed,
		"{\"a\":1}\n{\"a\":2}\n": fault.NotEvidence, "z" + pool.lines[0][1:]: fault.NotEvidence,
	} {
		bad := file{name: "bad", content: content, named: true}
		r, err := stream(t, files{good, bad}, pool.onePolicy(t), verify.StreamOptions{})
		assert.Equal(t, want, fault.ReasonOf(err))
		assert.Equal(t, 1, r.Counts.Verified, "the other one is verified all the same")

		r, err = stream(t, files{bad}, pool.onePolicy(t), verify.StreamOptions{})
		assert.Equal(t, want, fault.ReasonOf(err))
		if !strings.Contains(content, "\n") {
			assert.Nil(t, r, "over nothing there is no verdict")
			assert.ErrorContains(t, err, `"bad"`)
		}
	}
}

// TestNamedPlaceWithoutEvidence is never success, whatever else there is.
func TestNamedPlaceWithoutEvidence(t *testing.T) {
	pool := newEvidencePool(t)
	good := file{name: "d/good", content: pool.lines[0]}
	other := file{name: "d/other", content: "# text"}
	lines := file{name: "d/lines.jsonl", content: pool.lines[0] + "\n" + pool.lines[6] + "\n"}
	named := file{name: "good", content: pool.lines[0], named: true}
	end := file{name: "d", end: true}
	for _, together := range []bool{false, true} {
		o := verify.StreamOptions{Together: together}
		for _, in := range []files{{good, other, end}, {other, lines, end}, {named, good, end, good, end}} {
			_, err := stream(t, in, pool.onePolicy(t), o)
			require.NoError(t, err)
		}
		for _, in := range []files{{named, other, end}, {good, end, other, end}, {other, end, named}, {named, end}} {
			r, err := stream(t, in, pool.onePolicy(t), o)
			assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
			assert.Equal(t, 1, r.Counts.Verified, "the other one is verified all the same")
			assert.Equal(t, 1, r.Counts.Unread)
		}
		r, err := stream(t, files{end}, pool.onePolicy(t), o)
		assert.Nil(t, r, "over nothing there is no verdict")
		assert.ErrorContains(t, err, `"d": there is no envelope or bundle in it`)
		assert.Empty(t, fault.HintOf(err))

		r, err = stream(t, files{other, end}, pool.onePolicy(t), o)
		assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
		require.NotNil(t, r, "what was looked at in vain is told")
		assert.Equal(t, fault.ExitMissing, r.Exit)
		assert.False(t, r.Verified)
		require.Len(t, r.Ignored, 1)
		assert.Equal(t, "d/other", r.Ignored[0].Source)
		require.Len(t, r.Results, 1)
		assert.Contains(t, r.Results[0].Checks[0].Hint, "listed as ignored")

		r, err = stream(t, files{other, end, end}, pool.onePolicy(t), o)
		require.Error(t, err)
		require.Len(t, r.Results, 2)
		assert.Empty(t, r.Results[1].Checks[0].Hint, "there is nothing in the second place")
	}
}

// TestIgnoredLinesAreTold as runs.
func TestIgnoredLinesAreTold(t *testing.T) {
	pool := newEvidencePool(t)
	content := "{\"a\":1}\n\n{\"a\":1}\n{\"a\":2}\n" + pool.lines[0] + "\n{\"a\":3}\n"
	r, err := stream(t, files{{name: "mixed", content: content}}, pool.onePolicy(t), verify.StreamOptions{})
	require.NoError(t, err)
	var got []string
	for _, i := range r.Ignored {
		got = append(got, fmt.Sprintf("%d+%d", i.Line, i.Lines))
	}
	assert.Equal(t, []string{"1+0", "3+2", "6+0"}, got)
	assert.Equal(t, map[fault.Reason]int{fault.NotEvidence: 4}, r.Counts.Ignored)
}

func TestExpect(t *testing.T) {
	pool := newEvidencePool(t)
	set := files{{name: "one", content: pool.lines[0]}, {name: "two", content: pool.lines[6] + "\n" + pool.lines[12]}}
	_, err := stream(t, set, pool.onePolicy(t), verify.StreamOptions{Expect: 3})
	require.NoError(t, err)
	_, err = stream(t, set, pool.onePolicy(t), verify.StreamOptions{Expect: 3, Together: true})
	require.NoError(t, err)
	for _, n := range []int{1, 2, 4} {
		r, err := stream(t, set, pool.onePolicy(t), verify.StreamOptions{Expect: n})
		assert.Equal(t, fault.EvidenceCount, fault.ReasonOf(err))
		assert.Equal(t, fault.ExitMissing, r.Exit)
		assert.False(t, r.Verified)
		require.Len(t, r.Checks, 1)
		assert.Equal(t, "count", r.Checks[0].Name)
	}
	r, err := stream(t, append(set, file{name: "eve", content: pool.lines[4]}), pool.onePolicy(t), verify.StreamOptions{Expect: 4})
	assert.Equal(t, fault.SignatureUntrusted, fault.ReasonOf(err), "a rejection comes before a number")
	assert.Equal(t, fault.ExitRejected, r.Exit)
	r, err = stream(t, files{{name: "none", content: "# text"}}, pool.onePolicy(t), verify.StreamOptions{Expect: 1})
	assert.Equal(t, fault.ExitMissing, r.Exit)
	require.Error(t, err)
}

// TestExpectCountsCopiesOnce: a copy, in whatever form, does not stand for a document
// that went missing.
func TestExpectCountsCopiesOnce(t *testing.T) {
	ann, bob, old := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.Ed25519), newKey(t, "old", keys.Ed25519)
	old.trusted.NotAfter = now().Add(-time.Hour)
	m := statement(t, appSubject())
	other := statement(t, intoto.Subject{Name: "app", Digest: map[string]string{"sha256": sum256("app")}}, intoto.Subject{Name: "x", Digest: map[string]string{"sha256": sum256("x")}})
	w := world.New(t.Name())
	first, blob := sealed(t, m, ann), sealedBlob(t, "app", ann)
	for _, row := range []struct {
		name      string
		evidence  [][]byte
		documents int
	}{
		{"once", [][]byte{first}, 1},
		{"the same bytes", [][]byte{first, first}, 1},
		{"signed again", [][]byte{first, sealed(t, m, ann)}, 1},
		{"in a bundle", [][]byte{first, bundled(t, w, m, ann)}, 1},
		{"a signature that does not count beside", [][]byte{first, sealed(t, m, ann, old)}, 1},
		{"another payload", [][]byte{first, sealed(t, other, ann)}, 2},
		{"another signer", [][]byte{first, sealed(t, m, bob)}, 2},
		{"one of them twice", [][]byte{first, sealed(t, other, ann), first}, 2},
		{"over bare bytes", [][]byte{blob, blob}, 1},
		{"over bare bytes, detached", [][]byte{blob, detached(t, "app", ann)}, 1},
		{"over bare bytes, by another signer", [][]byte{blob, sealedBlob(t, "app", bob)}, 2},
		{"over bare bytes and a statement", [][]byte{blob, first}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			var in files
			for i, content := range row.evidence {
				in = append(in, file{name: fmt.Sprint(i, ".sig"), content: string(content), named: true})
			}
			for _, trusted := range []*keys.Trust{trust(t, ann, bob), trust(t, ann, bob, old)} {
				policy := &verify.Policy{Trust: trusted, Threshold: 1, At: now(), Subjects: []verify.Artifact{artifact("app")}}
				for _, together := range []bool{false, true} {
					_, err := stream(t, in, policy, verify.StreamOptions{Expect: row.documents, Together: together})
					require.NoError(t, err)
					r, err := stream(t, in, policy, verify.StreamOptions{Expect: row.documents + 1, Together: together})
					require.Equal(t, fault.EvidenceCount, fault.ReasonOf(err))
					assert.Equal(t, len(row.evidence), r.Counts.Verified)
					assert.Equal(t, row.documents < len(row.evidence), strings.Contains(err.Error(), "cop"), "%v", err)
				}
			}
		})
	}
}

// TestExpectIsNotMetByParts: what was cut out of an envelope is no document beside it.
func TestExpectIsNotMetByParts(t *testing.T) {
	ann, bob, old := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.Ed25519), newKey(t, "old", keys.Ed25519)
	old.trusted.NotAfter = now().Add(-time.Hour)
	m := statement(t, appSubject())
	whole := sealed(t, m, ann, bob)
	both := &verify.Policy{Trust: trust(t, ann, bob, old), Threshold: 2, At: now()}
	either := &verify.Policy{Trust: trust(t, ann, bob, old), Threshold: 1, At: now()}
	plain := &verify.Policy{Trust: trust(t, ann, bob), Threshold: 1, At: now()} // each piece could be judged by itself
	for name, row := range map[string]struct {
		policies  []*verify.Policy
		evidence  [][]byte
		documents int
	}{
		"one signature cut out":            {[]*verify.Policy{both, either, plain}, [][]byte{whole, sealed(t, m, ann)}, 1},
		"each signature cut out":           {[]*verify.Policy{both, either, plain}, [][]byte{sealed(t, m, bob), whole, sealed(t, m, ann)}, 1},
		"a signature that does not count":  {[]*verify.Policy{both, either}, [][]byte{whole, sealed(t, m, old)}, 1},
		"by one and by the other":          {[]*verify.Policy{both, either, plain}, [][]byte{sealed(t, m, ann), sealed(t, m, bob)}, 2},
		"whole, beside one of its signers": {[]*verify.Policy{both, either, plain}, [][]byte{whole, sealed(t, m, ann, old)}, 1},
	} {
		var in files
		for i, content := range row.evidence {
			in = append(in, file{name: fmt.Sprint(i, ".sig"), content: string(content), named: true})
		}
		for i, policy := range row.policies {
			for _, together := range []bool{false, true} {
				_, err := stream(t, in, policy, verify.StreamOptions{Expect: row.documents, Together: together})
				require.NoError(t, err, "%s, policy %d", name, i)
				_, err = stream(t, in, policy, verify.StreamOptions{Expect: row.documents + 1, Together: together})
				require.Equal(t, fault.EvidenceCount, fault.ReasonOf(err), "%s, policy %d", name, i)
			}
		}
	}
}

func TestFailFast(t *testing.T) {
	pool := newEvidencePool(t)
	set := files{}
	for i := range 400 {
		line := pool.lines[0]
		if i == 150 || i == 151 || i == 300 {
			line = pool.lines[10] // of another payload
		}
		set = append(set, file{name: fmt.Sprint(i), content: line + "\n" + line})
	}
	for _, o := range []verify.StreamOptions{{FailFast: true}, {FailFast: true, Together: true}} {
		r, err := stream(t, set, pool.onePolicy(t), o)
		assert.Equal(t, fault.SignatureUntrusted, fault.ReasonOf(err))
		assert.True(t, r.Stopped)
		last := r.Results[len(r.Results)-1]
		assert.False(t, last.Verified)
		for _, result := range r.Results[:len(r.Results)-1] {
			assert.True(t, result.Verified, "the failure is the last")
		}
		if !o.Together {
			assert.Equal(t, "150", last.Evidence[0].File)
			assert.Equal(t, 1, last.Evidence[0].Line)
		}
	}
	r, err := stream(t, set[:100], pool.onePolicy(t), verify.StreamOptions{FailFast: true})
	require.NoError(t, err)
	assert.False(t, r.Stopped)
}

func TestNothingStreamedIsNeverSuccess(t *testing.T) {
	pool := newEvidencePool(t)
	for _, set := range []files{{}, {{name: "text", content: "# text"}}} {
		r, err := stream(t, set, pool.onePolicy(t), verify.StreamOptions{})
		require.Error(t, err)
		assert.False(t, r.Verified)
		assert.Equal(t, fault.ExitMissing, r.Exit)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	pool := newEvidencePool(t)
	v, err := verify.NewVerifier(pool.onePolicy(t))
	require.NoError(t, err)
	for _, o := range []verify.StreamOptions{{}, {Together: true}} {
		ctx, cancel := context.WithCancel(t.Context())
		endless := endlessFiles{pool.lines[0], cancel}
		r, err := v.Stream(ctx, endless, o, &kept{})
		require.ErrorIs(t, err, context.Canceled)
		assert.Nil(t, r)
	}
}

// endlessFiles cancels after some.
type endlessFiles struct {
	line   string
	cancel func()
}

func (e endlessFiles) Pieces(ctx context.Context, _ bool) iter.Seq[verify.Piece] {
	return func(yield func(verify.Piece) bool) {
		for i := 0; ctx.Err() == nil; i++ {
			if i == 1000 {
				e.cancel()
			}
			if !yield(verify.Piece{Name: "x"}) {
				return
			}
		}
	}
}

func (e endlessFiles) Open(*verify.Piece) (verify.Content, error) {
	return input.FromBytes("x", []byte(e.line)), nil
}

// TestSinkEndsStream brings the sink's error back.
func TestSinkEndsStream(t *testing.T) {
	pool := newEvidencePool(t)
	v, err := verify.NewVerifier(pool.onePolicy(t))
	require.NoError(t, err)
	full := errors.New("disk full")
	_, err = v.Stream(t.Context(), endlessFiles{pool.lines[0], func() {}}, verify.StreamOptions{}, failingSink{full})
	require.ErrorIs(t, err, full)
}

type failingSink struct{ err error }

func (f failingSink) Result(*verify.Result) error   { return f.err }
func (f failingSink) Ignored(*verify.Ignored) error { return f.err }

// TestTooMuchTogether is about more copies of one payload than are judged at once.
func TestTooMuchTogether(t *testing.T) {
	pool := newEvidencePool(t)
	set := files{{name: "many", content: strings.Repeat(pool.lines[0]+"\n", 1025)}, {name: "other", content: pool.lines[6]}}
	r, err := stream(t, set, pool.onePolicy(t), verify.StreamOptions{Together: true})
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
	assert.Len(t, r.Results, 2)
	set[0].content = strings.Repeat(pool.lines[0]+"\n", 1024)
	_, err = stream(t, set, pool.onePolicy(t), verify.StreamOptions{Together: true})
	require.NoError(t, err)
}

// TestArtifactForManyStreams shares one artifact between all workers.
func TestArtifactForManyStreams(t *testing.T) {
	pool := newEvidencePool(t)
	var set files
	for i := range 500 {
		set = append(set, file{name: fmt.Sprint(i), content: pool.lines[0]})
	}
	policy := pool.onePolicy(t)
	reads := &countedContent{Bytes: dsse.Bytes("app")}
	policy.Subjects = []verify.Artifact{{Name: "app", Content: reads}}
	_, err := stream(t, set, policy, verify.StreamOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, reads.reads)
}
