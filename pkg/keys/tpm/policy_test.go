package tpm_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/tpm"
)

// TestPCRs binds keys to the machine's state and changes the state.
func TestPCRs(t *testing.T) {
	for _, row := range []struct {
		name, options string
		pin           string
	}{
		{"with a PIN", "?pcrs=sha256:0,7,16", secret},
		{"without a PIN", "?pcrs=sha256:16&auth=none", ""},
		{"another bank", "?pcrs=sha384:16", secret},
	} {
		t.Run(row.name, func(t *testing.T) {
			device := newTPM(t)
			d := driver(row.pin, device.Socket)
			path, made := generate(t, d, keys.ECDSAP256, row.options)
			assert.Contains(t, made.Notes[0].Message, "PCRs")
			s, err := d.Open(t.Context(), ref(t, "tpm:"+path))
			require.NoError(t, err)
			for range 3 { // the policy is run for each signature
				verifies(t, s, made.Public)
			}
			require.NoError(t, keys.Close(s))

			zeros := "0000000000000000000000000000000000000000000000000000000000000000"
			device.tool(t, "tpm2_pcrextend", "5:sha256="+zeros, "5:sha384="+zeros+zeros[:32])
			s, err = d.Open(t.Context(), ref(t, "tpm:"+path))
			require.NoError(t, err, "another PCR does not matter")
			require.NoError(t, keys.Close(s))

			device.tool(t, "tpm2_pcrextend", "16:sha256="+zeros, "16:sha384="+zeros+zeros[:32])
			_, err = d.Open(t.Context(), ref(t, "tpm:"+path))
			require.Equal(t, fault.DevicePolicy, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), path)
			assert.Contains(t, err.Error(), "PCRs")

			device.tool(t, "tpm2_pcrreset", "16")
			s, err = d.Open(t.Context(), ref(t, "tpm:"+path))
			require.NoError(t, err, "the state is as it was")
			verifies(t, s, made.Public)
			require.NoError(t, keys.Close(s))
		})
	}
}

// TestPCRsAndWrongPIN has the right state and the wrong PIN.
func TestPCRsAndWrongPIN(t *testing.T) {
	device := newTPM(t)
	path, _ := generate(t, driver(secret, device.Socket), keys.ECDSAP256, "?pcrs=sha256:7")
	_, err := driver(wrong, device.Socket).Open(t.Context(), ref(t, "tpm:"+path))
	assert.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
}

// TestNoWayAroundPolicy takes the PCRs out of the key file's policy: the TPM
// knows the policy itself.
func TestNoWayAroundPolicy(t *testing.T) {
	device := newTPM(t)
	d := driver(secret, device.Socket)
	path, _ := generate(t, d, keys.ECDSAP256, "?pcrs=sha256:16")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	loose, err := tpm.KeepLastPolicyCommand(content)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, loose, 0o600))
	_, err = d.Open(t.Context(), ref(t, "tpm:"+path))
	assert.Equal(t, fault.DevicePolicy, fault.ReasonOf(err), "%v", err)
}
