// Package prose turns what managers and coaches write, in Markdown, into HTML that is safe to show and into plain text.
//
// What is written is a stranger's: of HTML, pictures, scripts and styles nothing stays, links lead to https alone. The same text
// gives the same bytes. It is pure.
package prose
