//go:build linux && !android

package smallfiles

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What io_uring(7) calls these, and io_uring_setup(2), io_uring_register(2) and
// io_uring_enter(2).
const (
	opCancel = 14 // IORING_OP_ASYNC_CANCEL
	opOpenat = 18 // IORING_OP_OPENAT
	opClose  = 19 // IORING_OP_CLOSE
	opRead   = 22 // IORING_OP_READ

	fixedFile = 1 << 0 // IOSQE_FIXED_FILE: fd is a slot of the ring's own table
	ifGood    = 1 << 2 // IOSQE_IO_LINK: the next one runs if this one succeeds
	inAnyCase = 1 << 3 // IOSQE_IO_HARDLINK: the next one runs behind this one

	singleMmap    = 1 << 0     // IORING_FEAT_SINGLE_MMAP
	linkedFile    = 1 << 12    // IORING_FEAT_LINKED_FILE, of Linux 5.18: a slot is looked at when its turn comes
	offRings      = 0          // IORING_OFF_SQ_RING
	offRequests   = 0x10000000 // IORING_OFF_SQES
	registerFiles = 2          // IORING_REGISTER_FILES
	getEvents     = 1 << 0     // IORING_ENTER_GETEVENTS
	timed         = 1 << 3     // IORING_ENTER_EXT_ARG
)

// Each file takes three requests: to open it, read it and close it.
const (
	perFile  = 3
	requests = 128 // a power of two, at least perFile*AtOnce
)

// patience is how long the kernel is waited for, in seconds, before all readings are called
// off: a file may be a pipe by now. The wait that also submits does not tell that it timed
// out, so that there is a second one.
const patience = 1

// unfinished is the result of a request that is on its way.
const unfinished = math.MinInt32

// room is the memory for a file that the kernel reads and writes.
type room struct {
	path    [512]byte
	content [MaxSize + 1]byte
}

// ring is an io_uring. Files are opened in slots of its own and never get a descriptor
// that a program started meanwhile could inherit.
type ring struct {
	fd       int
	maps     [3]mapping // rings, requests and rooms
	rooms    []room
	requests []request
	slots    []uint32

	submitHead, submitTail, submitMask       *uint32
	completeHead, completeTail, completeMask *uint32
	completions                              []completion

	limit   limit
	seconds unix.Timespec // that limit points to
}

// limit is struct io_uring_getevents_arg.
type limit struct {
	_       uint64
	_, _    uint32
	seconds uint64
}

type mapping struct {
	at   unsafe.Pointer
	size uintptr
}

// request is struct io_uring_sqe.
type request struct {
	op      uint8
	flags   uint8
	_       uint16
	fd      int32
	off     uint64
	addr    uint64
	length  uint32
	opFlags uint32
	user    uint64
	_       uint32
	slot    uint32 // plus one
	_       [2]uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	user   uint64
	result int32
	_      uint32
}

// params is struct io_uring_params.
type params struct {
	submitEntries, completeEntries, flags, _, _, features, _ uint32

	_        [3]uint32
	submit   struct{ head, tail, mask, entries, flags, dropped, array, _, _, _ uint32 }
	complete struct{ head, tail, mask, entries, overflow, cqes, flags, _, _, _ uint32 }
}

// newRing returns a ring, or nil if the system lets nobody have one.
func newRing() *ring {
	var p params
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, requests, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil
	}
	r := &ring{fd: int(fd), seconds: unix.NsecToTimespec(patience * 1e9)}
	r.limit.seconds = uint64(uintptr(unsafe.Pointer(&r.seconds)))
	const needed = singleMmap | linkedFile // a kernel that knows no slots would close descriptors of others
	if p.features&needed != needed || r.mapAll(&p) != nil || r.makeSlots() != nil {
		r.close()
		return nil
	}
	return r
}

// mapAll maps what is shared with the kernel.
func (r *ring) mapAll(p *params) error {
	size := max(uintptr(p.submit.array+p.submitEntries*4), uintptr(p.complete.cqes)+uintptr(p.completeEntries)*unsafe.Sizeof(completion{}))
	sizes := [...]uintptr{size, uintptr(p.submitEntries) * unsafe.Sizeof(request{}), AtOnce * unsafe.Sizeof(room{})}
	for i, offset := range [...]int64{offRings, offRequests, -1} {
		fd, flags := r.fd, unix.MAP_SHARED
		if offset < 0 {
			fd, offset, flags = -1, 0, unix.MAP_PRIVATE|unix.MAP_ANON
		}
		at, err := unix.MmapPtr(fd, offset, nil, sizes[i], unix.PROT_READ|unix.PROT_WRITE, flags)
		if err != nil {
			return err
		}
		r.maps[i] = mapping{at, sizes[i]}
	}
	rings := r.maps[0].at
	word := func(offset uint32) *uint32 { return (*uint32)(unsafe.Add(rings, offset)) }
	r.submitHead, r.submitTail, r.submitMask = word(p.submit.head), word(p.submit.tail), word(p.submit.mask)
	r.completeHead, r.completeTail, r.completeMask = word(p.complete.head), word(p.complete.tail), word(p.complete.mask)
	r.slots = unsafe.Slice(word(p.submit.array), p.submitEntries)
	r.completions = unsafe.Slice((*completion)(unsafe.Add(rings, p.complete.cqes)), p.completeEntries)
	r.requests = unsafe.Slice((*request)(r.maps[1].at), p.submitEntries)
	r.rooms = unsafe.Slice((*room)(r.maps[2].at), AtOnce)
	return nil
}

// makeSlots makes the table of the ring's own files.
func (r *ring) makeSlots() error {
	var none [AtOnce]int32
	for i := range none {
		none[i] = -1
	}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerFiles, uintptr(unsafe.Pointer(&none)), AtOnce, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// read reads files as Reader.Read does. A ring that is broken reads no more.
func (r *ring) read(paths []string, contents [][]byte) (anything, broken bool) {
	waiting := 0
	var sizes [AtOnce]int32
	for i, path := range paths {
		if len(path) < len(r.rooms[i].path) && !strings.Contains(path, "\x00") {
			r.ask(i, path)
			sizes[i] = unfinished
			waiting += perFile
		}
	}
	if err := r.wait(waiting, &sizes); err != nil {
		return false, true
	}
	for i, n := range sizes {
		if n > 0 && n <= MaxSize {
			contents[i], anything = bytes.Clone(r.rooms[i].content[:n]), true
		}
	}
	return anything, false
}

// ask puts down the requests for one file.
func (r *ring) ask(i int, path string) {
	const flags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK
	room := &r.rooms[i]
	room.path[copy(room.path[:], path)] = 0
	slot, user := uint32(i)+1, uint64(i)
	r.put(request{op: opOpenat, flags: ifGood, fd: unix.AT_FDCWD, addr: address(&room.path[0]), opFlags: flags, slot: slot, user: AtOnce})
	r.put(request{op: opRead, flags: fixedFile | inAnyCase, fd: int32(i), addr: address(&room.content[0]), length: MaxSize + 1, user: user})
	r.put(request{op: opClose, slot: slot, user: AtOnce})
}

func address(b *byte) uint64 { return uint64(uintptr(unsafe.Pointer(b))) }

// put puts down a request. The kernel sees it with the next enter.
func (r *ring) put(q request) {
	tail := *r.submitTail
	at := tail & *r.submitMask
	r.requests[at], r.slots[at] = q, at
	atomic.StoreUint32(r.submitTail, tail+1)
}

// wait has the kernel work on what was put down, and returns when all is done. The result
// of the request of user i goes to results[i]. What takes too long is called off.
func (r *ring) wait(waiting int, results *[AtOnce]int32) error {
	for waiting > 0 {
		switch err := r.enter(waiting); {
		case errors.Is(err, unix.ETIME):
			waiting += r.callOff(results)
		case err != nil && !errors.Is(err, unix.EINTR):
			r.rooms = nil // some requests may be on their way still
			return err
		}
		head, tail := *r.completeHead, atomic.LoadUint32(r.completeTail)
		for ; head != tail; head++ {
			c := &r.completions[head&*r.completeMask]
			if c.user < AtOnce {
				results[c.user] = c.result
			}
			waiting--
		}
		atomic.StoreUint32(r.completeHead, head)
	}
	return nil
}

// enter hands over what was put down and waits until as much is done.
func (r *ring) enter(waiting int) error {
	todo := *r.submitTail - atomic.LoadUint32(r.submitHead)
	taken, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(todo), uintptr(waiting), getEvents|timed,
		uintptr(unsafe.Pointer(&r.limit)), unsafe.Sizeof(r.limit))
	switch {
	case errno != 0:
		return errno
	case taken < uintptr(todo):
		return unix.ENOMEM // the requests for one file may be torn apart
	}
	return nil
}

// callOff puts down a request for each reading that is not done, to end it, and returns how
// many there are.
func (r *ring) callOff(results *[AtOnce]int32) int {
	n := 0
	for i, result := range results {
		if result == unfinished {
			r.put(request{op: opCancel, fd: -1, addr: uint64(i), user: AtOnce})
			n++
		}
	}
	return n
}

// close releases everything. The rooms of requests that nobody waits for any more stay: the
// kernel may write to them.
func (r *ring) close() {
	_ = unix.Close(r.fd)
	if r.rooms == nil {
		r.maps[2] = mapping{}
	}
	for _, m := range r.maps {
		if m.at != nil {
			_ = unix.MunmapPtr(m.at, m.size)
		}
	}
}
