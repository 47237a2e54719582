// Package web asks any HTTP JSON API for entries: which address, how its pages follow one another, and where in its answers
// items, numbers, times and players stand, is configuration. A new site needs no code.
//
// It keeps nothing: state goes in and comes out. Sites that are asked often have their configuration here as a named preset.
package web
