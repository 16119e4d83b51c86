package strictjson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/strictjson"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]struct {
		count, number bool
		value         int64
	}{
		"0": {count: true}, "1": {true, true, 1}, "9223372036854775807": {true, true, 1<<63 - 1},
		"": {}, "-1": {}, "+1": {}, "01": {}, "1.0": {}, "1e3": {}, " 1": {}, "９": {}, "9223372036854775808": {},
	} {
		assert.Equal(t, want.count, strictjson.IsCount(text), text)
		assert.Equal(t, want.number, strictjson.IsNumber(text), text)
		assert.Equal(t, want.value, strictjson.ParseNumber(text), text)
		if want.count {
			assert.Equal(t, text, strictjson.Number(want.value))
		}
	}
}

func TestIsSHA256(t *testing.T) {
	good := strings.Repeat("0f", 32)
	assert.True(t, strictjson.IsSHA256(good))
	for _, bad := range []string{"", good[1:], good + "0", strings.ToUpper(good), "g" + good[1:]} {
		assert.False(t, strictjson.IsSHA256(bad), bad)
	}
}
