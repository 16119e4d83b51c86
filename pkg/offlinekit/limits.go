package offlinekit

// Bounds on what is read. A kit says more about itself than a signature covers before
// that is verified, so each is small enough for a hostile one to do no harm.
const (
	// MaxManifest bounds manifest.json, in bytes: MaxEntries entries with names of
	// common length fit.
	MaxManifest = 64 << 20
	// MaxEntries bounds the files of a kit that its manifest lists.
	MaxEntries = 1 << 18
	// MaxStatement bounds statement.dsse.json and each further file of evidence on the
	// statement, in bytes. A statement has 1 KB, a time stamp token with its chain 10.
	MaxStatement = 1 << 20
	// MaxEvidence bounds the files of evidence on the statement.
	MaxEvidence = 16
	// MaxName bounds the name of a file, in bytes.
	MaxName = 1 << 10
	// MaxStep bounds each part of a name between slashes, in bytes, as most file
	// systems do.
	MaxStep = 255
	// MaxFindings bounds what is reported of what is wrong; the rest is counted.
	MaxFindings = 1000
	// MaxVersion is the largest version: what every JSON reader holds exactly.
	MaxVersion = 1<<53 - 1
	// maxWord bounds the name of a kit and of its channel, in bytes.
	maxWord = 64
	// maxLabel bounds what a version is called for people, in characters.
	maxLabel = 128
)
