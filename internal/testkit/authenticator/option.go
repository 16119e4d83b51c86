package authenticator

import "time"

// config is what options set before the device exists.
type config struct {
	pin          string
	retries      int
	minPIN       int
	forceChange  bool
	touch        Touch
	touchTimeout time.Duration
	uvRequired   bool
	alwaysUV     bool
	ctap20       bool
	protocols    []int
	algorithms   []Algorithm
	attestation  Attestation
	counter      uint32
	slots        int
	maxMessage   int
	resetWindow  time.Duration
}

func defaults() config {
	return config{
		retries: maxRetries, minPIN: 4, touchTimeout: 30 * time.Second,
		protocols: []int{2, 1}, algorithms: []Algorithm{ES256, EdDSA, ES384},
		slots: 25, maxMessage: 1200, resetWindow: 10 * time.Second,
	}
}

// An Option changes the device that Start makes. Without any it is a new token
// of CTAP 2.1: no PIN, a user who touches it at once, ES256, EdDSA and ES384,
// attestation by a certificate chain, 25 places for resident credentials.
type Option func(*config)

// WithPIN sets the PIN.
func WithPIN(pin string) Option { return func(c *config) { c.pin = pin } }

// WithPINRetries leaves n of eight tries for the PIN. With 0 it is blocked.
func WithPINRetries(n int) Option { return func(c *config) { c.retries = n } }

// WithMinPINLength demands PINs of n code points or more; the default is 4.
func WithMinPINLength(n int) Option { return func(c *config) { c.minPIN = n } }

// WithForcedPINChange makes a device that takes its PIN only to change it
// (forcePINChange), until it was changed.
func WithForcedPINChange() Option { return func(c *config) { c.forceChange = true } }

// WithTouch says what the user does when the device waits for a touch.
func WithTouch(t Touch) Option { return func(c *config) { c.touch = t } }

// WithTouchTimeout is how long the device waits for a touch; the default is 30 s.
func WithTouchTimeout(d time.Duration) Option { return func(c *config) { c.touchTimeout = d } }

// WithUVRequired makes a device that wants the PIN for every new credential as
// soon as one is set (makeCredUvNotRqd is false), as before CTAP 2.1.
func WithUVRequired() Option { return func(c *config) { c.uvRequired = true } }

// WithAlwaysUV makes a device that wants the PIN for everything (alwaysUv).
func WithAlwaysUV() Option { return func(c *config) { c.alwaysUV = true } }

// WithCTAP20 makes a device of CTAP 2.0: PIN protocol 1, PIN tokens without
// permissions, no credProtect, no credential management, and one hmac-secret per
// credential whether the user was verified or not.
func WithCTAP20() Option {
	return func(c *config) { c.ctap20, c.uvRequired, c.protocols = true, true, []int{1} }
}

// WithPINProtocols offers these PIN/UV auth protocols (1 and 2), best first; the
// default is 2, 1.
func WithPINProtocols(p ...int) Option { return func(c *config) { c.protocols = p } }

// WithAlgorithms makes a device that has these algorithms only.
func WithAlgorithms(a ...Algorithm) Option { return func(c *config) { c.algorithms = a } }

// WithAttestation chooses the attestation statement of new credentials.
func WithAttestation(a Attestation) Option { return func(c *config) { c.attestation = a } }

// WithCounter begins with this signature counter; the first signature has n+1.
func WithCounter(n uint32) Option { return func(c *config) { c.counter = n } }

// WithSlots makes a device with place for n resident credentials.
func WithSlots(n int) Option { return func(c *config) { c.slots = n } }

// WithMaxMessage makes a device that takes requests of up to n bytes, and tells
// so; the default is 1200.
func WithMaxMessage(n int) Option { return func(c *config) { c.maxMessage = n } }

// WithResetWindow allows a reset this long after power-up; the default is 10 s.
func WithResetWindow(d time.Duration) Option { return func(c *config) { c.resetWindow = d } }
