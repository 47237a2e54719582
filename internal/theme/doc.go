// Package theme is how a board looks in its owner's colours: colours, type, corners, a logo, and words for player, board and
// release.
//
// A theme is data. It is checked, for contrast too, and becomes a palette of which pages, letters and pictures take their
// colours, and the values of the style sheet's own tokens: it holds no rule, no script and no address, so that it can neither
// hide what stands on a page nor send anything anywhere. What it has no word for is the mark "Scored with Cairn", which every
// page, card and letter carries in ink on ground. It is pure.
package theme
