package web

// Patterns are the patterns of all pages, in the order of their table.
func Patterns() []string {
	all := make([]string, len(routes))
	for i, r := range routes {
		all[i] = r.pattern
	}
	return all
}
