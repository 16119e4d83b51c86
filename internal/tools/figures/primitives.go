//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// primitiveTime is how long each primitive is measured.
const primitiveTime = time.Second

// pacer is how fast a primitive is on all cores at once: by the clock, and by processor time.
type pacer struct{ clock, cpu float64 } // in a second

// better returns the faster of two, which was disturbed less.
func (p pacer) better(q pacer) pacer { return pacer{max(p.clock, q.clock), max(p.cpu, q.cpu)} }

// primitives measures SHA-256, in bytes, and the verification of P-256, in signatures, alone.
func primitives() (hash, signatures pacer, err error) {
	block := make([]byte, 64<<10)
	if hash, err = onAllCores(func() func() int {
		h := sha256.New()
		return func() int { h.Write(block); return len(block) }
	}); err != nil {
		return hash, signatures, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return hash, signatures, err
	}
	sum := sha256.Sum256(block)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return hash, signatures, err
	}
	signatures, err = onAllCores(func() func() int {
		return func() int {
			if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature) {
				return 0
			}
			return 1
		}
	})
	if err == nil && signatures.clock == 0 {
		err = errors.New("a signature does not verify")
	}
	return hash, signatures, err
}

// readBlock is how much of a file is read and hashed at a time, in bytes.
const readBlock = 256 << 10

// hashOf measures SHA-256 over what is in a file, read and hashed by all cores at once: no
// program that reads it can be faster.
func hashOf(name string) (pacer, error) {
	f, err := os.Open(name) // #nosec G304 -- in a directory of our own
	if err != nil {
		return pacer{}, err
	}
	defer f.Close()
	var next, total atomic.Int64
	var failed atomic.Pointer[error]
	before, err := ownCPU()
	if err != nil {
		return pacer{}, err
	}
	begin := time.Now()
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			h, block := sha256.New(), make([]byte, readBlock)
			for {
				n, err := f.ReadAt(block, next.Add(readBlock)-readBlock)
				h.Write(block[:n])
				total.Add(int64(n))
				if err != nil && !errors.Is(err, io.EOF) {
					failed.Store(&err)
				}
				if err != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(begin)
	if err := failed.Load(); err != nil {
		return pacer{}, *err
	}
	after, err := ownCPU()
	n := float64(total.Load())
	return pacer{n / took.Seconds(), n / (after - before).Seconds()}, err
}

// onAllCores does work over and over on each core, and returns what it counts.
func onAllCores(start func() func() int) (pacer, error) {
	var wait sync.WaitGroup
	counts := make([]int, runtime.NumCPU())
	before, err := ownCPU()
	if err != nil {
		return pacer{}, err
	}
	begin := time.Now()
	for i := range counts {
		wait.Go(func() {
			work, n := start(), 0
			for time.Since(begin) < primitiveTime {
				n += work()
			}
			counts[i] = n
		})
	}
	wait.Wait()
	took := time.Since(begin)
	after, err := ownCPU()
	total := 0
	for _, n := range counts {
		total += n
	}
	return pacer{float64(total) / took.Seconds(), float64(total) / (after - before).Seconds()}, err
}
