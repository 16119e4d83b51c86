package authenticator

import (
	"crypto/ecdh"
	"slices"
	"time"
)

// Times of a pinUvAuthToken (CTAP 2.1, 6.5.2.1).
const (
	tokenLife     = 10 * time.Minute
	tokenFirstUse = 30 * time.Second
)

// A permission is what a pinUvAuthToken is good for (CTAP 2.1, 6.5.5.7).
type permission int

const (
	mayMakeCredential permission = 0x01
	mayGetAssertion   permission = 0x02
	mayManage         permission = 0x04
)

// pinAuth is what makes PIN tokens; it begins anew with each power-up.
type pinAuth struct {
	agreement *ecdh.PrivateKey
	tokens    map[int]*pinToken // by protocol
}

// A pinToken is a pinUvAuthToken and its state (CTAP 2.1, 6.5.2.1).
type pinToken struct {
	protocol    int
	key         []byte
	permissions permission
	rpID        string // "" for any
	issued      time.Time
	used        bool
}

func newPINAuth() (*pinAuth, error) {
	key, err := newAgreementKey()
	return &pinAuth{agreement: key, tokens: map[int]*pinToken{}}, err
}

// issue makes a new token; tokens made before are good for nothing.
func (p *pinAuth) issue(protocol int, allowed permission, rpID string) *pinToken {
	t := &pinToken{protocol: protocol, key: random(32), permissions: allowed, rpID: rpID, issued: time.Now()}
	p.tokens = map[int]*pinToken{protocol: t}
	return t
}

// verify checks a pinUvAuthParam over message, and that its token may do what is
// asked at a relying party; "" is none in particular.
func (k *token) verifyToken(protocol int, message, param []byte, need permission) (*pinToken, error) {
	t := k.auth.tokens[protocol]
	if t == nil || t.expired() {
		return nil, PINAuthInvalid
	}
	if err := verify(protocol, t.key, message, param); err != nil {
		return nil, err
	}
	if t.permissions&need == 0 {
		return nil, PINAuthInvalid
	}
	t.used = true
	return t, nil
}

func (t *pinToken) expired() bool {
	age := time.Since(t.issued)
	return age > tokenLife || !t.used && age > tokenFirstUse
}

// bind checks that the token is for a relying party, and makes it so when it
// was for any (CTAP 2.1, 6.1.2 and 6.2.2).
func (t *pinToken) bind(rpID string) error {
	if t.rpID != "" && t.rpID != rpID {
		return PINAuthInvalid
	}
	t.rpID = rpID
	return nil
}

// checkProtocol refuses a protocol that the device does not offer.
func (k *token) checkProtocol(protocol *int) (int, error) {
	if protocol == nil {
		return 0, MissingParameter
	}
	if !slices.Contains(k.protocols, *protocol) {
		return 0, InvalidParameter
	}
	return *protocol, nil
}
