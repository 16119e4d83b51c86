package trust

// Bounds on what is read. They are larger than any trust that is in use, and small
// enough that a file which never ends is refused soon (TUF, section 1.5.2, endless
// data).
const (
	// MaxMetadata bounds a file of metadata, in bytes. A root of the public good
	// instance of Sigstore has 6 KB.
	MaxMetadata = 1 << 20
	// MaxTarget bounds a target, in bytes. A CRL may have megabytes.
	MaxTarget = 32 << 20
	// MaxTargets bounds the targets that a bundle uses.
	MaxTargets = 512
	// MaxSum bounds all targets of a bundle together, in bytes.
	MaxSum = 64 << 20
	// MaxRotations bounds the roots that one import follows, as go-tuf does.
	MaxRotations = 256
	// MaxRoles bounds the roles that are visited for one target.
	MaxRoles = 32
	// maxDepth bounds the nesting of metadata.
	maxDepth = 32
	// maxKeys bounds the keys of one role.
	maxKeys = 256
	// maxRoleName bounds the name of a role, in bytes.
	maxRoleName = 128
)
