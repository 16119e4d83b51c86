package forensic

// unsettled is a member that has its place and may not be hashed yet.
type unsettled struct {
	want *Entry // nil if it stands where the manifest has something else
	got  Entry  // without digest
	hex  func() string
}

// queue is members that wait, in a ring.
type queue struct {
	ring     [maxUnsettled]unsettled
	first, n int
}

func (q *queue) at(i int) *unsettled { return &q.ring[(q.first+i)%maxUnsettled] }

// place finds a member in the manifest. What the digest is turns out when it is settled.
func (v *verification) place(name string, size int64, hex func() string) error {
	j := &v.joined
	for j.entry != nil && j.entry.Path != name && v.compare(j.entry.Path, name) < 0 {
		if err := j.apart.Add(apartRecord(isEntry, j.entry)); err != nil {
			return err
		}
		if err := v.advance(); err != nil {
			return err
		}
	}
	u := unsettled{got: Entry{Path: name, Size: size}, hex: hex}
	if j.entry != nil && j.entry.Path == name {
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
	u.got.SHA256 = u.hex()
	if u.want == nil {
		return v.joined.apart.Add(apartRecord(isMember, &u.got))
	}
	return v.match(u.want, &u.got, EntryAsListed)
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
