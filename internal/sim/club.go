package sim

import (
	"time"

	"cairn/internal/period"
)

// ClubWeeks is how many weeks a club has behind it.
const ClubWeeks = 26

// member is what an invented person is like.
type member struct {
	luck
	drive    float64 // activity in the long run; 1 is usual
	talent   float64 // how much others answer
	trend    float64 // growth a week
	noise    float64 // how much one week differs from the next
	audience float64 // followers
	holiday  int     // first of two weeks away; negative: neither away nor ill
	gone     [2]int  // weeks from, to (excluded) without a sign of life
	games    int     // week from which posts and comments are pumped up; ClubWeeks: never
	momentum float64
}

// Club invents a social-selling club of 60 people over the 26 weeks that end with last. Its entries feed the template
// social-selling; its tags are region and team.
func Club(seed uint64, last period.Period, zone *time.Location) *World {
	m := newMaker(last, ClubWeeks, zone)
	regions := []string{"North", "East", "South", "West"}
	teams := map[string][]string{"North": {"Lighthouse", "Harbour"}, "East": {"Foundry"}, "South": {"Orchard", "Vineyard"}, "West": {"Quarry"}}
	members := make([]*member, len(people))
	newcomers := []int{3, 6, 9, 12, 15, 18, 21, 24, 25, 25}
	for i, name := range people {
		l := newLuck(seed, uint64(i+1))
		region := regions[l.pick([]float64{4, 3, 3, 2})]
		team := teams[region][l.IntN(len(teams[region]))]
		p := Player{Key: slug(name), Name: name, Tags: map[string]string{"region": region, "team": team}}
		if late := i - (len(people) - len(newcomers)); late >= 0 {
			p.Joins = newcomers[late]
		}
		m.Players = append(m.Players, p)
		members[i] = &member{
			luck:     l,
			drive:    0.85 * skewed(l.normal(), 0.65),
			talent:   skewed(l.normal(), 0.4),
			trend:    0.006 + float64(0.018*l.normal()),
			noise:    0.17,
			audience: 300 * skewed(l.normal(), 1.1),
			holiday:  m.holiday(l),
			games:    ClubWeeks,
		}
	}
	// Five whose weeks are worth telling.
	climber, steady, gamer, back, star := members[4], members[11], members[17], members[23], members[30]
	climber.drive, climber.talent, climber.trend, climber.noise, climber.holiday = 0.24, 1, 0.2, 0.03, -2
	steady.drive, steady.trend, steady.noise, steady.holiday = 1.1, 0, 0.01, -2
	gamer.drive, gamer.talent, gamer.games, gamer.holiday = 0.6, 0.5, 12, -2
	back.drive, back.trend, back.gone, back.holiday = 1, 0.06, [2]int{9, 16}, -2
	star.drive, star.talent, star.audience = 2.1, 1.5, 4000

	for week := range m.Periods {
		season := m.season(week)
		for i, person := range members {
			m.week(week, i, person, season)
		}
	}
	return m.made()
}

// holiday draws the first of two weeks away: rather in summer or at the turn of the year.
func (m *maker) holiday(l luck) int {
	weights := make([]float64, len(m.Periods))
	for i := range weights {
		weights[i] = 0.5
		if m.season(i) < 1 {
			weights[i] = 3
		}
	}
	return l.pick(weights)
}

// season is how lively a week is for everyone: quieter in August and between the years.
func (m *maker) season(week int) float64 {
	_, number := m.Periods[week].First.Start(m.zone).AddDate(0, 0, 3).ISOWeek()
	switch {
	case number >= 31 && number <= 33:
		return 0.7
	case number >= 52 || number == 1:
		return 0.4
	}
	return 1
}

// week adds what one person did in one week.
func (m *maker) week(week, i int, p *member, season float64) {
	p.momentum = float64(0.72*p.momentum) + float64(p.noise*p.normal())
	ill := p.Float64() < 0.02 && p.holiday >= 0
	if week < m.Players[i].Joins || week >= p.gone[0] && week < p.gone[1] {
		return
	}
	f := p.drive * season * (1 + float64(p.trend*float64(week-m.Players[i].Joins))) * skewed(p.momentum, 1)
	f = min(max(f, 0.05), 3)
	switch {
	case week == p.holiday || week == p.holiday+1:
		f *= 0.06
	case ill:
		f = 0
	}

	weekdays := []float64{1, 1.15, 1.1, 1, 0.75, 0.12, 0.08}
	posts, comments := p.expect(1.9*f), p.expect(13*f)
	if week >= p.games {
		posts, comments = 25+p.IntN(20), 140+p.IntN(80) // many and short, on all days
		weekdays[5], weekdays[6] = 1, 1
	}
	connections := p.expect(8 * f)
	conversations := p.expect(2.4 * f * p.talent)
	replies := p.expect(0.55 * float64(min(comments, 40)) * p.talent)
	p.audience += float64(connections) + float64(0.01*p.audience*p.talent*min(f, 1.5))/4

	m.tally(week, i, "comments", p.spread(comments, weekdays), p)
	m.tally(week, i, "new_connections", p.spread(connections, weekdays), p)
	m.tally(week, i, "replies", p.spread(replies, weekdays), p)
	reached := min(p.audience, 9000)
	for day, n := range p.spread(posts, weekdays) {
		for range n {
			m.enter(week, i, day, 8*60+p.IntN(600), "posts", 1)
			appeal := skewed(p.normal(), 0.8) * p.talent / float64(1+posts/6)
			m.enter(week, i, day, 20*60+p.IntN(180), "post_views", float64(60+int(reached*appeal*0.7)))
			if reactions := p.expect(11 * appeal); reactions > 0 {
				m.enter(week, i, day, 21*60+p.IntN(120), "reactions", float64(reactions))
			}
		}
	}
	for day, n := range p.spread(conversations, weekdays) {
		for range n {
			m.enter(week, i, day, 9*60+p.IntN(480), "conversations", 1)
		}
	}
	if !ill {
		m.enter(week, i, 6, 22*60, "followers", float64(int(p.audience)))
	}
}

// expect draws a count; people with little noise do just what was expected of them.
func (p *member) expect(n float64) int {
	if p.noise < 0.1 {
		return int(n + 0.5)
	}
	return p.count(n)
}

// tally adds one entry per day with the day's count.
func (m *maker) tally(week, i int, key string, days []int, p *member) {
	for day, n := range days {
		if n > 0 {
			m.enter(week, i, day, 17*60+p.IntN(120), key, float64(n))
		}
	}
}
