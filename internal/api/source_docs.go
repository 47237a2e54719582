package api

// settingsOfKinds says what the settings of each kind of source are: their schema is the kind's own.
const settingsOfKinds = "`settings` by `kind`; an unknown one is refused:\n\n" +
	"- `push`: `{\"enrol\": true}` enrols people whom the board does not know; else what they did waits.\n" +
	"- `json`: `{\"url\": \"https://talk.example/posts.json?after={since}\", \"items\": \"$.posts[*]\", \"id\": \"$.id\", \"at\": \"$.created_at\", \"player\": \"$.username\", \"by\": \"handle\", \"key\": \"posts\"}`, or `{\"preset\": \"discourse-directory\", \"fill\": {\"host\": \"talk.example\"}}`. Also `number`, `label`, `players`, `count` (`each`, `gained`, `latest`), `auth` (`bearer`, `basic`, `header NAME`, `query NAME`), `method`, `body`, `headers`, `since`, `times`, `pages`, `expect`, `wait`.\n" +
	"- `sheet`: `{\"url\": \"https://docs.google.com/spreadsheets/d/…/edit\"}`. Also `mapping` (YAML) or `preset`, `keys`, `player`, `expect`.\n" +
	"- `feed`: `{\"feeds\": {\"https://blog.example/feed\": \"ada\"}}`. Also `by`, `key`, `filter`.\n" +
	"- `github`, `gitea`: `{\"repos\": [\"club/work\"]}` or `{\"owner\": \"club\"}`. Also `what` (`commits`, `pull_requests`, `reviews`, `issues`, `stars`), `login`, `base`.\n" +
	"- `git`: `{\"url\": \"https://code.example/work.git\"}` or `{\"path\": \"/srv/work.git\"}`. Also `branch`, `lines`.\n" +
	"- `board`: `{\"server\": \"https://scores.example.org\", \"board\": \"sales-club\", \"score\": \"club_score\"}`. Also `points`, `values`, `players`, `dated`."
