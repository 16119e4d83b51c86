package forensic

import (
	"iter"
	"sync"
)

// aheadBatch is how many entries are handed on at once. Three times as many are in memory.
const aheadBatch = 32

// decoded is an element of manifestEntries.
type decoded struct {
	entry *Entry
	err   error
}

// ahead is iter.Pull2 for entries that are decoded on another core while those before them are
// used. stop returns when nothing is decoded any more.
func ahead(entries iter.Seq2[*Entry, error]) (next func() (*Entry, error, bool), stop func()) {
	batches, quit := make(chan []decoded, 1), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(batches)
		inBatches(entries, func(b []decoded) bool {
			select {
			case batches <- b:
				return true
			case <-quit:
				return false
			}
		})
	})
	var batch []decoded
	next = func() (*Entry, error, bool) {
		if len(batch) == 0 {
			batch = <-batches // nil at the end
		}
		if len(batch) == 0 {
			return nil, nil, false
		}
		d := batch[0]
		batch = batch[1:]
		return d.entry, d.err, true
	}
	return next, func() { close(quit); wait.Wait() }
}

// inBatches hands entries on, no empty batch, until give has enough.
func inBatches(entries iter.Seq2[*Entry, error], give func([]decoded) bool) {
	batch := make([]decoded, 0, aheadBatch)
	for e, err := range entries {
		if batch = append(batch, decoded{e, err}); len(batch) < aheadBatch {
			continue
		}
		if !give(batch) {
			return
		}
		batch = make([]decoded, 0, aheadBatch)
	}
	if len(batch) > 0 {
		give(batch)
	}
}
