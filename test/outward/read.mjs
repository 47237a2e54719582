// read.mjs BASE BOARD ID reads what a server shows to other sites with libraries that are not ours, and fails where one of them
// understands something else than was meant.
import assert from 'node:assert/strict'
import { makeBadge } from 'badge-maker'
import { extract, setProviderList } from '@extractus/oembed-extractor'
import ogs from 'open-graph-scraper'
import ICAL from 'ical.js'

const [base, board, id] = process.argv.slice(2)
const get = async (path, type) => {
	const answer = await fetch(base + path)
	assert.equal(answer.status, 200, path)
	assert.match(answer.headers.get('content-type'), type, path)
	return answer
}

// A badge: what shields.io reads is drawn by its own library, and ours says the same.
const { schemaVersion, label, message, color, labelColor, cacheSeconds, ...unknown } = await (await get(`/embed/${id}/players/ada/badge.json`, /^application\/json/)).json()
assert.deepEqual(unknown, {}, 'keys that shields.io refuses')
assert.equal(schemaVersion, 1)
assert.ok(cacheSeconds >= 300)
const theirs = makeBadge({ label, message, color, labelColor })
const ours = await (await get(`/embed/${id}/players/ada/badge.svg`, /^image\/svg\+xml/)).text()
const heard = svg => svg.match(/aria-label="([^"]*)"/)[1].replaceAll('&#34;', '&quot;')
assert.equal(heard(ours), heard(theirs))
for (const badge of [ours, theirs]) assert.match(badge, /role="img"[\s\S]*<title>/)
const wide = svg => Number(svg.match(/width="([\d.]+)"/)[1])
assert.ok(Math.abs(wide(ours) - wide(theirs)) < 0.15 * wide(theirs), `${wide(ours)} and ${wide(theirs)} pixels`)

// oEmbed, found by the link in the page.
setProviderList([])
for (const [path, frame] of [[`/b/${board}`, '/leaderboard'], [`/b/${board}/players/ada`, '/players/ada']]) {
	const found = await extract(base + path, { maxwidth: 400, maxheight: 500 })
	assert.equal(found.type, 'rich', path)
	assert.equal(found.version, '1.0')
	assert.equal(found.provider_name, 'Cairn')
	assert.ok(found.width <= 400 && found.height <= 500)
	const src = found.html.match(/<iframe src="([^"]*)"/)[1].replaceAll('&amp;', '&')
	assert.ok(src.startsWith(`${base}/embed/${id}${frame}`), src)
	await get(src.slice(base.length), /^text\/html/)
}

// Open Graph.
for (const path of [`/b/${board}/players/ada`, `/b/${board}`]) {
	const html = await (await get(path, /^text\/html/)).text()
	const { error, result } = await ogs({ html })
	assert.equal(error, false)
	const [image] = result.ogImage
	assert.ok(result.ogTitle && image.alt, path)
	const picture = Buffer.from(await (await get(image.url.slice(base.length), /^image\/png/)).arrayBuffer())
	assert.equal(picture.readUInt32BE(16), Number(image.width), path)
	assert.equal(picture.readUInt32BE(20), Number(image.height), path)
	assert.equal(result.twitterCard, 'summary_large_image')
}

// The calendar of releases to come.
const calendar = new ICAL.Component(ICAL.parse(await (await get(`/b/${board}/releases.ics`, /^text\/calendar/)).text()))
const events = calendar.getAllSubcomponents('vevent').map(e => new ICAL.Event(e))
assert.equal(events.length, 12)
assert.equal(new Set(events.map(e => e.uid)).size, 12)
for (let i = 1; i < events.length; i++) assert.equal(events[i].startDate.toJSDate() - events[i - 1].startDate.toJSDate(), 7 * 24 * 3600 * 1000)
assert.ok(events[0].summary.startsWith('Sales & "co": Week '), events[0].summary)
assert.equal(events[0].startDate.toJSDate().toISOString().slice(11, 16), '09:00')
