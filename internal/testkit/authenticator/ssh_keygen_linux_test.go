package authenticator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

func TestSSHKeygenMakesKeys(t *testing.T) {
	tests := map[string]struct {
		kind     string
		prefix   string
		pins     []string
		options  []string
		resident bool
	}{
		"ed25519":          {"ed25519-sk", "sk-ssh-ed25519@openssh.com ", nil, nil, false},
		"ecdsa":            {"ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com ", nil, nil, false},
		"resident":         {"ed25519-sk", "sk-ssh-ed25519@openssh.com ", []string{"123456"}, []string{"-O", "resident"}, true},
		"PIN for each use": {"ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com ", []string{"123456"}, []string{"-O", "verify-required"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var opts []authenticator.Option
			if tt.pins != nil {
				opts = append(opts, authenticator.WithPIN(tt.pins[0]))
			}
			d := authenticator.Start(t, opts...)
			path := filepath.Join(t.TempDir(), "key")
			args := []string{"-t", tt.kind, "-O", "device=" + d.Path(), "-O", "application=ssh:stella", "-N", "", "-f", path}
			prompted(t, tt.pins, "ssh-keygen", append(args, tt.options...)...)
			public, err := os.ReadFile(path + ".pub")
			require.NoError(t, err)
			assert.Contains(t, string(public), tt.prefix)
			tool(t, "ssh-keygen", "-l", "-f", path+".pub")
			held := d.Credentials()
			require.Len(t, held, 1)
			assert.Equal(t, "ssh:stella", held[0].RPID)
			assert.Equal(t, tt.resident, held[0].Resident)
		})
	}
}
