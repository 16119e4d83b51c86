package authenticator

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

type getAssertionRequest struct {
	RPID       *string             `cbor:"1,keyasint"`
	Hash       []byte              `cbor:"2,keyasint"`
	Allow      []descriptor        `cbor:"3,keyasint"`
	Extensions assertionExtensions `cbor:"4,keyasint"`
	Options    options             `cbor:"5,keyasint"`
	Param      []byte              `cbor:"6,keyasint"`
	Protocol   *int                `cbor:"7,keyasint"`
}

type assertionExtensions struct {
	HMACSecret *hmacInput `cbor:"hmac-secret"`
}

type getAssertionAnswer struct {
	Credential descriptor  `cbor:"1,keyasint"`
	Data       []byte      `cbor:"2,keyasint"`
	Signature  []byte      `cbor:"3,keyasint"`
	User       *userEntity `cbor:"4,keyasint,omitempty"`
	Total      int         `cbor:"5,keyasint,omitempty"`
}

// An assertion is what all answers to one getAssertion have in common.
type assertion struct {
	hash   []byte
	up, uv bool
	salts  *hmacSalts // nil without hmac-secret
	named  bool       // the client knew which credential
	total  int
}

// getAssertion is authenticatorGetAssertion (CTAP 2.1, 6.2.2).
func (k *token) getAssertion(c call, body []byte) (any, error) {
	var r getAssertionRequest
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	a := assertion{hash: r.Hash, up: has(r.Options.UP, true), named: r.Allow != nil}
	var err error
	if a.uv, err = k.verifyUser(c, request{r.Hash, *r.RPID, r.Options, r.Param, r.Protocol, mayGetAssertion}); err != nil {
		return nil, err
	}
	if k.alwaysUV && a.up && !a.uv {
		return nil, PUATRequired
	}
	if a.salts, err = k.salts(r, a.up); err != nil {
		return nil, err
	}
	found := k.applicable(r, a.uv)
	if len(found) == 0 {
		return nil, NoCredentials
	}
	if a.up {
		if err := k.presence(c); err != nil {
			return nil, err
		}
		k.touched()
	}
	a.total = len(found)
	return k.iterate(c, assertions, len(found), func(i int) (any, error) { return k.assert(found[i], a, i == 0) })
}

func (r *getAssertionRequest) check() error {
	switch {
	case r.RPID == nil || r.Hash == nil:
		return MissingParameter
	case len(r.Hash) != sha256.Size || r.Allow != nil && len(r.Allow) == 0:
		return InvalidParameter
	case len(r.Allow) > maxListed:
		return LimitExceeded
	case r.Options.RK != nil:
		return UnsupportedOption
	default:
		return nil
	}
}

// salts reads the input of hmac-secret, which needs a touch (CTAP 2.1, 12.5).
func (k *token) salts(r getAssertionRequest, up bool) (*hmacSalts, error) {
	switch {
	case r.Extensions.HMACSecret == nil:
		return nil, nil
	case !up:
		return nil, UnsupportedOption
	default:
		return k.open(r.Extensions.HMACSecret)
	}
}

// applicable returns the credentials that the request may use: the first listed
// one that exists, or all resident ones, newest first.
func (k *token) applicable(r getAssertionRequest, uv bool) []*credential {
	if r.Allow == nil {
		return slices.DeleteFunc(k.store.of(*r.RPID), func(c *credential) bool { return !c.visible(uv, false) })
	}
	for _, d := range r.Allow {
		if c := k.store.find(*r.RPID, d.ID); d.Type == publicKeyType && c != nil && c.visible(uv, true) {
			return []*credential{c}
		}
	}
	return nil
}

// assert signs with one credential. The first of several answers tells how many
// there are.
func (k *token) assert(c *credential, a assertion, first bool) (any, error) {
	flags := byte(0)
	if a.up {
		flags |= flagUP
	}
	if a.uv {
		flags |= flagUV
	}
	var extensions []byte
	if a.salts != nil && c.secrets != nil {
		out, err := a.salts.output(c.secrets, a.uv)
		if err != nil {
			return nil, err
		}
		flags |= flagED
		if extensions, err = encode(map[string][]byte{"hmac-secret": out}); err != nil {
			return nil, err
		}
	}
	data := authData(c.rp.ID, flags, k.count(), extensions)
	signature, err := c.algorithm.sign(c.key, bytes.Join([][]byte{data, a.hash}, nil))
	if err != nil {
		return nil, err
	}
	answer := getAssertionAnswer{Credential: c.descriptor(), Data: data, Signature: signature, User: c.userFor(a)}
	if first && a.total > 1 {
		answer.Total = a.total
	}
	return answer, nil
}

// userFor returns what an assertion tells of the user: nothing for a credential
// that is not resident, and names only to choose by and only to a verified user
// (CTAP 2.1, 6.2.2).
func (c *credential) userFor(a assertion) *userEntity {
	switch {
	case !c.resident:
		return nil
	case a.uv && a.total > 1:
		return &c.user
	default:
		return &userEntity{ID: c.user.ID}
	}
}
