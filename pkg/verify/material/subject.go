package material

// SubjectDN returns the distinguished name that the certificate is for, as RFC
// 2253 writes it.
func (l *Leaf) SubjectDN() string { return l.cert.Subject.String() }

// Revokes reports whether the Root holds a CRL by the CA that issued the chain's
// leaf: one that says of its certificates whether they are revoked.
func (r *Root) Revokes(c *Chain) bool { return len(r.crlsBy(c.chains[0][1])) > 0 }
