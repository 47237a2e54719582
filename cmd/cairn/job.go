package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"cairn/internal/job"
)

// jobCommand holds what one does with the work that waits.
type jobCommand struct {
	List  jobListCommand  `cmd:"" help:"List jobs that are not done: dead ones first, with the reason."`
	Run   jobRunCommand   `cmd:"" help:"Run what is due now and stop; \"cairn serve\" does so all the time."`
	Again jobAgainCommand `cmd:"" help:"Let a job that is dead or was skipped run once more."`
}

// jobListCommand lists jobs.
type jobListCommand struct {
	dbFlags
	Limit int `help:"How many at most (default: 100)." default:"100" placeholder:"N"`
}

// Run prints one line per job.
func (cmd *jobListCommand) Run(c *console) error {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	jobs, err := a.Queue.List(c, job.Filter{Limit: cmd.Limit})
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		fmt.Fprintln(c.err, "Nothing waits, and nothing went wrong.")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tKIND\tSTATE\tATTEMPTS\tNEXT\tREASON")
	for _, j := range jobs {
		next := "-"
		if j.State == job.Waiting {
			next = j.Next.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", j.ID, j.Kind, j.State, j.Attempt, next, j.Reason)
	}
	return table.Flush()
}

// jobRunCommand runs what is due.
type jobRunCommand struct{ dbFlags }

// Run runs it, one job after another, and says how many ran.
func (cmd *jobRunCommand) Run(c *console) error {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	ran, err := a.Queue.RunDue(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s ran.\n", counted(ran, "job"))
	return nil
}

// jobAgainCommand gives a job another chance.
type jobAgainCommand struct {
	dbFlags
	Job string `arg:"" help:"The job, as \"cairn job list\" names it." placeholder:"JOB"`
}

// Run puts the job back among those that wait.
func (cmd *jobAgainCommand) Run(c *console) error {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Queue.Again(c, cmd.Job); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "It runs when the server next looks; \"cairn job run\" runs it now.")
	return nil
}
