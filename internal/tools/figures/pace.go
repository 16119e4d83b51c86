//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"syscall"
	"time"
)

// The machine that the limits on CPU time are stated for does so many bytes in a
// second of CPU time: SHA-256 with the processor's instructions for it, and base64,
// which is plain code.
const (
	statedHashing  = 1_400_000_000
	statedDecoding = 880_000_000
)

// statedFault is what a page of memory that is used for the first time takes there at most.
// Some virtual machines take many times as much, and a short run is little else.
const statedFault = 2 * time.Microsecond

// pages is how many are used for the first time to measure this machine: few, since what this
// program holds would be measured with what it starts.
const pages = 256

// sample is how much is hashed and decoded to measure this machine, in bytes.
const sample = 32 << 20

// pace is how much slower this machine is now than the one that the limits are
// stated for, and 1 if it is not: neighbours on the same processor, and lower
// clocks, cost CPU time too. Limits on CPU time are multiplied by it, and a table
// that was made so says so.
func pace(runs int) (float64, error) {
	var least time.Duration
	for range runs {
		before, err := ownCPU()
		if err != nil {
			return 0, err
		}
		if err := work(); err != nil {
			return 0, err
		}
		after, err := ownCPU()
		if err != nil {
			return 0, err
		}
		if took := after - before; least == 0 || took < least {
			least = took
		}
	}
	stated := time.Duration(sample*int64(time.Second)/statedHashing + sample*int64(time.Second)/statedDecoding)
	return max(1, float64(least)/float64(stated)), nil
}

// memoryTime is what a process with so many page faults may take here more than on the stated
// machine.
func memoryTime(faults int64) (time.Duration, error) {
	fault, err := faultTime()
	return max(0, fault-statedFault) * time.Duration(faults), err
}

// faultTime measures what the first use of a page takes.
func faultTime() (time.Duration, error) {
	size := os.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, pages*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return 0, err
	}
	defer func() { _ = syscall.Munmap(memory) }()
	if err := syscall.Madvise(memory, syscall.MADV_NOHUGEPAGE); err != nil {
		return 0, err
	}
	before, err := ownCPU()
	if err != nil {
		return 0, err
	}
	for i := 0; i < len(memory); i += size {
		memory[i] = 1
	}
	after, err := ownCPU()
	return (after - before) / pages, err
}

// work hashes and decodes the sample. Its buffers are small: what this program
// holds would be measured with what it starts.
func work() error {
	block := make([]byte, 768<<10)
	text := base64.StdEncoding.AppendEncode(nil, block)
	h := sha256.New()
	for done := 0; done < sample; done += len(block) {
		h.Write(block)
		if _, err := base64.StdEncoding.Decode(block, text); err != nil {
			return err
		}
	}
	return nil
}

// ownCPU is the CPU time of this program so far.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
