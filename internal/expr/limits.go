package expr

// The bounds of the language. Where one is reached, the answer is an error with its own code.
const (
	// MaxSource bounds one expression, in bytes.
	MaxSource = 16 << 10
	// MaxNesting bounds brackets, prefix operators, ternaries, lets and powers that are open at once.
	MaxNesting = 100
	// MaxTree bounds the depth of the syntax tree, so also the terms of one chain such as a + b + c.
	MaxTree = 500
	// MaxNodes bounds the nodes of the syntax tree.
	MaxNodes = 10_000
	// DefaultCost is the budget of one evaluation: every node visited, element iterated and byte produced counts.
	DefaultCost = 1_000_000
	// MaxElements bounds a list or map that an expression builds.
	MaxElements = 100_000
	// MaxString bounds a string that an expression builds, in bytes.
	MaxString = 1 << 20
	// MaxDepth bounds the nesting of values that are read, compared or written.
	MaxDepth = 64
	// MaxJSON bounds the JSON that Append writes for one value, in bytes.
	MaxJSON = 64 << 20
	// MaxPattern bounds a regular expression in bytes, and MaxProgram its compiled form in instructions.
	MaxPattern = 1 << 10
	MaxProgram = 5_000
	// maxValues, maxKeys and maxDigits bound what Decode accepts: values in all, keys of one object, and the
	// length of a number.
	maxValues = 1_000_000
	maxKeys   = 100_000
	maxDigits = 1_000
)
