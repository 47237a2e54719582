package story

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longest is what one text message holds, in septets.
const longest = 160

// The alphabet of a text message (3GPP TS 23.038, GSM 7-bit default alphabet, without the escape character) and its
// extension, whose letters take two septets.
const (
	alphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "\f^{}\\[~]|€"
)

// spelled is how letters that neither stand in the alphabet nor lose just an accent are written.
var spelled = map[rune]string{
	'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "Th", 'ħ': "h", 'Ħ': "H", 'ı': "i", 'ŋ': "n", 'Ŋ': "N",
	'œ': "oe", 'Œ': "Oe", 'ŧ': "t", 'Ŧ': "T", 'ẞ': "SS", 'ĸ': "k", 'ŀ': "l", 'Ŀ': "L",
	'‘': "'", '’': "'", '‚': "'", '“': "\"", '”': "\"", '„': "\"", '«': "\"", '»': "\"", '‹': "'", '›': "'", '`': "'", '´': "'",
	'–': "-", '—': "-", '‑': "-", '‐': "-", '−': "-", '…': "...", '·': ".", '•': "-", '×': "x", '\t': " ",
	'°': " deg", '½': "1/2", '¼': "1/4", '¾': "3/4", '™': "TM", '®': "(R)", '©': "(C)", 'ª': "a", 'º': "o", '№': "No",
}

// septets counts what a text takes; ok is false where some letter is not in the alphabet.
func septets(text string) (n int, ok bool) {
	for _, r := range text {
		switch {
		case r >= ' ' && r <= 'Z' || r >= 'a' && r <= 'z', strings.ContainsRune(alphabet, r):
			n++
		case strings.ContainsRune(extended, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

// spell writes a text in the alphabet of a text message; ok is false where a letter has no spelling there.
func spell(text string) (spelling string, ok bool) {
	ascii := true
	for i := range len(text) {
		c := text[i]
		ascii = ascii && c < 0x7F && c >= 0x20 && c != '`'
	}
	if ascii {
		return text, true
	}
	var out strings.Builder
	for _, r := range norm.NFC.String(text) {
		switch letters := spelled[r]; {
		case strings.ContainsRune(alphabet, r) || strings.ContainsRune(extended, r):
			out.WriteRune(r)
		case letters != "":
			out.WriteString(letters)
		case unicode.IsSpace(r):
			out.WriteByte(' ')
		case unicode.Is(unicode.Mn, r): // an accent without a letter of its own
		default:
			base := norm.NFKD.String(string(r))
			first, _ := utf8.DecodeRuneInString(base)
			if letters := spelled[first]; letters != "" {
				out.WriteString(letters)
			} else if first != r && strings.ContainsRune(alphabet, first) {
				out.WriteRune(first)
			} else {
				return "", false
			}
		}
	}
	return out.String(), true
}

// fit returns the fullest telling that one text message holds: the board, the headline and the text, then without one or
// two of them. It returns "" where a text message cannot spell even the headline.
func fit(board, text, headline string) string {
	headline, ok := spell(headline)
	if !ok {
		return ""
	}
	if board, ok = spell(clean(board)); !ok || board == "" {
		board = ""
	} else if n, _ := septets(board); n > 40 {
		board = strings.TrimRight(cut(board, 37), " ") + "...: "
	} else {
		board += ": "
	}
	left := longest - length(board)
	text, ok = spell(text)
	stop := ". "
	if strings.HasSuffix(headline, ".") {
		stop = " "
	}
	switch {
	case ok && length(headline)+len(stop)+length(text) <= left:
		return board + headline + stop + text
	case ok && length(text) <= left:
		return board + text
	case length(headline) <= left:
		return board + headline
	case length(headline) <= longest:
		return headline
	}
	return strings.TrimRight(cut(headline, longest-3), " ") + "..."
}

// length is what a text in the alphabet takes, in septets.
func length(text string) int {
	n, _ := septets(text)
	return n
}

// cut returns as much of a text in the alphabet as n septets hold.
func cut(text string, n int) string {
	for i, r := range text {
		size := 1
		if strings.ContainsRune(extended, r) {
			size = 2
		}
		if n -= size; n < 0 {
			return text[:i]
		}
	}
	return text
}
