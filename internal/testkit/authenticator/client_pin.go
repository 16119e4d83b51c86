package authenticator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"unicode/utf8"
)

// The counts of wrong PINs (CTAP 2.1, 6.5.2.2): eight in all, three in a row
// until the device is unplugged.
const (
	maxRetries      = 8
	maxWrongPerBoot = 3
)

// pinState is what stays of the PIN. Only wrong is forgotten without power.
type pinState struct {
	hash     []byte // left half of the SHA-256; nil when no PIN is set
	retries  int
	wrong    int  // in a row since power-up
	outdated bool // forcePINChange: good for its own change alone
}

func (p *pinState) set() bool { return p.hash != nil }

// blocked tells why no PIN is taken now, or nil.
func (p *pinState) blocked() error {
	switch {
	case p.retries == 0:
		return PINBlocked
	case p.wrong >= maxWrongPerBoot:
		return PINAuthBlocked
	default:
		return nil
	}
}

// pinHash is LEFT(SHA-256(pin), 16).
func pinHash(pin string) []byte {
	h := sha256.Sum256([]byte(pin))
	return h[:16]
}

// The subcommands of authenticatorClientPIN (CTAP 2.1, 6.5.5).
const (
	getPINRetries          = 0x01
	getKeyAgreement        = 0x02
	setPIN                 = 0x03
	changePIN              = 0x04
	getPINToken            = 0x05
	getTokenWithPermission = 0x09
)

type pinRequest struct {
	Protocol     *int       `cbor:"1,keyasint"`
	Subcommand   *int       `cbor:"2,keyasint"`
	KeyAgreement *coseKey   `cbor:"3,keyasint"`
	Param        []byte     `cbor:"4,keyasint"`
	NewPIN       []byte     `cbor:"5,keyasint"`
	PINHash      []byte     `cbor:"6,keyasint"`
	Permissions  permission `cbor:"9,keyasint"`
	RPID         *string    `cbor:"10,keyasint"`
}

type pinAnswer struct {
	KeyAgreement *coseKey `cbor:"1,keyasint,omitempty"`
	Token        []byte   `cbor:"2,keyasint,omitempty"`
	Retries      *int     `cbor:"3,keyasint,omitempty"`
	PowerCycle   *bool    `cbor:"4,keyasint,omitempty"`
}

// clientPIN is authenticatorClientPIN (CTAP 2.1, 6.5.5).
func (k *token) clientPIN(body []byte) (any, error) {
	var r pinRequest
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	if r.Subcommand == nil {
		return nil, MissingParameter
	}
	switch *r.Subcommand {
	case getPINRetries:
		return k.pinRetries(), nil
	case getKeyAgreement:
		return k.keyAgreement(r)
	case setPIN:
		return nil, k.setPIN(r)
	case changePIN:
		return nil, k.changePIN(r)
	case getPINToken:
		return k.getPINToken(r)
	case getTokenWithPermission:
		return k.getTokenWithPermissions(r)
	default:
		return nil, InvalidSubcommand
	}
}

func (k *token) pinRetries() pinAnswer {
	retries := k.pin.retries
	a := pinAnswer{Retries: &retries}
	if !k.ctap20 {
		cycle := k.pin.wrong >= maxWrongPerBoot
		a.PowerCycle = &cycle
	}
	return a
}

func (k *token) keyAgreement(r pinRequest) (any, error) {
	if _, err := k.checkProtocol(r.Protocol); err != nil {
		return nil, err
	}
	key := coseEC(coseECDH, coseP256, k.auth.agreement.PublicKey().Bytes())
	return pinAnswer{KeyAgreement: &key}, nil
}

// secret agrees on the shared secret of a request.
func (k *token) secret(r pinRequest) (sharedSecret, error) {
	protocol, err := k.checkProtocol(r.Protocol)
	if err != nil {
		return sharedSecret{}, err
	}
	if r.KeyAgreement == nil {
		return sharedSecret{}, MissingParameter
	}
	return agree(protocol, k.auth.agreement, *r.KeyAgreement)
}

// setPIN is 6.5.5.5.
func (k *token) setPIN(r pinRequest) error {
	s, err := k.secret(r)
	switch {
	case err != nil:
		return err
	case r.NewPIN == nil || r.Param == nil:
		return MissingParameter
	case k.pin.set():
		return PINAuthInvalid
	}
	if err := s.verify(r.NewPIN, r.Param); err != nil {
		return err
	}
	return k.storePIN(s, r.NewPIN)
}

// changePIN is 6.5.5.6.
func (k *token) changePIN(r pinRequest) error {
	s, err := k.secret(r)
	switch {
	case err != nil:
		return err
	case r.NewPIN == nil || r.PINHash == nil || r.Param == nil:
		return MissingParameter
	case !k.pin.set():
		return PINNotSet
	}
	if err := k.pin.blocked(); err != nil {
		return err
	}
	if err := s.verify(bytes.Join([][]byte{r.NewPIN, r.PINHash}, nil), r.Param); err != nil {
		return err
	}
	if err := k.checkPIN(s, r.PINHash); err != nil {
		return err
	}
	return k.storePIN(s, r.NewPIN)
}

// storePIN takes a new PIN, padded with zeros to 64 bytes. Tokens made with the
// old one end.
func (k *token) storePIN(s sharedSecret, sealed []byte) error {
	const padded = 64
	plain, err := s.decrypt(sealed)
	if err != nil {
		return err
	}
	if len(plain) != padded {
		return InvalidParameter
	}
	pin := string(bytes.TrimRight(plain, "\x00"))
	if len(pin) == padded || !utf8.ValidString(pin) || utf8.RuneCountInString(pin) < k.minPIN {
		return PINPolicyViolation
	}
	if k.pin.outdated && bytes.Equal(pinHash(pin), k.pin.hash) {
		return PINPolicyViolation
	}
	k.pin = pinState{hash: pinHash(pin), retries: maxRetries}
	clear(k.auth.tokens)
	return nil
}

// checkPIN compares the PIN of a request. A wrong one costs a try and a new key
// agreement key (CTAP 2.1, 6.5.5.7.1).
func (k *token) checkPIN(s sharedSecret, sealedHash []byte) error {
	k.pin.retries--
	hash, err := s.decrypt(sealedHash)
	if err == nil && hmac.Equal(hash, k.pin.hash) {
		k.pin.retries, k.pin.wrong = maxRetries, 0
		return nil
	}
	k.pin.wrong++
	key, err := newAgreementKey()
	if err != nil {
		return err
	}
	k.auth.agreement = key
	if err := k.pin.blocked(); err != nil {
		return err
	}
	return PINInvalid
}

// getPINToken is 6.5.5.7.1: a token of CTAP 2.0, good for making credentials and
// assertions.
func (k *token) getPINToken(r pinRequest) (any, error) {
	if r.Permissions != 0 || r.RPID != nil {
		return nil, InvalidParameter
	}
	return k.giveToken(r, mayMakeCredential|mayGetAssertion, "")
}

// getTokenWithPermissions is 6.5.5.7.2.
func (k *token) getTokenWithPermissions(r pinRequest) (any, error) {
	const supported = mayMakeCredential | mayGetAssertion | mayManage
	switch {
	case k.ctap20:
		return nil, InvalidSubcommand
	case r.Permissions == 0:
		return nil, InvalidParameter
	case r.Permissions&^supported != 0:
		return nil, UnauthorizedPermission
	case r.Permissions&(mayMakeCredential|mayGetAssertion) != 0 && r.RPID == nil:
		return nil, InvalidParameter
	}
	rpID := ""
	if r.RPID != nil {
		rpID = *r.RPID
	}
	return k.giveToken(r, r.Permissions, rpID)
}

// giveToken checks the PIN and hands out a token, encrypted.
func (k *token) giveToken(r pinRequest, allowed permission, rpID string) (any, error) {
	s, err := k.secret(r)
	switch {
	case err != nil:
		return nil, err
	case r.PINHash == nil:
		return nil, MissingParameter
	case !k.pin.set():
		return nil, PINNotSet
	}
	if err := k.pin.blocked(); err != nil {
		return nil, err
	}
	if err := k.checkPIN(s, r.PINHash); err != nil {
		return nil, err
	}
	if k.pin.outdated {
		return nil, PINPolicyViolation
	}
	sealed, err := s.encrypt(k.auth.issue(s.protocol, allowed, rpID).key)
	if err != nil {
		return nil, err
	}
	return pinAnswer{Token: sealed}, nil
}
