package sim

import (
	"time"

	"cairn/internal/period"
)

// PowerMonths is how many months a power 100 has behind it.
const PowerMonths = 14

// Power100 invents a hundred estate agencies over the 14 months that end with last. Its entries feed the template
// property-power-100; its tags are region and size.
func Power100(seed uint64, last period.Period, zone *time.Location) *World {
	m := newMaker(last, PowerMonths, zone)
	regions := []string{"Coast", "Highlands", "Lowlands", "Capital", "Islands"}
	for _, place := range places {
		for _, trade := range trades {
			name := place + " " + trade
			m.Players = append(m.Players, Player{Key: slug(name), Name: name})
		}
	}
	for i := range m.Players {
		l := newLuck(seed, uint64(1000+i))
		size := []string{"small", "medium", "large"}[l.pick([]float64{5, 3, 2})]
		scale := map[string]float64{"small": 1, "medium": 3, "large": 10}[size]
		m.Players[i].Tags = map[string]string{"region": regions[i/len(trades)%len(regions)], "size": size}
		if l.Float64() < 0.08 {
			m.Players[i].Joins = 2 + l.IntN(PowerMonths-2)
		}
		if i == len(m.Players)-5 {
			m.Players[i].Joins = PowerMonths - 1 // there is always somebody new
		}
		a := &agency{
			luck: l, scale: scale,
			followers: 220 * scale * skewed(l.normal(), 0.9),
			views:     38 * skewed(l.normal(), 0.7),
			complete:  min(97, 74+float64(11*l.normal())),
			articles:  2.2 * skewed(l.normal(), 0.8),
			hours:     9 * skewed(l.normal(), 0.75),
			stars:     min(4.8, 4.1+float64(0.35*l.normal())),
			trend:     0.01 + float64(0.015*l.normal()),
			silent:    -1,
		}
		if l.Float64() < 0.06 {
			a.silent = 3 + l.IntN(PowerMonths-4)
		}
		for month := m.Players[i].Joins; month < PowerMonths; month++ {
			m.month(month, i, a)
		}
	}
	return m.made()
}

// agency is what an invented organisation is like.
type agency struct {
	luck
	scale                                              float64 // of its size; 1 is small
	followers, views, complete, articles, hours, stars float64 // as they stand
	trend                                              float64 // growth a month
	silent                                             int     // a month in which its figures did not arrive, −1 none
}

// month adds what one agency did in one month.
func (m *maker) month(month, i int, a *agency) {
	a.followers *= 1 + max(0, a.trend+float64(0.02*a.normal()))
	a.views *= skewed(a.normal(), 0.08) * (1 + a.trend)
	a.complete = min(100, max(40, a.complete+float64(2*a.normal())+float64(60*a.trend)))
	a.hours = min(80, max(0.4, a.hours*skewed(a.normal(), 0.12)*(1-a.trend)))
	a.stars = min(4.9, max(3, a.stars+float64(0.08*a.normal())))
	if month == a.silent {
		return
	}
	days := m.Periods[month].Days()
	weights := make([]float64, days)
	for day := range weights {
		weights[day] = 1
	}
	m.enter(month, i, days-1, 20*60, "followers", float64(int(a.followers)))
	m.enter(month, i, days-1, 20*60+5, "listings_complete", float64(int(10*a.complete))/10)
	for week := range 4 {
		m.enter(month, i, 7*week, 7*60, "listing_views", float64(int(10*a.views*skewed(a.normal(), 0.25)))/10)
	}
	for day, n := range a.spread(a.count(a.articles), weights) {
		for range n {
			m.enter(month, i, day, 10*60+a.IntN(300), "articles", 1)
		}
	}
	for day, n := range a.spread(3+a.count(4*a.scale), weights) {
		for range n {
			hours := min(200, a.hours*skewed(a.normal(), 0.9))
			m.enter(month, i, day, 8*60+a.IntN(720), "answer_h", float64(int(10*hours)+1)/10)
		}
	}
	for day, n := range a.spread(a.count(0.8*a.scale), weights) {
		for range n {
			stars := min(5, max(1, int(a.stars+float64(0.8*a.normal())+0.5)))
			m.enter(month, i, day, 12*60+a.IntN(480), "reviews", float64(stars))
		}
	}
}
