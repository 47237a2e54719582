package scorecard

// Formula is a checked expression over other metrics, the board's constants and the metric's own taken value.
type Formula struct {
	Text      string
	Root      *Node
	UsesValue bool     // it reads "value", the metric's own taken value
	Reads     []string // keys of the metrics it reads, each once, in the order of first use
}

// NodeKind is the kind of an expression node.
type NodeKind int

const (
	NodeNumber   NodeKind = iota // Number
	NodeMissing                  // the word missing
	NodeMetric                   // Name: key of a metric
	NodeConstant                 // Name: key of a constant; Number holds its value
	NodeValue                    // the metric's own taken value
	NodeUnary                    // Op "-" or "not", one argument
	NodeBinary                   // Op "+ - * / % ** < <= > >= == != and or ??", two arguments
	NodeTernary                  // c ? a : b, three arguments
	NodeCall                     // Name: abs min max round floor ceil sqrt ln log10 exp clamp lookup
)

// Node is one node of a formula's syntax tree. A checked tree is well typed: only comparisons, and, or, not yield
// truth values, and they stand only where truth values may.
type Node struct {
	Kind         NodeKind
	Op           string
	Name         string
	Number       float64
	Args         []*Node
	Table        []Band // of lookup: its rising thresholds
	Line, Column int
}
