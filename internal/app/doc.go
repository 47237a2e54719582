// Package app reads the configuration, builds the rooms in order, runs the server and stops it.
//
// It is the only builder: the commands and every whole-program test get their rooms here. It is also the only place that
// reads the environment; the clock comes in from outside.
package app
