package forensic

// unsettled is a member that has its place and may not be hashed yet.
type unsettled struct {
	want *Entry // nil if it stands where the manifest has something else
	got  Entry  // without digest
	hex  func() string
}

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
	v.unsettled = append(v.unsettled, u)
	if len(v.unsettled) > maxUnsettled {
		if err := v.settleOne(); err != nil {
			return err
		}
	}
	if u.want == nil {
		return nil
	}
	return v.advance()
}

// settleOne compares the first member that waits.
func (v *verification) settleOne() error {
	u := &v.unsettled[0]
	u.got.SHA256 = u.hex()
	want, got := u.want, u.got
	v.unsettled = append(v.unsettled[:0], v.unsettled[1:]...)
	if want == nil {
		return v.joined.apart.Add(apartRecord(isMember, &got))
	}
	return v.match(want, &got)
}

// settleAll compares all members that wait.
func (v *verification) settleAll() error {
	for len(v.unsettled) > 0 {
		if err := v.settleOne(); err != nil {
			return err
		}
	}
	return nil
}
