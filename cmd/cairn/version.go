package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"cairn/score"
	"cairn/scorecard"
)

// versionCommand prints which Cairn this is.
type versionCommand struct{}

// Run prints the program's version, the engine's, the format's, and the platform it was built for.
func (versionCommand) Run(c *console) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				revision = " " + s.Value[:12]
			}
		}
	}
	_, err := fmt.Fprintf(c.out, "cairn %s%s\nengine %s, scorecard format %d\n%s %s/%s\n",
		version(), revision, score.Engine, scorecard.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the program's, as it was built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(unknown)"
}
