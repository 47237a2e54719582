// Package parttest finds, for tests, what others wrote and a machine may lack: the programs and npm packages that make install brings.
package parttest
