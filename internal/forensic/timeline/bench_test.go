package timeline

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/chain"
)

// generated is a timeline of n events that is made while it is read.
type generated struct {
	n, seq int
	head   chain.Head
	buf    bytes.Buffer
	text   []byte
}

func (g *generated) Read(p []byte) (int, error) {
	for g.buf.Len() < len(p) && g.seq < g.n {
		g.seq++
		e := Event{
			Seq: uint64(g.seq), Time: time.UnixMilli(1_700_000_000_000 + int64(g.seq)).UTC(), Category: Scanner, Kind: "scan.completed", Prev: g.head.Hash,
			Details: fmt.Appendf(nil, `{"image":"registry.example/app@sha256:%064d","findings":%d}`, g.seq, g.seq%100),
			Salt:    fmt.Sprintf("%032x", g.seq),
		}
		_ = e.ID.SetTime(ulid.Timestamp(e.Time))
		e.DetailsSHA256 = commit(&e)
		g.text = appendHead(g.text[:0], &e)
		g.head = chain.Head{Size: e.Seq, Hash: hashOf(g.text)}
		g.buf.Write(appendEvent(nil, &e))
	}
	return g.buf.Read(p)
}

// BenchmarkVerify is over a million events; the limit is 4 s.
func BenchmarkVerify(b *testing.B) {
	const events = 1_000_000
	text, err := io.ReadAll(&generated{n: events})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r, err := Verify(b.Context(), bytes.NewReader(text), Options{})
		if err != nil || r.Err() != nil || r.Events != events {
			b.Fatal(err, r)
		}
	}
}
