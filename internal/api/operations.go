package api

// Operation is one row of the table of the API, for whoever looks it through.
type Operation struct {
	ID, Method, Path string // the path stands below Prefix
	Scope            string // that a token needs, "" any
	Permission       string // who may, in the words of pages
	NeedsToken       bool   // nobody may without one
	Summary          string
	Pages            []string // patterns of the pages that do the same
}

// Operations are all of them, in the order of the table.
func Operations() []Operation {
	all := make([]Operation, len(operations))
	for i, o := range operations {
		all[i] = Operation{o.id, o.method, o.path, string(o.scope), string(o.permission), o.permission.needsToken(), o.summary, o.pages}
	}
	return all
}
