package authenticator

// A request says what makeCredential and getAssertion have in common.
type request struct {
	hash     []byte // client data hash
	rpID     string
	options  options
	param    []byte // pinUvAuthParam, nil when absent
	protocol *int
	need     permission
}

type options struct {
	RK *bool `cbor:"rk"`
	UP *bool `cbor:"up"`
	UV *bool `cbor:"uv"`
}

// has tells the value of an option that may be absent.
func has(option *bool, absent bool) bool {
	if option == nil {
		return absent
	}
	return *option
}

// verifyUser checks the PIN token of a request, if there is one, and tells
// whether it verified the user. Whether a request without one is good enough is
// the caller's matter. (CTAP 2.1, 6.1.2 and 6.2.2, the first steps of both.)
func (k *token) verifyUser(c call, r request) (uv bool, err error) {
	if r.param == nil {
		return false, k.withoutUV(r.options)
	}
	if len(r.param) == 0 {
		return false, k.chooseDevice(c)
	}
	protocol, err := k.checkProtocol(r.protocol)
	if err != nil {
		return false, err
	}
	if !k.pin.set() {
		return false, PINNotSet
	}
	t, err := k.verifyToken(protocol, r.hash, r.param, r.need)
	if err != nil {
		return false, err
	}
	return true, t.bind(r.rpID)
}

// withoutUV refuses the wish for user verification by the device itself, a finger
// for instance, which there is not.
func (k *token) withoutUV(o options) error {
	switch {
	case !has(o.UV, false):
		return nil
	case k.ctap20:
		return UnsupportedOption
	default:
		return InvalidOption
	}
}

// chooseDevice is what an empty pinUvAuthParam asks for: a touch tells the client
// which of several devices the user means.
func (k *token) chooseDevice(c call) error {
	if err := k.presence(c); err != nil {
		return err
	}
	if k.pin.set() {
		return PINInvalid
	}
	return PINNotSet
}

// touched ends what PIN tokens were good for: after a touch each has done its
// work (CTAP 2.1, 6.1.2 step 14.4). CTAP 2.0 knows no such thing.
func (k *token) touched() {
	if k.ctap20 {
		return
	}
	for _, t := range k.auth.tokens {
		t.permissions = 0
	}
}
