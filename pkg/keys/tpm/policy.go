package tpm

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
)

// policyStep is one command of a policy that stella can run: the PCRs have a
// value, or the auth value is known.
type policyStep struct {
	pcrs      tpm2.TPMLPCRSelection
	digest    []byte // of the PCRs' values, with the hash function of the key's name
	authValue bool
}

// setPolicy takes over the policy of a key file, if the key needs one.
func (k *key) setPolicy(f *keyFile) error {
	if f.public.ObjectAttributes.UserWithAuth {
		return nil
	}
	if f.alternatives || len(f.policy) == 0 {
		return fault.New(fault.KeyUnsupported, "the TPM key is used by a policy only, and its file does not say one that stella runs").
			WithHint("stella runs policies of TPM2_PolicyPCR and TPM2_PolicyAuthValue")
	}
	for _, c := range f.policy {
		step, err := parseStep(c, f.public.NameAlg)
		if err != nil {
			return err
		}
		k.policy = append(k.policy, step)
	}
	authValue := slices.ContainsFunc(k.policy, func(s policyStep) bool { return s.authValue })
	k.wantsPIN = k.wantsPIN && authValue
	return nil
}

func parseStep(c policyCommand, name tpm2.TPMAlgID) (policyStep, error) {
	switch c.code {
	case tpm2.TPMCCPolicyAuthValue:
		if len(c.parameters) > 0 {
			return policyStep{}, malformed("its policy has parameters too many")
		}
		return policyStep{authValue: true}, nil
	case tpm2.TPMCCPolicyPCR:
		return parsePCRStep(c.parameters, name)
	}
	return policyStep{}, fault.New(fault.KeyUnsupported, "the TPM key's policy has a command that stella does not run (%#x)", uint32(c.code)).
		WithHint("stella runs policies of TPM2_PolicyPCR and TPM2_PolicyAuthValue")
}

// parsePCRStep reads TPML_PCR_SELECTION and the bare digest, which has the rest
// of the parameters to itself (draft-bottomley-tpm2-keys, section 4).
func parsePCRStep(parameters []byte, name tpm2.TPMAlgID) (policyStep, error) {
	hash, err := name.Hash()
	if err != nil || len(parameters) <= hash.Size() {
		return policyStep{}, malformed("its PCR policy is damaged")
	}
	head, digest := parameters[:len(parameters)-hash.Size()], parameters[len(parameters)-hash.Size():]
	pcrs, err := tpm2.Unmarshal[tpm2.TPMLPCRSelection](head)
	if err != nil || !bytes.Equal(tpm2.Marshal(pcrs), head) {
		return policyStep{}, malformed("its PCR policy is damaged")
	}
	return policyStep{pcrs: *pcrs, digest: digest}, nil
}

// command returns the step as a key file holds it.
func (s policyStep) command() policyCommand {
	if s.authValue {
		return policyCommand{code: tpm2.TPMCCPolicyAuthValue}
	}
	return policyCommand{code: tpm2.TPMCCPolicyPCR, parameters: slices.Concat(tpm2.Marshal(s.pcrs), s.digest)}
}

// policyDigest returns what a key is bound to by a policy (TPM 2.0 Library, part
// 3, sections 23.7 and 23.17): each command hashes the digest before it, its
// code and its parameters.
func policyDigest(steps []policyStep) []byte {
	digest := make([]byte, sha256.Size)
	for _, s := range steps {
		c := s.command()
		sum := sha256.Sum256(slices.Concat(digest, binary.BigEndian.AppendUint32(nil, uint32(c.code)), c.parameters))
		digest = sum[:]
	}
	return digest
}

// runPolicy runs the policy in the key's session. The TPM begins anew after
// each use that succeeded.
func (k *key) runPolicy() error {
	for _, s := range k.policy {
		var err error
		if s.authValue {
			_, err = tpm2.PolicyAuthValue{PolicySession: k.session.Handle()}.Execute(k.conn)
		} else {
			_, err = tpm2.PolicyPCR{PolicySession: k.session.Handle(), PcrDigest: tpm2.TPM2BDigest{Buffer: s.digest}, Pcrs: s.pcrs}.Execute(k.conn)
		}
		if isAny(err, tpm2.TPMRCValue) {
			return policyUnmet()
		}
		if err != nil {
			return explain(err, "run the key's policy")
		}
	}
	return nil
}

func policyUnmet() error {
	return fault.New(fault.DevicePolicy, "the TPM's PCRs do not have the values that the key is bound to").
		WithHint("start the machine in the state in which the key was made, or make a new key for the present state")
}

// pcrSelection is PCRs of one bank, as a user names them: sha256:0,7.
type pcrSelection struct {
	bank    tpm2.TPMAlgID
	hash    crypto.Hash
	indexes []uint
}

// maxPCR is the highest PCR of the PC Client profile.
const maxPCR = 23

func parsePCRs(text string) (*pcrSelection, error) {
	bank, list, _ := strings.Cut(text, ":")
	s := &pcrSelection{}
	switch bank {
	case "sha256":
		s.bank, s.hash = tpm2.TPMAlgSHA256, crypto.SHA256
	case "sha384":
		s.bank, s.hash = tpm2.TPMAlgSHA384, crypto.SHA384
	default:
		return nil, badPCRs(text)
	}
	for part := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || n > maxPCR || slices.Contains(s.indexes, uint(n)) {
			return nil, badPCRs(text)
		}
		s.indexes = append(s.indexes, uint(n))
	}
	slices.Sort(s.indexes)
	return s, nil
}

func badPCRs(text string) error {
	return fault.New(fault.UsageInvalid, "malformed PCRs %q", text).
		WithHint("write a bank and numbers from 0 to %d: pcrs=sha256:0,7", maxPCR)
}

func (s *pcrSelection) list(indexes ...uint) tpm2.TPMLPCRSelection {
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{
		{Hash: s.bank, PCRSelect: tpm2.PCClientCompatible.PCRs(indexes...)},
	}}
}

// step reads the PCRs' present values and returns the step that demands them,
// with the digest of SHA-256.
func (s *pcrSelection) step(c *conn) (policyStep, error) {
	values := sha256.New()
	for _, i := range s.indexes {
		// One at a time: a TPM chooses how many it reads at once.
		rsp, err := tpm2.PCRRead{PCRSelectionIn: s.list(i)}.Execute(c)
		if err != nil {
			return policyStep{}, explain(err, "read a PCR")
		}
		if len(rsp.PCRValues.Digests) != 1 || len(rsp.PCRValues.Digests[0].Buffer) != s.hash.Size() {
			return policyStep{}, fault.New(fault.KeyUnsupported, "this TPM has no PCR %d in the bank that was asked for", i).
				WithHint("see which banks it has: tpm2_pcrread")
		}
		values.Write(rsp.PCRValues.Digests[0].Buffer)
	}
	return policyStep{pcrs: s.list(s.indexes...), digest: values.Sum(nil)}, nil
}
