package timeline

import "github.com/stellaops/stella/internal/chain"

// asChain says how a writer reads what is in a timeline.
func asChain() *chain.Records {
	return &chain.Records{Name: Kind().Record, MaxLine: MaxLine, Begin: lineBegin, Link: func(line []byte) (chain.Head, chain.Hash, bool) {
		p, err := parseEvent(line)
		return chain.Head{Size: p.Seq, Hash: p.hash}, p.Prev, err == nil
	}}
}
