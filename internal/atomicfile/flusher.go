package atomicfile

import "sync"

// flushers is how many files are put on disk at a time. A disk needs about as long for
// one as for so many, since it commits them together.
const flushers = 16

// flusher puts files and directories on disk beside the writing of others.
type flusher struct {
	jobs    chan func() error
	workers sync.WaitGroup

	mu  sync.Mutex
	err error // the first
}

func newFlusher() *flusher {
	f := &flusher{jobs: make(chan func() error, flushers)}
	for range flushers {
		f.workers.Go(f.work)
	}
	return f
}

func (f *flusher) work() {
	for job := range f.jobs {
		if err := job(); err != nil {
			f.mu.Lock()
			if f.err == nil {
				f.err = err
			}
			f.mu.Unlock()
		}
	}
}

// do has a job done, some time before close returns. The error is that of any earlier
// one; the job is done even so.
func (f *flusher) do(job func() error) error {
	f.jobs <- job
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// close waits for all jobs and returns the first error. Nothing may be done after it.
func (f *flusher) close() error {
	close(f.jobs)
	f.workers.Wait()
	return f.err
}
