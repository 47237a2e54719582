// Package prose turns what managers and coaches write, in Markdown, into HTML that is safe to show and into plain text.
//
// What is written is a stranger's: of HTML, pictures, scripts and styles nothing stays, links lead to https alone. A text is read
// twice, by the reader of Markdown, which lets only its own elements through, and by an allow list of elements behind it. The same
// text gives the same bytes, and no text takes long. It is pure.
package prose
