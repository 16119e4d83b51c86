package audit

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// kept is the checkpoint beside the log as somebody keeps it elsewhere.
func kept(t *testing.T, path string) chain.Compared {
	t.Helper()
	text, err := Kind().NewestCheckpoint(path)
	require.NoError(t, err)
	public, err := Kind().VerifierKey(path)
	require.NoError(t, err)
	c, err := Kind().Open(text, public)
	require.NoError(t, err)
	return chain.NewCompared(c, "kept.checkpoint", true)
}

// rewrite makes a whole new log with the same key, as somebody can who has all
// of the directory.
func rewrite(t *testing.T, path string, n int) {
	t.Helper()
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Remove(path+chain.CheckpointSuffix))
	l := openLog(t, path)
	for range n {
		e := entry(0)
		e.Operation = "sign blob"
		_, err := l.Append(e)
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
}

// TestTampering changes a log of ten records in every way, and wants to hear
// what was done: from the log alone where its chain tells, and with a checkpoint
// over the first eight records, where it was done before the ninth.
func TestTampering(t *testing.T) {
	swap := func(lines [][]byte, i, j int) [][]byte {
		lines[i], lines[j] = lines[j], lines[i]
		return lines
	}
	lines := func(f func([][]byte) [][]byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { edit(t, path, f) }
	}
	tests := []struct {
		name   string
		change func(t *testing.T, path string)
		alone  string // what the log alone tells, "" for nothing
		with   string // what the checkpoint adds, "" for nothing
	}{
		{"untouched", func(*testing.T, string) {}, "", ""},
		{"a byte edited", lines(func(l [][]byte) [][]byte {
			l[3] = bytes.Replace(l[3], []byte("alice"), []byte("mallo"), 1)
			return l
		}), "record 4 was edited: record 5 does not continue it", ""},
		{"the first record edited", lines(func(l [][]byte) [][]byte {
			l[0] = bytes.Replace(l[0], []byte("alice"), []byte("mallo"), 1)
			return l
		}), "record 1 was edited", ""},
		{"a record edited into nonsense", lines(func(l [][]byte) [][]byte {
			l[3][5] = 'x'
			return l
		}), "the line after record 3 was edited", ""},
		{"a record written otherwise", lines(func(l [][]byte) [][]byte {
			l[3] = bytes.Replace(l[3], []byte(`"tenant":`), []byte(`"tenant": `), 1)
			return l
		}), "the line after record 3 was edited: it is not written as", ""},
		{"a member added", lines(func(l [][]byte) [][]byte {
			l[3] = bytes.Replace(l[3], []byte(`"tenant":`), []byte(`"x":1,"tenant":`), 1)
			return l
		}), "the line after record 3 was edited: it is no record", ""},
		{"a record removed", lines(func(l [][]byte) [][]byte { return append(l[:4], l[5:]...) }), "record 6 stands after record 4: 1 between them were removed", ""},
		{"records removed", lines(func(l [][]byte) [][]byte { return append(l[:4], l[7:]...) }), "record 8 stands after record 4: 3 between them were removed", ""},
		{"the first records removed", lines(func(l [][]byte) [][]byte { return l[3:] }), "the log begins with record 4", ""},
		{"two records swapped", lines(func(l [][]byte) [][]byte { return swap(l, 4, 5) }), "record 6 stands after record 4: 1 between them were removed or moved", ""},
		{"a record repeated", lines(func(l [][]byte) [][]byte { return append(l, l[9]) }), "record 10 stands after record 10", ""},
		{"an empty line", lines(func(l [][]byte) [][]byte { return append(l, []byte("\n")) }), "the line after record 10 was edited", ""},
		{"an endless line", lines(func(l [][]byte) [][]byte {
			return append(l, []byte(strings.Repeat("x", 3*MaxLine)+"\n"))
		}), "it is over 65536 bytes", ""},
		// The last record can be edited and the tail cut off: the chain does not tell,
		// and the checkpoint covers eight records.
		{"the last record edited", lines(func(l [][]byte) [][]byte {
			l[9] = bytes.Replace(l[9], []byte("alice"), []byte("mallo"), 1)
			return l
		}), "", ""},
		{"the tail after the checkpoint cut off", lines(func(l [][]byte) [][]byte { return l[:8] }), "", ""},
		{"the tail cut off", lines(func(l [][]byte) [][]byte { return l[:7] }), "", "records are missing at the end: the checkpoint of kept.checkpoint has 8, and the log ends with 7"},
		{"all cut off", lines(func([][]byte) [][]byte { return nil }), "", "records are missing at the end"},
		{"the last record of the checkpoint edited", lines(func(l [][]byte) [][]byte {
			l[7] = bytes.Replace(l[7], []byte("alice"), []byte("mallo"), 1)
			return l[:8]
		}), "", "the log was rewritten up to record 8"},
		{"rewritten", func(t *testing.T, path string) { rewrite(t, path, 10) }, "", "the log was rewritten up to record 8"},
		{"rewritten and shorter", func(t *testing.T, path string) { rewrite(t, path, 5) }, "", "records are missing at the end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := logPath(t)
			write(t, path, 8)
			checkpoint := kept(t, path)
			write(t, path, 2)
			tt.change(t, path)

			alone := verifyLog(t, path)
			assert.Zero(t, alone.Anchored())
			saysOnly(t, alone, tt.alone)
			with := verifyLog(t, path, checkpoint)
			if tt.alone == "" {
				saysOnly(t, with, tt.with)
			} else {
				assert.Contains(t, with.Problems[0], tt.alone)
			}
			if tt.alone == "" && tt.with == "" {
				assert.EqualValues(t, 8, with.Anchored())
			}
		})
	}
}

// saysOnly wants one problem first of all, or none for "".
func saysOnly(t *testing.T, r *Report, want string) {
	t.Helper()
	if want == "" {
		assert.NoError(t, r.Err())
		return
	}
	assert.Equal(t, fault.AuditTampered, fault.ReasonOf(r.Err()))
	require.NotEmpty(t, r.Problems)
	assert.Contains(t, r.Problems[0], want)
}

// TestEveryFlippedByte flips each byte of a log in turn. Only in the last record
// can that go unseen without a checkpoint; with one over it, nowhere.
func TestEveryFlippedByte(t *testing.T) {
	path := logPath(t)
	write(t, path, 3)
	checkpoint := kept(t, path)
	original, err := os.ReadFile(path)
	require.NoError(t, err)
	last := bytes.LastIndexByte(original[:len(original)-1], '\n')
	for i := range original {
		b := bytes.Clone(original)
		b[i] ^= 1
		require.NoError(t, os.WriteFile(path, b, 0o600))
		if i < last {
			assert.Error(t, verifyLog(t, path).Err(), "byte %d", i)
		}
		assert.Error(t, verifyLog(t, path, checkpoint).Err(), "byte %d with the checkpoint", i)
	}
}

// TestEveryTruncation cuts a log everywhere: with the checkpoint that is always
// found, and a record cut in two is called so.
func TestEveryTruncation(t *testing.T) {
	path := logPath(t)
	write(t, path, 2)
	checkpoint := kept(t, path)
	original, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range original {
		require.NoError(t, os.WriteFile(path, original[:i], 0o600))
		report := verifyLog(t, path)
		whole := i == 0 || original[i-1] == '\n'
		assert.Equal(t, whole, report.Unfinished == 0, "at %d", i)
		assert.Error(t, verifyLog(t, path, checkpoint).Err(), "at %d with the checkpoint", i)
	}
}

func TestNoLog(t *testing.T) {
	_, err := OpenReader(logPath(t))
	assert.Equal(t, fault.InputNotFound, fault.ReasonOf(err))
	path := logPath(t)
	write(t, path, 0)
	for name, text := range map[string]string{"text": "hello\nworld\n", "JSON": "{}\n", "no line": "x"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		assert.Equal(t, fault.AuditMalformed, fault.ReasonOf(verifyLog(t, path).Err()), name)
	}
}

func TestOpenCheckpoint(t *testing.T) {
	path := logPath(t)
	write(t, path, 3)
	text, err := Kind().NewestCheckpoint(path)
	require.NoError(t, err)
	public, err := Kind().VerifierKey(path)
	require.NoError(t, err)
	other := logPath(t)
	write(t, other, 1)
	otherKey, err := Kind().VerifierKey(other)
	require.NoError(t, err)
	changed := bytes.Replace(text, []byte("\n3\n"), []byte("\n4\n"), 1)
	tests := []struct {
		name      string
		text, key string
		want      fault.Reason
	}{
		{"good", string(text), public, ""},
		{"key with a line feed", string(text), public + "\n", ""},
		{"another key", string(text), otherKey, fault.AuditTampered},
		{"changed", string(changed), public, fault.AuditTampered},
		{"empty", "", public, fault.AuditMalformed},
		{"no note", "hello\n", public, fault.AuditMalformed},
		{"large", strings.Repeat("x", chain.MaxCheckpoint+1), public, fault.AuditMalformed},
		{"no key", string(text), "", fault.AuditMalformed},
		{"malformed key", string(text), "a+b+c", fault.AuditMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Kind().Open([]byte(tt.text), tt.key)
			if tt.want != "" {
				assert.Equal(t, tt.want, fault.ReasonOf(err), err)
				return
			}
			require.NoError(t, err)
			assert.EqualValues(t, 3, c.Size)
			assert.True(t, strings.HasPrefix(public, c.Origin+"+"))
		})
	}
}

func FuzzParseRecord(f *testing.F) {
	path := logPath(f)
	write(f, path, 2)
	b, err := os.ReadFile(path)
	require.NoError(f, err)
	for _, line := range bytes.SplitAfter(b, []byte("\n")) {
		f.Add(line)
	}
	hostile := entry(0)
	hostile.Caller, hostile.Subjects = "\x1b[31m\u202e\"\\\n\x00\xff", nil
	f.Add(appendRecord(nil, &Record{V: 1, Seq: 1, Time: clock(), Entry: hostile}, Hash{}))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRecord(line)
		if err != nil {
			return
		}
		prev, err := chain.ParseHash(r.Prev)
		require.NoError(t, err)
		require.Equal(t, string(line), string(appendRecord(nil, r, prev)), "one record has one form")
		seq, linked, ok := link(line)
		require.True(t, ok)
		require.Equal(t, r.Seq, seq)
		require.Equal(t, prev, linked)
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	path := logPath(f)
	write(f, path, 2)
	text, err := Kind().NewestCheckpoint(path)
	require.NoError(f, err)
	public, err := Kind().VerifierKey(path)
	require.NoError(f, err)
	f.Add(text, public)
	f.Add([]byte("o\n3\nAAAA\n\n— o AAAA\n"), "o+00000000+AAAA")
	f.Fuzz(func(t *testing.T, text []byte, key string) {
		if _, err := Kind().Open(text, key); err != nil {
			reason := fault.ReasonOf(err)
			require.True(t, reason == fault.AuditMalformed || reason == fault.AuditTampered, "%v", err)
		}
	})
}

// TestHostileTexts puts strings into a record that must neither break it nor make
// it longer than a reader reads.
func TestHostileTexts(t *testing.T) {
	for name, s := range map[string]string{
		"control": "\x1b[31m\u202e\"\\\n\x00", "not UTF-8": "a\xff\xfeb", "long": strings.Repeat("\x01", 1<<20),
		"cut in a character": strings.Repeat("ä", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			e := Entry{
				Request: Request{s, s, s, s, s, s, s}, Key: Key{s, s, s},
				Content: Content{Subjects: make([]string, 100), SubjectCount: 100, PredicateType: s, PayloadSHA256: s},
				Outcome: Outcome{s, Failed, s, s},
			}
			for i := range e.Subjects {
				e.Subjects[i] = s
			}
			path := logPath(t)
			l := openLog(t, path)
			_, err := l.Append(e)
			require.NoError(t, err)
			require.NoError(t, l.Close())
			require.NoError(t, verifyLog(t, path).Err())
			all := records(t, path)
			require.Len(t, all, 1)
			assert.Len(t, all[0].Subjects, MaxSubjects)
			assert.Equal(t, 100, all[0].SubjectCount)
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Less(t, info.Size(), int64(MaxLine))
		})
	}
}
