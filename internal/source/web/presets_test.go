package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// The shapes are those that the sites document; the values are invented.
func TestPresets_ReadTheShapesThatSitesDocument(t *testing.T) {
	for name, test := range map[string]struct {
		settings string   // beside preset and url
		answers  []string // of one request after another
		want     [][]string
	}{
		"stackexchange-reputation": {`"players": {"ada": "22656"}`, []string{
			`{"items": [{"reputation_history_type": "post_upvoted", "reputation_change": 10, "post_id": 7, "creation_date": 1795082400, "user_id": 22656},
				{"reputation_history_type": "user_deletes", "reputation_change": -2, "creation_date": 1795082300, "user_id": 22656}], "has_more": false, "quota_max": 300, "quota_remaining": 297}`,
		}, [][]string{{"ada reputation 10 made", "ada reputation -2 made"}}},
		"discourse-directory": {``, []string{
			`{"directory_items": [{"id": 3, "likes_received": 40, "likes_given": 9, "post_count": 12, "days_visited": 4, "user": {"id": 3, "username": "ada", "name": "Ada"}}], "meta": {"total_rows_directory_items": 1}}`,
			`{"directory_items": [{"id": 3, "likes_received": 46, "likes_given": 9, "post_count": 12, "days_visited": 4, "user": {"id": 3, "username": "ada", "name": "Ada"}}], "meta": {"total_rows_directory_items": 1}}`,
		}, [][]string{nil, {"ada likes_received 6 3#1"}}},
		"mastodon-statuses": {`"players": {"ada": "109"}`, []string{
			`[{"id": "113001", "created_at": "2026-11-19T08:00:00.000Z", "url": "https://m.example/@ada/113001", "replies_count": 1, "reblogs_count": 2, "favourites_count": 3}]`,
		}, [][]string{{"ada posts 1 109 113001"}}},
		"mastodon-followers": {`"players": {"ada": "109"}`, []string{
			`{"id": "109", "username": "ada", "followers_count": 120, "statuses_count": 44}`, `{"id": "109", "username": "ada", "followers_count": 120, "statuses_count": 45}`,
		}, [][]string{{"ada followers 120 109 109#1"}, nil}},
		"youtube-views": {`"players": {"ada": "UCx"}`, []string{
			`{"kind": "youtube#channelListResponse", "items": [{"kind": "youtube#channel", "id": "UCx", "statistics": {"viewCount": "5000", "subscriberCount": "70", "hiddenSubscriberCount": false, "videoCount": "9"}}]}`,
			`{"kind": "youtube#channelListResponse", "items": [{"kind": "youtube#channel", "id": "UCx", "statistics": {"viewCount": "5250", "subscriberCount": "71", "hiddenSubscriberCount": false, "videoCount": "9"}}]}`,
		}, [][]string{nil, {"ada video_views 250 UCx UCx#1"}}},
		"mediawiki-contributions": {`"players": {"ada": "Ada L"}`, []string{
			`{"batchcomplete": "", "continue": {"uccontinue": "20261119|5", "continue": "-||"}, "query": {"usercontribs": [{"userid": 2, "user": "Ada L", "pageid": 9, "revid": 41, "ns": 0, "title": "Cairns", "timestamp": "2026-11-18T10:00:00Z"}]}}`,
			`{"batchcomplete": "", "query": {"usercontribs": [{"userid": 2, "user": "Ada L", "pageid": 9, "revid": 42, "ns": 0, "title": "Cairns", "timestamp": "2026-11-19T10:00:00Z"}]}}`,
		}, [][]string{{"ada edits 1 Ada L 41", "ada edits 1 Ada L 42"}}},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, test.answers[min(asked, len(test.answers)-1)])
				asked++
			})
			query := ""
			if strings.HasPrefix(name, "mediawiki") {
				query = "&uccontinue={cursor}"
			}
			settings := `{"preset": "` + name + `", "url": "SITE/api?of={player}&page={page}` + query + `"`
			if !strings.Contains(test.settings, "players") {
				settings = strings.Replace(settings, "of={player}&", "", 1)
			}
			if test.settings != "" {
				settings += ", " + test.settings
			}
			for _, want := range test.want {
				s.want(settings+"}", want...)
			}
		})
	}
}
