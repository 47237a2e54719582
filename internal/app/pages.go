package app

import (
	"log/slog"
	"net/http"
)

// pages builds the front door for readers.
func (a *App) pages(log *slog.Logger) (http.Handler, error) { return http.NotFoundHandler(), nil }
