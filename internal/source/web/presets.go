package web

import (
	"embed"
	"encoding/json"
	"path"
	"strings"
)

//go:embed presets/*.json
var presetFiles embed.FS

// presets are the configurations that come with the program, by name.
func presets() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	files, err := presetFiles.ReadDir("presets")
	if err != nil {
		return all
	}
	for _, file := range files {
		if text, err := presetFiles.ReadFile(path.Join("presets", file.Name())); err == nil {
			all[strings.TrimSuffix(file.Name(), ".json")] = text
		}
	}
	return all
}
