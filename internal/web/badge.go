package web

import (
	"encoding/json"
	"net/http"

	"cairn/internal/board"
	"cairn/internal/figure"
	"cairn/internal/release"
)

// embedBadge sends the badge of a player's scorecard on a board that shows scorecards to everyone.
func (s *site) embedBadge(w http.ResponseWriter, v *visit) error {
	_, _, picture, err := s.embedded(w, v)
	if err != nil {
		return err
	}
	return s.sendBadge(w, v, badgeOf(picture))
}

// shareBadge sends the badge of a card that its player shows around.
func (s *site) shareBadge(w http.ResponseWriter, v *visit) error {
	lend(w)
	at, err := s.byShare(v)
	if err != nil {
		return err
	}
	return s.sendBadge(w, v, badgeOf(at.picture))
}

// badgeLasts is for how many seconds programs may go without asking whether a badge still holds.
const badgeLasts = 3600

func (s *site) sendBadge(w http.ResponseWriter, v *visit, b figure.Badge) error {
	if v.PathValue("badge") == "badge.svg" {
		s.hand(w, v, "image/svg+xml", b.SVG())
		return nil
	}
	if v.PathValue("badge") != "badge.json" {
		return s.nowhere(w, v)
	}
	body, err := json.Marshal(endpointBadge{SchemaVersion: 1, Label: b.Label, Message: b.Message, Color: figure.BadgeColour, LabelColor: figure.BadgeLabelColour, CacheSeconds: badgeLasts})
	if err != nil {
		return err
	}
	s.hand(w, v, "application/json", body)
	return nil
}

// embedded finds the latest card of the player in the address, on a board named by its identifier that shows scorecards to everyone.
func (s *site) embedded(w http.ResponseWriter, v *visit) (place, *release.Card, figure.Card, error) {
	lend(w)
	if err := s.asNobody(v, v.PathValue("id"), board.SeeScorecards); err != nil {
		return place{}, nil, figure.Card{}, err
	}
	p, err := s.find(v)
	if err == nil {
		err = s.opens(v, p)
	}
	if err != nil {
		return p, nil, figure.Card{}, err
	}
	card, err := p.release.Card(v.Context(), v.PathValue("player"))
	if err != nil {
		return p, nil, figure.Card{}, err
	}
	return p, card, s.cardPicture(v, p.board, p.release.Release, card, everythingShown), nil
}
