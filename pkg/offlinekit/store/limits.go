package store

import "time"

// Bounds on what is kept and read.
const (
	// MaxState bounds a state.json, in bytes. A history of maxHistory events with
	// reasons of usual length fits.
	MaxState = 32 << 20
	// maxHistory bounds the events of a channel. None is ever dropped; a kit a day
	// fills it in 89 years.
	maxHistory = 32768
	// MaxReason bounds the reason for a forced activation or a rollback, in characters.
	MaxReason = 512
	// maxName bounds names of kits, channels and people, in characters.
	maxName = 128
	// maxSigners bounds the holders that are kept of those who signed a kit, and
	// maxSigner the name of each, in characters.
	maxSigners = 64
	maxSigner  = 1024

	// MaxQuarantined bounds the kits in quarantine, and MaxQuarantinedBytes their
	// content together, in bytes: three of the largest kits that are usual. The oldest
	// give way.
	MaxQuarantined      = 16
	MaxQuarantinedBytes = 32 << 30
	// MaxReports bounds the reports in quarantine that have no kit with them.
	MaxReports = 64
	// maxReport bounds a report.json, in bytes.
	maxReport = 1 << 20

	// defaultWait is how long a change waits for another process.
	defaultWait = 10 * time.Second
	// spare is how much room, in bytes, is asked for beyond what a kit says it needs.
	spare = 16 << 20
	// blockSize is what the disk gives a file at least, in bytes.
	blockSize = 4096
)
