// Package smallfiles reads small files, many at a time.
//
// To read a small file costs little; to ask the kernel for it, in four system calls, often
// costs several times as much. On Linux 5.18 and later, with io_uring, one system call reads AtOnce files.
// Elsewhere, and where io_uring is forbidden as it is in many containers, nothing is read
// here, and the caller reads each file by itself as it would anyway: what is read here is
// never more than a shortcut to what is plain and good.
package smallfiles

// AtOnce is how many files a Reader reads at a time.
const AtOnce = 32

// MaxSize is the size of the largest file that a Reader reads, in bytes. It is less than a
// page of memory, so that a file comes from the kernel whole or not at all.
const MaxSize = 4095

// A Reader reads files. Its zero value is ready; Close it. It is not safe for concurrent
// use.
type Reader struct {
	ring     *ring
	given    bool // there is no ring, or it is of no use
	contents [AtOnce][]byte
	vain     int // batches in a row of which nothing was read
}

// maxVain is after how many batches of which nothing was read no other is tried: the files
// are not small.
const maxVain = 4

// Read reads up to AtOnce files and returns the content of each, which is the caller's, or
// nil for one that it leaves to the caller: because it is empty or larger than MaxSize, a
// symbolic link, not there, or for any other reason. The slice is good until the next call.
//
// It is for files that were just seen to be regular ones, and does not look once more. It
// takes what is in a pipe that was put in the place of a file, and waits about two seconds at most
// for more than there is.
func (r *Reader) Read(paths []string) [][]byte {
	contents := r.contents[:len(paths)]
	clear(contents)
	if r.ring == nil && !r.given {
		r.ring = newRing()
	}
	if r.ring != nil {
		r.count(r.ring.read(paths, contents))
	}
	r.given = r.ring == nil
	return contents
}

// count takes in whether the ring goes on, and whether it read any file.
func (r *Reader) count(anything, broken bool) {
	if r.vain++; anything {
		r.vain = 0
	}
	if broken || r.vain == maxVain {
		r.Close()
	}
}

// Close releases what r holds. A later Read reads nothing.
func (r *Reader) Close() {
	if r.ring != nil {
		r.ring.close()
	}
	r.ring, r.given = nil, true
}
