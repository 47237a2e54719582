package story

import "strings"

// Message writes a text message about a board: as many of some sentences as 160 GSM-7 septets hold, in their order, behind the board's
// name. Letters that a text message lacks are written with those that it has; a sentence that cannot be spelled is left out, as a name
// is. What comes first is never left out for what follows. "" where nothing can be spelled.
func Message(board string, sentences ...string) string {
	var spellings []string
	for _, sentence := range sentences {
		if spelling, ok := spell(strings.Join(strings.Fields(sentence), " ")); ok && spelling != "" {
			spellings = append(spellings, spelling)
		}
	}
	if len(spellings) == 0 {
		return ""
	}
	message, ok := spell(clean(board))
	switch {
	case !ok || message == "":
		message = ""
	case length(message) > 40:
		message = strings.TrimRight(cut(message, 37), " ") + "...: "
	default:
		message += ": "
	}
	if length(message)+length(spellings[0]) > longest {
		if message = spellings[0]; length(message) > longest {
			return strings.TrimRight(cut(message, longest-3), " ") + "..."
		}
	} else {
		message += spellings[0]
	}
	for _, spelling := range spellings[1:] {
		if length(message)+1+length(spelling) <= longest {
			message += " " + spelling
		}
	}
	return message
}
