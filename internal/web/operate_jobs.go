package web

import (
	"net/http"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/job"
)

// operatePage is the work of the server, for whoever runs it: what waits, what runs and what went wrong.
type operatePage struct {
	*frame
	Done    string
	Problem *problem
	Kinds   []kindLine
	Jobs    []jobLine
	Shown   string // which jobs are listed
	All     bool   // none is left out of the list
	Here    string // kind that is listed, "" all
	Dead    bool   // some of these can be tried again together
	Domains []domainLine
}

// kindLine is how many jobs of a kind there are.
type kindLine struct {
	link
	Waiting, Running, Dead, Skipped string
	Late                            string // since when the first of them is due
	Bad                             bool
}

// jobLine is one job.
type jobLine struct {
	ID, Kind, State, Attempts, When, Reason string
	About                                   string
	CanAgain                                bool
}

// jobsShown is how many jobs stand on the page.
const jobsShown = 100

var operateScreen = screen{"operate_jobs", (*site).operatePage}

func (s *site) showOperate(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, operateScreen)
}

func (s *site) operatePage(v *visit, f *form) (any, error) {
	ctx := v.Context()
	page := operatePage{frame: s.own("The work of this server", ""), Done: wasDone(v, map[string]string{"again": "It runs within a second or so.", "all": "They run one after another from now on.", "domain": "Kept."})}
	page.Here = v.URL.Query().Get("kind")
	counts, err := s.queue.Counts(ctx)
	if err != nil {
		return nil, err
	}
	page.Kinds = s.kindLines(counts, page.Here)
	jobs, err := s.queue.List(ctx, job.Filter{Kind: page.Here, State: job.State(v.URL.Query().Get("state")), Limit: jobsShown})
	if err != nil {
		return nil, err
	}
	for _, j := range jobs {
		line := jobLine{ID: j.ID, Kind: j.Kind, State: string(j.State), Reason: j.Reason, About: j.Key}
		if j.Attempt > 0 {
			line.Attempts = count(j.Attempt, "attempt", "attempts")
		}
		switch j.State {
		case job.Waiting:
			line.When = shortInstant(j.Next)
		case job.Dead, job.Skipped:
			line.When, line.CanAgain = shortInstant(j.Ended), true
			page.Dead = page.Dead || j.State == job.Dead
		}
		page.Jobs = append(page.Jobs, line)
	}
	page.All = len(jobs) < jobsShown
	if page.Domains, err = s.domainLines(ctx); err != nil {
		return nil, err
	}
	page.Shown = "Dead ones first, then by when they are due."
	page.Problem = f.problem()
	return page, nil
}

// shortInstant writes an instant of these days.
func shortInstant(at time.Time) string { return at.UTC().Format("2 Jan 15:04") }

// kindLines puts the counts of jobs into a line per kind.
func (s *site) kindLines(counts []job.Count, here string) (lines []kindLine) {
	for _, c := range counts {
		if len(lines) == 0 || lines[len(lines)-1].Text != c.Kind {
			lines = append(lines, kindLine{link: link{Text: c.Kind, Address: "/operate?kind=" + strings.ReplaceAll(c.Kind, " ", "+"), Here: c.Kind == here}})
		}
		line, n := &lines[len(lines)-1], amount(float64(c.N))
		switch c.State {
		case job.Waiting:
			line.Waiting = n
			if s.now().Sub(c.First) > time.Minute {
				line.Late = shortInstant(c.First)
			}
		case job.Running:
			line.Running = n
		case job.Dead:
			line.Dead, line.Bad = n, true
		case job.Skipped:
			line.Skipped = n
		}
	}
	return lines
}

// runAgain lets one job run once more, or all dead ones of a kind.
func (s *site) runAgain(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, operateScreen, func() (to, word string, err error) {
		id, kind := v.PostForm.Get("job"), v.PostForm.Get("kind")
		if id == "" {
			n, err := s.queue.AgainAll(v.Context(), kind)
			if err == nil {
				s.log.Info("dead jobs run again", "kind", kind, "jobs", n, "by", v.actor.Account)
			}
			return "/operate", "all", err
		}
		err = s.queue.Again(v.Context(), id)
		if fault.Of(err) == fault.NotFound {
			err = fault.Wrap(fault.Conflict, err, "That job is not dead any more: it waits, runs, or is done.")
		} else if err == nil {
			s.log.Info("a dead job runs again", "job", id, "by", v.actor.Account)
		}
		return "/operate", "again", err
	})
}
