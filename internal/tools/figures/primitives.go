//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"runtime"
	"sync"
	"time"
)

// primitiveTime is how long each primitive is measured.
const primitiveTime = time.Second

// primitives measures SHA-256 and the verification of P-256 alone, on all cores at once: bytes
// and signatures a second.
func primitives() (hash, signatures float64, err error) {
	block := make([]byte, 64<<10)
	hash = onAllCores(func() func() int {
		h := sha256.New()
		return func() int { h.Write(block); return len(block) }
	})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return 0, 0, err
	}
	sum := sha256.Sum256(block)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return 0, 0, err
	}
	signatures = onAllCores(func() func() int {
		return func() int {
			if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature) {
				return -1 << 40
			}
			return 1
		}
	})
	if signatures <= 0 {
		return 0, 0, errors.New("a signature does not verify")
	}
	return hash, signatures, nil
}

// onAllCores does work over and over on each core, and returns what it counts, in a second.
func onAllCores(start func() func() int) float64 {
	var wait sync.WaitGroup
	counts := make([]int, runtime.NumCPU())
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
	took := time.Since(begin).Seconds()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took
}
