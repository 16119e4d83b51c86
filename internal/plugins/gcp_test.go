package plugins

import (
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

func crc32c(b []byte) *wrapperspb.Int64Value {
	return wrapperspb.Int64(int64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))))
}

func TestGCPSuite(t *testing.T) {
	server, environ := newGCPServer(t)
	w := newWorld(t, environ...)
	keystest.Run(t, keystest.Suite{
		Algorithms: []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			key := server.add(t, string(a), a)
			return keystest.Fixture{
				Driver: w.driver("gcpkms"), Ref: reference(t, "gcpkms://"+gcpRing+"/cryptoKeys/"+string(a)), Public: key.Public(),
				Missing: reference(t, "gcpkms://"+gcpRing+"/cryptoKeys/missing"), MissingReason: fault.KeyNotFound,
			}
		},
	})
}

func TestGCPWithoutCredentials(t *testing.T) {
	_, environ := newGCPServer(t)
	w := newWorld(t, environ[:len(environ)-1]...)
	w.environ = append(w.environ, "GOOGLE_APPLICATION_CREDENTIALS=/nowhere")
	_, err := w.driver("gcpkms").Open(t.Context(), reference(t, "gcpkms://"+gcpRing+"/cryptoKeys/k"))
	require.Error(t, err)
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
}

func TestGCPEndToEnd(t *testing.T) {
	server, environ := newGCPServer(t)
	server.add(t, "release", keys.ECDSAP256)
	newWorld(t, environ...).signsAndVerifies(t, "gcpkms", "gcpkms://"+gcpRing+"/cryptoKeys/release")
}
