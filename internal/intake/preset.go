package intake

import (
	"embed"
	"path"
	"strings"

	"cairn/internal/fault"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

// Preset is a mapping that comes with the program.
type Preset struct {
	Name string
	*Mapping
}

// Presets returns the mappings that come with the program, by name.
func Presets() (presets []Preset, err error) {
	files, err := presetFiles.ReadDir("presets")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		source, err := presetFiles.ReadFile(path.Join("presets", file.Name()))
		if err != nil {
			return nil, err
		}
		mapping, err := ParseMapping("preset "+file.Name(), source)
		if err != nil {
			return nil, err
		}
		presets = append(presets, Preset{strings.TrimSuffix(file.Name(), ".yaml"), mapping})
	}
	return presets, nil
}

// PresetNamed returns the mapping of a name that comes with the program; Invalid, with the names there are, where none does.
func PresetNamed(name string) (*Mapping, error) {
	presets, err := Presets()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range presets {
		if p.Name == name {
			return p.Mapping, nil
		}
		names = append(names, p.Name)
	}
	return nil, fault.Wrong("preset", "There is no preset %q: choose one of %s.", name, strings.Join(names, ", "))
}

// Guess returns the preset whose headers stand in one of the first rows of a file; ok is false where none does.
func Guess(head [][]string) (preset Preset, ok bool, err error) {
	presets, err := Presets()
	for _, p := range presets {
		for _, row := range head {
			if p.Fits(row) && (!ok || len(p.Headers) > len(preset.Headers)) {
				preset, ok = p, true
			}
		}
	}
	return preset, ok, err
}
