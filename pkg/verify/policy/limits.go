package policy

// Bounds of a policy file.
const (
	// MaxSize bounds the file, in bytes.
	MaxSize = 1 << 20
	// MaxDepth bounds how deep its values are nested; a policy needs ten levels.
	MaxDepth = 32
	// MaxRules bounds the rules.
	MaxRules = 256
	// MaxPatterns bounds all patterns of the file, each of which is compiled.
	MaxPatterns = 1024
	// MaxRequirements bounds the requirements of a rule.
	MaxRequirements = 32
	// MaxThreshold bounds the holders that one requirement wants, and the
	// authorities that one kind of proof does.
	MaxThreshold = 64
	// MaxConditions bounds the conditions of a rule.
	MaxConditions = 32

	maxList     = 256      // elements of any other list
	maxName     = 128      // characters of names, roles and tenants
	maxText     = 1024     // characters of descriptions, subjects, holders and issuers
	maxGlob     = 256      // characters: each may become four of an expression
	maxPattern  = 1024     // characters of a regular expression
	maxVKey     = 256      // characters of a witness's key
	maxAgeCount = 100_000  // days, hours or minutes of maxAge
	maxNodes    = 64 << 10 // values in the file
	maxMembers  = 64       // members of one mapping, of which a policy has at most 16
)

// Bounds of a condition, and of what it may look at.
const (
	// MaxExpression bounds an expression, in characters.
	MaxExpression = 4096
	// MaxConditionSize bounds the JSON text of those members of a predicate that
	// the conditions of a rule look at, in bytes.
	MaxConditionSize = 16 << 20
	// MaxConditionValues bounds the values in those members.
	MaxConditionValues = 1_000_000
	// MaxConditionCost bounds the steps that one condition may take, as CEL counts
	// them: a look at a member, a call, ten bytes of a text that is read, compared or
	// built, a value that is compared or collected in a list. So what it builds is
	// at most 50 MB of text, and 5,000,000 values. It is reached after seconds.
	MaxConditionCost = 5_000_000

	maxPredicateDepth = 256 // levels of what a condition looks at
	maxNestedLoops    = 3   // all, exists, map and filter inside each other
	maxExpressionTree = 2048
	maxRegexProgram   = 1024 // instructions of a regular expression in a condition
	interruptEvery    = 1000 // iterations between looks at the context
)
