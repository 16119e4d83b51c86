package version

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRead(t *testing.T) {
	info := Read([]string{"file"})
	assert.NotEmpty(t, info.Version)
	assert.Equal(t, runtime.Version(), info.Go)
	assert.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, info.Platform)
	assert.Equal(t, []string{"file"}, info.Drivers)
}
