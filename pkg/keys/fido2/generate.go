package fido2

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

var _ keys.Generator = (*Driver)(nil)

// blueprint is a key that is to be made.
type blueprint struct {
	ref       keys.Ref
	mode      Mode
	rpID      string
	verify    bool
	algorithm keys.Algorithm
	pin       []byte // nil for none
}

// Generate enrols a credential on the token and writes the key file, of mode
// 0600, to the path that ref names. Further options of the reference:
//
//	mode=fido2           the default; mode=assertion for keys that sign in the token
//	rp=stella:release    the relying party id; it begins with "stella:"
//	uv=required          the default; uv=discouraged for a key without a PIN
//
// In mode fido2 it takes two touches, and any algorithm; in mode fido2-assertion
// one touch, ecdsa-p256 or ed25519, and what the token's maker says of it goes to
// the key file's name with ".attestation". Nothing is stored on the token. A file
// that is there is fault.OutputExists.
func (d *Driver) Generate(ctx context.Context, ref keys.Ref, a keys.Algorithm) (*keys.Generated, error) {
	b, err := plan(ref, a)
	if err != nil {
		return nil, err
	}
	o, err := d.open(ctx, ref, nil)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if err := d.prepare(ctx, o, b); err != nil {
		return nil, err
	}
	defer clear(b.pin)
	made, err := d.enrol(ctx, o, b)
	if err != nil {
		return nil, err
	}
	if b.mode == ModeWrapped {
		return d.wrapNew(ctx, o, b, made)
	}
	f, err := b.keyFile(made, made.AuthData.Public)
	if err != nil {
		return nil, err
	}
	return b.finish(ctx, f, made.AuthData.Public, made.Attestation)
}

// plan checks all that needs no token.
func plan(ref keys.Ref, a keys.Algorithm) (*blueprint, error) {
	if err := ref.CheckOptions(commonOptions(optionMode, optionRP, optionUV)...); err != nil {
		return nil, err
	}
	option := func(name, otherwise string) string {
		if value, given := ref.Option(name); given {
			return value
		}
		return otherwise
	}
	mode, err := parseMode(option(optionMode, string(ModeWrapped)))
	if err != nil {
		return nil, err
	}
	b := &blueprint{ref: ref, mode: mode, rpID: option(optionRP, defaultRPID), algorithm: a}
	if err := checkRPID(b.rpID); err != nil {
		return nil, err
	}
	switch uv := option(optionUV, verificationRequired); uv {
	case verificationRequired, verificationDiscouraged:
		b.verify = uv == verificationRequired
	default:
		return nil, fault.New(fault.UsageInvalid, "unknown value %q of option %q in a key reference", uv, optionUV).
			WithHint("write uv=required, or uv=discouraged for a key without a PIN")
	}
	if mode == ModeAssertion && !slices.Contains(tokenAlgorithms(), a) {
		return nil, fault.New(fault.KeyUnsupported, "tokens do not sign with %s", a).
			WithHint("use %s or %s, or mode=fido2", keys.ECDSAP256, keys.Ed25519)
	}
	return b, b.checkFiles()
}

func (b *blueprint) path() string { return b.ref.Name() }

// checkFiles refuses what could not be written, before the token makes anything.
func (b *blueprint) checkFiles() error {
	if b.path() == "" || b.path() == "-" {
		return fault.New(fault.UsageInvalid, "key reference %q names no key file", b.ref).
			WithHint("name the key's file: -o fido2:release.fido2")
	}
	if err := atomicfile.Check(b.path(), atomicfile.Options{}); err != nil {
		return err
	}
	if b.mode != ModeAssertion {
		return nil
	}
	return atomicfile.Check(attestationPath(b.path()), atomicfile.Options{})
}

// prepare holds the plan against the token, and asks for the PIN.
func (d *Driver) prepare(ctx context.Context, o *opened, b *blueprint) error {
	info, err := o.Info(ctx)
	if err != nil {
		return explain(err, o.path)
	}
	switch {
	case b.mode == ModeWrapped && !info.Has("hmac-secret"):
		return fault.New(fault.KeyUnsupported, "the token %q cannot unlock keys: it has no hmac-secret", o.path).
			WithHint("make a key that signs in the token: mode=assertion")
	case !b.verify && info.AlwaysVerifies():
		return fault.New(fault.PINRequired, "the token %q always verifies its user", o.path).WithHint("make the key with uv=required")
	}
	if !b.verify && (!info.PINSet() || info.EnrolsUnverified()) {
		return nil
	}
	ask, err := d.pins(b.ref)
	if err != nil {
		return err
	}
	b.pin, err = d.askPIN(ctx, o, info, ask, b.path())
	return err
}

// enrol makes the credential. Mode fido2 needs it for its secret alone.
func (d *Driver) enrol(ctx context.Context, o *opened, b *blueprint) (*ctap.Credential, error) {
	algorithm := ctap.ES256
	if b.mode == ModeAssertion && b.algorithm == keys.Ed25519 {
		algorithm = ctap.EdDSA
	}
	user := make([]byte, 32)
	rand.Read(user) // never fails, see crypto/rand
	made, err := o.MakeCredential(ctx, ctap.NewCredential{
		RPID: b.rpID, UserID: user, UserName: userName(b.path()), ClientDataHash: enrolmentHash(b.rpID),
		Algorithm: algorithm, HMACSecret: b.mode == ModeWrapped, ProtectUV: b.verify,
		PIN: b.pin, Touched: d.touchPrompt(o, "make the key "+b.path()),
	})
	if err != nil {
		return nil, enrolmentFailed(ctx, o, err)
	}
	return made, nil
}

func enrolmentFailed(ctx context.Context, o *opened, err error) error {
	if isPINFailure(err) {
		return wrongPIN(ctx, o, err)
	}
	if errors.Is(err, ctap.StatusPINRequired) {
		return fault.New(fault.PINRequired, "the token %q makes no key without its PIN", o.path).WithHint("make the key with uv=required")
	}
	return explain(err, o.path)
}

// userName is what a token shows that has a display: the file, and at most 64
// bytes, which is what every token keeps (WebAuthn level 2, section 6.4.1).
func userName(path string) string {
	name := filepath.Base(path)
	return strings.ToValidUTF8(name[:min(len(name), 64)], "")
}

// enrolmentHash stands for client data at enrolment. There is no challenge: a
// statement about a credential is as good at any time. No assertion has this
// hash, and authenticator data at enrolment is none of an assertion.
func enrolmentHash(rpID string) []byte {
	sum := sha256.Sum256([]byte("stella fido2 enrolment v1\x00" + rpID))
	return sum[:]
}

// keyFile describes the key that signs, pub, and the credential that it needs.
func (b *blueprint) keyFile(made *ctap.Credential, pub crypto.PublicKey) (*KeyFile, error) {
	text, err := keys.MarshalPublic(pub)
	if err != nil {
		return nil, err
	}
	f := &KeyFile{
		Format: KeyFileFormat, Mode: b.mode, RPID: b.rpID, CredentialID: made.AuthData.Credential,
		UserVerification: verificationDiscouraged, Algorithm: b.algorithm, PublicKey: string(text),
	}
	if b.verify {
		f.UserVerification = verificationRequired
	}
	return f, nil
}

// wrapNew makes the key that signs and encrypts it to the token's secret.
func (d *Driver) wrapNew(ctx context.Context, o *opened, b *blueprint, made *ctap.Credential) (*keys.Generated, error) {
	key, err := keys.Generate(b.algorithm)
	if err != nil {
		return nil, err
	}
	defer wipe(key)
	pub := publicCopy(key)
	f, err := b.keyFile(made, pub)
	if err != nil {
		return nil, err
	}
	f.Wrapped = newWrapped()
	secret, err := d.firstSecret(ctx, o, b, f)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	if err := f.seal(secret, key); err != nil {
		return nil, err
	}
	again, err := f.open(secret)
	if err != nil {
		return nil, err
	}
	wipe(again)
	return b.finish(ctx, f, pub, nil)
}

// firstSecret has the token give its secret for a new file. A PIN that the token
// wanted only to enrol is left out: with it the token has another secret.
func (d *Driver) firstSecret(ctx context.Context, o *opened, b *blueprint, f *KeyFile) ([]byte, error) {
	pin := b.pin
	if !b.verify {
		pin = nil
	}
	a, err := o.Assert(ctx, ctap.AssertionRequest{
		RPID: b.rpID, ClientDataHash: unlockHash(), Credential: f.CredentialID, Salt: f.Wrapped.Salt, PIN: pin,
		Touched: d.touchPrompt(o, "lock the key "+b.path()),
	})
	if err != nil {
		return nil, enrolmentFailed(ctx, o, err)
	}
	return a.Secret, checkVerified(a, &credential{path: b.path(), verify: b.verify})
}

// finish writes the files of a new key and says what it is.
func (b *blueprint) finish(ctx context.Context, f *KeyFile, pub crypto.PublicKey, attestation []byte) (*keys.Generated, error) {
	content, err := f.marshal()
	if err != nil {
		return nil, err
	}
	ref, err := b.made()
	if err != nil {
		return nil, err
	}
	public := []byte(f.PublicKey)
	if b.mode == ModeAssertion {
		if public, err = b.entry(pub); err != nil {
			return nil, err
		}
		if err := atomicfile.WriteFile(ctx, attestationPath(b.path()), attestation, atomicfile.Options{}); err != nil {
			return nil, err
		}
	}
	if err := atomicfile.WriteFile(ctx, b.path(), content, atomicfile.Options{Mode: 0o600}); err != nil {
		return nil, err
	}
	return &keys.Generated{Ref: ref, Public: pub, PublicFile: public, Notes: []keys.Note{
		{Message: b.mode.Proves()},
		{Message: "the key needs this token and this file", Hint: "keep a copy of " + b.path() + ", and a second key on another token"},
	}}, nil
}

// entry is what a verifier of assertions needs: a keys.json with one key. Like a
// public key file it allows any predicate type.
func (b *blueprint) entry(pub crypto.PublicKey) ([]byte, error) {
	want := (&credential{rpID: b.rpID, verify: b.verify}).trust()
	return keys.MarshalKeysJSON(keys.TrustedKey{
		Name: entryName(b.path()), Public: pub, Algorithm: b.algorithm, Scheme: keys.SchemeFIDO2,
		FIDO2: &want, AnyPredicateType: true,
	})
}

// entryName turns a file's name into one for keys.json.
func entryName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)) {
			return r
		}
		return '-'
	}, name)
	if name == "" {
		return "fido2"
	}
	return name[:min(len(name), 128)]
}

// made is the reference of the new key: its file, and where its secrets are.
func (b *blueprint) made() (keys.Ref, error) {
	var options []string
	for _, name := range commonOptions() {
		if value, given := b.ref.Option(name); given {
			options = append(options, name+"="+escape(value))
		}
	}
	text := Scheme + ":" + b.path()
	if len(options) > 0 || strings.Contains(b.path(), "?") {
		text += "?" + strings.Join(options, "&")
	}
	return keys.ParseRef(text)
}
