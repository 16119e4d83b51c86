package ctap

// Accept holds a token's answer to the request against what was asked, for
// transports that send it themselves: authData is authenticator data, statement
// the attestation statement in CBOR. An answer that does not fit is
// fault.DeviceFailed.
func (n NewCredential) Accept(format string, authData, statement []byte) (*Credential, error) {
	return newCredential(n, makeCredentialAnswer{Format: format, AuthData: authData, Statement: statement})
}

// Accept is NewCredential.Accept for an assertion. credential is the id that the
// token names, nil for none; secret is what it gave for the salt, decrypted.
func (q AssertionRequest) Accept(credential, authData, signature, secret []byte) (*Assertion, error) {
	a := getAssertionAnswer{AuthData: authData, Signature: signature}
	if credential != nil {
		a.Credential = &descriptor{ID: credential}
	}
	out, err := acceptAssertion(q, a)
	if err != nil || q.Salt == nil {
		return out, err
	}
	return out.withSecret(secret)
}

// DecodeBytes returns the content of a CBOR byte string, in canonical form and
// with nothing behind it.
func DecodeBytes(b []byte) ([]byte, error) {
	var out []byte
	err := decode(b, &out)
	return out, err
}
