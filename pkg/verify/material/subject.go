package material

// SubjectDN returns the distinguished name that the certificate is for, as RFC
// 2253 writes it.
func (l *Leaf) SubjectDN() string { return l.cert.Subject.String() }
