package authenticator

import (
	"crypto/sha256"
	"slices"
)

type makeCredentialRequest struct {
	Hash       []byte             `cbor:"1,keyasint"`
	RP         *relyingParty      `cbor:"2,keyasint"`
	User       *userEntity        `cbor:"3,keyasint"`
	Parameters []parameter        `cbor:"4,keyasint"`
	Exclude    []descriptor       `cbor:"5,keyasint"`
	Extensions creationExtensions `cbor:"6,keyasint"`
	Options    options            `cbor:"7,keyasint"`
	Param      []byte             `cbor:"8,keyasint"`
	Protocol   *int               `cbor:"9,keyasint"`
	Enterprise *int               `cbor:"10,keyasint"`
}

// creationExtensions are the extensions of a request, and those of its answer.
type creationExtensions struct {
	Protection protection `cbor:"credProtect,omitempty"`
	HMACSecret bool       `cbor:"hmac-secret,omitempty"`
}

type makeCredentialAnswer struct {
	Format    string    `cbor:"1,keyasint"`
	Data      []byte    `cbor:"2,keyasint"`
	Statement statement `cbor:"3,keyasint"`
}

// makeCredential is authenticatorMakeCredential (CTAP 2.1, 6.1.2).
func (k *token) makeCredential(c call, body []byte) (any, error) {
	var r makeCredentialRequest
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	algorithm, err := k.choose(r.Parameters)
	if err != nil {
		return nil, err
	}
	uv, err := k.verifyUser(c, request{r.Hash, r.RP.ID, r.Options, r.Param, r.Protocol, mayMakeCredential})
	if err != nil {
		return nil, err
	}
	if err := k.allowedToCreate(r, uv); err != nil {
		return nil, err
	}
	if k.excluded(r, uv) {
		if err := k.presence(c); err != nil {
			return nil, err
		}
		return nil, CredentialExcluded
	}
	if err := k.presence(c); err != nil {
		return nil, err
	}
	k.touched()
	return k.create(r, algorithm, uv)
}

// check refuses a request that lacks something or wants what there is not.
func (r *makeCredentialRequest) check() error {
	switch {
	case r.Hash == nil || r.RP == nil || r.User == nil || r.Parameters == nil:
		return MissingParameter
	case r.RP.ID == "" || r.User.ID == nil:
		return MissingParameter
	case len(r.Hash) != sha256.Size || len(r.User.ID) > 64:
		return InvalidParameter
	case !has(r.Options.UP, true):
		return InvalidOption
	case r.Enterprise != nil:
		return InvalidParameter
	case len(r.Exclude) > maxListed:
		return LimitExceeded
	default:
		return nil
	}
}

// choose takes the first algorithm of the client that the device has.
func (k *token) choose(wanted []parameter) (Algorithm, error) {
	for _, p := range wanted {
		if p.Type == publicKeyType && slices.Contains(k.algorithms, p.Algorithm) {
			return p.Algorithm, nil
		}
	}
	return 0, UnsupportedAlgorithm
}

// allowedToCreate refuses a request without a PIN where one is needed (CTAP 2.1,
// 6.1.2, steps 6 to 8).
func (k *token) allowedToCreate(r makeCredentialRequest, uv bool) error {
	switch {
	case uv:
		return nil
	case k.alwaysUV:
		return PUATRequired
	case k.pin.set() && (has(r.Options.RK, false) || !k.makeCredUVNotRequired()):
		return PUATRequired
	default:
		return nil
	}
}

// excluded tells whether one of the listed credentials is on this device.
func (k *token) excluded(r makeCredentialRequest, uv bool) bool {
	return slices.ContainsFunc(r.Exclude, func(d descriptor) bool {
		c := k.store.find(r.RP.ID, d.ID)
		return c != nil && c.visible(uv, true)
	})
}

// create makes the credential and its attestation.
func (k *token) create(r makeCredentialRequest, a Algorithm, uv bool) (any, error) {
	key, err := a.generate()
	if err != nil {
		return nil, err
	}
	c := &credential{
		id: random(credentialIDSize), rp: *r.RP, user: *r.User, algorithm: a, key: key,
		resident: has(r.Options.RK, false), protection: uvOptional,
	}
	granted := k.extend(c, r.Extensions)
	if err := k.store.add(c); err != nil {
		return nil, err
	}
	data, err := k.creationData(c, uv, granted)
	if err != nil {
		return nil, err
	}
	format, s, err := k.attest(c, data, r.Hash)
	return makeCredentialAnswer{format, data, s}, err
}

// extend gives the credential what the extensions ask for, and returns those
// that the device took up.
func (k *token) extend(c *credential, wanted creationExtensions) creationExtensions {
	var granted creationExtensions
	if wanted.HMACSecret {
		c.secrets = newHMACSecrets(k.ctap20)
		granted.HMACSecret = true
	}
	if p := wanted.Protection; !k.ctap20 && p >= uvOptional && p <= uvRequired {
		c.protection, granted.Protection = p, p
	}
	return granted
}
