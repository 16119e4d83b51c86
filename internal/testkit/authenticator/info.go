package authenticator

// firmwareVersion is the version that the device gives itself.
const firmwareVersion = 1

// maxListed and maxIDLength bound the credential ids that a client may list.
const (
	maxListed   = 8
	maxIDLength = 128
)

// info is the answer to authenticatorGetInfo (CTAP 2.1, 6.4).
type info struct {
	Versions      []string        `cbor:"1,keyasint"`
	Extensions    []string        `cbor:"2,keyasint"`
	AAGUID        []byte          `cbor:"3,keyasint"`
	Options       map[string]bool `cbor:"4,keyasint"`
	MaxMessage    int             `cbor:"5,keyasint"`
	PINProtocols  []int           `cbor:"6,keyasint"`
	MaxListed     int             `cbor:"7,keyasint,omitempty"`
	MaxIDLength   int             `cbor:"8,keyasint,omitempty"`
	Transports    []string        `cbor:"9,keyasint,omitempty"`
	Algorithms    []parameter     `cbor:"10,keyasint,omitempty"`
	ForceChange   bool            `cbor:"12,keyasint,omitempty"`
	MinPINLength  int             `cbor:"13,keyasint,omitempty"`
	Firmware      int             `cbor:"14,keyasint,omitempty"`
	RemainingKeys *int            `cbor:"20,keyasint,omitempty"`
}

// A parameter is a PublicKeyCredentialParameters of WebAuthn.
type parameter struct {
	Algorithm Algorithm `cbor:"alg"`
	Type      string    `cbor:"type"`
}

func (k *token) info() info {
	i := info{
		Versions:   []string{"FIDO_2_0"},
		Extensions: []string{"hmac-secret"},
		AAGUID:     k.aaguid[:],
		Options:    map[string]bool{"rk": true, "up": true, "plat": false, "clientPin": k.pin.set()},
		MaxMessage: k.maxMessage, PINProtocols: k.protocols,
	}
	if !k.ctap20 {
		k.addInfo21(&i)
	}
	return i
}

// addInfo21 adds what CTAP 2.1 brought.
func (k *token) addInfo21(i *info) {
	i.Versions = append(i.Versions, "FIDO_2_1_PRE", "FIDO_2_1")
	i.Extensions = []string{"credProtect", "hmac-secret"}
	i.Options["pinUvAuthToken"] = true
	i.Options["credMgmt"] = true
	i.Options["credentialMgmtPreview"] = true
	i.Options["makeCredUvNotRqd"] = k.makeCredUVNotRequired()
	i.Options["alwaysUv"] = k.alwaysUV
	i.MaxListed, i.MaxIDLength, i.Transports = maxListed, maxIDLength, []string{"usb"}
	for _, a := range k.algorithms {
		i.Algorithms = append(i.Algorithms, parameter{a, publicKeyType})
	}
	i.MinPINLength, i.Firmware = k.minPIN, firmwareVersion
	i.ForceChange = k.pin.outdated
	remaining := k.store.free()
	i.RemainingKeys = &remaining
}
