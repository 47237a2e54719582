package main

import "cairn/scorecard"

// schemaCommand prints the JSON Schema of scorecard files.
type schemaCommand struct{}

func (schemaCommand) Help() string {
	return `Prints the JSON Schema (2020-12) of scorecard files. An editor with a YAML language server completes and checks a
scorecard that begins with the line: # yaml-language-server: $schema=scorecard.schema.json`
}

func (schemaCommand) Run(c *console) error {
	_, err := c.out.Write(scorecard.Schema())
	return err
}
