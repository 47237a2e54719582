// Package figure draws Cairn's pictures as SVG: stones and cairns, histories, distributions and curves.
//
// It is pure: the same values give the same bytes. A drawing carries classes and no colours, so that it takes those of
// the page around it, light, dark or printed; it holds no style attribute, no script and no reference to anything
// outside itself. Numbers that are not finite are left out, never drawn, and text is escaped.
//
// Drawings that carry meaning of their own have a title and a description; those that only repeat the words beside them are hidden
// from assistive technology.
//
// Pictures that stand outside any page, such as cards, leaderboards, badges and the history in a mail, have colours and letters of their
// own. They are laid out once, then printed as PNG or written as SVG; a PNG has no letters for some scripts and leaves such words out.
package figure
