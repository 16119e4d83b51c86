package world

import (
	"crypto"
	"crypto/ecdsa"
	"fmt"
	"sync"
	"sync/atomic"
)

// A World is everything that evidence rests on. Its parts may be used from
// several goroutines; the bytes of what is made then depend on who came first.
type World struct {
	Clock     *Clock
	Fulcio    *CA
	Private   *CA // of an organisation
	CTLog     *CTLog
	Rekor     *Rekor
	RekorV2   *RekorV2
	TSA       *TSA
	Witnesses []*Witness

	seed     seed
	key      *ecdsa.PrivateKey
	count    atomic.Uint64
	stranger func() *World
}

// witnesses is how many witnesses a world has.
const witnesses = 3

// New makes a world. Worlds of the same name have the same keys, and the same
// calls give the same bytes.
func New(name string) *World {
	s, valid, clock := seed(name), around(start()), &Clock{now: start()}
	w := &World{
		Clock:   clock,
		Fulcio:  newCA(s.sub("fulcio"), "Fulcio", "fulcio.world.test", valid, clock),
		Private: newCA(s.sub("private"), "Private", "ca.world.test", valid, clock),
		CTLog:   newCTLog(s.sub("ctlog"), "ctlog.world.test", valid),
		Rekor:   newRekor(s.sub("rekor"), "rekor.world.test", valid),
		RekorV2: newRekorV2(s.sub("rekor v2"), "log2026.rekor.world.test", valid),
		seed:    s, key: s.sub("key").p256(),
	}
	w.TSA = newTSA(s.sub("tsa"), "tsa.world.test", valid, clock)
	for i := range witnesses {
		name := fmt.Sprintf("witness.world.test/w%d", i+1)
		w.Witnesses = append(w.Witnesses, &Witness{name, s.sub("%s", name).ed25519()})
	}
	w.stranger = sync.OnceValue(func() *World { return New(name + "/stranger") })
	return w
}

// Stranger is a world that looks the same and has other keys: what is made there
// is not trusted here.
func (w *World) Stranger() *World { return w.stranger() }

// PublicKey is the key that signs with the option [Key].
func (w *World) PublicKey() crypto.PublicKey { return w.key.Public() }

// fresh is a seed that nothing had before.
func (w *World) fresh(what string) seed { return w.seed.sub("%s %d", what, w.count.Add(1)) }
