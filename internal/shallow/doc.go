// Package shallow refuses YAML that no file of ours needs and that would take a parser long or much memory: deep nesting,
// anchors and aliases, endless lists. It looks at the words of the text alone, in one pass.
package shallow
