package forensic

import "encoding/hex"

// unsettled is a member that has its place and may not be hashed yet.
type unsettled struct {
	want *Entry // nil if it stands where the manifest has something else
	got  Entry
	job  *hashJob // that tells size and digest; nil if got has them
}

// queue is members that wait, in a ring.
type queue struct {
	ring     [maxUnsettled]unsettled
	first, n int
}

func (q *queue) at(i int) *unsettled { return &q.ring[(q.first+i)%maxUnsettled] }

// place finds a member in the manifest. With a job, what size and digest are turns out when it is
// settled.
func (v *verification) place(got Entry, job *hashJob) error {
	j := &v.joined
	for j.entry != nil && j.entry.Path != got.Path && v.compare(j.entry.Path, got.Path) < 0 {
		if err := j.apart.Add(apartRecord(isEntry, j.entry)); err != nil {
			return err
		}
		if err := v.advance(); err != nil {
			return err
		}
	}
	u := unsettled{got: got, job: job}
	if j.entry != nil && j.entry.Path == got.Path {
		u.want = j.entry
	}
	if v.unsettled.n == maxUnsettled {
		if err := v.settleOne(); err != nil {
			return err
		}
	}
	*v.unsettled.at(v.unsettled.n) = u
	v.unsettled.n++
	if u.want == nil {
		return nil
	}
	return v.advance()
}

// settleOne compares the first member that waits.
func (v *verification) settleOne() error {
	q := &v.unsettled
	u := *q.at(0)
	*q.at(0) = unsettled{}
	q.first, q.n = (q.first+1)%maxUnsettled, q.n-1
	if j := u.job; j != nil {
		<-j.done
		if j.err != nil {
			return v.unread(&u)
		}
		u.got.Size, u.got.SHA256 = j.size, hex.EncodeToString(j.sum[:])
		v.hashers.again(j)
	}
	if u.want == nil {
		return v.joined.apart.Add(apartRecord(isMember, &u.got))
	}
	return v.match(u.want, &u.got, EntryAsListed)
}

// unread notes that a member could not be read to its end, as happens when the file changes. Members
// behind it were on the way already, and count.
func (v *verification) unread(u *unsettled) error {
	if err := v.ctx.Err(); err != nil {
		return err
	}
	if u.want != nil {
		v.joined.unread++
		if err := v.observe(u.want, EntryMissing); err != nil {
			return err
		}
	}
	if v.broken {
		return nil // that is said
	}
	return v.sayBroken(inMember(u.got.Path, u.job.err))
}

// settleAll compares all members that wait.
func (v *verification) settleAll() error {
	for v.unsettled.n > 0 {
		if err := v.settleOne(); err != nil {
			return err
		}
	}
	return nil
}
