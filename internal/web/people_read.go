package web

import (
	"net/mail"
	"strings"

	"cairn/internal/board"
)

// mostPeople is how many people can be named at once.
const mostPeople = 2000

// readPeople reads a list of people, one a line: an address, a name and an address as mail programs write them, or a name
// alone. The error is Invalid and names the line.
func readPeople(text string) (people []board.Member, err error) {
	met := map[string]int{}
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r", ""), "\n") {
		line = strings.Trim(strings.TrimSpace(line), ",;")
		if line == "" {
			continue
		}
		person := board.Member{Name: line}
		if strings.Contains(line, "@") {
			found, err := mail.ParseAddress(line)
			if err != nil {
				return nil, wrong("people", "Line %d, %q, is neither an address nor a name with an address: write Ada Lovelace <ada@example.org>.", i+1, short(line, 60))
			}
			person = board.Member{Name: found.Name, Email: strings.ToLower(found.Address)}
			if first, twice := met[person.Email]; twice {
				return nil, wrong("people", "Line %d names the same address as line %d.", i+1, first)
			}
			met[person.Email] = i + 1
		}
		if err := person.Check(); err != nil {
			return nil, wrong("people", "Line %d: %s", i+1, err.Error())
		}
		people = append(people, person)
	}
	if len(people) > mostPeople {
		return nil, wrong("people", "These are %d people; name up to %d at once.", len(people), mostPeople)
	}
	return people, nil
}

// short is the beginning of a text.
func short(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
