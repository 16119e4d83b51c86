//go:build linux

package main

import (
	"crypto/sha256"
	"syscall"
	"time"
)

// The machine that the limits on CPU time are stated for hashes so many bytes in a
// second of CPU time (SHA-256, with its instructions).
const statedRate = 1_400_000_000

// sample is how much is hashed to measure this machine, in bytes.
const sample = 32 << 20

// pace is how much slower this machine is now than the one that the limits are
// stated for, and 1 if it is not: neighbours on the same processor, and lower
// clocks, cost CPU time too. Limits on CPU time are multiplied by it, and a table
// that was made so says so.
func pace(runs int) (float64, error) {
	block := make([]byte, 1<<20) // small: what this program holds would be measured with it
	least := time.Duration(0)
	for range runs {
		before, err := ownCPU()
		if err != nil {
			return 0, err
		}
		h := sha256.New()
		for range sample / len(block) {
			h.Write(block)
		}
		after, err := ownCPU()
		if err != nil {
			return 0, err
		}
		if took := after - before; least == 0 || took < least {
			least = took
		}
	}
	stated := time.Duration(sample * int64(time.Second) / statedRate)
	return max(1, float64(least)/float64(stated)), nil
}

// ownCPU is the CPU time of this program so far.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
