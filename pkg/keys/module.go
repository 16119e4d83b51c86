package keys

import "crypto/fips140"

// moduleWithoutMLDSA is the version of the Go Cryptographic Module that came
// before ML-DSA. In a build against it the functions of crypto/mldsa are there
// and fail.
const moduleWithoutMLDSA = "v1.0.0"

func hasMLDSA() bool { return fips140.Version() != moduleWithoutMLDSA }
