package source

import (
	"context"
	"strings"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/intake"
)

// Mapping is how files with headers of their own are read, kept with a board under a name: it is offered for the next such file,
// and found by its header.
type Mapping struct {
	Name    string
	Content string // YAML
}

const mostMappings = 50 // of a board

// Mappings returns the mappings that are kept with a board, by name.
func (s *Sources) Mappings(ctx context.Context, boardID string) (all []Mapping, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.All(tx, func(row func(...any) error) (m Mapping, err error) {
			err = row(&m.Name, &m.Content)
			return m, err
		}, `SELECT name, content FROM source_mapping WHERE board_id = $1 ORDER BY name`, boardID)
		return err
	})
	return all, err
}

// KeepMapping keeps a mapping with a board, in the place of one of the same name. Invalid, with the field, for one that cannot be
// read or without a name; Conflict where there are 50.
func (s *Sources) KeepMapping(ctx context.Context, boardID string, m Mapping) error {
	m.Name = strings.TrimSpace(m.Name)
	if m.Name == "" || len(m.Name) > 100 || plainText("name", m.Name) != nil || strings.ContainsAny(m.Name, "\n\t") {
		return fault.Wrong("keep", "A mapping is kept under a name of at most 100 characters.")
	}
	if _, err := intake.ParseMapping("line", []byte(m.Content)); err != nil {
		return fault.In("mapping", err)
	}
	return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		var others int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM source_mapping WHERE board_id = $1 AND name <> $2`, boardID, m.Name).Scan(&others); err != nil {
			return err
		}
		if others >= mostMappings {
			return fault.New(fault.Conflict, "The board keeps %d mappings already: take the place of one of them.", others)
		}
		_, err := tx.Exec(`INSERT INTO source_mapping (board_id, name, content, made_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (board_id, name) DO UPDATE SET content = excluded.content, made_at = excluded.made_at`, boardID, m.Name, m.Content, s.rooms.Now().UnixMicro())
		return err
	})
}

// DropMapping forgets a mapping of a board, if there is one of that name.
func (s *Sources) DropMapping(ctx context.Context, boardID, name string) error {
	return s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM source_mapping WHERE board_id = $1 AND name = $2`, boardID, name)
		return err
	})
}

// keptFor returns the mapping of a board whose headers stand in the first rows of a file, the one with the most of them.
func (s *Sources) keptFor(ctx context.Context, boardID string, head [][]string) (name string, found *intake.Mapping, err error) {
	all, err := s.Mappings(ctx, boardID)
	for _, m := range all {
		mapping, err := intake.ParseMapping(m.Name, []byte(m.Content))
		if err != nil {
			continue // kept by a version that took others
		}
		for _, row := range head {
			if mapping.Fits(row) && (found == nil || len(mapping.Headers) > len(found.Headers)) {
				name, found = m.Name, mapping
			}
		}
	}
	return name, found, err
}
