package tpm

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

var _ keys.Generator = (*Driver)(nil)

// blueprint is a key that is to be made.
type blueprint struct {
	path   string
	parent tpm2.TPMHandle
	pcrs   *pcrSelection // nil for a key that is not bound to the machine's state
	parms  tpm2.TPMTPublicParms
	pin    []byte // nil for a key without one
}

// Generate makes a key that never leaves the TPM and writes its key file, of
// mode 0600, to the path that ref names. It asks for a new PIN, unless the
// reference says auth=none. Further options of the reference:
//
//	pcrs=sha256:0,7      the key works only while these PCRs are as they are now
//	parent=0x81000001    a persistent storage key; else the owner hierarchy's
//
// A file that is there is fault.OutputExists. An algorithm that the TPM does
// not have is fault.KeyUnsupported.
func (d *Driver) Generate(ctx context.Context, ref keys.Ref, a keys.Algorithm) (*keys.Generated, error) {
	b, err := plan(ref, a)
	if err != nil {
		return nil, err
	}
	ask, err := d.source(ref)
	if err != nil {
		return nil, err
	}
	path, err := d.devicePath(ref)
	if err != nil {
		return nil, err
	}
	dev := d.devices.get(path)
	defer dev.put() // after the signer below
	if err := b.possible(ctx, dev, a); err != nil {
		return nil, err
	}
	if !withoutPIN(ref) {
		if b.pin, err = askPIN(ctx, ask, keys.Prompt{Key: ref.String(), New: true}, maxPIN); err != nil {
			return nil, hintNoPIN(err)
		}
		defer clear(b.pin)
	}
	f, err := use(ctx, dev, b.create, nil)
	if err != nil {
		return nil, err
	}
	return d.finish(ctx, ref, b, f)
}

// plan checks all that needs no TPM.
func plan(ref keys.Ref, a keys.Algorithm) (*blueprint, error) {
	if err := checkOptions(ref, optionPCRs, optionParent); err != nil {
		return nil, err
	}
	at, err := parsePlace(ref)
	if err != nil {
		return nil, err
	}
	if at.path == "" {
		return nil, fault.New(fault.UsageInvalid, "a new TPM key goes to a key file and not to a persistent handle").
			WithHint("write tpm:PATH; \"tpm2_evictcontrol\" gives the key of a key file a handle")
	}
	b := &blueprint{path: at.path, parent: tpm2.TPMRHOwner}
	if parent, given := ref.Option(optionParent); given && parent != "owner" {
		if b.parent, err = parseHandle(parent); err != nil {
			return nil, err
		}
	}
	if text, given := ref.Option(optionPCRs); given {
		if b.pcrs, err = parsePCRs(text); err != nil {
			return nil, err
		}
	}
	if b.parms, err = parameters(a); err != nil {
		return nil, err
	}
	return b, atomicfile.Check(at.path, atomicfile.Options{})
}

// parameters returns what makes a key one of an algorithm. Who uses the key
// names the signature scheme, as tpm2-openssl and others expect.
func parameters(a keys.Algorithm) (tpm2.TPMTPublicParms, error) {
	none := tpm2.TPMTSymDefObject{Algorithm: tpm2.TPMAlgNull}
	ecc := func(curve tpm2.TPMECCCurve) tpm2.TPMTPublicParms {
		return tpm2.TPMTPublicParms{Type: tpm2.TPMAlgECC, Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Symmetric: none,
			Scheme:    tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgNull},
			CurveID:   curve,
			KDF:       tpm2.TPMTKDFScheme{Scheme: tpm2.TPMAlgNull},
		})}
	}
	rsa := func(bits uint16) tpm2.TPMTPublicParms {
		return tpm2.TPMTPublicParms{Type: tpm2.TPMAlgRSA, Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgRSA, &tpm2.TPMSRSAParms{
			Symmetric: none,
			Scheme:    tpm2.TPMTRSAScheme{Scheme: tpm2.TPMAlgNull},
			KeyBits:   tpm2.TPMKeyBits(bits),
		})}
	}
	switch a {
	case keys.ECDSAP256:
		return ecc(tpm2.TPMECCNistP256), nil
	case keys.ECDSAP384:
		return ecc(tpm2.TPMECCNistP384), nil
	case keys.RSA3072:
		return rsa(3072), nil
	case keys.RSA4096:
		return rsa(4096), nil
	}
	return tpm2.TPMTPublicParms{}, fault.New(fault.KeyUnsupported, "a TPM has no keys of algorithm %q", a).
		WithHint("use %s, %s or, if the TPM has it, %s", keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072)
}

// possible asks the TPM whether it has the algorithm, before anybody thinks of
// a PIN.
func (b *blueprint) possible(ctx context.Context, dev *device, a keys.Algorithm) error {
	_, err := use(ctx, dev, func(c *conn) (struct{}, error) {
		_, err := tpm2.TestParms{Parameters: b.parms}.Execute(c)
		if isAny(err, tpm2.TPMRCCurve, tpm2.TPMRCValue, tpm2.TPMRCKeySize, tpm2.TPMRCType, tpm2.TPMRCAsymmetric) {
			return struct{}{}, fault.New(fault.KeyUnsupported, "this TPM has no %s keys", a).
				WithHint("use %s, which every TPM has", keys.ECDSAP256)
		}
		return struct{}{}, explain(err, "say which keys it has")
	}, nil)
	return err
}

// create has the TPM make the key.
func (b *blueprint) create(c *conn) (*keyFile, error) {
	steps, err := b.steps(c)
	if err != nil {
		return nil, err
	}
	parent, err := openParent(c, b.parent)
	if err != nil {
		return nil, err
	}
	defer parent.flush(c)
	rsp, err := tpm2.Create{
		ParentHandle: parent.auth(),
		InSensitive:  tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{UserAuth: tpm2.TPM2BAuth{Buffer: b.pin}}},
		InPublic:     tpm2.New2B(b.template(steps)),
	}.Execute(c)
	if isAny(err, tpm2.TPMRCAuthFail, tpm2.TPMRCBadAuth) {
		return nil, loadError(err, b.parent)
	}
	if err != nil {
		return nil, explain(err, "make a key")
	}
	public, err := rsp.OutPublic.Contents()
	if err != nil {
		return nil, fault.New(fault.DeviceFailed, "the TPM gave a malformed public key")
	}
	f := &keyFile{kind: loadableKey, emptyAuth: len(b.pin) == 0, parent: b.parent, public: *public, private: rsp.OutPrivate}
	for _, s := range steps {
		f.policy = append(f.policy, s.command())
	}
	return f, nil
}

// steps returns the policy of the new key, none for a key without PCRs.
func (b *blueprint) steps(c *conn) ([]policyStep, error) {
	if b.pcrs == nil {
		return nil, nil
	}
	pcrs, err := b.pcrs.step(c)
	if err != nil {
		return nil, err
	}
	if len(b.pin) == 0 {
		return []policyStep{pcrs}, nil
	}
	return []policyStep{pcrs, {authValue: true}}, nil
}

// template is the public area that the TPM completes: a signing key that was
// made in this TPM, stays in it, and whose wrong PINs are counted.
func (b *blueprint) template(steps []policyStep) tpm2.TPMTPublic {
	template := tpm2.TPMTPublic{
		Type:    b.parms.Type,
		NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM:            true,
			FixedParent:         true,
			SensitiveDataOrigin: true,
			UserWithAuth:        len(steps) == 0,
			NoDA:                len(b.pin) == 0, // no PIN, so no lockout
			SignEncrypt:         true,
		},
		Parameters: b.parms.Parameters,
	}
	if len(steps) > 0 {
		template.AuthPolicy = tpm2.TPM2BDigest{Buffer: policyDigest(steps)}
	}
	if b.parms.Type == tpm2.TPMAlgRSA {
		template.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgRSA, &tpm2.TPM2BPublicKeyRSA{})
	} else {
		template.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{})
	}
	return template
}

// finish proves that the new key works, through the file as it will be read,
// and writes the file.
func (d *Driver) finish(ctx context.Context, ref keys.Ref, b *blueprint, f *keyFile) (*keys.Generated, error) {
	content, err := f.marshal()
	if err != nil {
		return nil, fmt.Errorf("failed to encode the key file: %w", err)
	}
	if f, err = parseKeyFile(content); err != nil {
		return nil, err
	}
	pin := func(context.Context, keys.Prompt) ([]byte, error) { return bytes.Clone(b.pin), nil }
	s, err := d.begin(ctx, ref, func(c *conn) (*key, error) { return loadFile(c, f) }, pin)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // always nil
	public, err := keys.MarshalPublic(s.Public())
	if err != nil {
		return nil, err
	}
	own, err := fileRef(b.path, ref)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.WriteFile(ctx, b.path, content, atomicfile.Options{Mode: 0o600}); err != nil {
		return nil, err
	}
	return &keys.Generated{Ref: own, Public: s.Public(), PublicFile: public, Notes: b.notes()}, nil
}

// notes says what follows from how the key was made.
func (b *blueprint) notes() []keys.Note {
	var out []keys.Note
	if b.pcrs != nil {
		out = append(out, keys.Note{
			Message: "the key works only while the PCRs have their present values; an update of firmware or boot loader changes some of them",
			Hint:    "keep another key for that day, or plan to rotate this one",
		})
	}
	if len(b.pin) == 0 {
		out = append(out, keys.Note{Message: "the key has no PIN: whoever can read the key file and use this TPM can sign"})
	}
	return out
}

// hintNoPIN adds the choice that a new key has.
func hintNoPIN(err error) error {
	if fault.ReasonOf(err) != fault.PINRequired {
		return err
	}
	return fault.Wrap(fault.PINRequired, err, "").
		WithHint("%s, or add ?auth=none to the reference for a key without a PIN", fault.HintOf(err))
}
