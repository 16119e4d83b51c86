package hid

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReports(t *testing.T) {
	for _, size := range []int{0, 1, initPayload, initPayload + 1, initPayload + contPayload, initPayload + contPayload + 1, MaxMessage} {
		message := bytes.Repeat([]byte{7}, size)
		list, err := reports(0x01020304, cmdCBOR, message)
		require.NoError(t, err)
		var a assembly
		for i, report := range list {
			f, err := parseFrame(report)
			require.NoError(t, err)
			assert.EqualValues(t, 0x01020304, f.channel)
			whole, err := a.add(f)
			require.NoError(t, err)
			assert.Equal(t, i == len(list)-1, whole, "%d bytes, packet %d", size, i)
		}
		assert.Equal(t, cmdCBOR, a.command)
		assert.True(t, bytes.Equal(message, a.payload))
	}
	_, err := reports(1, cmdCBOR, make([]byte, MaxMessage+1))
	require.Error(t, err)
}

func TestAssemblyRefuses(t *testing.T) {
	first := frame{initial: true, command: cmdCBOR, length: 100, data: make([]byte, initPayload)}
	for name, list := range map[string][]frame{
		"a continuation first": {{sequence: 0, data: make([]byte, contPayload)}},
		"two beginnings":       {first, first},
		"a lost packet":        {first, {sequence: 1, data: make([]byte, contPayload)}},
		"too long":             {{initial: true, length: MaxMessage + 1, data: make([]byte, initPayload)}},
	} {
		var a assembly
		var err error
		for _, f := range list {
			if _, err = a.add(f); err != nil {
				break
			}
		}
		require.Error(t, err, name)
	}
	_, err := parseFrame(make([]byte, reportSize-1))
	require.Error(t, err)
}

// FuzzAssembly: no sequence of reports panics or makes more than was announced.
func FuzzAssembly(f *testing.F) {
	list, err := reports(1, cmdCBOR, make([]byte, 200))
	require.NoError(f, err)
	f.Add(bytes.Join(list, nil))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var a assembly
		for len(stream) >= reportSize {
			p, err := parseFrame(stream[:reportSize])
			require.NoError(t, err)
			whole, err := a.add(p)
			if err != nil {
				return
			}
			require.LessOrEqual(t, len(a.payload), a.length)
			require.Equal(t, len(a.payload) == a.length, whole)
			if whole {
				a = assembly{}
			}
			stream = stream[reportSize:]
		}
	})
}

// FuzzDescriptor: no descriptor panics, and none without the usage page is taken.
func FuzzDescriptor(f *testing.F) {
	f.Add(fidoDescriptor())
	f.Add([]byte{0xfe, 0x01, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		if isFIDO(b) {
			require.True(t, bytes.Contains(b, []byte{0xd0, 0xf1}))
		}
	})
}
