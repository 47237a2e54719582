// Package note writes short mails about one matter: a few sentences, perhaps a list, one link.
//
// A note is plain text and HTML from one object, which say the same. The HTML works in mail programs that know no style sheet, in light
// and dark, and fetches nothing. It is pure: the same note gives the same bytes.
package note
