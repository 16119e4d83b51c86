package authenticator

type iteration any
type hmacSecrets struct{}
type issuer struct{}

func newIssuer([16]byte) (*issuer, error) { return &issuer{}, nil }
