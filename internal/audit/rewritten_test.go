package audit

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// TestRewritten gives a log a history that its checkpoint was not made over, and that
// is longer: the writer signs none, wherever the checkpoint's record lies. A log that
// only has much behind its checkpoint is gone on with.
func TestRewritten(t *testing.T) {
	small := func(l *Log) { l.segmentSize = 4000 }
	large := func(*Log) {}
	const far = (chain.MaxGroup + 2*MaxLine) / 500
	for name, tt := range map[string]struct {
		more    int
		prepare func(*Log)
	}{
		"near":                    {1, large},
		"before the end is read":  {far, large},
		"in an older segment":     {12, small},
		"in the segment before":   {7, small},
		"far in an older segment": {far, func(l *Log) { l.segmentSize = 300_000 }},
	} {
		t.Run(name, func(t *testing.T) {
			path := logPath(t)
			history := func(path string, first int) {
				l := openLog(t, path, tt.prepare, func(l *Log) { l.checkpointEvery = 1 << 40 })
				_, err := l.Append(entry(first), entry(1), entry(2))
				require.NoError(t, err)
				require.NoError(t, l.Checkpoint())
				for n := 0; n < tt.more; n += 1000 {
					var group []Entry
					for i := range min(1000, tt.more-n) {
						group = append(group, entry(i))
					}
					_, err := l.Append(group...)
					require.NoError(t, err)
				}
				require.NoError(t, l.release()) // as after a crash
			}
			history(path, 0)
			genuine := openLog(t, path, tt.prepare)
			require.EqualValues(t, 3+tt.more, genuine.head.Size)
			require.NoError(t, genuine.release())

			forged := logPath(t)
			history(forged, 100)
			segments, err := older(forged)
			require.NoError(t, err)
			for _, name := range append(segments, forged) {
				require.NoError(t, os.Rename(name, path+name[len(forged):]))
			}
			before, err := Kind().NewestCheckpoint(path)
			require.NoError(t, err)
			l := newLog(path, clock)
			err = l.open()
			assert.Equal(t, fault.AuditTampered, fault.ReasonOf(err), "%v", err)
			after, err := Kind().NewestCheckpoint(path)
			require.NoError(t, err)
			assert.Equal(t, before, after, "it is the only trace")
		})
	}
}
